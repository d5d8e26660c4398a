import { z } from "zod";
import { defineCodec } from "../contract.ts";
import { keptShare, wordUnits } from "./keptShare.ts";
import { phraseUnits } from "./phrases.ts";
import { wordLogProbs } from "./wordInformation.ts";

/**
 * Selective Context (Li et al. 2023, “Compressing Context to Enhance Inference Efficiency of Large Language Models”,
 * EMNLP, arXiv 2310.06201): lexical units with the least self-information I(u) = −Σ log p(token | all before) are
 * dropped, what the model would have guessed anyway. Here with the observed model's own probabilities; of the paper's
 * units words, and phrases by rule in place of a parser's noun phrases (phrases.ts).
 */
export const selfInformationDrop = defineCodec({
  name: "self-information-drop",
  summary: "the share `keep` (default 0.5) of `units` (words, phrases) that surprise the observed model most",
  parameters: z.strictObject({
    keep: z.number().gt(0).max(1).default(0.5),
    units: z.enum(["words", "phrases"]).default("words"),
  }),
  standIn: ({ keep }) => ({ codec: "random-drop", parameters: { keep } }),
  create: ({ keep, units }, services) => ({
    alphabet: null,
    encode: async (inputs) => {
      const asked = inputs.map(({ original }) => ({ text: original, before: "" }));
      const all = await wordLogProbs(services.observed(), asked);
      return inputs.map(({ original }, i) => {
        const logProbs = all[i];
        if (!logProbs) return { missing: "the model's tokenizer does not give the original back" };
        const places = units === "words" ? wordUnits(original) : phraseUnits(original);
        const information = places.map((unit) => unit.reduce((sum, word) => sum - (logProbs[word] as number), 0));
        return keptShare(original, places, information, keep);
      });
    },
  }),
});
