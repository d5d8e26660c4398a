import { gatedMlp, residualBlocks, rmsNorm, selfAttention, tokenEmbedding } from "../blocks.ts";
import type { Architecture } from "./Architecture.ts";

/**
 * Llama (arXiv 2302.13971) and all that share its graph: pre-norm blocks of grouped-query attention with rotary
 * positions, and a gated MLP. GGUF stores its q and k rows for rotary pairs of neighbours. Mistral's GGUF files are
 * of this architecture too.
 */
export const llama: Architecture = {
  name: "llama",
  hubTypes: ["llama"],
  traits: ({ format }, { rope }) => ({ rope: rope && { ...rope, interleaved: format === "gguf" } }),
  hubNames: {
    "model.embed_tokens": "token_embd",
    "model.layers.N.input_layernorm": "blk.N.attn_norm",
    "model.layers.N.self_attn.q_proj": "blk.N.attn_q",
    "model.layers.N.self_attn.k_proj": "blk.N.attn_k",
    "model.layers.N.self_attn.v_proj": "blk.N.attn_v",
    "model.layers.N.self_attn.o_proj": "blk.N.attn_output",
    "model.layers.N.post_attention_layernorm": "blk.N.ffn_norm",
    "model.layers.N.mlp.gate_proj": "blk.N.ffn_gate",
    "model.layers.N.mlp.up_proj": "blk.N.ffn_up",
    "model.layers.N.mlp.down_proj": "blk.N.ffn_down",
    "model.norm": "output_norm",
    lm_head: "output",
  },
  hubUnused: [/\.rotary_emb\.inv_freq$/],
  embed: tokenEmbedding,
  forward(pass, config, embedding) {
    const norm = (layer: number, x: string, part: string) =>
      rmsNorm(pass, config, x, `blk.${layer}.${part}`, config.width, `blk.${layer}.${part}`);
    const resid = residualBlocks(
      pass,
      config,
      embedding,
      (layer, x) => selfAttention(pass, config, layer, norm(layer, x, "attn_norm")),
      (layer, x) => gatedMlp(pass, config, layer, norm(layer, x, "ffn_norm")),
    );
    return rmsNorm(pass, config, resid, "output_norm", config.width, "final_norm");
  },
};
