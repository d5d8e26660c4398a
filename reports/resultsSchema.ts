/** reports/results.schema.json: the JSON Schema of results.json, and of a line of results.jsonl. */
import { z } from "zod";
import type { Role } from "../harness/conditions.ts";
import { VERDICTS } from "../suites/Suite.ts";
import { CSV_COLUMNS } from "./csvColumns.ts";

const number = z.number();
const share = z.number().min(0).max(1);
const verdict = z.enum(VERDICTS);
const texts = z.array(z.string());

const interval = z
  .strictObject({ value: number, low: number.nullable(), high: number.nullable() })
  .describe("cluster-robust 95 % interval; null with the reason in the warnings");

const cell = z.strictObject({
  model: z.string(),
  frame: z.string(),
  condition: z.string(),
  role: z.enum(["reference", "candidate", "ceiling", "floor", "foil", "control"] satisfies Role[]),
  measure: z.string(),
  layer: z.string(),
  unit: z.string(),
  n: z.int().min(0),
  estimate: interval.nullable(),
  floor: number.nullable(),
  ceiling: number.nullable(),
  score: interval.nullable().describe("0: a wrong text, 1: a human paraphrase"),
  identityScore: number.nullable(),
  p: share.nullable(),
  warnings: texts,
});

const part = z.union([
  z.strictObject({ name: z.string(), untestable: z.string() }),
  z.strictObject({
    name: z.string(),
    n: z.int().min(0),
    clusters: z.int().min(0),
    mean: number,
    se: number,
    t: number.nullable().describe("null where it is infinite: all items agree"),
    p: share,
    pBelow: share,
    itemsNeeded: number.nullable(),
  }),
]);

const frame = z.strictObject({
  frame: z.string(),
  verdict,
  p: number.nullable(),
  parts: z.array(part),
  reasons: texts,
});

const judged = z.strictObject({
  condition: z.string(),
  verdict,
  p: number.nullable(),
  adjusted: number.nullable().describe("by Holm's method over all verdicts of the run"),
  frames: z.array(frame),
  reasons: texts,
  warnings: texts,
});

const model = z.strictObject({
  model: z.string(),
  digest: z.string(),
  engine: z.string(),
  headlineBand: z.string(),
  unobservable: z.record(z.string(), z.string()).describe("measures that the provider cannot show, and why"),
  cells: z.array(cell),
  candidates: z.array(judged),
  foils: z.array(judged),
  instrument: z.array(z.strictObject({ measure: z.string(), holds: z.boolean(), reasons: texts, frame: z.string() })),
  passedFoils: texts,
  seams: z.record(z.string(), share),
});

/** What results.json holds. */
export const resultsSchema = z.strictObject({
  $schema: z.literal("./results.schema.json"),
  signature: z.string(),
  suite: z.strictObject({ name: z.string(), profile: z.string().nullable(), hash: z.string() }),
  models: z.array(model),
  gates: z.array(
    z.strictObject({
      gate: z.strictObject({ candidate: z.string(), require: verdict }),
      model: z.string(),
      verdict,
      holds: z.boolean(),
    }),
  ),
  exit: z.int().describe("0 all gates hold, 1 a gate fails, 3 the instrument failed, 4 incomplete"),
});

/** A line of results.jsonl: a row of results.csv without its empty cells. */
function lineSchema(): Record<string, unknown> {
  const described = CSV_COLUMNS["results.csv"] ?? [];
  const types = { text: "string", number: "number", "whole number": "integer" } as const;
  return {
    type: "object",
    additionalProperties: false,
    required: ["suite", "model", "frame", "condition", "role", "measure"],
    properties: Object.fromEntries(
      described.map(({ name, type, meaning, empty }) => [
        name,
        { type: types[type], description: empty === "never" ? meaning : `${meaning}; absent: ${empty}` },
      ]),
    ),
  };
}

export function resultsJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(resultsSchema);
  return `${JSON.stringify({ $schema, title: "Isoglyph results", ...schema, $defs: { line: lineSchema() } }, null, 2)}\n`;
}
