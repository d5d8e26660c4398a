/** What the table of items shows: for each item and code the encoding, how far off it is, and where it fails. */
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { DISTRIBUTION, FACT } from "../../harness/analysis/losses.ts";
import { tables } from "../../harness/analysis/Table.ts";
import { good, goodLimit } from "../../harness/analysis/tail.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";

type ItemRow = readonly [string | null, number | null, number | null, string, string | null];

export interface ItemRows {
  readonly items: readonly { readonly id: string; readonly cluster: string; readonly original: string }[];
  readonly models: readonly {
    readonly reference: string;
    readonly codes: readonly string[];
    /** [codes][items]: encoding, K (nats), Λ (nats a token), what is wrong, what was answered; null where there is none. */
    readonly rows: readonly (readonly ItemRow[])[];
  }[];
}

const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(4)));

function wrong(near: boolean | null, kept: boolean | null): string {
  if (near === null) return "not read";
  if (near) return kept === false ? "fact lost" : "";
  return kept === false ? "far off, fact lost" : "far off";
}

function modelRows(record: RunRecord, { model, candidates }: ModelAnalysis): ItemRows["models"][number] {
  const { all } = tables(record, model);
  const limit = goodLimit(all);
  const codes = candidates.map(({ condition }) => condition);
  // Of the first frame that asked; others ask the same.
  const asked = record.batches.filter(
    ({ model: reference, conditions }) =>
      reference === model.identity.reference && Object.values(conditions).some(({ answers }) => answers !== undefined),
  );
  const answering = new Map(asked.toReversed().map((batch) => [batch.item, batch.conditions]));
  const rows = codes.map((code) => {
    const texts = model.conditions.find(({ name }) => name === code)?.texts;
    const [k, fact] = [all.column(code, DISTRIBUTION), all.column(code, FACT)];
    const whole = limit === null ? null : good(all, code, limit);
    return record.manifest.items.map(({ id }, i): ItemRow => {
      const own = k[i] ?? null;
      const near = own === null || limit === null ? null : own <= limit;
      // `good` is near and kept at once: of what is far off it says nothing about the fact.
      const kept = near === true && whole?.[i] !== null ? whole?.[i] === 1 : null;
      const said = answering.get(id)?.[code]?.answers?.map((one) => `${one.question} ${one.said} (${one.gold})`);
      const answers = said === undefined ? null : said.join(" · ");
      return [texts?.[i] ?? null, rounded(own), rounded(fact[i] ?? null), wrong(near, kept), answers];
    });
  });
  return { reference: model.identity.reference, codes, rows };
}

export function itemRows(record: RunRecord, models: readonly ModelAnalysis[]): ItemRows {
  return {
    items: record.manifest.items.map(({ id, cluster, original }) => ({ id, cluster, original })),
    models: models.map((one) => modelRows(record, one)),
  };
}
