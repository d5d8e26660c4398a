/** A small record, built by hand: four items with hostile texts, two frames, one candidate and its controls. */
import { type Analysis, analyze, type ConditionVerdict } from "../../harness/analysis/analyze.ts";
import type { ConditionRecord } from "../../harness/evaluate.ts";
import type { Batch, Manifest, MeasureDescription, ModelEntry, RunRecord } from "../../harness/RunRecord.ts";
import { defined, undefinedBecause } from "../../harness/Value.ts";
import type { Gate } from "../../suites/Suite.ts";

/** Formula, quotes and comma, line break and formula, Chinese and right-to-left text. */
export const IDS = ["=cmd()", 'say "a", b', "-line\r\nbreak", "汉字 שלום ‮x"];

const measure = (name: string, unit: string, more: Partial<MeasureDescription> = {}): MeasureDescription => ({
  name,
  definition: name,
  unit,
  range: [null, null],
  better: "higher",
  reference: "none",
  perLayer: false,
  descriptive: false,
  ...more,
});

const MEASURES = [
  measure("kl", "nats a continuation", { better: "lower" }),
  measure("fact", "nats a token"),
  measure("state.explained", "share", { perLayer: true }),
  measure("state.pooled-cosine", "cosine"),
  measure("overlap", "share", { descriptive: true }),
  measure("tokens.ratio", "ratio", { descriptive: true }),
];

/** By condition: kl, fact, state.explained, pooled cosine, tokens ratio of the first item. */
const VALUES: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  original: [0, 1.5, 1, 1, 1],
  "paraphrase-near": [2, 1.25, 0.5, 0.95, 0.9],
  "mismatch-1": [10, -0.25, -0.5, 0.85, 1],
  decoy: [0.5, -1.5, 0.75, 0.99, 1],
  code: [4, 1, -1.25, 0.6, 0.4],
};

export const MODEL: ModelEntry = {
  identity: {
    reference: "tiny",
    name: "tiny",
    architecture: "llama",
    digest: "d".repeat(64),
    quantisation: "F32",
    engine: "scripted",
    weights: "float32",
    tokenizerDigest: "t".repeat(64),
    contextLength: 128,
    layers: 2,
    width: 4,
    vocabulary: 8,
  },
  frames: { restate: { before: "", after: "" }, question: { before: "", after: "" } },
  bands: [{ name: "50-75%", from: 1, to: 2 }],
  headlineBand: "50-75%",
  conditions: [
    { name: "original", role: "reference", of: null },
    { name: "paraphrase-near", role: "ceiling", of: null },
    { name: "mismatch-1", role: "floor", of: null },
    { name: "decoy", role: "foil", of: null },
    { name: "code", role: "candidate", of: null },
  ],
  corpus: { name: "none", sentences: 0, sha256: "" },
  unobservable: {},
};

/** Items differ by `step`, so that means and intervals are easily had by hand. */
function conditionRecord(name: string, step: number): ConditionRecord {
  const [kl, fact, explained, cosine, ratio] = VALUES[name] as (typeof VALUES)[string];
  return {
    tokens: 10,
    values: [
      { measure: "kl", layer: "", value: defined(kl + (name === "original" ? 0 : step)) },
      {
        measure: "fact",
        layer: "",
        value: name === "mismatch-1" ? undefinedBecause("the condition was not asked") : defined(fact),
      },
      { measure: "state.explained", layer: "50-75%", value: defined(explained) },
      { measure: "state.pooled-cosine", layer: "", value: defined(cosine) },
      { measure: "overlap", layer: "", value: { kind: "bounded", value: 0.1, bound: "lower" } },
      { measure: "tokens.ratio", layer: "", value: defined(ratio) },
    ],
    curves: { "state.explained": [null, explained + step, 1e-7] },
  };
}

/** The last item has no encoding of the candidate. */
function batch(model: string, frame: string, i: number): Batch {
  const names = Object.keys(VALUES).filter((name) => !(name === "code" && i === IDS.length - 1));
  return {
    model,
    frame,
    positions: "natural",
    item: IDS[i] as string,
    seamDiffers: false,
    conditions: Object.fromEntries(names.map((name) => [name, conditionRecord(name, i)])),
    missing: names.includes("code") ? {} : { code: "+the item has no encoding" },
    noise: null,
  };
}

export interface SampleOptions {
  readonly frames?: readonly string[];
  readonly models?: readonly ModelEntry[];
  readonly gates?: readonly Gate[];
}

export function sampleRecord({ frames = ["restate"], models = [MODEL], gates = [] }: SampleOptions = {}): RunRecord {
  const kept = models.map((model) => ({
    ...model,
    frames: Object.fromEntries(Object.entries(model.frames).filter(([name]) => frames.includes(name))),
  }));
  const manifest: Manifest = {
    format: 1,
    signature: "isoglyph test",
    version: "0",
    suite: {
      name: "@suite",
      profile: null,
      hash: "h",
      margin: 0.8,
      alpha: 0.025,
      seed: 1,
      positions: ["natural"],
      continuations: { samples: 1, controls: 1, tokens: 1, seed: 1 },
      candidates: { code: { codec: "authored", parameters: {} } },
      gates,
    },
    items: IDS.map((id, i) => ({ id, topic: "all", cluster: `c${i}`, original: id })),
    measures: MEASURES,
    plannedModels: kept.length,
    models: kept,
    environment: { host: "anywhere" },
  };
  const batches = kept.flatMap(({ identity }) =>
    frames.flatMap((frame) => IDS.map((_, i) => batch(identity.reference, frame, i))),
  );
  return { manifest, batches };
}

/** The record's analysis with its candidates' verdicts replaced, for what four items cannot show. */
export function judgedAs(
  record: RunRecord,
  ...verdicts: readonly (Partial<ConditionVerdict> & Pick<ConditionVerdict, "verdict">)[]
): Analysis {
  const analysis = analyze(record);
  const models = analysis.models.map((model) => ({
    ...model,
    candidates: verdicts.map((found) => ({ ...(model.candidates[0] as ConditionVerdict), reasons: [], ...found })),
  }));
  const gates = record.manifest.suite.gates.flatMap((gate) =>
    models.flatMap(({ model, candidates }) =>
      candidates
        .filter(({ condition }) => condition === gate.candidate)
        .map(({ verdict }) => ({ gate, model: model.identity.reference, verdict, holds: verdict === gate.require })),
    ),
  );
  return { ...analysis, models, gates };
}
