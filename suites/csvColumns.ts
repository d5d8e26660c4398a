/** CSV columns with dotted names, such as `paraphrases.0` and `encodings.zh`, and the item data that a row holds. */
import { ExpectedError } from "../errors.ts";
import type { KeyPath } from "./schemaProblems.ts";
import { suggest } from "./suggest.ts";

/** What one file calls its columns. */
export interface ColumnNames {
  /** Names to choose from, for messages. */
  readonly known: readonly string[];
  readonly required: readonly string[];
  /** Where in an item a column's cells belong, or null for a name that is none. */
  readonly path: (column: string) => KeyPath | null;
}

const FIELDS = /^(id|topic|cluster|original|decoy\.(?:text|paraphrase|kind))$/;
const LISTED = /^(?:(paraphrases)\.(\d{1,2})|(questions)\.(\d{1,2})\.(question|answer|decoyAnswer))$/;
const ENCODINGS = /^(decoy\.)?encodings\.(.+)$/;

export const ITEM_COLUMNS: ColumnNames = {
  known: [
    ...["id", "topic", "cluster", "original", "paraphrases.0", "paraphrases.1"],
    ...["decoy.text", "decoy.paraphrase", "decoy.kind"],
    ...["questions.0.question", "questions.0.answer", "questions.0.decoyAnswer"],
    ...["encodings.NAME", "decoy.encodings.NAME"],
  ],
  required: ["id", "original"],
  path: (column) => {
    if (FIELDS.test(column)) return column.split(".");
    const listed = LISTED.exec(column);
    if (listed?.[1] !== undefined) return ["paraphrases", Number(listed[2])];
    if (listed !== null) return ["questions", Number(listed[4]), listed[5] as string];
    // A name may itself contain dots.
    const [, ofDecoy, name] = ENCODINGS.exec(column) ?? [];
    if (name === undefined || name === "__proto__") return null;
    return ofDecoy === undefined ? ["encodings", name] : ["decoy", "encodings", name];
  },
};

/**
 * Paths of a header's columns, in order.
 * @param where the header's `file:line`
 * @throws ExpectedError `${kind}-missing-column`, `${kind}-unknown-column`, `${kind}-duplicate-column`.
 */
export function columnPaths(header: readonly string[], names: ColumnNames, kind: string, where: string): KeyPath[] {
  const missing = names.required.find((column) => !header.includes(column));
  if (missing !== undefined) {
    throw new ExpectedError({
      code: `${kind}-missing-column`,
      message: `the column \`${missing}\` is missing; found: ${header.join(", ") || "none"}; needed: ${names.required.join(", ")}`,
      where: `${where} (${missing})`,
      hint: `the first row names the columns, separated by commas; optional ones: ${names.known
        .filter((column) => !names.required.includes(column))
        .join(", ")}`,
    });
  }
  return header.map((column, i) => {
    const path = names.path(column);
    if (path === null) {
      const code = `${kind}-unknown-column`;
      const hint = `${suggest(column, names.known)} Rename the column, or take it out.`;
      throw new ExpectedError({ code, message: `unknown column \`${column}\``, where: `${where} (${column})`, hint });
    }
    if (header.indexOf(column) !== i) {
      const code = `${kind}-duplicate-column`;
      throw new ExpectedError({
        code,
        message: `the column \`${column}\` is there twice`,
        where: `${where} (${column})`,
        hint: "keep one of them",
      });
    }
    return path;
  });
}

/** A row as item data, not yet validated. Empty cells are absent. */
export function rowData(paths: readonly KeyPath[], cells: readonly string[]): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const [i, path] of paths.entries()) {
    const cell = cells[i];
    if (cell === undefined || cell === "") continue;
    let inner: Record<string | number, unknown> = data;
    for (const [depth, key] of path.slice(0, -1).entries()) {
      // Own keys only: an encoding may have the name of something that every object inherits.
      if (!Object.hasOwn(inner, key)) inner[key] = typeof path[depth + 1] === "number" ? [] : {};
      inner = inner[key] as Record<string | number, unknown>;
    }
    inner[path.at(-1) as string | number] = cell;
  }
  return data;
}
