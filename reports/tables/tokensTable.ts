/** What each text really costs: tokens of the observed model, not characters. */
import type { Analysis } from "../../harness/analysis/analyze.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { ModelEntry, RunRecord } from "../../harness/RunRecord.ts";
import { clusterRatio } from "../../harness/statistics/fieller.ts";
import { meanCell, paperNumber, shownConditions } from "./conditionCells.ts";
import type { PaperCell, PaperTable } from "./PaperTable.ts";
import { runCaption } from "./runCaption.ts";

/** Tokens of the original and of the condition, over items that have both; a mean over a condition's versions. */
function tokenCounts({ manifest, batches }: RunRecord, model: ModelEntry, condition: string) {
  const { reference } = model.identity;
  const [frame] = Object.keys(model.frames);
  const observed = model.conditions.map(({ name }) => name);
  const members = observed.includes(condition)
    ? [condition]
    : observed.filter((name) => name.startsWith(`${condition}-`));
  const read = new Map(
    batches
      .filter((batch) => batch.model === reference && batch.frame === frame && batch.positions === "natural")
      .map((batch) => [batch.item, batch.conditions]),
  );
  return manifest.items.flatMap(({ id, cluster }) => {
    const conditions = read.get(id);
    const original = conditions?.original?.tokens;
    const own = members.flatMap((name) => conditions?.[name]?.tokens ?? []);
    if (original === undefined || own.length === 0) return [];
    return [{ cluster, original, own: own.reduce((sum, tokens) => sum + tokens, 0) / own.length }];
  });
}

function numbers(record: RunRecord, model: ModelEntry, condition: string): PaperCell[] {
  const counts = tokenCounts(record, model, condition);
  if (counts.length === 0) {
    const missing = { missing: "no item has this text" };
    return [{ value: 0, low: null, high: null }, missing, missing, missing];
  }
  const clusters = counts.map(({ cluster }) => cluster);
  const own = counts.map((count) => count.own);
  const totals = clusterRatio(
    counts.map(({ original }) => original),
    own,
    clusters,
  );
  const longer = counts.filter((count) => count.own > count.original).length;
  return [
    { value: counts.length, low: null, high: null },
    meanCell(own, clusters),
    totals.ratio === null
      ? { missing: totals.defined ? "no ratio" : totals.reason }
      : paperNumber(
          { value: totals.ratio, low: totals.defined ? totals.low : null, high: totals.defined ? totals.high : null },
          totals.defined ? "" : totals.reason,
        ),
    { value: longer, low: null, high: null },
  ];
}

export function tokensTable(record: RunRecord, analysis: Analysis): PaperTable {
  const several = analysis.models.length > 1;
  const rows = analysis.models.flatMap((model) =>
    shownConditions(model)
      .filter(({ name }) => tables(record, model.model).all.has(name))
      .map(({ name }) => [
        ...(several ? [model.model.identity.reference] : []),
        name,
        ...numbers(record, model.model, name),
      ]),
  );
  return {
    name: "tokens",
    caption: runCaption(
      record,
      `What each text costs in tokens of ${analysis.models.map(({ model }) => model.identity.reference).join(", ")}`,
      "as the model's own tokenizer counts",
      false,
    ),
    keys: [...(several ? ["model"] : []), "condition"],
    columns: ["n", "tokens", "compression", "longer"],
    rows,
    notes: [
      "Tokens: mean a text. Compression: all tokens of the originals divided by all tokens of the texts (above 1: shorter).",
      "Longer: texts that take more tokens than their originals.",
    ],
  };
}
