import type { Architecture } from "./Architecture.ts";
import { qwen2 } from "./qwen2.ts";

/** Qwen3 (arXiv 2505.09388): Qwen2 without biases, with a norm on each head's queries and keys. */
export const qwen3: Architecture = {
  ...qwen2,
  name: "qwen3",
  hubTypes: ["qwen3"],
  traits: (fields, base) => ({ ...qwen2.traits(fields, base), queryKeyNorm: true }),
  hubNames: {
    ...qwen2.hubNames,
    "model.layers.N.self_attn.q_norm": "blk.N.attn_q_norm",
    "model.layers.N.self_attn.k_norm": "blk.N.attn_k_norm",
  },
};
