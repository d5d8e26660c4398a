/** `ratings.jsonl` beside the journal: a checksummed line for each judged pair, and for each rating of one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import { writeWhole } from "../../writeWhole.ts";
import { checkedLine, readCheckedLine } from "../checkedLines.ts";
import type { JudgedPair, RecordedRating } from "./JudgedPair.ts";

/** A pair, with hashes of where it was said: whoever has the record can tell where, whoever reads the pair cannot. */
export interface RecordedPair extends JudgedPair {
  readonly uses: readonly string[];
}

export interface Ratings {
  readonly pairs: readonly RecordedPair[];
  readonly ratings: readonly RecordedRating[];
}

const NAME = "ratings.jsonl";

/** @throws ExpectedError `folder-unwritable`, `disk-full`. */
export function writeRatings(folder: string, { pairs, ratings }: Ratings): void {
  const lines = [
    ...pairs.map((pair) => checkedLine("pair", pair)),
    ...ratings.map((rating) => checkedLine("rating", rating)),
  ];
  writeWhole(join(folder, NAME), lines.join(""));
}

/** Null for a run without judges. @throws ExpectedError `run-damaged`. */
export function readRatings(folder: string): Ratings | null {
  const path = join(folder, NAME);
  if (!existsSync(path)) return null;
  const pairs: RecordedPair[] = [];
  const ratings: RecordedRating[] = [];
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .forEach((line, i) => {
      const read = readCheckedLine(line);
      if (read === null) {
        throw new ExpectedError({
          code: "run-damaged",
          message: "the run's record is damaged: a line does not match its checksum",
          where: `${path}, line ${i + 1}`,
          hint: "run the suite again; reports are only made from an intact record",
        });
      }
      if (read.name === "pair") pairs.push(read.value as RecordedPair);
      else ratings.push(read.value as RecordedRating);
    });
  return { pairs, ratings };
}
