/**
 * The graphs of a model, all on the same weights file:
 *
 *   read        ids -> states and final-norm states at the positions asked for, and pooled states
 *   trace       ids -> every tap at every position
 *   inject      what enters the first block -> every tap at every position
 *   generate    ids and a cache -> logits and the longer cache
 *   attend      ids -> where chosen positions look, and what they take from chosen tokens
 *   compare     final-norm states -> divergences from the first condition's next-token distribution
 *   compare-js  the same, and Jensen–Shannon divergences
 *   logits      final-norm states -> logits
 *
 * An encoder has the first three, and attend. Asking ONNX Runtime for fewer outputs does not prune a graph, hence one graph a
 * purpose.
 */
import { architectureOf } from "./architectures/registry.ts";
import { cachedHeadSize, type Pass, softcap } from "./blocks.ts";
import { Graph, type Value } from "./graph.ts";
import { isSliding, type ModelConfig } from "./ModelConfig.ts";
import { DataType, encodeOnnxModel } from "./onnxFile.ts";
import { GraphWeights, type WeightIndex, type Weights } from "./weights.ts";

export type GraphName = "read" | "trace" | "inject" | "generate" | "attend" | "compare" | "compare-js" | "logits";

const { float, int32, int64 } = DataType;

interface Forward {
  final: Value;
  taps: Map<string, Value>;
}

function maskInputs(graph: Graph, config: ModelConfig): Pass["sight"] {
  const input = (name: string) => graph.unsqueeze(graph.input(name, float, ["b", 1, "t", "s"]), 1, `${name}:by_group`);
  const mask = input("mask");
  const local = config.sliding ? input("mask_local") : mask;
  return { mask: (layer) => (isSliding(config, layer) ? local : mask) };
}

const cacheShape = (config: ModelConfig) => ["b", config.keyValueHeads, "capacity", cachedHeadSize(config)];

function cacheInputs(graph: Graph, config: ModelConfig): Pass["sight"] {
  return {
    past: (layer) => ({
      key: graph.input(`past.key.${layer}`, float, cacheShape(config)),
      value: graph.input(`past.value.${layer}`, float, cacheShape(config)),
    }),
    last: graph.input("last", int32, ["b"]),
    longest: graph.input("longest", int32, [1]),
  };
}

/** The layers, from token ids or from what enters the first block, to the final norm. */
export function forwardPass(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  { cached, from }: { readonly cached: boolean; readonly from: "ids" | "embeddings" },
): Forward {
  const architecture = architectureOf(config.architecture);
  const taps = new Map<string, Value>();
  const positions = graph.input("positions", int64, ["b", "t"]);
  const rows = config.rope?.long ? graph.input("rope_rows", int64, ["b", "t"]) : positions;
  const table = (name: string, size: number) => graph.input(name, float, ["max", size / 2]);
  const { rope } = config;
  const local = config.sliding?.rope ?? null;
  const angles = rope && { cos: table("cos", rope.size), sin: table("sin", rope.size), rows };
  const localAngles = local && {
    cos: table("cos_local", local.size),
    sin: table("sin_local", local.size),
    rows: positions,
  };
  const pass: Pass = {
    graph,
    weights,
    positions,
    sight: cached ? cacheInputs(graph, config) : maskInputs(graph, config),
    angles: (layer) => {
      const own = (isSliding(config, layer) && localAngles) || angles;
      if (own === null) throw new Error(`a ${config.architecture} has no rotary positions`);
      return own;
    },
    tap: (name, value) => taps.set(name, value),
  };
  const embedding =
    from === "ids"
      ? architecture.embed(pass, config, graph.input("ids", int64, ["b", "t"]))
      : graph.input("embeddings", float, ["b", "t", config.width]);
  taps.set("embedding", embedding);
  return { final: architecture.forward(pass, config, embedding), taps };
}

/** Logits [n, vocabulary] of final-norm states h [n, width]. */
export function headLogits(graph: Graph, weights: Weights, config: ModelConfig, h: Value): Value {
  if (config.output === null) throw new Error(`a ${config.architecture} has no logits`);
  const cap = config.finalSoftcap;
  const name = cap === null ? "logits:rows" : "logits:plain";
  const rows = weights.head(h, config.output, config.vocabulary, config.width, name);
  return cap === null ? rows : softcap(graph, rows, cap, "logits:rows");
}

/** hidden.0 is the embedding, hidden.L+1 the residual stream after block L, before the final norm. */
function hiddenStates({ taps }: Forward, config: ModelConfig): Value[] {
  const names = ["embedding", ...Array.from({ length: config.layers }, (_, layer) => `resid_post.${layer}`)];
  return names.map((name) => taps.get(name) as Value);
}

function newGraph(index: WeightIndex): { graph: Graph; weights: GraphWeights } {
  const graph = new Graph();
  return { graph, weights: new GraphWeights(graph, index) };
}

function readGraph(config: ModelConfig, index: WeightIndex): Graph {
  const { graph, weights } = newGraph(index);
  const all = forwardPass(graph, weights, config, { cached: false, from: "ids" });
  const { final } = all;
  const flat = (value: Value, name: Value) => graph.reshape(value, [-1, config.width], name);
  const stateIndex = graph.input("state_index", int64, ["n"]);
  const readIndex = graph.input("read_index", int64, ["p"]);
  const pool = graph.input("pool", float, ["b", "q", "t"]);
  const states = hiddenStates(all, config).map((value) =>
    graph.unsqueeze(graph.gather(flat(value, `${value}:flat`), stateIndex, `${value}:read`), 0, `${value}:row`),
  );
  graph.output("states", graph.concat(states, 0, "states:stack"), float, [config.layers + 1, "n", config.width]);
  graph.output("final", graph.gather(flat(final, "final:flat"), readIndex, "final:read"), float, ["p", config.width]);
  graph.output("pooled", graph.matMul(pool, final, "pooled:row"), float, ["b", "q", config.width]);
  return graph;
}

function traceGraph(config: ModelConfig, index: WeightIndex, from: "ids" | "embeddings"): Graph {
  const { graph, weights } = newGraph(index);
  const all = forwardPass(graph, weights, config, { cached: false, from });
  const { final, taps } = all;
  hiddenStates(all, config).forEach((value, i) => {
    graph.output(`hidden.${i}`, value, float, ["b", "t", config.width]);
  });
  for (let layer = 0; layer < config.layers; layer++) {
    const grid = ["b", config.keyValueHeads, config.heads / config.keyValueHeads, "t", "s"];
    graph.output(`attention.${layer}`, taps.get(`attention.${layer}`) as Value, float, grid);
    for (const part of ["attn_out", "mlp_out"]) {
      graph.output(`${part}.${layer}`, taps.get(`${part}.${layer}`) as Value, float, ["b", "t", config.width]);
    }
  }
  graph.output("final_norm", final, float, ["b", "t", config.width]);
  return graph;
}

function generateGraph(config: ModelConfig, index: WeightIndex): Graph {
  const { graph, weights } = newGraph(index);
  const { final, taps } = forwardPass(graph, weights, config, { cached: true, from: "ids" });
  const readIndex = graph.input("read_index", int64, ["p"]);
  const flat = graph.reshape(final, [-1, config.width], "final:flat");
  const logits = headLogits(graph, weights, config, graph.gather(flat, readIndex, "final:read"));
  graph.output("logits", logits, float, ["p", config.vocabulary]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const part of ["key", "value"]) {
      const name = `present.${part}.${layer}`;
      graph.output(name, taps.get(name) as Value, float, cacheShape(config));
    }
  }
  return graph;
}

/**
 * Of the positions that `select` [b, 1, 1, q, t] picks (a row of zeros and a one each), by layer:
 *   attended     attention weights summed over the bins [b, 1, 1, t, k] of tokens, [layers, b, keyValueHeads, group, q, k]
 *   contributed  values of the tokens in `context` [b, 1, 1, 1, t], weighted by attention, [.., q, headSize]
 */
function attendGraph(config: ModelConfig, index: WeightIndex): Graph {
  const { graph, weights } = newGraph(index);
  const { taps } = forwardPass(graph, weights, config, { cached: false, from: "ids" });
  const select = graph.input("select", float, ["b", 1, 1, "q", "t"]);
  const bins = graph.input("bins", float, ["b", 1, 1, "t", "k"]);
  const context = graph.input("context", float, ["b", 1, 1, 1, "t"]);
  const attended: Value[] = [];
  const contributed: Value[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const name = (part: string) => `attend.${layer}.${part}`;
    const picked = graph.matMul(select, taps.get(`attention.${layer}`) as Value, name("picked"));
    attended.push(graph.unsqueeze(graph.matMul(picked, bins, name("binned")), 0, name("attended")));
    const taken = graph.matMul(
      graph.mul(picked, context, name("seen")),
      taps.get(`value.${layer}`) as Value,
      name("taken"),
    );
    contributed.push(graph.unsqueeze(taken, 0, name("contributed")));
  }
  const grid = [config.layers, "b", config.keyValueHeads, config.heads / config.keyValueHeads, "q"];
  graph.output("attended", graph.concat(attended, 0, "attended:stack"), float, [...grid, "k"]);
  graph.output("contributed", graph.concat(contributed, 0, "contributed:stack"), float, [...grid, config.headSize]);
  return graph;
}

/**
 * From final-norm states h [k, c, width] of the same k readout positions under c conditions, the first of
 * which is the reference p, and the token that follows each position: KL(p ‖ q) in nats [k, c], the most
 * likely token [k, c], and the log-probability of the following token [k, c].
 */
function compareGraph(config: ModelConfig, index: WeightIndex): Graph {
  const { graph, weights } = newGraph(index);
  const h = graph.input("h", float, ["k", "c", config.width]);
  const next = graph.input("next", int64, ["k", "c", 1]);
  const rows = headLogits(graph, weights, config, graph.reshape(h, [-1, config.width], "h:rows"));
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

/**
 * compareGraph with js [k, c], the Jensen–Shannon divergence in nats (Lin 1991):
 *   JS = Σ ½ [p·log(p/m) + q·log(q/m)], m = (p + q)/2, log(p/m) = ln 2 − softplus(log q − log p), log(q/m) = that + d
 * with d = log q − log p. Every summand is 0 where q = p, and nothing is divided by what may underflow.
 */
function compareJsGraph(config: ModelConfig, index: WeightIndex): Graph {
  const graph = compareGraph(config, index);
  const logs = "log_probs";
  const difference = graph.sub(logs, "reference:log", "js:difference");
  const soft = graph.softplus(difference, "js:soft");
  const fromP = graph.sub(graph.scalar(Math.LN2), soft, "js:from_p");
  const fromQ = graph.add(fromP, difference, "js:from_q");
  const summands = graph.add(
    graph.mul("reference", fromP, "js:p"),
    graph.mul(graph.exp(logs, "js:probs"), fromQ, "js:q"),
    "js:both",
  );
  graph.output("js", graph.mul(graph.sum(summands, 2, "js:sum"), graph.scalar(0.5), "js:value"), float, ["k", "c"]);
  return graph;
}

function logitsGraph(config: ModelConfig, index: WeightIndex): Graph {
  const { graph, weights } = newGraph(index);
  const h = graph.input("h", float, ["n", config.width]);
  graph.output("logits", headLogits(graph, weights, config, h), float, ["n", config.vocabulary]);
  return graph;
}

const BUILDERS: Readonly<Record<GraphName, (config: ModelConfig, index: WeightIndex) => Graph>> = {
  read: readGraph,
  trace: (config, index) => traceGraph(config, index, "ids"),
  inject: (config, index) => traceGraph(config, index, "embeddings"),
  generate: generateGraph,
  attend: attendGraph,
  compare: compareGraph,
  "compare-js": compareJsGraph,
  logits: logitsGraph,
};

/** The ONNX file of one graph, which refers to the weights file by name. */
export function engineGraph(name: GraphName, config: ModelConfig, index: WeightIndex): Uint8Array {
  return encodeOnnxModel(BUILDERS[name](config, index).model());
}
