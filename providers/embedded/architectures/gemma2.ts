import { gatedMlp, residualBlocks, rmsNorm, selfAttention, tokenEmbedding } from "../blocks.ts";
import type { Weight } from "../Checkpoint.ts";
import type { Architecture } from "./Architecture.ts";
import { llama } from "./llama.ts";

/**
 * Gemma 2 (arXiv 2408.00118): norms before and after attention and MLP, capped scores and logits, every other layer
 * with a sliding window, embeddings scaled by √width. Hugging Face stores norm weights as w − 1, GGUF as w.
 */
export const gemma2: Architecture = {
  ...llama,
  name: "gemma2",
  hubTypes: ["gemma2"],
  traits(fields, { layers, width, heads, headSize }) {
    const types = fields.raw("layer_types");
    const local = Array.from({ length: layers }, (_, layer) =>
      Array.isArray(types) ? types[layer] === "sliding_attention" : layer % 2 === 0,
    );
    // GGUF does not say; llama.cpp knows the one size that differs, the 27B, by its layers.
    const scale = fields.format === "gguf" && layers === 46 ? width / heads : fields.positive("queryScale", headSize);
    return {
      activation: "gelu-tanh",
      embeddingScale: Math.fround(Math.sqrt(width)),
      attentionScale: 1 / Math.sqrt(scale),
      attentionSoftcap: fields.has("attentionSoftcap") ? fields.positive("attentionSoftcap") : null,
      finalSoftcap: fields.has("finalSoftcap") ? fields.positive("finalSoftcap") : null,
      sliding: { window: fields.count("window", 4096), layers: local, rope: null },
    };
  },
  hubNames: {
    ...llama.hubNames,
    "model.layers.N.post_attention_layernorm": "blk.N.post_attention_norm",
    "model.layers.N.pre_feedforward_layernorm": "blk.N.ffn_norm",
    "model.layers.N.post_feedforward_layernorm": "blk.N.post_ffw_norm",
  },
  arrange: (stored, _, format) =>
    new Map<string, Weight>(
      [...stored].map(([name, weight]) => [
        name,
        format === "safetensors" && /norm\.weight$/.test(name) ? { ...weight, plusOne: true } : weight,
      ]),
    ),
  embed(pass, config, ids) {
    const { graph } = pass;
    const rows = tokenEmbedding(pass, config, ids, "embedding.row");
    return graph.mul(rows, graph.scalar(config.embeddingScale), "embedding");
  },
  forward(pass, config, embedding) {
    const norm = (layer: number, x: string, part: string) =>
      rmsNorm(pass, config, x, `blk.${layer}.${part}`, config.width, `blk.${layer}.${part}`);
    const resid = residualBlocks(
      pass,
      config,
      embedding,
      (layer, x) => norm(layer, selfAttention(pass, config, layer, norm(layer, x, "attn_norm")), "post_attention_norm"),
      (layer, x) => norm(layer, gatedMlp(pass, config, layer, norm(layer, x, "ffn_norm")), "post_ffw_norm"),
    );
    return rmsNorm(pass, config, resid, "output_norm", config.width, "final_norm");
  },
};
