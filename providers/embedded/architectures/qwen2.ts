import type { Architecture } from "./Architecture.ts";
import { llama } from "./llama.ts";

/** Qwen2 and 2.5 (arXiv 2407.10671): Llama's blocks, with biases on q, k and v, and rotary pairs half a head apart. */
export const qwen2: Architecture = {
  ...llama,
  name: "qwen2",
  hubTypes: ["qwen2"],
  traits: (fields) => {
    // Set in many files next to `use_sliding_window: false`, which switches it off.
    if (fields.raw("use_sliding_window") === true) fields.unsupported("use_sliding_window", true, ["false"]);
    return { sliding: null };
  },
};
