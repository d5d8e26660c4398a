import { stringify } from "csv-stringify/sync";
import type { SetResult } from "./benchCodes.ts";
import type { MeanInterval } from "./similarity.ts";

type Cells = Record<string, string | number | boolean | null>;

/** What was compared, the same for all rows. */
export interface BenchSubject {
  readonly embedder: string;
  readonly embedderDigest: string;
  readonly width: number;
  readonly trainingRows: number;
  readonly trainingDigest: string;
  readonly seed: number;
}

/**
 * One row for each set and code, and one for the constant answer, which costs nothing. An empty cell: it has no such
 * value. Numbers with full precision.
 */
export function codesCsv(results: readonly SetResult[], subject: BenchSubject): string {
  return stringify(codeRecords(results, subject), { header: true, cast: { boolean: String, number: String } });
}

/** The same as records, for JSON. */
export function codeRecords(results: readonly SetResult[], subject: BenchSubject): Cells[] {
  return results.flatMap((result) => {
    const { set, rows: sentences, constant, codes } = result;
    const common = { ...subject, set, sentences };
    const tokenizers = Object.keys(codes[0]?.tokens.perCode ?? {});
    const records = codes.map(
      (row): Cells => ({
        ...common,
        code: row.code,
        form: row.form,
        bits: row.bits,
        places: row.places,
        entries: row.use.entries,
        ...interval("raw", row.raw),
        ...interval("centred", row.centred),
        recall1: row.recall1,
        recall10: row.recall10,
        perplexity: row.use.perplexity,
        entropy_bits: row.use.entropy,
        ...floors("random", row.random),
        ...floors("exchanged", row.exchanged),
        constant_raw: constant.raw.value,
        constant_centred: constant.centred.value,
        bound_raw: row.bound.raw,
        bound_centred: row.bound.centred,
        bound_white: row.bound.white,
        bound_optimistic: row.bound.optimistic,
        ...Object.fromEntries(
          row.survival.flatMap(({ share, centred, recall1 }) => [
            [`centred_at_${share * 100}_percent`, centred.value],
            [`recall1_at_${share * 100}_percent`, recall1],
          ]),
        ),
        alphabet: row.tokens.alphabet,
        ...Object.fromEntries(tokenizers.map((name) => [`tokens_${name}`, row.tokens.perCode[name] ?? null])),
      }),
    );
    const free: Cells = {
      ...Object.fromEntries(Object.keys(records[0] ?? {}).map((key) => [key, null])),
      ...common,
      code: "constant",
      form: "floor",
      bits: 0,
      ...interval("raw", constant.raw),
      ...interval("centred", constant.centred),
      recall1: constant.recall1,
      recall10: constant.recall10,
    };
    return [...records, free];
  });
}

function interval(name: string, { value, low, high }: MeanInterval): Cells {
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}

function floors(name: string, { raw, centred }: { readonly raw: MeanInterval; readonly centred: MeanInterval }): Cells {
  return { [`${name}_raw`]: raw.value, [`${name}_centred`]: centred.value };
}
