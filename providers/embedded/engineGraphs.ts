/**
 * The graphs of a decoder, all on the same weights file:
 *
 *   read      ids -> states and final-norm states at the positions asked for, and pooled states
 *   trace     ids -> every tap at every position
 *   generate  ids and a cache -> final-norm states and the longer cache
 *   compare   final-norm states -> divergences from the first condition's next-token distribution
 *   logits    final-norm states -> logits
 *
 * Asking ONNX Runtime for fewer outputs does not prune a graph, hence one graph a purpose.
 */
import { llama, llamaWeights } from "./architectures/llama.ts";
import type { Pass } from "./blocks.ts";
import type { DecoderConfig } from "./decoderConfig.ts";
import { Graph, type Value } from "./graph.ts";
import { DataType, encodeOnnxModel } from "./onnxFile.ts";
import { GraphWeights, type WeightIndex } from "./weights.ts";

export const GRAPH_NAMES = ["read", "trace", "generate", "compare", "logits"] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

const { float, int64 } = DataType;

/** All weights that the graphs of `config` use. */
export function weightNames(config: DecoderConfig): { linear: string[]; plain: string[] } {
  const names = llamaWeights(config);
  if (config.output !== "token_embd.weight") names.plain.push(config.output);
  return names;
}

interface Body {
  graph: Graph;
  final: Value;
  taps: Map<string, Value>;
}

/** The layers, from token ids to the final norm. */
function body(config: DecoderConfig, index: WeightIndex, cached: boolean): Body {
  const graph = new Graph();
  const weights = new GraphWeights(graph, index);
  const taps = new Map<string, Value>();
  const ids = graph.input("ids", int64, ["b", "t"]);
  const positions = graph.input("positions", int64, ["b", "t"]);
  const mask = graph.input("mask", float, ["b", 1, "t", "s"]);
  const angles = ["max", config.headSize / 2];
  const pass: Pass = {
    graph,
    weights,
    positions,
    mask,
    cos: graph.input("cos", float, angles),
    sin: graph.input("sin", float, angles),
    past: cached
      ? (layer) => {
          const shape = ["b", config.keyValueHeads, "past", config.headSize];
          return {
            key: graph.input(`past.key.${layer}`, float, shape),
            value: graph.input(`past.value.${layer}`, float, shape),
          };
        }
      : null,
    tap: (name, value) => taps.set(name, value),
  };
  const embedding = graph.gather(weights.plain("token_embd.weight"), ids, "embedding");
  return { graph, final: llama(pass, config, embedding), taps };
}

/** hidden.0 is the embedding, hidden.L+1 the residual stream after block L, before the final norm. */
function hiddenStates({ taps }: Body, config: DecoderConfig): Value[] {
  const names = ["embedding", ...Array.from({ length: config.layers }, (_, layer) => `resid_post.${layer}`)];
  return names.map((name) => taps.get(name) as Value);
}

function readGraph(config: DecoderConfig, index: WeightIndex): Graph {
  const all = body(config, index, false);
  const { graph, final } = all;
  const flat = (value: Value) => graph.reshape(value, [-1, config.width], `${value}:flat`);
  const stateIndex = graph.input("state_index", int64, ["n"]);
  const readIndex = graph.input("read_index", int64, ["p"]);
  const pool = graph.input("pool", float, ["b", "q", "t"]);
  const states = hiddenStates(all, config).map((value) =>
    graph.unsqueeze(graph.gather(flat(value), stateIndex, `${value}:read`), 0, `${value}:row`),
  );
  graph.output("states", graph.concat(states, 0, "states:stack"), float, [config.layers + 1, "n", config.width]);
  graph.output("final", graph.gather(flat(final), readIndex, "final:read"), float, ["p", config.width]);
  graph.output("pooled", graph.matMul(pool, final, "pooled:row"), float, ["b", "q", config.width]);
  return graph;
}

function traceGraph(config: DecoderConfig, index: WeightIndex): Graph {
  const all = body(config, index, false);
  const { graph, final, taps } = all;
  hiddenStates(all, config).forEach((value, i) => {
    graph.output(`hidden.${i}`, value, float, ["b", "t", config.width]);
  });
  for (let layer = 0; layer < config.layers; layer++) {
    graph.output(`attention.${layer}`, taps.get(`attention.${layer}`) as Value, float, ["b", config.heads, "t", "s"]);
    for (const part of ["attn_out", "mlp_out"]) {
      graph.output(`${part}.${layer}`, taps.get(`${part}.${layer}`) as Value, float, ["b", "t", config.width]);
    }
  }
  graph.output("final_norm", final, float, ["b", "t", config.width]);
  return graph;
}

function generateGraph(config: DecoderConfig, index: WeightIndex): Graph {
  const { graph, final, taps } = body(config, index, true);
  const readIndex = graph.input("read_index", int64, ["p"]);
  graph.output(
    "final",
    graph.gather(graph.reshape(final, [-1, config.width], "final:flat"), readIndex, "final:read"),
    float,
    ["p", config.width],
  );
  for (let layer = 0; layer < config.layers; layer++) {
    for (const part of ["key", "value"]) {
      const value = taps.get(`${part}.${layer}`) as Value;
      graph.output(`present.${part}.${layer}`, value, float, ["b", config.keyValueHeads, "s", config.headSize]);
    }
  }
  return graph;
}

/**
 * From final-norm states h [k, c, width] of the same k readout positions under c conditions, the first of
 * which is the reference p, and the token that follows each position: KL(p ‖ q) in nats [k, c], the most
 * likely token [k, c], and the log-probability of the following token [k, c].
 */
function compareGraph(config: DecoderConfig, index: WeightIndex): Graph {
  const graph = new Graph();
  const weights = new GraphWeights(graph, index);
  const h = graph.input("h", float, ["k", "c", config.width]);
  const next = graph.input("next", int64, ["k", "c", 1]);
  const rows = graph.matMulTransposed(
    graph.reshape(h, [-1, config.width], "h:rows"),
    weights.plain(config.output),
    "logits:rows",
  );
  const lead = graph.slice(graph.shape(h, "h:shape"), 0, 0, 2, "h:lead");
  const logits = graph.reshapeTo(
    rows,
    graph.concat([lead, graph.ints([config.vocabulary])], 0, "logits:shape"),
    "logits",
  );
  const logProbs = graph.logSoftmax(logits, "log_probs");
  const reference = graph.exp(graph.slice(logProbs, 1, 0, 1, "reference:log"), "reference");
  // KL = Σ p·log p − Σ p·log q; both sums come out of one product, so that q = p gives exactly 0.
  const cross = graph.matMul(logProbs, graph.transpose(reference, [0, 2, 1], "reference:column"), "cross:column");
  const crossRow = graph.reshapeTo(cross, lead, "cross");
  graph.output("kl", graph.sub(graph.slice(crossRow, 1, 0, 1, "cross:self"), crossRow, "kl:value"), float, ["k", "c"]);
  graph.output("top", graph.argMax(logits, "top:value"), int64, ["k", "c"]);
  graph.output(
    "log_prob",
    graph.reshapeTo(graph.gatherElements(logProbs, next, "log_prob:column"), lead, "log_prob:value"),
    float,
    ["k", "c"],
  );
  return graph;
}

function logitsGraph(config: DecoderConfig, index: WeightIndex): Graph {
  const graph = new Graph();
  const h = graph.input("h", float, ["n", config.width]);
  const weights = new GraphWeights(graph, index);
  graph.output("logits", graph.matMulTransposed(h, weights.plain(config.output), "logits:value"), float, [
    "n",
    config.vocabulary,
  ]);
  return graph;
}

const BUILDERS: Readonly<Record<GraphName, (config: DecoderConfig, index: WeightIndex) => Graph>> = {
  read: readGraph,
  trace: traceGraph,
  generate: generateGraph,
  compare: compareGraph,
  logits: logitsGraph,
};

/** The ONNX file of one graph, which refers to the weights file by name. */
export function engineGraph(name: GraphName, config: DecoderConfig, index: WeightIndex): Uint8Array {
  return encodeOnnxModel(BUILDERS[name](config, index).model());
}
