/** Llama (arXiv 2302.13971): pre-norm blocks of grouped-query attention with rotary positions, and a gated MLP. */
import { attention, gatedMlp, type Pass } from "../blocks.ts";
import type { DecoderConfig } from "../decoderConfig.ts";
import type { Value } from "../graph.ts";

/** Names of the matrices and of the other weights, in GGUF's terms. */
export function llamaWeights(config: DecoderConfig): { linear: string[]; plain: string[] } {
  const linear: string[] = [];
  const plain = ["token_embd.weight", "output_norm.weight"];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const part of ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]) {
      linear.push(`blk.${layer}.${part}.weight`);
    }
    plain.push(`blk.${layer}.attn_norm.weight`, `blk.${layer}.ffn_norm.weight`);
  }
  return { linear, plain };
}

/** From embeddings [b, t, width] to the final norm [b, t, width]. */
export function llama(pass: Pass, config: DecoderConfig, embedding: Value): Value {
  const { graph, weights, tap } = pass;
  let resid = embedding;
  tap("embedding", resid);
  for (let layer = 0; layer < config.layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`;
    tap(`resid_pre.${layer}`, resid);
    const x = graph.rmsNorm(resid, weights.plain(name("attn_norm.weight")), config.epsilon, name("attn_norm"));
    // GGUF stores this architecture's q and k rows for rotary pairs of neighbours.
    const rotate = (value: Value, heads: number, part: string) =>
      graph.rotary(value, pass.positions, pass.cos, pass.sin, heads, true, name(part));
    const q = rotate(weights.linear(x, name("attn_q.weight"), name("q")), config.heads, "q.rotated");
    const k = rotate(weights.linear(x, name("attn_k.weight"), name("k")), config.keyValueHeads, "k.rotated");
    const v = weights.linear(x, name("attn_v.weight"), name("v"));
    const mixed = attention(pass, layer, config, q, k, v);
    const attnOut = weights.linear(mixed, name("attn_output.weight"), name("attn_out"));
    tap(`attn_out.${layer}`, attnOut);
    const middle = graph.add(resid, attnOut, name("resid_mid"));
    const y = graph.rmsNorm(middle, weights.plain(name("ffn_norm.weight")), config.epsilon, name("ffn_norm"));
    const mlpOut = gatedMlp(pass, layer, y);
    tap(`mlp_out.${layer}`, mlpOut);
    resid = graph.add(middle, mlpOut, name("resid_post"));
    tap(`resid_post.${layer}`, resid);
  }
  const final = graph.rmsNorm(resid, weights.plain("output_norm.weight"), config.epsilon, "final_norm");
  tap("final_norm", final);
  return final;
}
