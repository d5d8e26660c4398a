/** What an item's data must look like, wherever it comes from; and the Item that comes of it. */
import { z } from "zod";
import { DECOY_KINDS, type Item } from "./Suite.ts";

const text = z
  .string()
  .refine((value) => value.trim() !== "", { error: "must not be empty or only white space" })
  .refine((value) => value.isWellFormed(), { error: "must be well-formed Unicode, without half a surrogate pair" });

/** Null is what data frames write for a value that is not there. */
const encodings = z.record(z.string().min(1), text).nullish();

const question = z
  .strictObject({
    question: text.describe("A question that the original answers."),
    answer: text.describe("The answer that the original gives."),
    decoyAnswer: text
      .nullish()
      .describe("The answer that the decoy gives, where the question asks for the changed fact."),
  })
  .refine(({ answer, decoyAnswer }) => answer.trim() !== decoyAnswer?.trim(), {
    path: ["decoyAnswer"],
    error: "must differ from the answer",
    params: {
      hint: "give the answer that the decoy implies, or leave decoyAnswer out where the decoy does not change it",
    },
  });

const decoy = z.strictObject({
  text: text.describe("A near-copy of the original with one fact changed."),
  paraphrase: text.nullish().describe("A paraphrase of the decoy."),
  kind: z
    .enum(DECOY_KINDS)
    .nullish()
    .describe(`What the decoy changes: ${DECOY_KINDS.join(", ")}.`),
  encodings: encodings.describe("Ready-made encodings of the decoy, by name."),
});

export const itemSchema = z
  .strictObject({
    id: text.describe("A name of its own for the item."),
    topic: text.nullish().describe("Stratum: floors are taken from other items of the same topic."),
    cluster: text.nullish().describe("Unit of the statistics: items that share facts or a template have the same."),
    original: text.describe("The text that encodings stand for."),
    paraphrases: z
      .array(text)
      .nullish()
      .describe("Paraphrases of the original, written independently of each other, the nearest first."),
    decoy: decoy.nullish().describe("A near-copy of the original with one fact changed."),
    questions: z.array(question).nullish().describe("Questions that the original answers."),
    encodings: encodings.describe("Ready-made encodings of the original, by name."),
  })
  .refine((item) => item.decoy?.text !== item.original, {
    path: ["decoy", "text"],
    error: "must differ from the original",
    params: { hint: "change one fact in the decoy, or leave it out" },
  })
  .describe("An item: at least an `id` and an `original`.");

export type ItemData = z.output<typeof itemSchema>;

/** An item with what its data left out: the topic `all`, a cluster of its own, empty lists. */
export function toItem(data: ItemData): Item {
  return {
    id: data.id,
    topic: data.topic ?? "all",
    cluster: data.cluster ?? data.id,
    original: data.original,
    paraphrases: data.paraphrases ?? [],
    decoy: data.decoy
      ? {
          text: data.decoy.text,
          paraphrase: data.decoy.paraphrase ?? undefined,
          kind: data.decoy.kind ?? undefined,
          encodings: data.decoy.encodings ?? undefined,
        }
      : null,
    questions: (data.questions ?? []).map((entry) => ({ ...entry, decoyAnswer: entry.decoyAnswer ?? undefined })),
    encodings: data.encodings ?? {},
  };
}
