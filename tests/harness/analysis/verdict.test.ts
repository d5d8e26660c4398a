/** Verdicts on records whose truth is known. */
import { describe, expect, test } from "vitest";
import { EXIT } from "../../../errors.ts";
import { analyze } from "../../../harness/analysis/analyze.ts";
import type { RecordedValue } from "../../../harness/evaluate.ts";
import { describeMeasures, selectMeasures } from "../../../harness/measures.ts";
import { every, good, model } from "./judged.ts";
import { DRAWS, type Draw, type Plant, planted, usual } from "./plantedRecord.ts";

const SEEDS = [1, 2, 3, 4, 5];

describe.each(SEEDS)("magnitudes of a real run, seed %i", (seed) => {
  const { verdict, first, named, analysis } = model({
    seed,
    candidates: {
      perfect: DRAWS.perfect,
      good: DRAWS.good,
      copy: DRAWS["near-copy"],
      chinese: DRAWS.chinese,
      floor: DRAWS.floor,
    },
    controls: { "overlap-matched:good": usual(3.4, 0.5, 0.25, 0.44, -0.6, 0.9) },
  });

  test("the instrument holds", () => {
    expect(first.instrument.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(first.instrument.map(({ measure, holds }) => [measure, holds])).toEqual([
      ["kl", true],
      ["state.explained", true],
      ["fact", true],
    ]);
    expect(first.passedFoils).toEqual([]);
  });

  test("candidates", () => {
    expect(["perfect", "good", "copy", "chinese", "floor"].map(verdict)).toEqual([
      "equivalent",
      "equivalent",
      "near-copy, fact lost",
      "different",
      "different",
    ]);
    expect(named("copy").reasons[0]).toMatch(/the changed fact is lost/);
    expect(named("good").frames[0]?.parts.map(({ name }) => name)).toEqual([
      "A kl",
      "A state.explained",
      "B fact",
      "C shuffled-original",
      "C first-half",
      "C overlap-matched:good",
      "D near",
      "D tail",
      "D fact",
    ]);
    for (const { p, adjusted } of first.candidates) expect(adjusted).toBeGreaterThanOrEqual(p as number);
    expect(analysis.exit, "no gates").toBe(EXIT.ok);
  });

  test("foils are not equivalent, and the decoy is what it is", () => {
    expect(verdict("decoy")).toBe("near-copy, fact lost");
    expect(verdict("shuffled-original")).toBe("different");
    expect(["first-half", "overlap-matched:good"].map(verdict)).not.toContain("equivalent");
  });
});

test("a tail of failures is never equivalent, however good the rest", () => {
  const honest: Draw = (truth) => ({
    kl: 3 * truth.difficulty * Math.exp(0.3 * truth.normal()),
    explained: 0.35 + 0.2 * truth.normal(),
    fact: truth.fact,
  });
  for (const items of [40, 120]) {
    for (const seed of SEEDS) {
      const tail: Draw = (truth) => (truth.i % 20 < 3 ? { ...DRAWS.floor(truth), kl: 25 } : DRAWS.perfect(truth));
      const { named } = model({
        seed,
        items,
        ...every(["tail", tail], ["perfect", DRAWS.perfect]),
        controls: { "paraphrase-near": honest, "paraphrase-far": honest },
      });
      expect(named("perfect").verdict).toBe("equivalent");
      expect(named("tail").verdict).toBe("inconclusive");
      expect(named("tail").reasons.some((reason) => reason.startsWith("D near is undecided"))).toBe(true);
    }
  }
});

test("a code that hands over the decoy now and then is not equivalent, though B's mean and K do not see it", () => {
  // Paraphrases lose the fact on a sixth of the items.
  const often =
    (kl: number): Draw =>
    (truth) => ({ ...usual(kl, 0.3, 0.5, 0.2, 0, 0.1)(truth), ...(truth.i % 6 === 0 && { fact: truth.decoyFact }) });
  for (const [items, perCluster] of [
    [160, 4],
    [320, 4],
  ] as const) {
    for (const seed of SEEDS) {
      const fifth: Draw = (truth) =>
        truth.uniform() < 0.2 ? { kl: 0.3, explained: 0.98, fact: truth.decoyFact } : DRAWS.perfect(truth);
      const { named } = model({
        ...every(["fifth", fifth], ["perfect", DRAWS.perfect]),
        ...{ seed, items, perCluster },
        controls: { "paraphrase-near": often(2), "paraphrase-far": often(4) },
      });
      expect(named("perfect").verdict).toBe("equivalent");
      expect(named("fifth").verdict).not.toBe("equivalent");
    }
  }
});

test("items that a code declines count against it", () => {
  const declines =
    (share: number): Draw =>
    (truth) =>
      truth.i % 40 < 40 * share ? null : DRAWS.perfect(truth);
  const { named } = model({ ...every(["half", declines(0.5)], ["few", declines(0.025)]), items: 160, perCluster: 2 });
  expect(named("few").verdict).toBe("equivalent");
  expect(named("half").verdict).toBe("inconclusive");
  expect(named("half").reasons.join()).toMatch(/D near is undecided/);
});

test("failures that come by the cluster are not counted as independent", () => {
  let passed = 0;
  for (let seed = 1; seed <= 120; seed++) {
    // A template in seven fails as a whole: 15 % of the items, on the margin.
    const bad = new Map<number, boolean>();
    const byCluster: Draw = (truth) => {
      const cluster = Math.floor(truth.i / 4);
      const fails = bad.get(cluster) ?? truth.uniform() < 0.15;
      bad.set(cluster, fails);
      return fails ? { ...DRAWS.perfect(truth), kl: 30 } : DRAWS.perfect(truth);
    };
    const { named } = model({ ...every(["code", byCluster]), seed, items: 80, perCluster: 4 });
    const part = named("code").frames[0]?.parts.find(({ name }) => name === "D near");
    if (part && "p" in part && part.p < 0.025) passed++;
  }
  expect(passed).toBeLessThanOrEqual(2);
});

test("a lost fact is in the tail even where the text is near", () => {
  const swap: Draw = (truth) =>
    truth.i % 4 === 0 ? { kl: 0.1, explained: 1, fact: truth.decoyFact } : DRAWS.perfect(truth);
  const { named } = model(every(["swap", swap]));
  const parts = named("swap").frames[0]?.parts ?? [];
  const d = parts.find(({ name }) => name === "D tail");
  expect(d && "t" in d && d.t).toBeLessThan(1);
  expect(named("swap").verdict).not.toBe("equivalent");
});

test("the distribution may be close and the states not", () => {
  const { verdict, named } = model(
    every(["half", (truth) => ({ ...DRAWS.good(truth), explained: -1 + 0.3 * truth.normal() })]),
  );
  expect(verdict("half")).toBe("different");
  expect(named("half").reasons[0]).toMatch(/^A state\.explained is clearly below 0/);
});

test("where the reverse divergence was asked for, what a code adds of its own counts against it", () => {
  const record = planted({ seed: 1, ...every(["good", DRAWS.good], ["adds", DRAWS.good]) });
  for (const batch of record.batches) {
    for (const [name, { values }] of Object.entries(batch.conditions)) {
      const kl = values.find(({ measure }) => measure === "kl")?.value;
      if (kl?.kind !== "defined") throw new Error("every condition has kl");
      const value = 2 * kl.value + (name === "adds" ? 12 : 0);
      (values as RecordedValue[]).push({ measure: "j", layer: "", value: { kind: "defined", value } });
    }
  }
  const measures = describeMeasures(selectMeasures(["kl", "j", "state.explained", "fact"], ""));
  const analysis = analyze({ ...record, manifest: { ...record.manifest, measures } });
  const verdicts = analysis.models[0]?.candidates ?? [];
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(["equivalent", "different"]);
  expect(verdicts[1]?.reasons[0]).toMatch(/^A j is clearly below 0/);
  expect(analysis.models[0]?.instrument.map(({ measure }) => measure)).toEqual(["kl", "j", "state.explained", "fact"]);
});

test("a foil that comes nearer makes a candidate different", () => {
  const { verdict, named } = model({
    ...good,
    controls: {
      "overlap-matched:good": (truth) => ({ ...DRAWS.good(truth), kl: 0.2 * truth.difficulty, fact: truth.decoyFact }),
    },
  });
  expect(verdict("good")).toBe("different");
  expect(named("good").reasons[0]).toMatch(/^C overlap-matched:good is clearly below 0/);
});

test("a foil made for another candidate is no rival", () => {
  const near: Draw = (truth) => ({ ...DRAWS.good(truth), kl: 0.2 * truth.difficulty, fact: truth.decoyFact });
  const { verdict } = model({
    ...every(["good", DRAWS.good], ["other", DRAWS.good]),
    controls: { "overlap-matched:other": near },
  });
  expect([verdict("good"), verdict("other")]).toEqual(["equivalent", "different"]);
});

test("different has many chances, so its p counts as many times", () => {
  const below =
    (by: number): Draw =>
    (truth) => {
      const mean = (names: string[]) =>
        names.reduce((sum, name) => sum + (truth.drawn.get(name)?.explained ?? 0), 0) / names.length;
      const margin = 0.2 * mean(["mismatch-1", "mismatch-2"]) + 0.8 * mean(["paraphrase-near", "paraphrase-far"]);
      return { ...DRAWS.good(truth), explained: margin - by + (truth.i % 2 === 0 ? 0.1 : -0.1) };
    };
  const far: Draw = (truth) => ({ ...DRAWS.floor(truth), explained: -3 });
  const { named } = model({
    ...every(["little", below(0.1)], ["more", below(0.15)]),
    controls: { "swapped:little": far, "swapped:more": far },
  });
  const own = (name: string) => {
    const part = named(name).frames[0]?.parts.find((one) => one.name === "A state.explained");
    return part && "pBelow" in part ? part.pBelow : Number.NaN;
  };
  expect(own("little")).toBeLessThan(0.025);
  expect(4 * own("little")).toBeGreaterThan(0.025);
  expect(named("little").verdict).toBe("inconclusive");
  expect(named("little").p, "it claims nothing").toBeNull();
  expect(named("more").verdict).toBe("different");
  expect(named("more").p).toBe(4 * own("more"));
});

describe("what is missing costs the verdict", () => {
  test("fewer than 20 clusters: inconclusive, however many items, and whatever else fails", () => {
    expect(model({ ...good, items: 30 }).verdict("good")).toBe("equivalent");
    expect(
      model({ ...good, items: 20 })
        .named("good")
        .reasons.join(),
    ).not.toMatch(/too few/);
    for (const plant of [{ items: 19 }, { items: 76, perCluster: 4 }, { items: 3 }, { items: 1 }]) {
      const { named } = model({ ...good, ...plant });
      expect(named("good").verdict).toBe("inconclusive");
      expect(named("good").reasons).toEqual([
        expect.stringMatching(/^(\d+ clusters are|1 cluster is) too few: a verdict takes at least 20$/),
      ]);
    }
  });

  test("an encoding for fewer than 20 of the clusters", () => {
    const { named } = model(
      every(["rare", (truth) => (truth.i < 19 ? DRAWS.good(truth) : null)], ["good", DRAWS.good]),
    );
    expect(named("rare").verdict).toBe("inconclusive");
    expect(named("rare").reasons[0]).toMatch(/^19 clusters/);
    expect(named("good").verdict).toBe("equivalent");
  });

  test("no decoys: at most close, fact untested", () => {
    const { verdict, named } = model({ ...every(["good", DRAWS.good], ["floor", DRAWS.floor]), without: ["decoy"] });
    expect(verdict("good")).toBe("close, fact untested");
    expect(named("good").reasons).toEqual(["no item has a decoy"]);
    expect(verdict("floor")).toBe("different");
  });

  test("decoys in fewer than 20 clusters: the fact is untested", () => {
    const some =
      (draw: Draw): Draw =>
      (truth) =>
        truth.i < 15 ? draw(truth) : null;
    const decoy: Draw = (truth) => ({ kl: 0.7, explained: 0.98, fact: truth.decoyFact });
    const { verdict, named } = model({ ...good, controls: { decoy: some(decoy), "decoy-paraphrase": some(decoy) } });
    expect(verdict("good")).toBe("close, fact untested");
    expect(named("good").reasons[0]).toMatch(/^fact: 15 clusters are too few/);
  });

  test("a question that does not tell the facts apart: the fact is untested", () => {
    const { verdict, named } = model({
      ...good,
      controls: { "decoy-paraphrase": (truth) => ({ kl: 3, explained: 0.6, fact: truth.fact }) },
    });
    expect(verdict("good")).toBe("close, fact untested");
    expect(named("good").reasons[0]).toMatch(/decoy-paraphrase does not lie clearly on the decoy's side/);
  });

  test("no paraphrases: inconclusive, with the reason, for good and bad alike", () => {
    const { named } = model({ ...every(["good", DRAWS.good], ["floor", DRAWS.floor]), without: ["paraphrase"] });
    for (const name of ["good", "floor"]) {
      expect(named(name).verdict).toBe("inconclusive");
      expect(named(name).reasons).toEqual(["there is no paraphrase to serve as ceiling"]);
    }
  });

  test("what the provider cannot show: unobservable", () => {
    const { named } = model({ ...good, unobservable: { "state.explained": "the server shows no states" } });
    expect(named("good").verdict).toBe("unobservable");
    expect(named("good").reasons).toEqual(["state.explained: the server shows no states"]);
    expect(named("good").p).toBeNull();
    expect(model({ ...good, unobservable: { "reconstruction.bits": "no" } }).verdict("good")).toBe("equivalent");
  });

  test("an inconclusive verdict names the part and the number of items that would do", () => {
    const { named } = model(
      every([
        "unsure",
        (truth) => ({
          ...DRAWS.perfect(truth),
          fact: 0.75 * truth.fact + 0.25 * truth.decoyFact + 2.5 * truth.normal(),
        }),
      ]),
    );
    expect(named("unsure").verdict).toBe("inconclusive");
    expect(named("unsure").reasons.join("\n")).toMatch(
      /B fact is undecided \(t = .*, n = 40\): (about \d+ items would do|no number of items would do)/,
    );
  });
});

describe("the instrument", () => {
  const usual =
    (kl: number, explained: number): Draw =>
    (truth) => ({ kl: kl * truth.difficulty, explained: explained + 0.2 * truth.normal(), fact: truth.fact });
  const failing = (controls: Record<string, Draw>, plant: Partial<Plant> = {}) => {
    const { named, first } = model({ ...good, controls, ...plant });
    expect(named("good").verdict).toBe("instrument-failed");
    expect(named("good").p).toBeNull();
    return { reasons: named("good").reasons, first };
  };

  test("floor and ceiling that do not separate", () => {
    const { reasons } = failing({
      empty: (truth) => ({ ...DRAWS.floor(truth), kl: truth.difficulty * (3 + 3 * truth.uniform()) }),
    });
    expect(reasons[0]).toMatch(/the paraphrase and the floor empty do not separate/);
  });

  test("a paraphrase that does not beat shuffled words, or half a sentence", () => {
    expect(failing({ "shuffled-original": usual(2.9, -1) }).reasons[0]).toMatch(/kl|does not beat shuffled-original/);
    expect(failing({ "first-half": usual(9, 0.5) }).reasons).toEqual([
      expect.stringMatching(/does not beat first-half/),
    ]);
    expect(failing({}, { without: ["first-half"] }).reasons[0]).toMatch(/cannot be held against first-half/);
  });

  test("a difference within ten noise floors", () => {
    expect(failing({}, { noise: 2 }).reasons[0]).toMatch(/less than 10 times the noise floor 2/);
    expect(model({ ...good, noise: 0.05 }).verdict("good")).toBe("equivalent");
  });

  test("an original that is not read the same twice", () => {
    const identity =
      (explained: number): Draw =>
      (truth) =>
        truth.i < 3 ? { kl: 0, explained, fact: truth.fact } : null;
    // Read under a name of its own, for some items only.
    const records = (explained: number) =>
      model({ ...every(["good", DRAWS.good], ["identity", identity(explained)]), items: 60 }).named("good");
    expect(records(1 - 1e-6).verdict).toBe("equivalent");
    expect(records(0.98).verdict).toBe("instrument-failed");
    expect(records(0.98).reasons[0]).toMatch(/the original read twice differs/);
  });

  test("a foil that comes out equivalent takes every candidate's verdict", () => {
    const { first, named, analysis } = model({
      ...every(["good", DRAWS.good], ["floor", DRAWS.floor]),
      controls: { "overlap-matched:floor": (truth) => ({ ...DRAWS.good(truth), kl: 0.2 * truth.difficulty }) },
      gates: [{ candidate: "floor", require: "different" }],
    });
    expect(first.passedFoils).toEqual(["overlap-matched:floor"]);
    for (const name of ["good", "floor"]) {
      expect(named(name).verdict).toBe("instrument-failed");
      expect(named(name).reasons).toEqual(["a foil came out equivalent: overlap-matched:floor"]);
      expect([named(name).p, named(name).adjusted]).toEqual([null, null]);
    }
    expect(analysis.exit).toBe(EXIT.instrument);
  });
});
