/** Lines of JSON that say themselves whether they are whole: `{"checksum":"…","NAME":…}`, sha256 cut to 16 digits. */
import { createHash } from "node:crypto";

const checksum = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

export function checkedLine(name: string, value: unknown): string {
  const body = JSON.stringify(value);
  return `{"checksum":"${checksum(body)}","${name}":${body}}\n`;
}

/** The value and its name; null for a line that does not match its checksum. */
export function readCheckedLine(line: string): { readonly name: string; readonly value: unknown } | null {
  const match = /^\{"checksum":"([0-9a-f]{16})","([a-z]+)":(.*)\}$/s.exec(line);
  if (match?.[2] === undefined || match[3] === undefined || checksum(match[3]) !== match[1]) return null;
  return { name: match[2], value: JSON.parse(match[3]) };
}
