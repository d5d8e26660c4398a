/** A run as Markdown for a page of a CI server: gates, verdicts, two sentences. For $GITHUB_STEP_SUMMARY. */
import type { Analysis, ModelAnalysis } from "../harness/analysis/analyze.ts";
import { DISTRIBUTION, FACT, STATES } from "../harness/analysis/losses.ts";
import { tables } from "../harness/analysis/Table.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { summary } from "./summary.ts";
import { measuredCell } from "./tables/conditionCells.ts";
import { markdownTable, markdownText } from "./tables/markdownTable.ts";
import type { PaperTable } from "./tables/PaperTable.ts";

function gatesTable({ gates }: Analysis): string[] {
  if (gates.length === 0) return ["The suite has no gate."];
  const rows = gates.map(
    ({ gate, model, verdict, holds }) =>
      `| ${holds ? "pass" : "**FAIL**"} | ${[gate.candidate, model, gate.require, verdict].map(markdownText).join(" | ")} |`,
  );
  return ["| gate | candidate | model | demanded | found |", "| --- | --- | --- | --- | --- |", ...rows];
}

function verdictsTable(record: RunRecord, analysis: ModelAnalysis): PaperTable {
  const { frame } = tables(record, analysis.model).all;
  const columns = [
    ["shorter", "tokens.ratio", "estimate"],
    ["score", DISTRIBUTION, "score"],
    ["score of states", STATES, "score"],
    ["fact Λ", FACT, "estimate"],
  ] as const;
  const asked = columns.filter(([, measure]) => record.manifest.measures.some(({ name }) => name === measure));
  return {
    name: "verdicts",
    caption: `${analysis.model.identity.reference}, ${record.manifest.items.length} items, 95 % intervals`,
    keys: ["candidate"],
    columns: [...asked.map(([heading]) => heading), "verdict"],
    rows: analysis.candidates.map(({ condition, verdict }) => [
      condition,
      ...asked.map(([, measure, of]) => measuredCell(record, analysis, { frame, condition, measure, of })),
      verdict,
    ]),
    notes: ["Scores: 0 is a wrong text, 1 a human paraphrase.", "Λ above 0: the fact is kept."],
  };
}

/** @param regressions sentences on what became worse since an earlier run; none where there is no such run */
export function stepSummary(record: RunRecord, analysis: Analysis, regressions: readonly string[] = []): string {
  const { suite, signature } = record.manifest;
  const holding = analysis.gates.filter(({ holds }) => holds).length;
  const title = analysis.gates.length === 0 ? "no gates" : `${holding} of ${analysis.gates.length} gates hold`;
  const judged = analysis.models.filter(({ candidates }) => candidates.length > 0);
  return [
    `## Isoglyph: ${markdownText(suite.name)}: ${title}`,
    "",
    markdownText(summary(record, analysis)),
    "",
    ...gatesTable(analysis),
    "",
    ...(regressions.length === 0
      ? []
      : ["**Worse than the baseline**", "", ...regressions.map((line) => `- ${markdownText(line)}`), ""]),
    ...judged.map((model) => markdownTable(verdictsTable(record, model))),
    `<sub>${markdownText(signature)}</sub>`,
    "",
  ].join("\n");
}
