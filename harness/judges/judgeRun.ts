/** Has a run's judges rate what was said in it, and decides which of them can be believed. */
import { createHash } from "node:crypto";
import { mean } from "simple-statistics";
import type { Suite } from "../../suites/Suite.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { type JudgeReport, judgesReport, pairMeans } from "../analysis/judges.ts";
import type { RecordedValue } from "../evaluate.ts";
import type { Batch, LateBatch } from "../RunRecord.ts";
import type { Said } from "../readAnswers.ts";
import type { RunOptions } from "../Session.ts";
import { defined, numberOf, undefinedBecause, type Value } from "../Value.ts";
import { controlPairs } from "./controlPairs.ts";
import type { JudgeDescription } from "./Judge.ts";
import { distinctPairs, type JudgedPair, judgedPair, type RecordedRating } from "./JudgedPair.ts";
import { type JudgedPart, judgeMeasure, PANEL } from "./judgeMeasures.ts";
import { openJudge } from "./openJudge.ts";
import { ratePairs } from "./ratePairs.ts";
import type { Ratings } from "./ratingsFile.ts";

/** What of a batch judges read. */
export interface SaidBatch extends Pick<Batch, "model" | "frame" | "positions" | "item"> {
  readonly conditions: Readonly<Record<string, Partial<Said>>>;
}

export function whatWasSaid({ model, frame, positions, item, conditions }: Batch): SaidBatch {
  const said = Object.entries(conditions).map(([name, { answers, restatement }]) => {
    return [name, { ...(answers && { answers }), ...(restatement !== undefined && { restatement }) }] as const;
  });
  return { model, frame, positions, item, conditions: Object.fromEntries(said) };
}

export interface JudgedRun {
  readonly judges: Readonly<Record<string, JudgeDescription>>;
  readonly ratings: Ratings;
  readonly late: readonly LateBatch[];
  /** Measures of judges that failed, and why. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Where a pair was said. */
interface Use {
  readonly batch: SaidBatch;
  readonly condition: string;
  readonly part: Exclude<JudgedPart, "equivalence">;
  readonly pair: JudgedPair;
}

/** What each condition made the model say, against what the original did. */
function usesOf(batch: SaidBatch): Use[] {
  const reference = batch.conditions.original;
  if (reference === undefined) return [];
  return Object.entries(batch.conditions).flatMap(([condition, { answers, restatement }]) => {
    // The original against itself is what the controls ask.
    if (condition === "original" || condition === "identity") return [];
    const use = (part: Use["part"], question: string | null, first: string, second: string): Use => ({
      ...{ batch, condition, part },
      pair: judgedPair("run", batch.item, { question, first, second }),
    });
    const told = reference.restatement;
    return [
      ...(answers ?? []).flatMap(({ question, said }, i) => {
        const before = reference.answers?.[i]?.said;
        return before === undefined ? [] : [use("answers", question, before, said)];
      }),
      ...(typeof restatement === "string" && typeof told === "string"
        ? [use("restatement", null, told, restatement)]
        : []),
    ];
  });
}

const blind = ({ batch: { model, frame, item }, condition }: Use) =>
  createHash("sha256")
    .update(JSON.stringify([model, frame, item, condition]))
    .digest("hex")
    .slice(0, 16);

/** What keeps a judge's ratings from being used; null where nothing does. */
export function failureOf({ judge, usable, reasons }: JudgeReport): string | null {
  return usable ? null : `instrument-failed: judge ${judge} cannot be used: ${reasons.join("; ")}`;
}

/** @param saids of all models and frames. */
export async function judgeRun(options: RunOptions, saids: readonly SaidBatch[]): Promise<JudgedRun> {
  const { suite, progress, signal } = options;
  const { seed } = suite.statistics;
  const answers = new AnswerCache(options.answers);
  const uses = saids.filter(({ positions }) => positions === "natural").flatMap(usesOf);
  const pairs = distinctPairs([...controlPairs(suite.items, seed), ...uses.map(({ pair }) => pair)]);
  const ratings: RecordedRating[] = [];
  const judges: Record<string, JudgeDescription> = {};
  for (const [name, spec] of Object.entries(suite.judges)) {
    const where = suite.locate(["judges", name]);
    const provider = await options.openEmbedder(spec.model);
    try {
      const judge = openJudge(name, spec, provider, where);
      judges[name] = judge.description;
      const context = { provider, answers, seed, where, signal, mostCalls: spec.calls };
      const told = (done: number, total: number) => progress(`judging, ${name}`, done, total);
      ratings.push(...(await ratePairs(judge, pairs, { ...context, progress: told })));
    } finally {
      await provider.close();
    }
  }
  const usesOfPair = Map.groupBy(uses, ({ pair }) => pair.pair);
  const recorded = pairs.map((pair) => {
    const keys = pair.role === "run" ? (usesOfPair.get(pair.pair) ?? []).map(blind) : [];
    return { ...pair, uses: [...new Set(keys)].sort() };
  });
  const clusterOf = clustersOf(suite);
  const reports = judgesReport({ pairs, ratings, judges, clusterOf, seed }).judges;
  const failures = new Map(reports.map((report) => [report.judge, failureOf(report)]));
  return {
    judges,
    ratings: { pairs: recorded, ratings },
    late: lateValues(saids, uses, ratings, failures),
    failed: failedMeasures(failures),
  };
}

export function clustersOf({ items }: Pick<Suite, "items">): (item: string) => string {
  const clusters = new Map(items.map(({ id, cluster }) => [id, cluster]));
  return (item) => clusters.get(item) ?? item;
}

const NO_JUDGE = "instrument-failed: no judge passed its controls";

function failedMeasures(failures: ReadonlyMap<string, string | null>): Record<string, string> {
  const failed = [...failures].flatMap(([name, reason]) =>
    reason === null
      ? []
      : (["equivalence", "answers", "restatement"] as const).map((part) => [judgeMeasure(part, name), reason]),
  );
  const none = [...failures.values()].every((reason) => reason !== null);
  return Object.fromEntries([...(none ? [[PANEL, NO_JUDGE]] : []), ...failed]);
}

/** A condition's values, judge by judge, and the panel's. */
function lateValues(
  saids: readonly SaidBatch[],
  uses: readonly Use[],
  ratings: readonly RecordedRating[],
  failures: ReadonlyMap<string, string | null>,
): LateBatch[] {
  const means = new Map(
    [...failures.keys()].map((name) => [name, pairMeans(ratings.filter(({ judge }) => judge === name))] as const),
  );
  const byBatch = Map.groupBy(uses, ({ batch }) => batch);
  return saids.flatMap((batch) => {
    const own = byBatch.get(batch);
    if (own === undefined) return [];
    const conditions = [...Map.groupBy(own, ({ condition }) => condition)].map(([condition, said]) => {
      const values = [...means].flatMap(([name, rated]) => valuesOf(name, said, rated, failures.get(name) ?? null));
      const equivalence = values.filter(({ measure }) => measure.startsWith(`${PANEL}:`));
      return [condition, [{ measure: PANEL, layer: "", value: panel(equivalence, failures) }, ...values]] as const;
    });
    const { model, frame, positions, item } = batch;
    return [{ model, frame, positions, item, overAllItems: Object.fromEntries(conditions) }];
  });
}

function valuesOf(
  judge: string,
  said: readonly Use[],
  rated: ReadonlyMap<string, number | null>,
  failure: string | null,
): RecordedValue[] {
  const value = (chosen: readonly Use[]): Value => {
    if (failure !== null) return undefinedBecause(failure);
    if (chosen.length === 0) return undefinedBecause("there is nothing of the kind to judge");
    const values = chosen.map(({ pair }) => rated.get(pair.pair) ?? null);
    if (values.some((one) => one === null)) return undefinedBecause("the judge gave no verdict on a pair");
    return defined(mean(values as number[]));
  };
  const of = (part: JudgedPart, chosen: readonly Use[]) => {
    return { measure: judgeMeasure(part, judge), layer: "", value: value(chosen) };
  };
  return [
    of("equivalence", said),
    of(
      "answers",
      said.filter(({ part }) => part === "answers"),
    ),
    of(
      "restatement",
      said.filter(({ part }) => part === "restatement"),
    ),
  ];
}

/** The mean over judges that passed: over all of those, or it would be another mixture for each item. */
function panel(equivalence: readonly RecordedValue[], failures: ReadonlyMap<string, string | null>): Value {
  const usable = [...failures].flatMap(([name, failure]) =>
    failure === null ? [judgeMeasure("equivalence", name)] : [],
  );
  if (usable.length === 0) return undefinedBecause(NO_JUDGE);
  const values = equivalence.filter(({ measure }) => usable.includes(measure)).map(({ value }) => numberOf(value));
  if (values.some((one) => one === null)) return undefinedBecause("a judge of the panel gave no verdict");
  return defined(mean(values as number[]));
}
