import type { SetResult } from "./benchCodes.ts";

/** Two tables a set, within 80 columns: what a code keeps, and what noise and other sentences' codes leave of it. */
export function codesTable(results: readonly SetResult[]): string {
  return results.map(setTables).join("\n\n");
}

function setTables({ set, rows, codes, constant }: SetResult): string {
  const width = Math.max(8, ...codes.map(({ code }) => code.length));
  const kept = table(
    ["code", "bits", "raw", "centred", "95 %", "bound", "R@1", "R@10", "symbols used"],
    [
      [
        "constant",
        "0",
        fixed(constant.raw.value),
        fixed(constant.centred.value),
        "",
        "0",
        fixed(constant.recall1),
        fixed(constant.recall10),
        "",
      ],
      ...codes.map(({ code, bits, raw, centred, bound, recall1, recall10, use }) => [
        code,
        whole(bits),
        fixed(raw.value),
        fixed(centred.value),
        centred.low === null || centred.high === null ? "–" : `±${fixed((centred.high - centred.low) / 2)}`,
        `${fixed(bound.centred)}${bound.optimistic ? "*" : ""}`,
        fixed(recall1),
        fixed(recall10),
        `${whole(use.perplexity)} of ${whole(use.entries)}`,
      ]),
    ],
    width,
  );
  const left = table(
    ["code", "1 %", "5 %", "10 %", "20 %", "other's", "random"],
    codes.map(({ code, survival, exchanged, random }) => [
      code,
      ...survival.map(({ centred }) => fixed(centred.value)),
      fixed(exchanged.centred.value),
      fixed(random.centred.value),
    ]),
    width,
  );
  const tokenizers = Object.keys(codes[0]?.tokens.perCode ?? {});
  const cost = table(
    ["code", ...tokenizers.map((name) => name.split(/[-_]/)[0] ?? name)],
    codes.map(({ code, tokens }) => [code, ...tokenizers.map((name) => tokens.perCode[name]?.toFixed(1) ?? "–")]),
    width,
  );
  return [
    `${set}: ${rows.toLocaleString("en")} sentences`,
    kept,
    "",
    "centred cosine with so many symbols wrong, of another's code, of random symbols",
    left,
    ...(tokenizers.length === 0 ? [] : ["", "tokens a code", cost]),
  ].join("\n");
}

/** The first column to the left, the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[], first: number): string {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(i === 0 ? first : 0, ...lines.map((line) => [...(line[i] ?? "")].length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join(" ")
      .trimEnd(),
  );
  return text.join("\n");
}

const fixed = (value: number) => value.toFixed(3);
const whole = (value: number) => String(Math.round(value * 10) / 10);

/** What the tables' words mean, and what the reader should not take from them; within 80 columns. */
export function codesFootnotes(results: readonly SetResult[], width: number): string {
  const rows = results.flatMap(({ codes }) => codes);
  const bits = Math.max(...rows.map((row) => row.bits));
  const white = rows.find((row) => row.bits === bits)?.bound.white;
  return [
    "centred: the mean of the training sentences is taken from both vectors first,",
    "so that an answer that is the same for all scores 0. bound: a Gaussian source of",
    "the set's covariance at that rate (reverse water-filling),",
    ...(white === undefined
      ? []
      : [
          `with equal variances in all ${width} directions, √(1 − 2^(−2R/d)) = ${fixed(white)} at ${whole(bits)} bits.`,
        ]),
    "Vectors that are no Gaussian may do better: a reference, no limit. R@k: the",
    "decoded vector finds its own sentence among the k nearest of the set.",
    ...(rows.some(({ bound }) => bound.optimistic) ? ["* fewer sentences than dimensions: too high."] : []),
  ].join("\n");
}
