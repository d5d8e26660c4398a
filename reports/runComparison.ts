/** What `isoglyph compare` prints: the candidates' differences between two runs, verdicts that changed, and items. */
import type { ItemChange, ModelChange, RunComparison, RunDifference } from "../harness/analysis/compareRuns.ts";
import { DISTRIBUTION, FACT, STATES } from "../harness/analysis/losses.ts";
import { markedDifference } from "./comparisonTable.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

const GAP = "  ";
const NONE = "–";
/** Items shown of each measure; `--json` has all of them. */
const MOST_ITEMS = 5;

const number = (value: number | null) => (value === null ? NONE : readableNumber(value));

function pValue(p: number | null): string {
  if (p === null) return NONE;
  return p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** As the other tables call them. */
function label({ measure, unit }: Pick<RunDifference, "measure" | "unit">): string {
  const names: Readonly<Record<string, string>> = {
    [DISTRIBUTION]: unit === "score" ? "score" : "K nats",
    [STATES]: "states",
    [FACT]: unit === "score" ? "fact" : "fact Λ",
  };
  return names[measure] ?? measure;
}

function row(found: RunDifference): string[] {
  const { before, after, low, high, adjusted, changed, n } = found;
  // The same mark as in the other tables: clear, within noise, or open.
  const mark = { closer: "first closer", further: "second closer", "below noise": "below noise", "": "" } as const;
  return [
    `${found.condition}, ${label(found)}`,
    number(before),
    number(after),
    markedDifference({ difference: found.difference, finding: mark[found.finding] }),
    low === null || high === null ? NONE : `[${readableNumber(low)}, ${readableNumber(high)}]`,
    pValue(adjusted),
    changed === null ? String(n) : `${changed}/${n}`,
  ];
}

function table(list: readonly RunDifference[], width: number): string[] {
  const headings = ["candidate, measure", "before", "after", "after − before ", "95 %", "p", "items"];
  const rows = list.map(row);
  const widths = headings.map((text, i) => Math.max(text.length, ...rows.map((cells) => (cells[i] as string).length)));
  const numbers = widths.slice(1).reduce((sum, column) => sum + GAP.length + column, 0);
  const first = Math.max(Math.min(widths[0] as number, width - numbers), (headings[0] as string).length);
  const line = ([name, ...cells]: readonly string[]) => {
    const text = cells.map((cell, i) => cell.padStart(widths[i + 1] as number));
    const whole = (start: string) => [start.padEnd(first), ...text].join(GAP).trimEnd();
    // A name that is too long stands on a line of its own: nothing is cut off.
    return (name as string).length > first ? `${name}\n${whole("")}` : whole(name as string);
  };
  return [line(headings), "─".repeat(Math.min(width, first + numbers)), ...rows.map(line)];
}

/** What of a difference means nothing, for means and for single items; the largest of the candidates' where they differ. */
function noiseLine(tested: readonly RunDifference[]): string[] {
  const small = (value: number) => (value < 0.005 ? "<0.01" : readableNumber(value));
  const parts = [...new Set(tested.map(label))].flatMap((name) => {
    const own = tested.filter((found) => label(found) === name);
    const largest = (of: "noise" | "itemNoise") => {
      const known = own.flatMap((found) => found[of] ?? []);
      return known.length === 0 ? null : small(Math.max(...known));
    };
    const [means, items] = [largest("noise"), largest("itemNoise")];
    return means === null ? [] : [`${name} ${means}${items === null ? "" : ` (item ${items})`}`];
  });
  return parts.length === 0 ? [] : [`noise floor of a mean: ${parts.join(", ")}`];
}

/** Controls that moved though nobody changed the code: their texts did, or what computes them. */
function controls({ differences }: ModelChange): string[] {
  const decisive = new Set(
    differences.filter(({ tested }) => tested).map(({ measure, layer }) => `${measure} ${layer}`),
  );
  const moved = differences.filter(
    ({ role, measure, layer, finding, difference }) =>
      role !== "candidate" && decisive.has(`${measure} ${layer}`) && finding !== "below noise" && difference !== null,
  );
  if (moved.length === 0) return [];
  const named = moved.map(
    ({ condition, measure, before, after }) => `${condition} ${measure} ${number(before)} → ${number(after)}`,
  );
  return [`controls that changed beyond noise: ${named.join("; ")}`];
}

function excerpt(text: string, room: number): string {
  const characters = [...text.replaceAll(/\s+/g, " ")];
  return characters.length <= room ? characters.join("") : `${characters.slice(0, Math.max(0, room - 1)).join("")}…`;
}

function items(list: readonly ItemChange[], width: number): string[] {
  return [...new Set(list.map(({ measure }) => measure))].flatMap((name) => {
    const all = list.filter(({ measure }) => measure === name);
    const lines = all.slice(0, MOST_ITEMS).map(({ item, condition, before, after, original }) => {
      const start = `${GAP}${item}  ${condition}  ${number(before)} → ${number(after)}`;
      return width - start.length > 20 ? `${start}  ${excerpt(original, width - start.length - 2)}` : start;
    });
    const more = all.length > lines.length ? ` (${lines.length} of ${all.length}; --json has all)` : "";
    return ["", `items that changed most, ${name}${more}:`, ...lines];
  });
}

function modelText(found: ModelChange, { items: count, alpha }: RunComparison, width: number): string {
  const { before, after, frame, scale, differences, verdicts } = found;
  const model = before === after ? before : `${before} before, ${after} after`;
  const tested = differences.filter((difference) => difference.tested);
  const changed = verdicts.filter((verdict) => verdict.before !== verdict.after);
  const what = scale === "scores" ? "scores: 0 = wrong text, 1 = human paraphrase" : "values";
  const missing = tested.filter(({ difference, reason }) => difference === null && reason !== "");
  const same = differences.every(({ finding }) => finding === "below noise");
  return [
    wrapText(`${model}: ${count} items in both, frame ${frame}, ${what}`, width),
    "",
    ...table(tested, width),
    wrapText(
      `*: clear (p < ${2 * alpha} after correction), ~: within the noise floor.${scale === "values" ? " items: changed beyond noise / paired." : ""}`,
      width,
      GAP,
    ),
    ...noiseLine(tested).map((text) => wrapText(text, width, GAP)),
    ...(same ? ["no measure of any condition changed beyond noise"] : []),
    ...[...new Set(missing.map(({ measure, reason }) => `note: ${measure}: ${reason}`))].map((text) =>
      wrapText(text, width, GAP),
    ),
    ...(scale === "values" ? controls(found) : []).map((text) => wrapText(text, width, GAP)),
    ...(changed.length === 0
      ? [`no verdict changed (${verdicts.map(({ condition, after: now }) => `${condition}: ${now}`).join("; ")})`]
      : changed.map((verdict) => `verdict changed: ${verdict.condition}: ${verdict.before} → ${verdict.after}`)
    ).map((text) => wrapText(text, width, GAP)),
    ...items(found.items, width),
  ].join("\n");
}

/** Without a line feed at the end. */
export function runComparison(comparison: RunComparison, width: number): string {
  return [
    ...(comparison.notes.length > 0
      ? [comparison.notes.map((note) => wrapText(`note: ${note}`, width, GAP)).join("\n")]
      : []),
    ...comparison.models.map((model) => modelText(model, comparison, width)),
  ].join("\n\n");
}
