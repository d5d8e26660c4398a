import type { Architecture } from "./Architecture.ts";
import { llama } from "./llama.ts";

/** Mistral (arXiv 2310.06825): Llama's blocks; in the first releases every layer sees a sliding window only. */
export const mistral: Architecture = {
  ...llama,
  name: "mistral",
  hubTypes: ["mistral"],
  traits: (fields, { layers }) =>
    // 0, which the GGUF files of Phi-4 say, is no window.
    fields.has("window") && fields.value("window") !== 0
      ? { sliding: { window: fields.count("window"), layers: new Array<boolean>(layers).fill(true), rope: null } }
      : {},
};
