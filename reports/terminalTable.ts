/** The table that a run ends with: for each model the candidates, and below them the controls that give the scale. */
import { styleText } from "node:util";
import type { Analysis, ModelAnalysis } from "../harness/analysis/analyze.ts";
import type { Cell, Interval } from "../harness/analysis/cells.ts";
import { bestFloor, DISTRIBUTION, FACT, STATES } from "../harness/analysis/losses.ts";
import { NoiseFloors } from "../harness/analysis/NoiseFloors.ts";
import { type Table, tables } from "../harness/analysis/Table.ts";
import type { ModelEntry, RunRecord } from "../harness/RunRecord.ts";
import type { Verdict } from "../suites/Suite.ts";
import { comparisonTable } from "./comparisonTable.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

export interface TableStyle {
  /** Whether escape sequences may be used; they never say anything that the words do not. */
  readonly color: boolean;
  /** Columns of the terminal. Where there is room, scores have their 95 % intervals. */
  readonly width: number;
}

type Paint = "green" | "red" | "yellow" | "dim" | "bold";

const PAINTS: Readonly<Record<Verdict, Paint>> = {
  equivalent: "green",
  "near-copy, fact lost": "red",
  "close, fact untested": "yellow",
  different: "red",
  inconclusive: "yellow",
  unobservable: "yellow",
  "instrument-failed": "red",
};
/** Verdicts that do not speak for themselves: their reasons stand below the table. */
const UNDECIDED: readonly Verdict[] = ["close, fact untested", "inconclusive", "unobservable", "instrument-failed"];
const HEADINGS = ["shorter", "K nats", "score", "states", "fact Λ"];
const GAP = "  ";
const NONE = "–";

interface Row {
  readonly name: string;
  readonly numbers: readonly string[];
  readonly verdict: string;
  readonly paint: Paint;
}

function withInterval({ value, low, high }: Interval, intervals: boolean): string {
  if (!intervals || low === null || high === null || low === high) return readableNumber(value);
  return `${readableNumber(value)} [${readableNumber(low)}, ${readableNumber(high)}]`;
}

/** Where the original and the floor, which have no score of their own, lie on the paraphrase's scale. */
function placed(own: Cell | undefined, ceiling: Cell | undefined): string {
  if (own?.role !== "reference" && own?.role !== "floor") return NONE;
  if (!own.estimate || !ceiling || ceiling.floor === null || ceiling.ceiling === null) return NONE;
  return readableNumber((ceiling.floor - own.estimate.value) / (ceiling.floor - ceiling.ceiling));
}

function rows(
  analysis: ModelAnalysis,
  all: Table,
  noise: NoiseFloors,
  intervals: boolean,
): { candidates: Row[]; controls: Row[] } {
  const { model, cells, foils, candidates } = analysis;
  const shown = cells.filter(({ frame }) => frame === all.frame);
  const find = (condition: string, measure: string, layer = "") =>
    shown.find((cell) => cell.condition === condition && cell.measure === measure && cell.layer === layer);
  const score = (condition: string, measure: string, layer = "") => {
    const cell = find(condition, measure, layer);
    return cell?.score ? withInterval(cell.score, intervals) : placed(cell, find("paraphrase", measure, layer));
  };
  const plain = (cell: Cell | undefined, unit = "") =>
    cell?.estimate ? `${readableNumber(cell.estimate.value)}${unit}` : NONE;
  /** Behind a number that is the original's, as far as can be told. */
  const mark = (name: string, measure: string, layer = "") => {
    const [own, original] = [name, "original"].map((condition) => find(condition, measure, layer)?.estimate?.value);
    const floor = noise.of(measure, layer)?.ofMean;
    if (name === "original" || own === undefined || original === undefined || floor === undefined) return "";
    return Math.abs(own - original) <= floor ? "~" : "";
  };
  /** A dash can be told from everything. */
  const marked = (text: string, sign: string) => (text === NONE ? text : text + sign);
  const row = (name: string, verdict: string, paint: Paint): Row => {
    const numbers = [
      plain(find(name, "tokens.ratio"), "×"),
      marked(plain(find(name, DISTRIBUTION)), mark(name, DISTRIBUTION)),
      marked(score(name, DISTRIBUTION), mark(name, DISTRIBUTION)),
      marked(score(name, STATES, model.headlineBand), mark(name, STATES, model.headlineBand)),
      marked(plain(find(name, FACT)), mark(name, FACT)),
    ];
    return { name, numbers, verdict, paint };
  };
  const floor = bestFloor(all, "paraphrase", { name: DISTRIBUTION, better: "lower" }, "");
  const general = foils.filter(({ condition }) =>
    all.conditions.some(({ name, of }) => name === condition && of === null),
  );
  const scale = [
    { name: "original", word: "(the text itself)" },
    { name: "paraphrase", word: "(the ceiling: 1)" },
    ...general.map(({ condition, verdict }) => ({ name: condition, word: verdict })),
    ...(floor === null ? [] : [{ name: floor.name, word: "(the floor: 0)" }]),
  ];
  return {
    candidates: candidates.map(({ condition, verdict }) => row(condition, verdict, PAINTS[verdict])),
    controls: scale
      .filter(({ name }) => shown.some(({ condition }) => condition === name))
      .map(({ name, word }) => row(name, word, analysis.passedFoils.includes(name) ? "red" : "dim")),
  };
}

/** Digits stay below digits where some numbers of a column have a mark behind them. */
function aligned({ candidates, controls }: { candidates: Row[]; controls: Row[] }) {
  const marked = HEADINGS.map((_, i) => [...candidates, ...controls].some(({ numbers }) => numbers[i]?.endsWith("~")));
  const pad = (row: Row): Row => ({
    ...row,
    numbers: row.numbers.map((text, i) => (marked[i] && !text.endsWith("~") ? `${text} ` : text)),
  });
  return { candidates: candidates.map(pad), controls: controls.map(pad) };
}

/** Why what is undecided is so, and what else a reader must know; conditions that share a reason share a note. */
function notes({ manifest }: RunRecord, { model, candidates, cells }: ModelAnalysis, frame: string): string[] {
  const byReason = new Map<string, string[]>();
  for (const { condition, verdict, reasons, warnings } of candidates) {
    const own = cells.filter((entry) => entry.frame === frame && entry.condition === condition);
    const decisive = own.filter(
      ({ measure, layer }) => measure === DISTRIBUTION || (measure === STATES && layer === model.headlineBand),
    );
    const n = Math.min(...decisive.map((cell) => cell.n));
    const few =
      decisive.length > 0 && n < manifest.items.length ? [`${n} of ${manifest.items.length} items have a value`] : [];
    for (const reason of [...(UNDECIDED.includes(verdict) ? reasons : []), ...warnings, ...few]) {
      byReason.set(reason, [...(byReason.get(reason) ?? []), condition]);
    }
  }
  return [...byReason].map(([reason, conditions]) => `note: ${conditions.join(", ")}: ${reason}`);
}

function title({ manifest }: RunRecord, { identity, frames }: ModelEntry, frame: string): string {
  const read = frame === "all" ? `mean of frames ${Object.keys(frames).join(", ")}` : `frame ${frame}`;
  return `How close each text brings ${identity.reference} to its original: ${manifest.items.length} items, ${read}`;
}

/** What of a difference in the table means nothing, column by column. */
function noiseLine({ model, cells }: ModelAnalysis, noise: NoiseFloors, frame: string): string[] {
  const small = (value: number) => (value < 0.005 ? "<0.01" : readableNumber(value));
  const floor = (measure: string, layer = "") => noise.of(measure, layer)?.ofMean;
  const scored = (measure: string, layer = "") => {
    const ceiling = cells.find(
      (cell) =>
        cell.frame === frame && cell.condition === "paraphrase" && cell.measure === measure && cell.layer === layer,
    );
    const value = floor(measure, layer);
    if (value === undefined || !ceiling || ceiling.floor === null || ceiling.ceiling === null) return undefined;
    return value / Math.abs(ceiling.floor - ceiling.ceiling);
  };
  const parts = [
    ["K", floor(DISTRIBUTION)],
    ["score", scored(DISTRIBUTION)],
    ["states", scored(STATES, model.headlineBand)],
    ["Λ", floor(FACT)],
  ] as const;
  const known = parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${small(value)}`]));
  return known.length === 0 ? [] : [`noise floor: ${known.join(", ")}. ~: within it of the original.`];
}

const legend = (band: string) => [
  `score (output) and states (layers ${band}): 0 = wrong text, 1 = human paraphrase.`,
  "K: 0 = same output. Λ > 0: fact kept. shorter: 0.50× is twice as many tokens.",
];

function modelTable(record: RunRecord, analysis: ModelAnalysis, { color, width }: TableStyle): string {
  const { all } = tables(record, analysis.model);
  const paint = (how: Paint, text: string) => (color ? styleText(how, text, { validateStream: false }) : text);
  const noise = new NoiseFloors(record, analysis.model, all.frame);
  const layout = (intervals: boolean) => {
    const groups = aligned(rows(analysis, all, noise, intervals));
    const both = [...groups.candidates, ...groups.controls];
    const widths = HEADINGS.map((heading, i) =>
      Math.max(heading.length, ...both.map(({ numbers }) => (numbers[i] as string).length)),
    );
    const verdicts = Math.max("verdict".length, ...both.map(({ verdict }) => verdict.length));
    const besideNames = widths.reduce((sum, column) => sum + GAP.length + column, GAP.length + verdicts);
    const names = Math.max("condition".length, ...both.map(({ name }) => name.length));
    return { ...groups, widths, besideNames, names };
  };
  const wide = layout(true);
  const { candidates, controls, widths, besideNames, names } =
    wide.besideNames + wide.names <= width ? wide : layout(false);
  const first = Math.max(Math.min(names, width - besideNames), "condition".length);
  const rule = paint("dim", "─".repeat(first + besideNames));
  const line = (name: string, numbers: readonly string[]) =>
    [name.padEnd(first), ...numbers.map((number, i) => number.padStart(widths[i] as number)), ""].join(GAP);
  // A name that is too long stands on a line of its own: nothing is cut off.
  const named = ({ name, numbers }: Row) =>
    name.length > first ? `${name}\n${line("", numbers)}` : line(name, numbers);
  return [
    paint("bold", wrapText(title(record, analysis.model, all.frame), width)),
    "",
    `${line("condition", HEADINGS)}verdict`,
    rule,
    ...candidates.map((row) => `${named(row)}${paint(row.paint, row.verdict)}`),
    ...(candidates.length > 0 && controls.length > 0 ? [rule] : []),
    ...controls.map((row) => paint(row.paint, `${named(row)}${row.verdict}`)),
    rule,
    ...[...legend(analysis.model.headlineBand), ...noiseLine(analysis, noise, all.frame)].map((text) =>
      paint("dim", wrapText(text, width, "  ")),
    ),
    ...notes(record, analysis, all.frame).map((text) => paint("yellow", wrapText(text, width, "  "))),
  ].join("\n");
}

/**
 * One table a model, then models and candidates against each other where there are several. Without a line feed at the
 * end; fits 80 columns whatever the names.
 */
export function terminalTable(record: RunRecord, analysis: Analysis, style: TableStyle): string {
  const compared = comparisonTable(record, analysis, style.width);
  const parts = [...analysis.models.map((model) => modelTable(record, model, style)), compared];
  return parts.filter((part) => part !== "").join("\n\n\n");
}
