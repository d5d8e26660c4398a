/** What an audit of the verdict found, for a terminal of 80 columns. */
import type { Audit } from "../harness/audit/audit.ts";
import type { ScenarioResult } from "../harness/audit/auditVerdict.ts";
import type { Coverage } from "../harness/audit/coverage.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

const WIDTH = 80;
const COLUMNS = [28, 8, 13, 8, 13, 5];
const RULE = "─".repeat(WIDTH);
const NONE = "–";
/** What a group has in common, and what its fifth column says. */
const GROUPS = {
  margin: ["exactly on the margin", "part alone"],
  wrong: ["wrong codes", "part alone"],
  few: ["always inconclusive", ""],
  power: ["good codes, all controls", "controls fail"],
} as const;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const word = (holds: boolean | null) => (holds === null ? NONE : holds ? "holds" : "FAILS");
const line = (cells: readonly string[]) =>
  cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0] as number) : cell.padStart(COLUMNS[i] as number)))
    .join(" ")
    .trimEnd();

function scenarioLine({ name, group, clusters, equivalent, error, bound, partHeld, verdicts, holds }: ScenarioResult) {
  const fifth = group === "power" ? (verdicts["instrument-failed"] ?? 0) : partHeld;
  return line([
    name,
    String(clusters),
    `${(100 * equivalent).toFixed(1)} ± ${percent(error)}`,
    bound === null ? NONE : percent(bound),
    fifth === null ? NONE : percent(fifth),
    word(holds),
  ]);
}

function coverageLines(coverage: readonly Coverage[]): string[] {
  const rows = coverage.map(({ data, skewness, clusters, clusterT, bootstrapT, holds }) =>
    line([
      `${data} (skewness ${readableNumber(skewness)})`,
      String(clusters),
      percent(clusterT),
      "",
      percent(bootstrapT),
      word(holds),
    ]),
  );
  return [line(["95 % intervals: coverage", "clusters", "cluster t", "", "bootstrap t", ""]), RULE, ...rows];
}

/** Two sentences: whether what is promised holds, and what the instrument can find. */
function summary({ scenarios, alpha, coverage }: Audit): string {
  const judged = scenarios.filter(({ holds }) => holds !== null);
  const broken = judged.filter(({ holds }) => holds === false);
  const promised = percent(alpha);
  const [worst] = [...broken].sort((a, b) => b.equivalent - a.equivalent);
  const where = ({ name, clusters }: ScenarioResult) => `"${name}" with ${clusters} clusters`;
  const off = coverage.some(({ holds }) => holds === false) ? " Intervals of near-normal data miss their 95 %." : "";
  if (worst !== undefined) {
    const rest = broken.length === 1 ? "" : `, most often, ${percent(worst.equivalent)}, for ${where(worst)}`;
    const once = broken.length === 1 ? ` (${where(worst)}: ${percent(worst.equivalent)})` : "";
    return (
      `In ${broken.length} of ${judged.length} rows the verdict claimed what is false more often than the ${promised} that ` +
      `it promises${once}${rest}.${off} Trust an \`equivalent\` only where such codes can be ruled out.`
    );
  }
  const found = scenarios.filter(({ group }) => group === "power").toSorted((a, b) => a.clusters - b.clusters);
  const [first, last] = [found[0], found.findLast(({ name }) => name === found[0]?.name)];
  const power =
    first === undefined || last === undefined
      ? ""
      : ` A code ${first.name} is found equivalent in ${percent(first.equivalent)} of suites with ${first.clusters} ` +
        `clusters, and in ${percent(last.equivalent)} with ${last.clusters}.`;
  return `No claim that is false came out more often than the ${promised} that the verdict promises, give or take chance.${off}${power}`;
}

/** Without a line feed at the end. */
export function auditTable(audit: Audit): string {
  const { model, frame, items, clusters, repetitions, resamples, alpha, seed } = audit;
  const groups = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).flatMap((group) => {
    const rows = audit.scenarios.filter((scenario) => scenario.group === group);
    const [title, fifth] = GROUPS[group];
    const heading = line([title, "clusters", "equivalent", "at most", fifth, ""]);
    return rows.length === 0 ? [] : [heading, RULE, ...rows.map(scenarioLine), ""];
  });
  return [
    wrapText(
      `How often would the verdict be wrong? ${repetitions} suites a row, made of ${items} items of a run in ${clusters} ` +
        `clusters (${model}, frame ${frame}); α ${percent(alpha)}, seed ${seed}, ${resamples} resamples a test`,
      WIDTH,
    ),
    "",
    ...groups,
    ...coverageLines(audit.coverage),
    "",
    wrapText(summary(audit), WIDTH),
  ].join("\n");
}
