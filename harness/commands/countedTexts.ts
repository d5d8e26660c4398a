import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";

const lineSchema = z.union([z.string(), z.looseObject({ text: z.string() }).transform(({ text }) => text)]);
const SHAPE = 'each line of a .jsonl file is {"text": "…"} or a string, each line of any other file a text';

/**
 * The texts of a file: JSON Lines where its name ends so, else a text a line; empty lines are none.
 * @throws ExpectedError `usage`, with the line.
 */
export async function countedTexts(path: string): Promise<string[]> {
  if (!existsSync(path)) throw refused(`there is no file ${path}`, "check the path of --file");
  const lines = decoded(path).split(/\r?\n/);
  const json = /\.(jsonl|ndjson)$/i.test(path);
  const texts = lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    return [json ? parsedLine(line, `${path}:${i + 1}`) : line];
  });
  if (texts.length === 0) throw refused(`${path} holds no text`, SHAPE);
  return texts;
}

function decoded(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw refused(`${path} cannot be read as UTF-8: ${(error as Error).message}`, "save the file as UTF-8", error);
  }
}

function parsedLine(line: string, where: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw refused(`${where}: not JSON: ${(error as Error).message}`, SHAPE, error);
  }
  const { success, data } = lineSchema.safeParse(value);
  if (!success) throw refused(`${where}: no text: ${line.slice(0, 80)}`, SHAPE);
  return data;
}

function refused(message: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError({ code: "usage", message, hint, cause });
}
