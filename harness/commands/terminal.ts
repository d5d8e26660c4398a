/** What commands share in talking to a person: the version, colour, and how a foreseen failure is shown. */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { ExpectedError } from "../../errors.ts";

export function version(): string {
  const path = findPackageJSON("..", import.meta.url);
  if (path === undefined) throw new Error("isoglyph's package.json is missing");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** Colour only on a terminal, and not where NO_COLOR asks for none (https://no-color.org). */
export function useColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

export function formatError(error: ExpectedError): string {
  const lines = [`error: ${error.message}`];
  if (error.where) lines.push(`  where: ${error.where}`);
  if (error.hint) lines.push(`  what to do: ${error.hint}`);
  lines.push(`  (${error.code})`);
  return lines.join("\n");
}

/** A positive whole number from the command line. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new ExpectedError({
      code: "usage",
      message: `${name} takes a whole number from 1 on, not ${JSON.stringify(text)}`,
      hint: "see isoglyph --help",
    });
  }
  return value;
}

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, list: string[]) => [...list, value];
