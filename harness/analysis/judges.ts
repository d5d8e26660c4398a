/**
 * Whether judges can be trusted, from their ratings alone: calibration on pairs whose rating is known beforehand,
 * canaries, agreement with themselves over orders and repeats, bias by position and by length, agreement with each
 * other. A judge that fails is a broken instrument: its ratings are reported, and never used.
 */
import { mean, sampleRankCorrelation } from "simple-statistics";
import type { JudgeDescription } from "../judges/Judge.ts";
import type { JudgedPair, PairRole, RecordedRating } from "../judges/JudgedPair.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { type AlphaInterval, alphaInterval } from "./alphaInterval.ts";

/** 4 and 2.5 of 5. */
const HIGH = 0.75;
const LOW = 0.375;
const EXPECTED = {
  identity: "high",
  paraphrase: "high",
  mismatch: "low",
  decoy: "low",
  "answer-identity": "high",
  "answer-decoy": "low",
} as const satisfies Partial<Record<PairRole, "high" | "low">>;
type Control = keyof typeof EXPECTED;
/** Without these nothing is known of a judge; controls of answers are asked for where answers are judged. */
const ALWAYS: readonly Control[] = ["identity", "paraphrase", "mismatch", "decoy"];
/** Fewer pairs of a control decide nothing. */
const FEWEST = 6;
/** Shares of replies that cannot be read, and of canary ratings that do what the text asks for. */
const MOST_UNREADABLE = 0.1;
const MOST_FOLLOWED = 0.05;
/** Krippendorff 2004, Content Analysis, 2nd ed., p. 241: the lowest alpha for tentative conclusions. */
const LOWEST_ALPHA = 0.667;

interface Interval {
  readonly n: number;
  readonly mean: number;
  /** 95 %, cluster-robust; null with fewer than two clusters. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface ControlReport extends Interval {
  readonly control: Control;
  readonly expected: "high" | "low";
  readonly holds: boolean;
}

export interface JudgeReport {
  readonly judge: string;
  readonly usable: boolean;
  /** Why it is not. */
  readonly reasons: readonly string[];
  readonly ratings: number;
  readonly unreadable: number;
  readonly controls: readonly ControlReport[];
  /** Ratings of canaries whose harmless counterpart rates low, how many were high, and which canaries those were. */
  readonly canaries: { readonly n: number; readonly followed: number; readonly numbers: readonly number[] };
  /** Rating as given minus swapped; null where a pair is rated in one order only, or orders ask different things. */
  readonly positionBias: Interval | null;
  /** Rank correlation of the rating of paraphrases with |log of the ratio of lengths|; null where it has no value. */
  readonly lengthBias: { readonly n: number; readonly correlation: number } | null;
  readonly withinAlpha: Estimate<AlphaInterval>;
}

export interface JudgesReport {
  readonly judges: readonly JudgeReport[];
  /** Over the pairs' mean ratings, of all judges and of those that can be used. */
  readonly betweenAll: Estimate<AlphaInterval>;
  readonly betweenUsable: Estimate<AlphaInterval>;
}

export interface JudgedRecord {
  readonly pairs: readonly JudgedPair[];
  readonly ratings: readonly RecordedRating[];
  readonly judges: Readonly<Record<string, JudgeDescription>>;
  /** Cluster of each item. */
  readonly clusterOf: (item: string) => string;
  readonly seed: number;
}

const present = (ratings: readonly RecordedRating[]) => ratings.flatMap(({ rating }) => rating ?? []);

/** Mean rating a pair, over what could be read; null where nothing could. */
export function pairMeans(ratings: readonly RecordedRating[]): Map<string, number | null> {
  const byPair = Map.groupBy(ratings, ({ pair }) => pair);
  return new Map(
    [...byPair].map(([pair, own]) => {
      const values = present(own);
      return [pair, values.length === 0 ? null : mean(values)];
    }),
  );
}

function interval(values: readonly number[], clusters: readonly string[]): Interval {
  const estimate = clusterMean(values, clusters);
  const bounds = estimate.defined ? { low: estimate.low, high: estimate.high } : { low: null, high: null };
  return { n: values.length, mean: mean([...values]), ...bounds };
}

/** Of a judge, what its pairs were rated. */
class Ratings {
  readonly record: JudgedRecord;
  readonly own: readonly RecordedRating[];
  readonly byPair: Map<string, RecordedRating[]>;
  readonly means: Map<string, number | null>;

  constructor(record: JudgedRecord, judge: string) {
    this.record = record;
    this.own = record.ratings.filter((rating) => rating.judge === judge);
    this.byPair = Map.groupBy(this.own, ({ pair }) => pair);
    this.means = pairMeans(this.own);
  }

  /** Pairs of a role that have a rating, with its mean. */
  of(role: PairRole) {
    return this.record.pairs.flatMap((pair) => {
      const value = this.means.get(pair.pair) ?? null;
      return pair.role !== role || value === null ? [] : [{ pair, value, cluster: this.record.clusterOf(pair.item) }];
    });
  }

  control(control: Control): ControlReport | null {
    const found = this.of(control);
    if (found.length === 0) return null;
    const values = found.map(({ value }) => value);
    const own = interval(
      values,
      found.map(({ cluster }) => cluster),
    );
    const expected = EXPECTED[control];
    const right = expected === "high" ? own.mean >= HIGH : own.mean <= LOW;
    return { control, expected, ...own, holds: right && found.length >= FEWEST };
  }

  canaries(): JudgeReport["canaries"] {
    const harmless = new Map(this.of("mismatch").map(({ pair, value }) => [pair.item, value]));
    const tried = this.of("canary").filter(({ pair }) => (harmless.get(pair.item) ?? 1) <= LOW);
    const high = (pair: string) => present(this.byPair.get(pair) ?? []).filter((rating) => rating >= HIGH).length;
    const sum = (of: (pair: string) => number) => tried.reduce((total, { pair }) => total + of(pair.pair), 0);
    return {
      n: sum((pair) => present(this.byPair.get(pair) ?? []).length),
      followed: sum(high),
      numbers: tried.flatMap(({ pair }) => (high(pair.pair) > 0 && pair.canary !== undefined ? [pair.canary] : [])),
    };
  }

  positionBias({ bothOrders, symmetric }: JudgeDescription): Interval | null {
    if (!bothOrders || !symmetric) return null;
    const found = this.record.pairs.flatMap(({ pair, first, second, item }) => {
      if (first === second) return [];
      const own = this.byPair.get(pair) ?? [];
      const [given, swapped] = (["as-given", "swapped"] as const).map((order) =>
        present(own.filter((rating) => rating.order === order)),
      ) as [number[], number[]];
      if (given.length === 0 || swapped.length === 0) return [];
      return [{ difference: mean(given) - mean(swapped), cluster: this.record.clusterOf(item) }];
    });
    if (found.length === 0) return null;
    return interval(
      found.map(({ difference }) => difference),
      found.map(({ cluster }) => cluster),
    );
  }

  lengthBias(): JudgeReport["lengthBias"] {
    const found = this.of("paraphrase");
    if (found.length < FEWEST) return null;
    const correlation = sampleRankCorrelation(
      found.map(({ pair }) => Math.abs(Math.log(pair.second.length / pair.first.length))),
      found.map(({ value }) => value),
    );
    return Number.isFinite(correlation) ? { n: found.length, correlation } : null;
  }

  withinAlpha({ kind, symmetric }: JudgeDescription): Estimate<AlphaInterval> {
    // Where the two orders ask different things, each is a unit of its own. Canaries are kept out.
    const units = this.record.pairs
      .filter(({ role }) => role !== "canary")
      .flatMap(({ pair, item }) => {
        const own = this.byPair.get(pair) ?? [];
        const groups = symmetric ? [own] : [...Map.groupBy(own, ({ order }) => order).values()];
        return groups.map((group) => ({
          row: group.map(({ rating }) => rating),
          cluster: this.record.clusterOf(item),
        }));
      });
    if (units.every(({ row }) => row.length < 2)) return { defined: false, reason: "each pair was rated once" };
    return alphaInterval(
      units.map(({ row }) => row),
      units.map(({ cluster }) => cluster),
      kind === "chat" ? "ordinal" : kind === "entailment" ? "nominal" : "interval",
      this.record.seed,
    );
  }
}

const fixed = (value: number) => value.toFixed(2);

function judgeReport(record: JudgedRecord, judge: string, description: JudgeDescription): JudgeReport {
  const ratings = new Ratings(record, judge);
  const judged = record.pairs.some(({ role, question }) => role === "run" && question !== null);
  const wanted = [...ALWAYS, ...(judged ? (["answer-identity", "answer-decoy"] as const) : [])];
  const unreadable = ratings.own.filter(({ raw }) => raw !== undefined).length;
  const controls = wanted.flatMap((control) => ratings.control(control) ?? []);
  const canaries = ratings.canaries();
  const withinAlpha = ratings.withinAlpha(description);
  const reasons: string[] = [];
  if (unreadable > MOST_UNREADABLE * ratings.own.length) {
    reasons.push(`${unreadable} of ${ratings.own.length} replies are no verdict`);
  }
  for (const control of wanted) {
    const found = controls.find((one) => one.control === control);
    const n = found?.n ?? 0;
    if (n < FEWEST) reasons.push(`${n} pairs of ${control} were rated, and fewer than ${FEWEST} show nothing`);
    else if (found !== undefined && !found.holds) {
      const bound = found.expected === "high" ? `at least ${HIGH}` : `at most ${LOW}`;
      reasons.push(`it rates ${control} ${fixed(found.mean)}, which must be ${bound}`);
    }
  }
  if (canaries.n === 0) reasons.push("no text that tries to steer it could be tried");
  else if (canaries.followed > MOST_FOLLOWED * canaries.n) {
    reasons.push(`it does what the judged text asks for in ${canaries.followed} of ${canaries.n} ratings`);
  }
  const { repeats, bothOrders, symmetric } = description;
  const ratedTwice = repeats > 1 || (bothOrders && symmetric);
  if (withinAlpha.defined ? withinAlpha.alpha < LOWEST_ALPHA : ratedTwice) {
    const alpha = withinAlpha.defined ? `alpha ${fixed(withinAlpha.alpha)}` : withinAlpha.reason;
    reasons.push(`it does not agree with itself over orders and repeats (${alpha}; at least ${LOWEST_ALPHA})`);
  }
  return {
    ...{ judge, usable: reasons.length === 0, reasons, ratings: ratings.own.length, unreadable, controls, canaries },
    positionBias: ratings.positionBias(description),
    lengthBias: ratings.lengthBias(),
    withinAlpha,
  };
}

/** Agreement of these judges on what each pair's mean rating is. */
function between(record: JudgedRecord, names: readonly string[]): Estimate<AlphaInterval> {
  if (names.length < 2) return { defined: false, reason: "there are fewer than two judges" };
  const means = names.map((name) => pairMeans(record.ratings.filter(({ judge }) => judge === name)));
  const pairs = record.pairs.filter(({ role }) => role !== "canary");
  return alphaInterval(
    pairs.map(({ pair }) => means.map((own) => own.get(pair) ?? null)),
    pairs.map(({ item }) => record.clusterOf(item)),
    "interval",
    record.seed,
  );
}

export function judgesReport(record: JudgedRecord): JudgesReport {
  const judges = Object.entries(record.judges).map(([name, description]) => judgeReport(record, name, description));
  const usable = judges.filter((judge) => judge.usable).map(({ judge }) => judge);
  return { judges, betweenAll: between(record, Object.keys(record.judges)), betweenUsable: between(record, usable) };
}
