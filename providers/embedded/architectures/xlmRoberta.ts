import { rowsOf, type Weight } from "../Checkpoint.ts";
import type { Architecture } from "./Architecture.ts";
import { bert } from "./bert.ts";

/**
 * XLM-RoBERTa (arXiv 1911.02116): BERT's graph. The first two rows of its position table belong to padding, so that
 * position 0 is row 2. GGUF files of it say `bert`, and leave these rows out.
 */
export const xlmRoberta: Architecture = {
  ...bert,
  name: "xlm-roberta",
  hubTypes: ["xlm-roberta", "roberta"],
  traits: (fields, base) => ({
    ...bert.traits(fields, base),
    contextLength: base.contextLength - 2,
    positions: base.contextLength - 2,
  }),
  arrange: (stored) =>
    new Map<string, Weight>(
      [...stored].map(([name, weight]) => [
        name,
        name === "position_embd.weight" ? rowsOf(weight, 2, (weight.shape[0] ?? 2) - 2) : weight,
      ]),
    ),
};
