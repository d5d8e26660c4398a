import { rowsOf, type Weight } from "../Checkpoint.ts";
import type { Architecture } from "./Architecture.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";

/** Phi-3 and Phi-4-mini (arXiv 2404.14219): Llama's blocks, their matrices stored joined: q, k, v, and gate, up. */
export const phi3: Architecture = {
  ...llama,
  name: "phi3",
  hubTypes: ["phi3"],
  traits: mistral.traits,
  hubNames: {
    ...llama.hubNames,
    "model.layers.N.self_attn.qkv_proj": "blk.N.attn_qkv",
    "model.layers.N.mlp.gate_up_proj": "blk.N.ffn_up",
  },
  arrange(stored, { heads, keyValueHeads, headSize, hidden }) {
    const [q, kv] = [heads * headSize, keyValueHeads * headSize];
    const weights = new Map<string, Weight>();
    for (const [name, weight] of stored) {
      const [, block, part, end] = /^(blk\.\d+\.)(attn_qkv|ffn_up)(\.weight|\.bias)$/.exec(name) ?? [];
      if (part === "attn_qkv") {
        weights.set(`${block}attn_q${end}`, rowsOf(weight, 0, q));
        weights.set(`${block}attn_k${end}`, rowsOf(weight, q, kv));
        weights.set(`${block}attn_v${end}`, rowsOf(weight, q + kv, kv));
      } else if (part === "ffn_up") {
        weights.set(`${block}ffn_gate${end}`, rowsOf(weight, 0, hidden));
        weights.set(`${block}ffn_up${end}`, rowsOf(weight, hidden, hidden));
      } else weights.set(name, weight);
    }
    return weights;
  },
};
