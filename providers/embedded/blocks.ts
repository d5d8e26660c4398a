/** The parts that decoder architectures are composed of. Shapes: b batch, t tokens, s tokens seen (cache included). */
import type { Graph, Value } from "./graph.ts";
import type { GraphWeights } from "./weights.ts";

export interface AttentionShape {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

/** What every block of a forward pass shares. */
export interface Pass {
  readonly graph: Graph;
  readonly weights: GraphWeights;
  /** int64 [b, t]. */
  readonly positions: Value;
  /** float [b, 1, t, s], added to the attention scores: 0 where visible, very negative where not. */
  readonly mask: Value;
  /** Cosines and sines of the rotary angles, float [positions, headSize / 2]. */
  readonly cos: Value;
  readonly sin: Value;
  /** Earlier keys and values of a layer, float [b, keyValueHeads, past, headSize], where the pass has a cache. */
  readonly past: ((layer: number) => { readonly key: Value; readonly value: Value }) | null;
  /** Told of each named internal value as it is born. */
  readonly tap: (name: string, value: Value) => void;
}

/** Grouped-query self-attention of x [b, t, width]; q, k, v are its projections. Gives [b, t, heads · headSize]. */
export function attention(pass: Pass, layer: number, shape: AttentionShape, q: Value, k: Value, v: Value): Value {
  const { graph } = pass;
  const { heads, keyValueHeads, headSize } = shape;
  const name = (part: string) => `blk.${layer}.${part}`;
  const grouped = heads / keyValueHeads;

  // The query heads of a group stand below each other, so that one product per key head serves them all.
  const qHeads = graph.transpose(
    graph.reshape(q, [0, 0, heads, headSize], name("q.split")),
    [0, 2, 1, 3],
    name("q.heads"),
  );
  const qGrouped = grouped === 1 ? qHeads : graph.reshape(qHeads, [0, keyValueHeads, -1, headSize], name("q.grouped"));
  let kHeads = graph.transpose(
    graph.reshape(k, [0, 0, keyValueHeads, headSize], name("k.split")),
    [0, 2, 1, 3],
    name("k.heads"),
  );
  let vHeads = graph.transpose(
    graph.reshape(v, [0, 0, keyValueHeads, headSize], name("v.split")),
    [0, 2, 1, 3],
    name("v.heads"),
  );
  if (pass.past) {
    const past = pass.past(layer);
    kHeads = graph.concat([past.key, kHeads], 2, name("k.all"));
    vHeads = graph.concat([past.value, vHeads], 2, name("v.all"));
    pass.tap(`key.${layer}`, kHeads);
    pass.tap(`value.${layer}`, vHeads);
  }
  const scaled = graph.mul(qGrouped, graph.scalar(1 / Math.sqrt(headSize)), name("q.scaled"));
  const grid = graph.matMul(scaled, graph.transpose(kHeads, [0, 1, 3, 2], name("k.columns")), name("scores.grouped"));
  const tokens = graph.shape(qHeads, name("q.shape"));
  const seen = graph.slice(graph.shape(grid, name("scores.shape")), 0, 3, 4, name("seen"));
  const perHead = graph.concat([graph.slice(tokens, 0, 0, 3, name("q.lead")), seen], 0, name("scores.perhead"));
  const scores = grouped === 1 ? grid : graph.reshapeTo(grid, perHead, name("scores"));
  const weights = graph.softmax(graph.add(scores, pass.mask, name("scores.masked")), name("attention"));
  pass.tap(`attention.${layer}`, weights);
  const regrouped =
    grouped === 1 ? weights : graph.reshapeTo(weights, graph.shape(grid, name("grid")), name("attention.grouped"));
  const mixed = graph.matMul(regrouped, vHeads, name("mixed.grouped"));
  const byHead = grouped === 1 ? mixed : graph.reshapeTo(mixed, tokens, name("mixed"));
  const joined = graph.transpose(byHead, [0, 2, 1, 3], name("mixed.joined"));
  return graph.reshape(joined, [0, 0, heads * headSize], name("mixed.flat"));
}

/** down(silu(gate(x)) · up(x)) (Shazeer 2020, arXiv 2002.05202, SwiGLU). */
export function gatedMlp(pass: Pass, layer: number, x: Value): Value {
  const { graph, weights } = pass;
  const name = (part: string) => `blk.${layer}.${part}`;
  const gate = graph.silu(weights.linear(x, name("ffn_gate.weight"), name("gate")), name("gate.active"));
  const hidden = graph.mul(gate, weights.linear(x, name("ffn_up.weight"), name("up")), name("hidden"));
  return weights.linear(hidden, name("ffn_down.weight"), name("mlp_out"));
}
