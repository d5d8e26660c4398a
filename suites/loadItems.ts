/** Items out of a JSON Lines or CSV file, read as a stream. */
import { createHash } from "node:crypto";
import { extname } from "node:path";
import { ExpectedError } from "../errors.ts";
import { type ColumnNames, columnPaths, ITEM_COLUMNS, rowData } from "./csvColumns.ts";
import { ItemList } from "./ItemList.ts";
import { itemSchema } from "./itemSchema.ts";
import { jsonErrorOffset } from "./jsonErrorOffset.ts";
import { readCsv } from "./readCsv.ts";
import { readLines, type TextFile } from "./readLines.ts";
import { check, type KeyPath, keyText } from "./schemaProblems.ts";

export interface LoadedItems {
  /** At least one item. */
  readonly list: ItemList;
  /** Of the file's bytes, as hexadecimal digits. */
  readonly sha256: string;
}

/**
 * @param namedAt where the path is named, for errors about the file as a whole
 * @throws ExpectedError `items-not-found`, `items-unreadable`, `items-not-utf8`, `items-format`, `items-empty`,
 *   `items-json`, `items-csv`, `items-…-column`, `items-duplicate-id`, `item-unknown-key`, `item-missing-key`,
 *   `item-invalid-value`.
 */
export async function loadItems(path: string, namedAt: string): Promise<LoadedItems> {
  const file: TextFile = { path, kind: "items", namedAt };
  switch (extname(path).toLowerCase()) {
    case ".jsonl":
      return loadJsonLines(file);
    case ".csv":
      return loadCsvItems(file, ITEM_COLUMNS);
    default:
      throw new ExpectedError({
        code: "items-format",
        message: `cannot tell the format of ${path}`,
        where: namedAt,
        hint: "name a .jsonl file (one JSON object a line) or a .csv file",
      });
  }
}

async function loadJsonLines(file: TextFile): Promise<LoadedItems> {
  const hash = createHash("sha256");
  const list = new ItemList();
  for await (const { number, text } of readLines(file, hash)) {
    if (text.trim() === "") continue;
    const place = `${file.path}:${number}`;
    addItem(list, parseJson(text.replace(/\r$/, ""), place), place, keyText);
  }
  return finished(file, list, hash.digest("hex"));
}

/** @param complete fills what a row may leave out, given its line */
export async function loadCsvItems(
  file: TextFile,
  columns: ColumnNames,
  complete: (data: Record<string, unknown>, line: number) => void = () => {},
): Promise<LoadedItems> {
  const hash = createHash("sha256");
  const list = new ItemList();
  let header: { paths: KeyPath[]; names: Map<string, string> } | undefined;
  for await (const { line, cells } of readCsv(file, hash)) {
    const place = `${file.path}:${line}`;
    if (header === undefined) {
      const paths = columnPaths(cells, columns, file.kind, place);
      header = { paths, names: new Map(columns.known.map((name) => [keyText(columns.path(name) ?? []), name])) };
      continue;
    }
    const data = rowData(header.paths, cells);
    complete(data, line);
    const { names } = header;
    addItem(list, data, place, (path) => names.get(keyText(path)) ?? path.join("."));
  }
  return finished(file, list, hash.digest("hex"));
}

function finished(file: TextFile, list: ItemList, sha256: string): LoadedItems {
  if (list.items.length === 0) {
    throw new ExpectedError({
      code: `${file.kind}-empty`,
      message: `there are no items in ${file.path}`,
      where: file.namedAt ?? file.path,
      hint: "give at least one item with an id and an original",
    });
  }
  return { list, sha256 };
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const offset = jsonErrorOffset(text);
    const found =
      offset < text.length
        ? `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0))}`
        : "it ends too early";
    throw new ExpectedError({
      code: "items-json",
      message: `the line is not valid JSON: ${found} in column ${offset + 1}`,
      where: `${place}:${offset + 1}`,
      hint: "write each item as one JSON object on a line of its own",
      cause,
    });
  }
}

function addItem(list: ItemList, data: unknown, place: string, nameOf: (path: KeyPath) => string): void {
  const checked = check(itemSchema, data);
  if ("value" in checked) {
    list.add(checked.value, place);
    return;
  }
  const [first, ...more] = checked.problems;
  if (first === undefined) throw new Error("an invalid item without a problem");
  const key = nameOf(first.path);
  throw new ExpectedError({
    code: `item-${first.kind}`,
    message: `${key === "" ? "the item" : `\`${key}\``} ${first.message}${more.length === 0 ? "" : ` (and ${more.length} more in this item)`}`,
    where: key === "" ? place : `${place} (${key})`,
    hint: first.hint,
  });
}
