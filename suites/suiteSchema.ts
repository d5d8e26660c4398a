/** The shape of a suite file; the descriptions go into suite.schema.json, which editors complete from. */
import { z } from "zod";
import { itemSchema } from "./itemSchema.ts";
import { JUDGE_KINDS, VERDICTS } from "./Suite.ts";

/** Names stand in tables, file names and options of the command line. */
const name = z.string().refine((text) => /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._+()-]*$/u.test(text), {
  error: "must be a name: letters, digits, spaces and ._+()-, a letter or digit first",
});

const seed = z.int().min(0).max(0xffff_ffff);

/** A list whose order or repetition means nothing, so that repeating an entry can only be a mistake. */
function distinct(element: z.ZodType<string>) {
  return z
    .array(element)
    .min(1)
    .refine((list) => new Set(list).size === list.length, { error: "must not name anything twice" })
    .meta({ uniqueItems: true });
}

/** Names, at least one, with what each stands for. */
function named<T extends z.ZodType>(value: T) {
  return z
    .record(name, value)
    .refine((entries) => Object.keys(entries).length > 0, { error: "must have at least one entry" });
}

const plainFrame = z.strictObject({
  before: z
    .string()
    .min(1)
    .refine((text) => !/\{(context|question)\}/.test(text), { error: "must not contain {context} or {question}" })
    .describe("Text before the context; not empty, so that the context never stands first."),
  after: z
    .string()
    .min(1)
    .refine((text) => !text.includes("{context}"), {
      error: "must not contain {context}: the context stands before it",
    })
    .describe("Text after the context, where states are read; {question} stands for the item's question."),
});

const chatFrame = z.strictObject({
  template: z.literal(true).describe("Use the model's own chat template."),
  user: z
    .string()
    .regex(/\{context\}/, { error: "must contain {context}, where the context goes" })
    .refine((text) => text.split("{context}").length <= 2, { error: "must contain {context} once only" })
    .describe("What the user says; {context} stands for the context, {question} for the item's question."),
});

const continuationFields = {
  samples: z.int().min(1).describe("Sampled continuations an item (default 8)."),
  tokens: z.int().min(1).max(64).describe("Longest continuation, in tokens (default 16)."),
  seed: seed.describe("Seed of the sampling (default 1)."),
  controls: z
    .int()
    .min(1)
    .describe("How many of the continuations the floors and foils are read with (default: all of them)."),
};
const { samples, tokens, seed: samplingSeed, controls } = continuationFields;
const partialContinuations = z.strictObject({
  samples: samples.optional(),
  tokens: tokens.optional(),
  seed: samplingSeed.optional(),
  controls: controls.optional(),
});

const positions = z.enum(["natural", "both"]);

const band = z
  .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
  .refine(([from, to]) => from < to, { error: "must be two shares of depth, the smaller first" });

const judge = z.strictObject({
  kind: z
    .enum(JUDGE_KINDS)
    .describe("`chat`: a model rates from 1 to 5; `entailment`: it says what follows; `embedding`: a cosine."),
  model: z.string().min(1).describe("Model reference of the judge."),
  repeats: z.int().min(1).max(9).default(2).describe("Times that each pair is rated in each order (default 2)."),
  calls: z.int().min(1).default(20_000).describe("Most requests that the judge may be sent in a run (default 20000)."),
});

const profile = z.strictObject({
  items: z.int().min(1).optional().describe("How many items at most, spread over the clusters and topics."),
  frames: distinct(z.string()).optional().describe("Names of the frames to keep."),
  continuations: partialContinuations.optional().describe("Settings that differ from the suite's."),
  positions: positions.optional().describe("Position policy in this profile."),
  candidates: distinct(z.string())
    .optional()
    .describe("Names of the candidates to keep; gates on others are left out."),
});

export const suiteSchema = z
  .strictObject({
    name: name.describe("The suite's name in reports and run folders."),
    items: z
      .union([z.string().min(1), z.array(itemSchema).min(1)])
      .describe("Path of a .jsonl or .csv file, from the suite file's folder; or the items themselves."),
    frames: named(z.union([plainFrame, chatFrame])).describe("What stands around the context, by name."),
    continuations: partialContinuations
      .default({})
      .describe("What the model says after the original, sampled and stored."),
    models: distinct(z.string().min(1)).default(["smollm2-135m"]).describe("Model references, each of which is run."),
    candidates: named(
      z.looseObject({ codec: z.string().min(1).describe("Name of the codec; its parameters stand beside it.") }),
    ).describe("Conditions under test, by name: a codec and its parameters."),
    measures: z
      .union([z.literal("default"), distinct(z.string().min(1))])
      .default("default")
      .describe("`default`, or the names of measures."),
    judges: z
      .record(name, judge)
      .default({})
      .describe("Who rates whether answers and restatements mean the same, by name; several are a panel."),
    bands: z
      .array(band)
      .min(1)
      .default([
        [0.25, 0.5],
        [0.5, 0.75],
        [0.75, 0.95],
      ])
      .describe("Shares of the model's depth over which states are averaged."),
    margin: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.8)
      .describe("Share of the way from floor to ceiling that a candidate must reach."),
    positions: positions
      .default("both")
      .describe("`natural`: read where the readout falls; `both`: also at the positions it has under the original."),
    gates: z
      .array(
        z.strictObject({
          candidate: z.string().describe("Name of the candidate."),
          require: z.enum(VERDICTS).describe("The verdict that the candidate must get."),
        }),
      )
      .default([])
      .describe("Verdicts that the suite demands; the run fails otherwise."),
    statistics: z
      .strictObject({
        alpha: z.number().gt(0).lt(0.5).default(0.025).describe("One-sided error rate of each test."),
        seed: seed.default(1).describe("Seed of resampling and derangements."),
      })
      .default({ alpha: 0.025, seed: 1 })
      .describe("Settings of the statistics."),
    profiles: z.record(name, profile).default({}).describe("Named cuts of the suite, for `--profile`."),
  })
  .describe("A suite: at least `name`, `items`, `frames` and `candidates`.");

export type SuiteFile = z.output<typeof suiteSchema>;

/** JSON Schema (draft 2020-12) of a suite file as written, defaults left out. */
export function suiteJsonSchema(): Record<string, unknown> {
  return { title: "Isoglyph suite", ...z.toJSONSchema(suiteSchema, { io: "input" }) };
}
