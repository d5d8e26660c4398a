/**
 * The claim "10 to 20 times fewer tokens, same answer", tested on a protocol's rows. A pure function of them. Per item,
 * s is the share of questions answered rightly, under text, code and no message; m the margin:
 *
 *   instrument   mean of s(text) − s(absent) is > 0: what was sent matters to what is answered
 *   same answer  mean of s(code) − [m·s(text) + (1 − m)·s(absent)] is > 0 (non-inferiority to a share of the text)
 *   fewer        Σ tokens(text) / Σ tokens(code), Fieller's 95 % interval: all of it at 10 or more, or all below
 *
 * The claim holds where both parts do, and is refuted where one is; items are paired, clusters the unit.
 */
import { mean } from "simple-statistics";
import { ABSENT, type ProtocolRow, TEXT } from "../protocol/runProtocol.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { clusterRatio, type RatioInterval } from "../statistics/fieller.ts";
import { type ContrastResult, contrast, type TestSettings, testable } from "./contrast.ts";
import { FEWEST_CLUSTERS } from "./verdict.ts";

/** The least that the claim promises. */
const PROMISED_RATIO = 10;

export interface ProtocolSuccess {
  readonly n: number;
  readonly mean: number;
  /** 95 %, cluster-robust; null with fewer than two clusters. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface ProtocolVerdict {
  readonly code: string;
  readonly verdict: "holds" | "refuted" | "undecided" | "instrument-failed";
  readonly reasons: readonly string[];
  readonly success: {
    readonly text: ProtocolSuccess;
    readonly code: ProtocolSuccess;
    readonly absent: ProtocolSuccess;
  };
  /** Tokens of the text over those of the code; null where the receiver's tokenizer is not to be had. */
  readonly ratio: RatioInterval | null;
  readonly instrument: ContrastResult;
  readonly sameAnswer: ContrastResult;
}

export interface ProtocolSettings extends TestSettings {
  readonly margin: number;
}

interface ItemValues {
  readonly right: number;
  readonly tokens: number | null;
}

function byItem(rows: readonly ProtocolRow[], form: string): Map<string, ItemValues> {
  const own = Map.groupBy(
    rows.filter((row) => row.form === form),
    ({ item }) => item,
  );
  return new Map(
    [...own].map(([item, asked]) => {
      return [item, { right: mean(asked.map(({ right }) => (right ? 1 : 0))), tokens: asked[0]?.tokens ?? null }];
    }),
  );
}

function success(values: readonly number[], clusters: readonly string[]): ProtocolSuccess {
  const estimate = clusterMean(values, clusters);
  const bounds = estimate.defined ? { low: estimate.low, high: estimate.high } : { low: null, high: null };
  return { n: values.length, mean: values.length === 0 ? Number.NaN : mean([...values]), ...bounds };
}

/** @param code the form under test. Only items that have all three forms count. */
export function protocolVerdict(
  rows: readonly ProtocolRow[],
  code: string,
  settings: ProtocolSettings,
): ProtocolVerdict {
  const { margin, alpha } = settings;
  const [text, own, absent] = [TEXT, code, ABSENT].map((form) => byItem(rows, form)) as [
    Map<string, ItemValues>,
    Map<string, ItemValues>,
    Map<string, ItemValues>,
  ];
  const items = [...own.keys()].filter((item) => text.has(item) && absent.has(item));
  if (items.length === 0) throw new RangeError(`no item has the form ${code}, the text and no message`);
  const clusterOf = new Map(rows.map(({ item, cluster }) => [item, cluster]));
  const clusters = items.map((item) => clusterOf.get(item) as string);
  const column = (values: Map<string, ItemValues>) => items.map((item) => (values.get(item) as ItemValues).right);
  const [t, c, a] = [column(text), column(own), column(absent)];
  const at = (values: readonly number[], i: number) => values[i] as number;
  const instrument = contrast(
    "message matters",
    t.map((value, i) => value - at(a, i)),
    clusters,
    settings,
  );
  const bound = items.map((_, i) => margin * at(t, i) + (1 - margin) * at(a, i));
  const sameAnswer = contrast(
    "same answer",
    c.map((value, i) => value - at(bound, i)),
    clusters,
    settings,
  );
  const tokens = (values: Map<string, ItemValues>) => items.flatMap((item) => values.get(item)?.tokens ?? []);
  const [long, short] = [tokens(text), tokens(own)];
  const ratio = long.length < items.length ? null : clusterRatio(long, short, clusters);

  const reasons: string[] = [];
  const decide = (): ProtocolVerdict["verdict"] => {
    const distinct = new Set(clusters).size;
    if (distinct < FEWEST_CLUSTERS) {
      reasons.push(`${distinct} clusters are too few: a verdict takes at least ${FEWEST_CLUSTERS}`);
      return "undecided";
    }
    if (!testable(instrument) || instrument.p >= alpha) {
      reasons.push(
        "the receiver answers no better with the full text than without a message, so nothing can be compared",
      );
      return "instrument-failed";
    }
    const fewer = ratio?.defined ? ratio.low >= PROMISED_RATIO : false;
    const notFewer = ratio?.defined ? ratio.high < PROMISED_RATIO : false;
    const same = testable(sameAnswer) && sameAnswer.p < alpha;
    const other = testable(sameAnswer) && sameAnswer.pBelow < alpha;
    if (notFewer) reasons.push(`it takes no ${PROMISED_RATIO} times fewer tokens`);
    else if (!fewer)
      reasons.push(ratio === null ? "the receiver's tokenizer is not to be had" : "the ratio of tokens is undecided");
    if (other) reasons.push("the answers are worse than the margin allows");
    else if (!same) reasons.push("whether the answers are the same is undecided");
    if (notFewer || other) return "refuted";
    return fewer && same ? "holds" : "undecided";
  };
  const verdict = decide();
  return {
    ...{ code, verdict, reasons, ratio, instrument, sameAnswer },
    success: { text: success(t, clusters), code: success(c, clusters), absent: success(a, clusters) },
  };
}
