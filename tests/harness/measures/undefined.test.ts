/** What cannot be measured is undefined, for a stated reason: never NaN, never 0. */
import { expect, test } from "vitest";
import type { CorpusGeometry } from "../../../harness/CorpusGeometry.ts";
import type { LayerMeasure, ScalarMeasure } from "../../../harness/Measure.ts";
import { attentionJs } from "../../../harness/measures/attentionJs.ts";
import { attentionOutput } from "../../../harness/measures/attentionOutput.ts";
import { embeddingCosine } from "../../../harness/measures/embeddingCosine.ts";
import { fact } from "../../../harness/measures/fact.ts";
import { factBits } from "../../../harness/measures/factBits.ts";
import { jensenShannon } from "../../../harness/measures/js.ts";
import { kl, klCumulative, klFirst, klParts, klPerToken } from "../../../harness/measures/kl.ts";
import { jeffreys, klReverse } from "../../../harness/measures/klReverse.ts";
import { logitsRmsDp } from "../../../harness/measures/logitsRmsDp.ts";
import { logitsTop1 } from "../../../harness/measures/logitsTop1.ts";
import { overlap, overlapSubstring } from "../../../harness/measures/overlap.ts";
import { reconstructionBits } from "../../../harness/measures/reconstructionBits.ts";
import { information, logMeanExp } from "../../../harness/measures/recoveredInformation.ts";
import { stateCosine } from "../../../harness/measures/stateCosine.ts";
import { stateCosineWhitened } from "../../../harness/measures/stateCosineWhitened.ts";
import { stateExplained } from "../../../harness/measures/stateExplained.ts";
import { stateFact } from "../../../harness/measures/stateFact.ts";
import { statePooledCosine } from "../../../harness/measures/statePooledCosine.ts";
import { tokensRatio } from "../../../harness/measures/tokensRatio.ts";
import type { ConditionReading, ItemReading } from "../../../harness/Reading.ts";
import type { Value } from "../../../harness/Value.ts";
import { condition, itemOf } from "./readings.ts";

const because = (reason: RegExp) => ({ kind: "undefined", reason: expect.stringMatching(reason) });
const of = (
  measure: ScalarMeasure,
  reading: ConditionReading,
  others: ConditionReading[] = [],
  parts: Partial<ItemReading> = {},
): Value => measure.of(reading, itemOf([...others, reading], parts));
const said = (kl: number[], logProb = kl.map(() => -1)) => ({
  kl,
  sameTop: kl.map(() => true),
  logProb,
  copied: kl.map((_, t) => t % 2 === 0),
  js: kl.map(() => 0.1),
});
const vector = (...values: number[]) => Float32Array.from(values);

const alongContinuations = [kl, klPerToken, klFirst, ...klCumulative, ...klParts];

test.each([...alongContinuations, logitsTop1, logitsRmsDp, jensenShannon])(
  "$name of a condition read without continuations",
  (measure) => {
    expect(of(measure, condition("c"))).toEqual(because(/without continuations/));
    expect(of(measure, condition("c", { continuations: [said([]), said([])] }))).toEqual(
      because(/without continuations/),
    );
  },
);

test.each([kl, klPerToken, klFirst, ...klCumulative, klParts[0] as ScalarMeasure])(
  "$name where the model rules the text out",
  (measure) => {
    expect(of(measure, condition("c", { continuations: [said([Number.POSITIVE_INFINITY])] }))).toEqual(
      because(/not a finite number \(Infinity\)/),
    );
    expect(of(measure, condition("c", { continuations: [said([Number.NaN])] }))).toEqual(
      because(/not a finite number/),
    );
  },
);

test("a divergence of 0 is a value", () => {
  expect(of(kl, condition("c", { continuations: [said([0, 0])] }))).toEqual({ kind: "defined", value: 0 });
});

test("fact: no decoy, not asked, an impossible answer", () => {
  const asked = condition("c", { answer: [-1], decoyAnswer: [-2] });
  expect(of(fact, asked, [], { hasDecoy: false })).toEqual(because(/no decoy/));
  expect(of(fact, condition("c"))).toEqual(because(/not asked/));
  expect(of(fact, condition("c", { answer: [-1], decoyAnswer: [] }))).toEqual(because(/not asked/));
  expect(of(fact, condition("c", { answer: [], decoyAnswer: [-1] }))).toEqual(because(/not asked/));
  const impossible = [Number.NEGATIVE_INFINITY];
  expect(of(fact, condition("c", { answer: impossible, decoyAnswer: [-1] }))).toEqual(because(/-Infinity/));
  expect(of(fact, condition("c", { answer: impossible, decoyAnswer: impossible }))).toEqual(because(/NaN/));
});

test("information: of the original only, and against others", () => {
  const original = condition("original", { continuations: [said([0], [-3])] });
  const other = (...continuations: ReturnType<typeof said>[]) => condition("mismatch-1", { continuations });
  expect(of(information, original)).toEqual(because(/no other original/));
  expect(of(information, original, [other()])).toEqual(because(/no other original/));
  expect(of(information, condition("c", { continuations: [said([0])] }), [other(said([0]))])).toEqual(
    because(/original only/),
  );
  expect(of(information, original, [other(said([0], [-5]))])).toEqual({ kind: "defined", value: 2 });
  const twice = condition("original", { continuations: [said([0], [-3]), said([0], [-9])] });
  const [once, both] = [other(said([0], [-5])), { ...other(said([0], [-5]), said([0], [-1])), name: "mismatch-2" }];
  expect(of(information, twice, [once, both]), "only continuations that all others were read with").toEqual({
    kind: "defined",
    value: 2,
  });
  expect(of(information, original, [other(said([0], [Number.NEGATIVE_INFINITY]))])).toEqual(
    because(/not a finite number/),
  );
});

test("log mean exp neither overflows nor underflows", () => {
  expect(logMeanExp([-2000, -2000])).toBeCloseTo(-2000, 12);
  expect(logMeanExp([2000, 2000 + Math.log(3)])).toBeCloseTo(2000 + Math.log(2), 10);
  expect(logMeanExp([Number.NEGATIVE_INFINITY, 0])).toBeCloseTo(-Math.log(2), 12);
});

test("reconstruction without a filler, or unread", () => {
  const filler = condition("filler", { reconstruction: [-4] });
  expect(of(reconstructionBits, condition("c", { reconstruction: [-1] }))).toEqual(because(/not scored/));
  expect(of(reconstructionBits, condition("c"), [filler])).toEqual(because(/not scored/));
  expect(of(reconstructionBits, condition("c", { reconstruction: [-4 + Math.LN2] }), [filler])).toEqual({
    kind: "defined",
    value: expect.closeTo(1, 12),
  });
});

test("pooled cosine of an empty context and of zero vectors", () => {
  const original = condition("original", { pooled: vector(1, 0) });
  expect(of(statePooledCosine, condition("c"), [original])).toEqual(because(/no tokens/));
  expect(of(statePooledCosine, condition("c", { pooled: vector(1, 2) }))).toEqual(because(/no tokens/));
  expect(of(statePooledCosine, condition("c", { pooled: vector(0, 0) }), [original])).toEqual(because(/zero/));
  expect(of(statePooledCosine, condition("c", { pooled: vector(Number.POSITIVE_INFINITY, 0) }), [original])).toEqual(
    because(/not a finite/),
  );
});

test("the other direction: not sampled, ruled out, beyond the range of floats", () => {
  const both = (forward: number[], reverse: number[][] | null) =>
    condition("c", { continuations: forward.length === 0 ? [] : [said(forward)], reverse });
  for (const reverse of [null, [], [[], []]]) {
    expect(of(klReverse, both([1], reverse))).toEqual(because(/continuations of its own/));
    expect(of(jeffreys, both([1], reverse))).toEqual(because(/continuations of its own/));
  }
  expect(of(klReverse, both([1], [[1, 2], [3]]))).toEqual({ kind: "defined", value: 3 });
  expect(of(jeffreys, both([0.5], [[1, 2], [3]]))).toEqual({ kind: "defined", value: 3.5 });
  expect(of(jeffreys, both([], [[1]]))).toEqual(because(/without continuations/));
  expect(of(klReverse, both([1], [[Number.POSITIVE_INFINITY]]))).toEqual(because(/Infinity/));
  expect(of(klReverse, both([1], [[1e308, 1e308]]))).toEqual(because(/not a finite number/));
  expect(of(jeffreys, both([1e308], [[1e308]]))).toEqual(because(/Infinity/));
  expect(of(klReverse, both([1], [[5e-324]]))).toEqual({ kind: "defined", value: 5e-324 });
});

test("parts of a divergence: nothing copied is 0, and both parts make the whole", () => {
  const [copied, other] = klParts.map((measure) => of(measure, condition("c", { continuations: [said([1, 2, 4])] })));
  expect([copied, other]).toEqual([5, 2].map((value) => ({ kind: "defined", value })));
  const [none] = klParts.map((measure) =>
    of(measure, condition("c", { continuations: [{ ...said([1]), copied: [false] }] })),
  );
  expect(none).toEqual({ kind: "defined", value: 0 });
});

test("a change of probability: impossible tokens are a value, tokens that the original lacks are none", () => {
  const original = condition("original", { continuations: [said([0], [0])] });
  const c = (logProb: number[]) => condition("c", { continuations: [said([0], logProb)] });
  expect(of(logitsRmsDp, c([Number.NEGATIVE_INFINITY]), [original])).toEqual({ kind: "defined", value: 1 });
  expect(of(logitsRmsDp, c([-1e308]), [original])).toEqual({ kind: "defined", value: 1 });
  expect(of(logitsRmsDp, c([Number.NaN]), [original])).toEqual(because(/NaN/));
  expect(of(logitsRmsDp, c([-1]))).toEqual(because(/the original was read without/));
  expect(of(logitsRmsDp, c([-1, -1]), [original])).toEqual(because(/other tokens/));
});

test("bits of a fact: not asked, no paraphrases, impossible ones", () => {
  const pair = (paraphrase: number[] | null, decoyParaphrase: number[] | null) => ({ paraphrase, decoyParaphrase });
  const filler = condition("filler", pair([-2], [-2]));
  expect(of(factBits, condition("c", pair([-1], [-1 - Math.LN2])), [filler])).toEqual({
    kind: "defined",
    value: expect.closeTo(1, 12),
  });
  for (const missing of [pair(null, [-1]), pair([-1], null), pair([], [-1]), pair([-1], [])]) {
    expect(of(factBits, condition("c", missing), [filler])).toEqual(because(/not asked/));
    expect(of(factBits, condition("c", pair([-1], [-1])), [condition("filler", missing)])).toEqual(
      because(/not asked/),
    );
  }
  expect(of(factBits, condition("c", pair([-1], [-1])))).toEqual(because(/not asked/));
  expect(of(factBits, condition("c", pair([Number.NEGATIVE_INFINITY], [-1])), [filler])).toEqual(
    because(/not a finite/),
  );
});

test("embeddings: an empty text, the mean itself, none asked for", () => {
  const [e, mean] = [condition("c", { embedding: vector(1, 2) }), vector(1, 2)];
  const original = condition("original", { embedding: vector(3, 4) });
  expect(of(embeddingCosine, condition("c"), [original], { embeddingMean: mean })).toEqual(because(/empty text/));
  expect(of(embeddingCosine, e, [original])).toEqual(because(/empty text/));
  expect(of(embeddingCosine, e, [original], { embeddingMean: mean })).toEqual(because(/equals the corpus mean/));
});

test("whitened states: no geometry, no spread, the mean itself, extremes", () => {
  const at = (own: Float32Array, x: Float32Array, factor: Float32Array | null) => {
    const geometry = new Map([[0, { factor, shrinkage: 0, axes: [] } satisfies CorpusGeometry]]);
    const original = condition("original", { states: [x] });
    return stateCosineWhitened.of(
      0,
      condition("c", { states: [own] }),
      itemOf([original], { mean: [vector(0, 0)], geometry }),
    );
  };
  // Rows of a triangle: (2), (0, 1): the first axis counts half.
  const factor = Float32Array.of(2, 0, 1);
  expect(at(vector(2, 1), vector(2, 0), factor)).toEqual({ kind: "defined", value: expect.closeTo(Math.SQRT1_2, 12) });
  expect(at(vector(2, 1), vector(2, 1), factor)).toEqual({ kind: "defined", value: 1 });
  expect(at(vector(2, 1), vector(2, 0), null)).toEqual(because(/do not vary/));
  expect(at(vector(0, 0), vector(2, 0), factor)).toEqual(because(/equals the corpus mean/));
  expect(at(vector(1, 0), vector(0, 0), factor)).toEqual(because(/equals the corpus mean/));
  expect(at(vector(3e38, 1), vector(2e38, 2e38), factor).kind).toBe("defined");
  expect(at(vector(1e-45, 0), vector(1e-45, 1e-45), factor).kind).toBe("defined");
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(at(vector(broken, 0), vector(1, 0), factor)).toEqual(because(/not a finite/));
});

test("attention: before the first block, unobserved, nothing taken, one bin empty", () => {
  const seen = (weights: number[], context: number[]) => ({
    attention: { heads: 1, tokens: 1, weights: [vector(...weights)], context: [vector(...context)] },
  });
  const at = (
    measure: LayerMeasure,
    own: ReturnType<typeof seen> | null,
    x: ReturnType<typeof seen> | null,
    state = 1,
  ) => measure.at(state, condition("c", own ?? {}), itemOf([condition("original", x ?? {})]));
  const [some, other] = [seen([0.5, 0.5, 0], [1, 0]), seen([0, 0, 1], [0, 0])];
  for (const measure of [attentionJs, attentionOutput]) {
    expect(at(measure, some, some, 0)).toEqual(because(/first attention/));
    expect(at(measure, null, some)).toEqual(because(/no attention/));
    expect(at(measure, some, null)).toEqual(because(/no attention/));
    expect(at(measure, some, some, 2)).toEqual(because(/no attention/));
  }
  expect(at(attentionJs, some, some)).toEqual({ kind: "defined", value: 0 });
  // Nothing in common: as far apart as can be.
  expect(at(attentionJs, some, other)).toEqual({ kind: "defined", value: Math.LN2 });
  expect(at(attentionJs, other, some)).toEqual({ kind: "defined", value: Math.LN2 });
  expect(at(attentionJs, seen([Number.NaN, 0, 1], []), some)).toEqual(because(/NaN/));
  expect(at(attentionOutput, some, some)).toEqual({ kind: "defined", value: 1 });
  expect(at(attentionOutput, other, some)).toEqual({ kind: "defined", value: 0 });
  expect(at(attentionOutput, some, other)).toEqual(because(/nothing from the original/));
  expect(at(attentionOutput, seen([1, 0, 0], [Number.POSITIVE_INFINITY, 0]), some)).toEqual(because(/not a finite/));
});

test("the longest run of words: none, all, an original without words", () => {
  const original = condition("original", { text: "The red boat left Cork at six." });
  const run = (text: string) => of(overlapSubstring, condition("c", { text }), [original]);
  expect(run("")).toEqual({ kind: "defined", value: 0 });
  expect(run("At six the red boat left")).toEqual({ kind: "defined", value: 4 / 7 });
  expect(run("the RED boat left cork, at six")).toEqual({ kind: "defined", value: 1 });
  expect(of(overlapSubstring, condition("c"), [condition("original", { text: "…" })])).toEqual(because(/no word/));
  expect(of(overlapSubstring, condition("c"))).toEqual(because(/original was not read/));
});

test("tokens ratio and overlap of texts without tokens or words", () => {
  const original = condition("original", { text: "one two", tokens: 2 });
  expect(of(tokensRatio, condition("c", { tokens: 0 }), [original])).toEqual(because(/empty text/));
  expect(of(tokensRatio, condition("c"), [condition("original", { tokens: 0 })])).toEqual(because(/empty text/));
  expect(of(tokensRatio, condition("c", { tokens: 4 }), [original])).toEqual({ kind: "defined", value: 0.5 });
  expect(of(overlap, condition("c", { text: "" }), [condition("original", { text: "…" })])).toEqual(
    because(/neither text/),
  );
  expect(of(overlap, condition("c", { text: "one" }))).toEqual(because(/original was not read/));
  expect(of(overlap, condition("c", { text: "" }), [original])).toEqual({ kind: "defined", value: 0 });
});

test("states: equal ones, the mean itself, unobserved ones", () => {
  const at = (
    measure: typeof stateFact,
    own: Float32Array | null,
    x: Float32Array | null,
    d: Float32Array | null,
    mean: Float32Array,
  ) => {
    const named = (name: string, state: Float32Array | null) => condition(name, { states: state ? [state] : [] });
    const others = [named("original", x), ...(d ? [named("decoy", d)] : [])];
    return measure.at(0, named("c", own), itemOf(others, { mean: [mean] }));
  };
  const [a, b, zero] = [vector(1, 2), vector(3, 1), vector(0, 0)];
  expect(at(stateFact, a, a, a, zero)).toEqual(because(/the same state/));
  expect(at(stateFact, a, a, null, zero)).toEqual(because(/no decoy/));
  expect(at(stateFact, a, a, b, zero)).toEqual({ kind: "defined", value: 1 });
  expect(at(stateFact, b, a, b, zero)).toEqual({ kind: "defined", value: -1 });
  expect(at(stateExplained, a, b, null, b)).toEqual(because(/equals the corpus mean/));
  expect(at(stateExplained, zero, a, null, zero)).toEqual({ kind: "defined", value: 0 });
  expect(at(stateExplained, a, a, null, zero)).toEqual({ kind: "defined", value: 1 });
  expect(at(stateCosine, a, b, null, b)).toEqual(because(/equals the corpus mean/));
  expect(at(stateCosine, b, a, null, b)).toEqual(because(/equals the corpus mean/));
  for (const measure of [stateFact, stateExplained, stateCosine]) {
    expect(at(measure, null, a, b, zero)).toEqual(because(/no state was observed/));
    expect(at(measure, a, null, b, zero)).toEqual(because(/no state was observed/));
    expect(at(measure, vector(Number.POSITIVE_INFINITY, 0), a, b, zero)).toEqual(because(/not a finite number/));
    expect(at(measure, vector(Number.NaN, 0), a, b, zero)).toEqual(because(/not a finite number/));
  }
});
