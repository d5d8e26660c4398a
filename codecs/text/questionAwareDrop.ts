import { z } from "zod";
import { type CodecInput, defineCodec, type Encoding } from "../contract.ts";
import { keptShare, wordUnits } from "./keptShare.ts";
import { wordLogProbs } from "./wordInformation.ts";

/**
 * Question-aware compression by contrastive perplexity (Jiang et al. 2023, LongLLMLingua, arXiv 2310.06839, eq. 3):
 * s = log p(word | question, all before) − log p(word | all before); the words that the question makes likelier stay.
 * Here on one sentence, with the observed model, over words rather than tokens, summed over a word's tokens.
 *
 * It sees the item's first question. Whoever judges it has to ask another one, so an item needs two.
 */
export const questionAwareDrop = defineCodec({
  name: "question-aware-drop",
  summary: "the share `keep` (default 0.5) of words that the item's first question makes likelier",
  usesQuestion: true,
  parameters: z.strictObject({ keep: z.number().gt(0).max(1).default(0.5) }),
  standIn: ({ keep }) => ({ codec: "random-drop", parameters: { keep } }),
  create: ({ keep }, services) => ({
    alphabet: null,
    encode: async (inputs) => {
      const model = services.observed();
      const known = inputs.filter(hasTwoQuestions);
      const asked = known.map(({ original: text, questions }) => ({ text, before: `${questions[0]?.question}\n` }));
      // The same tokens without the question: what stands before is a line's end alone.
      const plain = asked.map(({ text }) => ({ text, before: "\n" }));
      const [withQuestion, without] = [await wordLogProbs(model, asked), await wordLogProbs(model, plain)];
      const places = new Map(known.map((input, i) => [input, i]));
      return inputs.map((input): Encoding => {
        const place = places.get(input);
        if (place === undefined) return { missing: "the item has no second question to be judged by" };
        const [given, alone] = [withQuestion[place], without[place]];
        if (!given || !alone) return { missing: "the model's tokenizer does not give the original back" };
        const gains = given.map((logProb, word) => logProb - (alone[word] as number));
        return keptShare(input.original, wordUnits(input.original), gains, keep);
      });
    },
  }),
});

function hasTwoQuestions({ questions }: CodecInput): boolean {
  return questions.length > 1;
}
