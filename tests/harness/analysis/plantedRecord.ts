/**
 * Records with a known truth. The magnitudes and spreads are those of a run on SmolLM2-135M with 40 items; an item's
 * difficulty scales all its divergences, and items of a cluster share part of it.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Role } from "../../../harness/conditions.ts";
import type { Positions } from "../../../harness/ItemRequest.ts";
import { describeMeasures, MEASURES } from "../../../harness/measures.ts";
import type { Batch, ModelEntry, RunRecord } from "../../../harness/RunRecord.ts";
import type { Gate } from "../../../suites/Suite.ts";

/** What is known of an item when a condition's values are drawn. */
export interface Truth {
  readonly i: number;
  readonly frame: string;
  readonly positions: Positions;
  /** 1 on average. */
  readonly difficulty: number;
  /** Λ of the original and of the decoy. */
  readonly fact: number;
  readonly decoyFact: number;
  /** Of the conditions drawn before. */
  readonly drawn: ReadonlyMap<string, Values>;
  readonly normal: () => number;
  readonly uniform: () => number;
}

export interface Values {
  readonly kl: number;
  readonly explained: number;
  readonly fact: number;
}

/** Null: the item does not have the condition. */
export type Draw = (truth: Truth) => Values | null;
type Always = (truth: Truth) => Values;

const lognormal = (mean: number, sigma: number, { difficulty, normal }: Truth) =>
  mean * difficulty * Math.exp(sigma * normal() - sigma ** 2 / 2);

/** @param offset of Λ from the original's; from the decoy's where `of` says so. */
export function usual(
  kl: number,
  sigma: number,
  explained: number,
  spread: number,
  offset: number,
  factSpread: number,
  of: "fact" | "decoyFact" = "fact",
): Always {
  return (truth) => ({
    kl: lognormal(kl, sigma, truth),
    explained: Math.min(1, explained + spread * truth.normal()),
    fact: truth[of] + offset + factSpread * truth.normal(),
  });
}

export const DRAWS = {
  perfect: ({ fact }: Truth) => ({ kl: 0, explained: 1, fact }),
  good: usual(0.95, 0.4, 0.79, 0.08, 0, 0.3),
  floor: usual(12.8, 0.25, -0.3, 0.35, -1.6, 0.7),
  "near-copy": usual(0.7, 0.8, 0.97, 0.02, 0.02, 0.15, "decoyFact"),
  chinese: usual(10.5, 0.3, -0.95, 0.5, -1.3, 0.7),
} as const satisfies Record<string, Always>;

const CONTROLS: readonly (readonly [string, Role, Draw])[] = [
  ["original", "reference", DRAWS.perfect],
  ["paraphrase-near", "ceiling", usual(1.5, 0.45, 0.6, 0.2, -0.05, 0.3)],
  ["paraphrase-far", "ceiling", usual(4.7, 0.3, 0.07, 0.25, -0.7, 0.5)],
  ["mismatch-1", "floor", DRAWS.floor],
  ["mismatch-2", "floor", DRAWS.floor],
  ["empty", "floor", usual(15.4, 0.2, -3.1, 0.8, -1.6, 0.7)],
  ["filler", "floor", usual(17.5, 0.2, -3.2, 1, -1.6, 0.7)],
  [
    "decoy",
    "foil",
    ({ decoyFact, ...truth }) => ({
      kl: lognormal(0.7, 0.8, { decoyFact, ...truth }),
      explained: 0.98,
      fact: decoyFact,
    }),
  ],
  ["decoy-paraphrase", "control", usual(3.7, 0.4, 0.6, 0.2, 0.1, 0.4, "decoyFact")],
  ["shuffled-original", "foil", usual(6.8, 0.3, -1.06, 0.6, -0.8, 0.6)],
  ["first-half", "foil", usual(4.5, 0.35, -0.33, 0.5, -0.9, 0.9)],
];

export interface Plant {
  readonly seed: number;
  readonly candidates: Readonly<Record<string, Draw>>;
  readonly items?: number;
  readonly perCluster?: number;
  readonly frames?: readonly string[];
  readonly positions?: readonly Positions[];
  /** In place of the usual controls' draws, or further foils `overlap-matched:CANDIDATE`. */
  readonly controls?: Readonly<Record<string, Draw>>;
  /** Controls that no item has, by the beginning of their names. */
  readonly without?: readonly string[];
  readonly gates?: readonly Gate[];
  readonly unobservable?: Readonly<Record<string, string>>;
  readonly noise?: number;
  readonly models?: readonly string[];
}

export const LAYER = "50-75%";

export function planted(plant: Plant): RunRecord {
  const {
    seed,
    candidates,
    items = 40,
    perCluster = 1,
    frames = ["restate"],
    positions = ["natural"],
    controls = {},
    without = [],
    models = ["planted"],
  } = plant;
  const random = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(random);
  // Box and Muller (1958).
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const conditions: { name: string; role: Role; of: string | null; draw: Draw }[] = [
    ...CONTROLS.map(([name, role, draw]) => ({ name, role, of: null, draw: controls[name] ?? draw })),
    ...Object.entries(candidates).flatMap(([name, draw]) => [
      { name: `swapped:${name}`, role: "floor" as const, of: name, draw: controls[`swapped:${name}`] ?? DRAWS.floor },
      { name, role: "candidate" as const, of: null, draw },
      ...Object.entries(controls)
        .filter(([foil]) => foil === `overlap-matched:${name}`)
        .map(([foil, made]) => ({ name: foil, role: "foil" as const, of: name, draw: made })),
    ]),
  ].filter(({ name }) => !without.some((start) => name.startsWith(start)));
  const clusterOf = (i: number) => Math.floor(i / perCluster);
  const batches: Batch[] = [];
  for (const model of models) {
    const shared = Array.from({ length: clusterOf(items - 1) + 1 }, () => normal());
    const truths = Array.from({ length: items }, (_, i) => {
      const difficulty = Math.exp(0.2 * (shared[clusterOf(i)] as number) + 0.2 * normal() - 0.2 ** 2);
      return { i, difficulty, fact: 1.7 + 0.8 * normal(), decoyFact: -1.4 + 0.9 * normal(), normal, uniform };
    });
    for (const frame of frames) {
      for (const policy of positions) {
        for (const truth of truths) {
          const drawn = new Map<string, Values>();
          const values = conditions.flatMap(({ name, draw }) => {
            const value = draw({ ...truth, frame, positions: policy, drawn });
            if (value) drawn.set(name, value);
            return value ? [[name, value] as const] : [];
          });
          batches.push({ ...batchOf(values, plant.noise), model, frame, positions: policy, item: `i${truth.i}` });
        }
      }
    }
  }
  const list = Array.from({ length: items }, (_, i) => ({
    id: `i${i}`,
    topic: "all",
    cluster: `c${clusterOf(i)}`,
    original: "text",
    controls: "a".repeat(64),
  }));
  return { manifest: manifestOf(plant, conditions, list, frames, positions, models), batches };
}

function batchOf(values: readonly (readonly [string, Values])[], noise = 1e-6) {
  const record = ({ kl, explained, fact }: Values) => ({
    tokens: 1,
    curves: {},
    values: [
      { measure: "kl", layer: "", value: { kind: "defined", value: kl } as const },
      { measure: "state.explained", layer: LAYER, value: { kind: "defined", value: explained } as const },
      {
        measure: "fact",
        layer: "",
        value: Number.isNaN(fact)
          ? ({ kind: "undefined", reason: "none" } as const)
          : ({ kind: "defined", value: fact } as const),
      },
    ],
  });
  return {
    seamDiffers: false,
    missing: {},
    conditions: Object.fromEntries(values.map(([name, value]) => [name, record(value)])),
    noise: [
      { measure: "kl", layer: "", difference: noise },
      { measure: "state.explained", layer: LAYER, difference: noise },
    ],
  };
}

function manifestOf(
  { candidates, gates = [], unobservable = {} }: Plant,
  conditions: readonly { name: string; role: Role; of: string | null }[],
  items: RunRecord["manifest"]["items"],
  frames: readonly string[],
  positions: readonly Positions[],
  models: readonly string[],
): RunRecord["manifest"] {
  const entry = (reference: string): ModelEntry => ({
    identity: {
      reference,
      name: reference,
      architecture: "",
      digest: "",
      quantisation: "",
      engine: "",
      weights: "",
      tokenizerDigest: "",
      contextLength: 100,
      layers: 4,
      width: 1,
      vocabulary: 1,
    },
    frames: Object.fromEntries(frames.map((name) => [name, { before: "", after: "" }])),
    bands: [{ name: LAYER, from: 3, to: 3 }],
    headlineBand: LAYER,
    conditions: conditions.map(({ name, role, of }) => ({ name, role, of })),
    corpus: { name: "", sentences: 0, sha256: "" },
    unobservable,
  });
  return {
    format: 1,
    signature: "",
    version: "",
    suite: {
      name: "planted",
      profile: null,
      hash: "",
      margin: 0.8,
      alpha: 0.025,
      seed: 1,
      positions,
      continuations: { samples: 1, controls: 1, tokens: 1, seed: 1 },
      candidates: Object.fromEntries(
        Object.keys(candidates).map((name) => [name, { codec: "authored", parameters: {} }]),
      ),
      gates,
    },
    items,
    measures: describeMeasures(MEASURES.filter(({ name }) => ["kl", "state.explained", "fact"].includes(name))),
    plannedModels: models.length,
    models: models.map(entry),
    environment: {},
  };
}
