/** Tables of differences, where a run has more than one model or candidate. Every number is in comparisons.csv too. */
import type { Analysis } from "../harness/analysis/analyze.ts";
import { GOOD } from "../harness/analysis/comparedMeasures.ts";
import { type Comparison, comparisons } from "../harness/analysis/comparisons.ts";
import { DISTRIBUTION, FACT, STATES } from "../harness/analysis/losses.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

/** Rows that a terminal is shown; the rest is counted, and stands in comparisons.csv. */
const MOST_ROWS = 15;
const GAP = "  ";
const COLUMNS = [DISTRIBUTION, STATES, FACT, GOOD];

interface Row {
  readonly name: string;
  readonly comparisons: readonly Comparison[];
  /** Stands behind the numbers, or on a line of its own where there is no room. */
  readonly end: string;
}

/** A difference with its sign, and a mark in a column of its own. */
export function markedDifference(comparison: Pick<Comparison, "difference" | "finding"> | undefined): string {
  const difference = comparison?.difference ?? null;
  if (comparison === undefined || difference === null) return "– ";
  const text = readableNumber(difference);
  const mark = comparison.finding === "" ? " " : comparison.finding === "below noise" ? "~" : "*";
  return `${difference > 0 && text !== "0.00" ? "+" : ""}${text}${mark}`;
}

function table(heading: string, headings: readonly string[], rows: readonly Row[], width: number): string[] {
  const shown = rows.slice(0, MOST_ROWS);
  const cells = shown.map(({ comparisons: list }) =>
    COLUMNS.map((measure) => markedDifference(list.find((comparison) => comparison.measure === measure))),
  );
  const widths = headings.map((text, i) => Math.max(text.length + 1, ...cells.map((row) => (row[i] as string).length)));
  const numbers = widths.reduce((sum, column) => sum + GAP.length + column, 0);
  const longest = Math.max(heading.length, ...shown.map(({ name }) => name.length));
  const first = Math.max(Math.min(longest, width - numbers), heading.length);
  const ends = Math.max(0, ...shown.map(({ end }) => end.length));
  const fits = first + numbers + GAP.length + ends <= width;
  const line = (name: string, row: readonly string[]) =>
    [name.padEnd(first), ...row.map((text, i) => text.padStart(widths[i] as number))].join(GAP);
  const lines = shown.flatMap(({ name, end }, i) => {
    // A name that is too long stands on a line of its own: nothing is cut off.
    const [own, start] = name.length > first ? [wrapText(name, width, GAP).split("\n"), ""] : [[], name];
    const drawn = line(start, cells[i] as string[]);
    return [...own, ...(fits || end === "" ? [`${drawn}${GAP}${end}`] : [drawn, `${GAP}${end}`])];
  });
  const hidden = rows.length - shown.length;
  return [
    line(
      heading,
      headings.map((text) => `${text} `),
    ),
    "─".repeat(Math.min(width, first + numbers + (fits && ends > 0 ? GAP.length + ends : 0))),
    ...lines,
    ...(hidden > 0 ? [`and ${hidden} more in reports/comparisons.csv`] : []),
  ].map((text) => text.trimEnd());
}

/** Groups in the order in which they first appear. */
function grouped(list: readonly Comparison[], by: (comparison: Comparison) => string): Comparison[][] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of list) groups.set(by(comparison), [...(groups.get(by(comparison)) ?? []), comparison]);
  return [...groups.values()];
}

function legend(tested: readonly Comparison[], alpha: number, text: string): string {
  return `${text} *: clear (p < ${2 * alpha} after correction for ${tested.length} tests), ~: within the noise floor.`;
}

function reasons(list: readonly Comparison[]): string[] {
  const missing = list.filter(({ difference, reason }) => difference === null && reason !== "");
  return [...new Set(missing.map(({ measure, reason }) => `note: ${measure}: ${reason}`))];
}

function modelTables(list: readonly Comparison[], analysis: Analysis, alpha: number, width: number): string[] {
  const verdict = (model: string, condition: string | null) =>
    analysis.models
      .find((entry) => entry.model.identity.reference === model)
      ?.candidates.find((found) => found.condition === condition)?.verdict ?? "–";
  return grouped(list, ({ first, second }) => JSON.stringify([first, second])).map((pair) => {
    const { first, second } = pair[0] as Comparison;
    const rows = grouped(pair, ({ condition }) => condition as string).map((comparisonsOf): Row => {
      const { condition } = comparisonsOf[0] as Comparison;
      const end = `${verdict(first, condition)} | ${verdict(second, condition)}`;
      return { name: condition as string, comparisons: comparisonsOf, end };
    });
    return [
      wrapText(`The same codes on two models, first − second, paired by item: ${first} − ${second}`, width),
      "",
      ...table("code", ["score", "states", "fact", GOOD], rows, width),
      wrapText(
        legend(
          list,
          alpha,
          "Each score on its own model: 0 = wrong text, 1 = human paraphrase (fact: 0 = decoy). good: share of items. +: closer on the first.",
        ),
        width,
        GAP,
      ),
      ...reasons(pair).map((text) => wrapText(text, width, GAP)),
    ].join("\n");
  });
}

function candidateTables(list: readonly Comparison[], alpha: number, width: number): string[] {
  return grouped(list, ({ model }) => model as string).map((on) => {
    const rows = grouped(on, ({ first, second }) => JSON.stringify([first, second])).map((pair): Row => {
      const { first, second } = pair[0] as Comparison;
      return { name: `${first} − ${second}`, comparisons: pair, end: "" };
    });
    return [
      wrapText(`Two codes on ${on[0]?.model}, first − second, paired by item`, width),
      "",
      ...table("codes", ["K nats", "states", "fact Λ", GOOD], rows, width),
      wrapText(
        legend(list, alpha, "Closer: lower K, higher states (share explained), Λ and good (share of items)."),
        width,
        GAP,
      ),
      ...reasons(on).map((text) => wrapText(text, width, GAP)),
    ].join("\n");
  });
}

/** One table a pair of models and one a model with several candidates; empty where there is nothing to compare. */
export function comparisonTable(record: RunRecord, analysis: Analysis, width: number): string {
  const { alpha } = record.manifest.suite;
  const tested = comparisons(record).filter((comparison) => comparison.tested);
  const of = (kind: Comparison["kind"]) => tested.filter((comparison) => comparison.kind === kind);
  return [
    ...modelTables(of("models"), analysis, alpha, width),
    ...candidateTables(of("candidates"), alpha, width),
  ].join("\n\n\n");
}
