import { hubRope, rope } from "../rope.ts";
import type { Architecture } from "./Architecture.ts";
import { gemma2 } from "./gemma2.ts";

/** Every sixth layer sees the whole context, unless the file says otherwise. */
const PATTERN = 6;
/** The base of rotary positions in sliding layers, which GGUF leaves out. */
const LOCAL_BASE = 10_000;

/**
 * Gemma 3, text (arXiv 2503.19786): Gemma 2 with a norm on queries and keys in place of capped scores, five sliding
 * layers to each that sees everything, and rotary positions of another base in them.
 */
export const gemma3: Architecture = {
  ...gemma2,
  name: "gemma3",
  hubTypes: ["gemma3_text", "gemma3"],
  traits(fields, base) {
    const { layers, width, heads, headSize, contextLength } = base;
    const shared = gemma2.traits(fields, base);
    const types = fields.raw("layer_types");
    const pattern = Number(
      fields.raw("sliding_window_pattern") ?? fields.raw("attention.sliding_window_pattern") ?? PATTERN,
    );
    const local = Array.from({ length: layers }, (_, layer) =>
      Array.isArray(types) ? types[layer] === "sliding_attention" : (layer + 1) % pattern !== 0,
    );
    const both = fields.raw("rope_parameters") as Record<string, unknown> | undefined;
    const bare = Number(fields.raw("rope_local_base_freq") ?? fields.raw("rope.freq_base_swa") ?? LOCAL_BASE);
    const localRope = rope(fields, hubRope(fields, bare, both?.sliding_attention), headSize, false, contextLength);
    const wide = fields.format === "gguf" && layers === 62 ? width / heads : fields.positive("queryScale", headSize);
    return {
      ...shared,
      attentionScale: 1 / Math.sqrt(wide),
      queryKeyNorm: true,
      sliding: { window: fields.count("window", 4096), layers: local, rope: localRope },
    };
  },
  hubNames: {
    ...gemma2.hubNames,
    "model.layers.N.self_attn.q_norm": "blk.N.attn_q_norm",
    "model.layers.N.self_attn.k_norm": "blk.N.attn_k_norm",
  },
};
