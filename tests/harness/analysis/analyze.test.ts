/** From the verdicts in each frame to those of the run, its gates and its exit code. */
import { describe, expect, test } from "vitest";
import { every, good, model } from "./judged.ts";
import { DRAWS, type Draw, type Plant, type Truth } from "./plantedRecord.ts";

describe("frames and positions", () => {
  const inFrame =
    (frame: string, bad: Draw, otherwise: Draw): Draw =>
    (truth) =>
      (truth.frame === frame ? bad : otherwise)(truth);

  test("a verdict must hold in each frame", () => {
    const frames = ["one", "two", "three"];
    const { named } = model({
      frames,
      ...every(["good", DRAWS.good], ["mixed", inFrame("two", DRAWS.floor, DRAWS.good)]),
    });
    expect(named("good").verdict).toBe("equivalent");
    expect(named("good").p).toBe(Math.max(...named("good").frames.map(({ p }) => p as number)));
    expect(named("mixed").verdict).toBe("inconclusive");
    expect(named("mixed").p).toBeNull();
    expect(named("mixed").reasons[0]).toBe("the frames disagree: one equivalent, two different, three equivalent");
  });

  test("an instrument that fails in one frame fails", () => {
    const first: Draw = (truth) => ({
      kl: truth.frame === "two" ? 0.1 : 4.5 * truth.difficulty,
      explained: -0.3,
      fact: truth.fact,
    });
    expect(model({ frames: ["one", "two"], ...good, controls: { "first-half": first } }).verdict("good")).toBe(
      "instrument-failed",
    );
  });

  test("positions under which the scores differ are length-confounded, and the verdict must hold under both", () => {
    const shorter =
      (by: number): Draw =>
      (truth) => {
        const drawn = DRAWS.good(truth);
        return truth.positions === "matched" ? { ...drawn, kl: drawn.kl + by * truth.difficulty } : drawn;
      };
    const { named } = model({
      positions: ["natural", "matched"],
      ...every(["same", shorter(0)], ["shifted", shorter(1.2)], ["broken", shorter(12)]),
    });
    expect(named("same").warnings).toEqual([]);
    expect(named("shifted").warnings).toEqual([
      expect.stringMatching(
        /^length-confounded \(score at natural and at matched positions: restate 1\.\d\d and 1\.\d\d\)$/,
      ),
    ]);
    expect(named("shifted").verdict).toBe("equivalent");
    expect(named("broken").verdict).toBe("inconclusive");
  });

  test("a position policy under which the controls fail decides nothing, and says so", () => {
    const half: Draw = (truth) => ({
      kl: truth.positions === "matched" ? 0.1 : 4.5 * truth.difficulty,
      explained: -0.3,
      fact: truth.fact,
    });
    const { named } = model({ positions: ["natural", "matched"], ...good, controls: { "first-half": half } });
    expect(named("good").verdict).toBe("equivalent");
    expect(named("good").warnings).toContain("decides nothing, since the controls fail there: restate@matched");
  });
});

describe("over the verdicts of a run", () => {
  // A contrast of B with p just below α alone.
  const EFFECT = 0.3;
  const borderline = (truth: Truth) => {
    const spread = truth.i % 2 === 0 ? 0.3 : -0.3;
    const both = ["paraphrase-near", "paraphrase-far"].map((name) => truth.drawn.get(name)?.fact ?? 0);
    const paraphrase = ((both[0] as number) + (both[1] as number)) / 2;
    return { kl: 0.5, explained: 0.9, fact: truth.decoyFact + 0.8 * (paraphrase - truth.decoyFact) + EFFECT + spread };
  };

  test("Holm demotes what would hold alone", () => {
    const alone = model(every(["borderline", borderline])).named("borderline");
    expect(alone.verdict).toBe("equivalent");
    expect(alone.p).toBeGreaterThan(0.0125);
    expect(alone.adjusted).toBe(alone.p);
    const { named } = model(every(["borderline", borderline], ["good", DRAWS.good], ["second", borderline]));
    expect(named("borderline").verdict).toBe("inconclusive");
    expect(named("borderline").reasons[0]).toMatch(
      /^equivalent alone, but not after correction for 3 verdicts \(p = 0\.0\d+\)$/,
    );
    expect(named("borderline").adjusted).toBeCloseTo(2 * (named("borderline").p ?? 0), 12);
    expect(named("good").verdict).toBe("equivalent");
  });

  test("verdicts that claim nothing count too: the family is what was tried, not what came out", () => {
    const unsure: Draw = (truth) => ({ ...borderline(truth), fact: borderline(truth).fact - EFFECT });
    const { named } = model(every(["unsure", unsure], ["borderline", borderline]));
    expect(named("unsure").verdict).toBe("inconclusive");
    expect(named("borderline").adjusted).toBeCloseTo(2 * (named("borderline").p ?? 0), 12);
    expect(named("borderline").verdict).toBe("inconclusive");
  });

  test("the models of a run are one family", () => {
    const { analysis } = model({ ...every(["good", DRAWS.good]), models: ["one", "two"] });
    const [one, two] = analysis.models.map(({ candidates }) => candidates[0]).sort((a, b) => (a?.p ?? 0) - (b?.p ?? 0));
    expect(one?.adjusted).toBe(2 * (one?.p as number));
    expect(two?.adjusted).toBe(Math.max(2 * (one?.p as number), two?.p as number));
  });
});

describe("gates and exit codes", () => {
  const exit = (plant: Partial<Plant>, ...gates: Plant["gates"] & {}) => {
    const candidates = { good: DRAWS.good, floor: DRAWS.floor };
    const { analysis } = model({ candidates, gates, ...plant });
    return [analysis.exit, ...analysis.gates.map(({ holds }) => holds)];
  };

  test("0 where all hold, 1 where one does not, 3 where nothing could be seen", () => {
    expect(
      exit({}, { candidate: "good", require: "equivalent" }, { candidate: "floor", require: "different" }),
    ).toEqual([0, true, true]);
    expect(
      exit({}, { candidate: "good", require: "equivalent" }, { candidate: "floor", require: "equivalent" }),
    ).toEqual([1, true, false]);
    expect(exit({ items: 10 }, { candidate: "good", require: "equivalent" }), "inconclusive included").toEqual([
      1,
      false,
    ]);
    const unobservable = { kl: "no logits" };
    expect(exit({ unobservable }, { candidate: "good", require: "equivalent" })).toEqual([3, false]);
    expect(exit({ unobservable }, { candidate: "good", require: "unobservable" })).toEqual([0, true]);
    expect(exit({ noise: 2 }, { candidate: "good", require: "equivalent" })).toEqual([3, false]);
  });

  test("a gate holds for every model", () => {
    expect(exit({ models: ["one", "two"] }, { candidate: "good", require: "equivalent" })).toEqual([0, true, true]);
  });
});
