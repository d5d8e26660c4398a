/** A suite made of a table of originals and encodings, for who has a compressor's output and no YAML. */
import { basename, dirname, extname } from "node:path";
import { ExpectedError } from "../errors.ts";
import type { ColumnNames } from "./csvColumns.ts";
import { loadCsvItems } from "./loadItems.ts";
import { checkLimit, suiteHash } from "./loadSuite.ts";
import type { Suite } from "./Suite.ts";
import { type KeyPath, keyText } from "./schemaProblems.ts";
import { selectItems } from "./selectItems.ts";
import { suiteSchema } from "./suiteSchema.ts";

/** The candidate's encodings, by this name in each item. */
const ENCODING = "pairs";

const PATHS: Readonly<Record<string, KeyPath>> = {
  original: ["original"],
  encoding: ["encodings", ENCODING],
  id: ["id"],
  topic: ["topic"],
  cluster: ["cluster"],
  paraphrase: ["paraphrases", 0],
  paraphrase2: ["paraphrases", 1],
  decoy: ["decoy", "text"],
  decoy_paraphrase: ["decoy", "paraphrase"],
  question: ["questions", 0, "question"],
  answer: ["questions", 0, "answer"],
  decoy_answer: ["questions", 0, "decoyAnswer"],
};

const COLUMNS: ColumnNames = {
  known: Object.keys(PATHS),
  required: ["original", "encoding"],
  path: (column) => (Object.hasOwn(PATHS, column) ? (PATHS[column] as KeyPath) : null),
};

/**
 * Columns `original` and `encoding`; optional `id` (default `row-` and the line), `topic`, `cluster`, `paraphrase`,
 * `paraphrase2`, `decoy`, `decoy_paraphrase`, `question`, `answer`, `decoy_answer`. One frame, four continuations,
 * one candidate `encoding`, no gates.
 * @throws ExpectedError `pairs-not-found`, `pairs-unreadable`, `pairs-not-utf8`, `pairs-csv`, `pairs-…-column`,
 *   `pairs-empty`, `pairs-no-encoding`, `suite-limit`, `items-duplicate-id`, `item-missing-key`, `item-invalid-value`.
 */
export async function pairsSuite(
  path: string,
  { limit }: { readonly limit?: number | undefined } = {},
): Promise<Suite> {
  checkLimit(limit);
  const { list, sha256 } = await loadCsvItems({ path, kind: "pairs" }, COLUMNS, (data, line) => {
    data.id ??= `row-${line}`;
    if (data.encodings === undefined) {
      throw new ExpectedError({
        code: "pairs-no-encoding",
        message: "the row has no encoding",
        where: `${path}:${line} (encoding)`,
        hint: "fill the cell, or take the row out",
      });
    }
  });
  const { frames, models, measures, judges, bands, margin, positions, gates, statistics } = suiteSchema.parse({
    name: "pairs",
    items: path,
    frames: { restate: { before: "Note: ", after: "\n\nIn other words," } },
    candidates: { encoding: { codec: "authored" } },
    positions: "natural",
  });
  return {
    name: basename(path, extname(path)),
    profile: null,
    items: limit === undefined ? list.items : selectItems(list.items, limit),
    frames,
    continuations: { samples: 4, controls: 4, tokens: 16, seed: 1 },
    models,
    candidates: { encoding: { codec: "authored", parameters: { encoding: ENCODING } } },
    measures,
    judges,
    bands,
    margin,
    positions,
    gates,
    statistics,
    folder: dirname(path),
    hash: suiteHash(sha256, null, undefined, limit),
    locate: (key) => (key.length === 0 ? path : `${path} (${keyText(key)})`),
    locateItem: (id) => list.place(id) ?? path,
  };
}
