import { stringify } from "csv-stringify/sync";
import type { MeanInterval } from "../codes/similarity.ts";
import type { TestedClaim } from "./testClaims.ts";

/** For people, within 80 columns: each claim, what was found, and the verdict; counts of hanzi one a line. */
export function claimsTable(claims: readonly TestedClaim[]): string {
  return claims.map(paragraph).join("\n\n");
}

function paragraph({ id, claim, source, measured, substituted, floor, ceiling, result, verdict }: TestedClaim): string {
  const lines = [
    `${verdict.toUpperCase()}: ${claim}`,
    `  ${id}, ${source}`,
    `  ${result === null ? "" : `${shown(result)}, n = ${result.n}: `}${measured}`,
  ];
  if (result?.floor && floor !== null) lines.push(`  floor ${shown(result.floor)}: ${floor}`);
  if (result?.ceiling && ceiling !== null) lines.push(`  ceiling ${shown(result.ceiling)}: ${ceiling}`);
  if (substituted !== null) lines.push(`  substituted: ${substituted}`);
  return lines.flatMap((line) => wrapped(line)).join("\n");
}

function shown({ value, low, high }: MeanInterval): string {
  const short = (number: number) => String(Number(number.toPrecision(Math.abs(number) >= 1000 ? 6 : 3)));
  return low === null || high === null ? short(value) : `${short(value)} [${short(low)}, ${short(high)}]`;
}

function wrapped(line: string): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const out: string[] = [];
  let rest = line;
  while (rest.length > 80) {
    const cut = rest.lastIndexOf(" ", 80);
    out.push(rest.slice(0, cut));
    rest = `${indent}  ${rest.slice(cut + 1)}`;
  }
  return [...out, rest];
}

/** One row a claim; an empty cell: there is no such value. */
export function claimsCsv(claims: readonly TestedClaim[]): string {
  return stringify(claims.map(claimRecord), { header: true, cast: { number: String } });
}

export function claimRecord(claim: TestedClaim): Record<string, string | number | null> {
  const { result, published } = claim;
  return {
    id: claim.id,
    system: claim.system,
    claim: claim.claim,
    source: claim.source,
    unit: claim.unit,
    published_low: published.low,
    published_high: published.high,
    measured: claim.measured,
    substituted: claim.substituted,
    n: result?.n ?? null,
    value: result?.value ?? null,
    low: result?.low ?? null,
    high: result?.high ?? null,
    floor: result?.floor?.value ?? null,
    floor_low: result?.floor?.low ?? null,
    floor_high: result?.floor?.high ?? null,
    floor_is: claim.floor,
    ceiling: result?.ceiling?.value ?? null,
    ceiling_low: result?.ceiling?.low ?? null,
    ceiling_high: result?.ceiling?.high ?? null,
    ceiling_is: claim.ceiling,
    verdict: claim.verdict,
  };
}
