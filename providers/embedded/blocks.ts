/** The parts that architectures are composed of. Shapes: b batch, t tokens, s tokens seen (cache included). */
import type { Graph, Value } from "./graph.ts";
import { isSliding, type ModelConfig } from "./ModelConfig.ts";
import { DataType } from "./onnxFile.ts";
import type { Weights } from "./weights.ts";

/** float [b, 1, 1, t, s], added to a layer's attention scores: 0 where visible, very negative where not. */
interface Mask {
  readonly mask: (layer: number) => Value;
}
/** Keys and values of a layer, float [b, keyValueHeads, capacity, headSize], and Graph.cachedAttention's lengths. */
interface Cache {
  readonly past: (layer: number) => { readonly key: Value; readonly value: Value };
  readonly last: Value;
  readonly longest: Value;
}

/** What every block of a forward pass shares. */
export interface Pass {
  readonly graph: Graph;
  readonly weights: Weights;
  /** int64 [b, t]. */
  readonly positions: Value;
  /** Who sees whom: by a mask, or by where the tokens stand in a cache. */
  readonly sight: Mask | Cache;
  /** Cosines and sines of a layer's rotary angles, float [positions, size / 2], and which row a token takes, int64 [b, t]. */
  readonly angles: (layer: number) => { readonly cos: Value; readonly sin: Value; readonly rows: Value };
  /** Told of each named internal value as it is born. */
  readonly tap: (name: string, value: Value) => void;
}

const scoped = (layer: number) => (part: string) => `blk.${layer}.${part}`;

export function rmsNorm(pass: Pass, config: ModelConfig, x: Value, weight: string, size: number, name: Value): Value {
  return pass.graph.rmsNorm(x, pass.weights.plain(`${weight}.weight`, [size]), config.epsilon, name);
}

export function layerNorm(pass: Pass, config: ModelConfig, x: Value, weight: string, name: Value): Value {
  const { graph, weights } = pass;
  const [scale, shift] = ["weight", "bias"].map((part) => weights.plain(`${weight}.${part}`, [config.width]));
  return graph.layerNorm(x, scale as Value, shift as Value, config.epsilon, name);
}

/** Self-attention of x [b, t, width] with its projections: what is added to the residual stream, [b, t, width]. */
export function selfAttention(pass: Pass, config: ModelConfig, layer: number, x: Value): Value {
  const { weights } = pass;
  const name = scoped(layer);
  const { heads, keyValueHeads, headSize, width } = config;
  const project = (part: string, count: number) =>
    weights.linear(x, name(`attn_${part}`), count * headSize, width, name(part));
  const turned = (part: "q" | "k", count: number) => rotate(pass, config, layer, project(part, count), count, part);
  const q = turned("q", heads);
  const k = turned("k", keyValueHeads);
  const v = project("v", keyValueHeads);
  const { sight } = pass;
  return weights.linear(
    "mask" in sight
      ? attention(pass, config, layer, sight.mask(layer), q, k, v)
      : cachedAttention(pass, config, layer, sight, q, k, v),
    name("attn_output"),
    width,
    heads * headSize,
    name("attn_out"),
  );
}

/** The norm of each head, and its rotary positions, where the model has them. */
function rotate(pass: Pass, config: ModelConfig, layer: number, x: Value, heads: number, part: "q" | "k"): Value {
  const { graph } = pass;
  const { headSize, queryKeyNorm } = config;
  const name = scoped(layer);
  let out = x;
  if (queryKeyNorm) {
    const split = graph.reshape(out, [0, 0, heads, headSize], name(`${part}.to_norm`));
    const normed = rmsNorm(pass, config, split, name(`attn_${part}_norm`), headSize, name(`${part}.normed`));
    out = graph.reshape(normed, [0, 0, heads * headSize], name(`${part}.joined`));
  }
  const rope = (isSliding(config, layer) && config.sliding?.rope) || config.rope;
  if (rope === null) return out;
  const { cos, sin, rows } = pass.angles(layer);
  const partial = rope.size === headSize ? 0 : rope.size;
  return graph.rotary(out, rows, cos, sin, heads, rope.interleaved, partial, name(`${part}.rotated`));
}

/**
 * Grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245); q, k, v [b, t, heads · headSize], and so the result.
 * Query heads stand in their groups, [b, keyValueHeads, group, t, …], so that every shape is known before any input
 * is: with unknown ones ONNX Runtime takes several times as long to plan its buffers.
 */
function attention(pass: Pass, config: ModelConfig, layer: number, mask: Value, q: Value, k: Value, v: Value): Value {
  const { graph } = pass;
  const { heads, keyValueHeads, headSize, attentionSoftcap } = config;
  const name = scoped(layer);
  const split = (x: Value, count: number, part: string) =>
    graph.reshape(x, [0, 0, keyValueHeads, count / keyValueHeads, headSize], name(`${part}.split`));

  const qHeads = graph.transpose(split(q, heads, "q"), [0, 2, 3, 1, 4], name("q.heads"));
  const kHeads = graph.transpose(split(k, keyValueHeads, "k"), [0, 2, 3, 1, 4], name("k.heads"));
  const vHeads = graph.transpose(split(v, keyValueHeads, "v"), [0, 2, 3, 1, 4], name("v.heads"));
  pass.tap(`value.${layer}`, vHeads);
  const scaled = graph.mul(qHeads, graph.scalar(config.attentionScale), name("q.scaled"));
  const products = graph.matMul(scaled, graph.transpose(kHeads, [0, 1, 2, 4, 3], name("k.columns")), name("products"));
  const scores = attentionSoftcap === null ? products : softcap(graph, products, attentionSoftcap, name("capped"));
  const weights = graph.softmax(graph.add(scores, mask, name("scores.masked")), name("attention"));
  pass.tap(`attention.${layer}`, weights);
  const mixed = graph.matMul(weights, vHeads, name("mixed"));
  const joined = graph.transpose(mixed, [0, 3, 1, 2, 4], name("mixed.joined"));
  return graph.reshape(joined, [0, 0, heads * headSize], name("mixed.flat"));
}

/** Size of a head in the cache: the operator takes multiples of 8, so what is missing is filled with zeros. */
export const cachedHeadSize = ({ headSize }: Pick<ModelConfig, "headSize">): number => 8 * Math.ceil(headSize / 8);

/** Heads [b, t, count · from] of another size: cut, or filled with zeros. */
function resizeHeads(graph: Graph, x: Value, count: number, from: number, to: number, name: Value): Value {
  if (from === to) return x;
  const values = Float32Array.from({ length: from * to }, (_, i) => (Math.floor(i / to) === i % to ? 1 : 0));
  const data = new Uint8Array(values.buffer);
  const diagonal = graph.initializer({ name: `diagonal:${from}:${to}`, type: DataType.float, shape: [from, to], data });
  const split = graph.reshape(x, [0, 0, count, from], `${name}:split`);
  return graph.reshape(graph.matMul(split, diagonal, `${name}:resized`), [0, 0, count * to], name);
}

/** The same, in one operator that keeps keys and values; the taps are `present.key` and `present.value`. */
function cachedAttention(
  pass: Pass,
  config: ModelConfig,
  layer: number,
  { past, last, longest }: Cache,
  q: Value,
  k: Value,
  v: Value,
): Value {
  const { graph } = pass;
  const { heads, keyValueHeads, headSize, attentionScale, attentionSoftcap, sliding } = config;
  const name = scoped(layer);
  const size = cachedHeadSize(config);
  const cached = (x: Value, count: number, part: string) => resizeHeads(graph, x, count, headSize, size, name(part));
  const { key, value } = past(layer);
  const { out, presentKey, presentValue } = graph.cachedAttention(
    {
      q: cached(q, heads, "q.cached"),
      k: cached(k, keyValueHeads, "k.cached"),
      v: cached(v, keyValueHeads, "v.cached"),
      ...{ pastKey: key, pastValue: value, last, longest },
    },
    {
      heads,
      keyValueHeads,
      scale: attentionScale,
      softcap: attentionSoftcap,
      window: sliding && isSliding(config, layer) ? sliding.window : null,
    },
    name("mixed"),
  );
  pass.tap(`present.key.${layer}`, presentKey);
  pass.tap(`present.value.${layer}`, presentValue);
  return resizeHeads(graph, out, heads, size, headSize, name("mixed.flat"));
}

/** cap · tanh(x / cap) (Bello et al. 2016, arXiv 1611.09940, section 3; Gemma 2, arXiv 2408.00118). */
export function softcap(graph: Graph, x: Value, cap: number, name: Value): Value {
  const small = graph.tanh(graph.mul(x, graph.scalar(1 / cap), `${name}:small`), `${name}:tanh`);
  return graph.mul(small, graph.scalar(cap), name);
}

function activate(graph: Graph, config: ModelConfig, x: Value, name: Value): Value {
  return config.activation === "silu" ? graph.silu(x, name) : graph.gelu(x, config.activation === "gelu-tanh", name);
}

/** down(act(gate(x)) · up(x)) (Shazeer 2020, arXiv 2002.05202); `suffix` tells an expert's weights from another's. */
export function gatedMlp(
  pass: Pass,
  config: ModelConfig,
  layer: number,
  x: Value,
  hidden: number = config.hidden,
  suffix = "",
): Value {
  const { graph, weights } = pass;
  const { width } = config;
  const name = (part: string) => `blk.${layer}.${part}${suffix}`;
  const gate = activate(graph, config, weights.linear(x, name("ffn_gate"), hidden, width, name("gate")), name("gated"));
  const inner = graph.mul(gate, weights.linear(x, name("ffn_up"), hidden, width, name("up")), name("hidden"));
  return weights.linear(inner, name("ffn_down"), width, hidden, name("mlp_out"));
}

/** down(act(up(x))). */
export function mlp(pass: Pass, config: ModelConfig, layer: number, x: Value): Value {
  const { graph, weights } = pass;
  const { width, hidden } = config;
  const name = scoped(layer);
  const up = weights.linear(x, name("ffn_up"), hidden, width, name("up"));
  return weights.linear(activate(graph, config, up, name("hidden")), name("ffn_down"), width, hidden, name("mlp_out"));
}

/** Rows of the embedding matrix, [b, t, width]. */
export function tokenEmbedding(pass: Pass, config: ModelConfig, ids: Value, name: Value = "embedding"): Value {
  const matrix = pass.weights.plain("token_embd.weight", [config.vocabulary, config.width]);
  return pass.graph.gather(matrix, ids, name);
}

/**
 * The residual stream through blocks that add attention's and the MLP's output to it; tells the taps. `attend` and
 * `feed` map what they read to what is added.
 */
export function residualBlocks(
  pass: Pass,
  config: ModelConfig,
  embedding: Value,
  attend: (layer: number, resid: Value) => Value,
  feed: (layer: number, resid: Value) => Value,
): Value {
  const { graph, tap } = pass;
  let resid = embedding;
  for (let layer = 0; layer < config.layers; layer++) {
    const name = scoped(layer);
    const attnOut = attend(layer, resid);
    tap(`attn_out.${layer}`, attnOut);
    const middle = graph.add(resid, attnOut, name("resid_mid"));
    const mlpOut = feed(layer, middle);
    tap(`mlp_out.${layer}`, mlpOut);
    resid = graph.add(middle, mlpOut, name("resid_post"));
    tap(`resid_post.${layer}`, resid);
  }
  return resid;
}
