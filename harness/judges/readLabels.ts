/** Ratings by people: a CSV file with the columns `pair`, `rating` (1 to 5) and, where there are several, `rater`. */
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { ExpectedError } from "../../errors.ts";

export interface Label {
  readonly pair: string;
  readonly rater: string;
  /** 1 to 5. */
  readonly rating: number;
}

/** Whoever is not named. */
const RATER = "human";

function wrong(message: string, where: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError({ code: "labels", message, where, hint, cause });
}

function rowsOf(
  path: string,
): { readonly info: { readonly lines: number }; readonly record: Record<string, string> }[] {
  try {
    return parse(readFileSync(path, "utf8"), {
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (error) {
    const { message } = error as Error;
    throw wrong(`the labels cannot be read: ${message}`, path, "give a CSV file with a header row", error);
  }
}

/**
 * Rows whose rating is empty are left out: nobody rated them yet.
 * @param known the pairs of the run.
 * @throws ExpectedError `labels` with the line.
 */
export function readLabels(path: string, known: ReadonlySet<string>): Label[] {
  const seen = new Set<string>();
  return rowsOf(path).flatMap(({ record, info }) => {
    const where = `${path}:${info.lines}`;
    const { pair, rating, rater } = record;
    if (pair === undefined || rating === undefined) {
      const missing = pair === undefined ? "pair" : "rating";
      throw wrong(
        `there is no column ${missing}`,
        where,
        "the columns are pair, rating and rater; isoglyph judges DIR --pairs FILE writes them",
      );
    }
    if (rating === "") return [];
    const value = Number(rating);
    if (!Number.isInteger(value) || value < 1 || value > 5) {
      throw wrong(
        `the rating is ${JSON.stringify(rating)}`,
        where,
        "rate with a whole number from 1 to 5, or leave the cell empty",
      );
    }
    if (!known.has(pair)) {
      throw wrong(
        `the run has no pair ${JSON.stringify(pair)}`,
        where,
        "label the pairs of this run: isoglyph judges DIR --pairs FILE",
      );
    }
    const label = { pair, rater: rater === undefined || rater === "" ? RATER : rater, rating: value };
    const key = JSON.stringify([pair, label.rater]);
    if (seen.has(key)) throw wrong(`${label.rater} rates pair ${pair} twice`, where, "keep one of the rows");
    seen.add(key);
    return [label];
  });
}
