import { layerNorm, mlp, residualBlocks, selfAttention, tokenEmbedding } from "../blocks.ts";
import { rowsOf, type Weight } from "../Checkpoint.ts";
import type { Architecture } from "./Architecture.ts";

/** Matrices that Hugging Face stores the other way round (its Conv1D). */
const TURNED = /\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/;

/** GPT-2 (Radford et al. 2019): pre-norm blocks, learned positions, layer norms and biases throughout. */
export const gpt2: Architecture = {
  name: "gpt2",
  hubTypes: ["gpt2"],
  traits: (fields, { width, contextLength }) => ({
    activation: "gelu-tanh",
    // Null in config.json, for four times the width.
    hidden: fields.count("hidden", 4 * width),
    rope: null,
    positions: contextLength,
  }),
  hubNames: {
    wte: "token_embd",
    wpe: "position_embd",
    "h.N.ln_1": "blk.N.attn_norm",
    "h.N.attn.c_attn": "blk.N.attn_qkv",
    "h.N.attn.c_proj": "blk.N.attn_output",
    "h.N.ln_2": "blk.N.ffn_norm",
    "h.N.mlp.c_fc": "blk.N.ffn_up",
    "h.N.mlp.c_proj": "blk.N.ffn_down",
    ln_f: "output_norm",
    lm_head: "output",
  },
  // Masks that older files hold as tensors.
  hubUnused: [/\.attn\.(masked_)?bias$/],
  arrange(stored, { width }, format) {
    const weights = new Map<string, Weight>();
    for (const [name, tensor] of stored) {
      const weight = format === "safetensors" && TURNED.test(name) ? { ...tensor, transposed: true } : tensor;
      const [, block, end] = /^(blk\.\d+\.)attn_qkv(\.weight|\.bias)$/.exec(name) ?? [];
      if (block === undefined) weights.set(name, weight);
      else
        for (const [i, part] of ["q", "k", "v"].entries())
          weights.set(`${block}attn_${part}${end}`, rowsOf(weight, i * width, width));
    }
    return weights;
  },
  embed(pass, config, ids) {
    const table = pass.weights.plain("position_embd.weight", [config.positions, config.width]);
    const token = tokenEmbedding(pass, config, ids, "embedding.token");
    return pass.graph.add(token, pass.graph.gather(table, pass.positions, "embedding.position"), "embedding");
  },
  forward(pass, config, embedding) {
    const norm = (layer: number, x: string, part: string) =>
      layerNorm(pass, config, x, `blk.${layer}.${part}`, `blk.${layer}.${part}`);
    const resid = residualBlocks(
      pass,
      config,
      embedding,
      (layer, x) => selfAttention(pass, config, layer, norm(layer, x, "attn_norm")),
      (layer, x) => mlp(pass, config, layer, norm(layer, x, "ffn_norm")),
    );
    return layerNorm(pass, config, resid, "output_norm", "final_norm");
  },
};
