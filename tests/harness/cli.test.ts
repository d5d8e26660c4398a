/** The command line as a user meets it: a process, its output, its exit code, and what it leaves behind. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "isoglyph-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isoglyph(args: readonly string[], env: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [resolve("harness/cli.ts"), ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

const SUITE = `name: small
items: small.jsonl
frames:
  restate: { before: "Note: ", after: "\\n\\nIn other words," }
candidates:
  no-articles: { codec: drop-words, list: articles }
continuations: { samples: 2, tokens: 4 }
positions: natural
gates:
  - { candidate: no-articles, require: different }
`;
const item = (id: string, original: string) => ({
  id,
  original,
  paraphrases: [`It is said that ${original}`, `${original} So it was.`],
  decoy: { text: original.replace("red", "blue"), paraphrase: `It is said that ${original.replace("red", "blue")}` },
  questions: [{ question: "Which colour is named?", answer: "red", decoyAnswer: "blue" }],
});
const items = [
  item("a", "The red bus left the station at nine."),
  item("b", "The baker sold a red cake to the teacher."),
  item("c", "A red bird sat on the roof of the school."),
];

function write(name: string, suite: string, lines: readonly string[]): string {
  writeFileSync(join(folder, `${name}.yaml`), suite.replaceAll("small", name));
  writeFileSync(join(folder, `${name}.jsonl`), `${lines.join("\n")}\n`);
  return `${name}.yaml`;
}

beforeAll(() => {
  write(
    "small",
    SUITE,
    items.map((entry) => JSON.stringify(entry)),
  );
});

test("--help names the commands and exit codes; an unknown command is wrong usage", () => {
  const help = isoglyph(["--help"]);
  expect(help.code).toBe(0);
  for (const word of ["run", "report", "states", "tokens", "models", "doctor", "Exit codes"])
    expect(help.out).toContain(word);
  const wrong = isoglyph(["rnu"]);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("Did you mean run?");
});

test("a run on the real model writes its folder, prints the table, and is repeated from what it kept", () => {
  const cache = { ISOGLYPH_CACHE: process.env.ISOGLYPH_CACHE ?? "" };
  const env = cache.ISOGLYPH_CACHE === "" ? {} : cache;
  const first = isoglyph(["run", "small.yaml", "--out", "one"], env);
  expect(first.err).not.toContain("error");
  // Three clusters are too few for any verdict, so the gate that demands one fails.
  expect(first.code).toBe(1);
  expect(first.out).toContain("no-articles");
  expect(first.out).toContain("inconclusive");
  expect(readdirSync(join(folder, "one")).sort()).toEqual(["journal.jsonl", "reports", "run.json", "states"]);
  const rows = parse(readFileSync(join(folder, "one/reports/results.csv")), { columns: true }) as Record<
    string,
    string
  >[];
  const kl = (condition: string) =>
    Number(rows.find((row) => row.condition === condition && row.measure === "kl")?.value);
  expect(kl("original")).toBe(0);
  expect(kl("no-articles")).toBeGreaterThan(0);
  expect(kl("no-articles")).toBeLessThan(kl("mismatch"));

  const second = isoglyph(["run", "small.yaml", "--out", "two"], env);
  expect(second.code).toBe(1);
  const journal = (name: string) => readFileSync(join(folder, name, "journal.jsonl"), "utf8");
  expect(journal("two")).toBe(journal("one"));

  const reported = isoglyph(["report", "one"]);
  expect(reported.code).toBe(0);
  const results = (name: string) => readFileSync(join(folder, name, "reports/results.csv"), "utf8");
  expect(results("one")).toBe(results("two"));

  const compared = isoglyph(["compare", "one", "two"]);
  expect(compared.code).toBe(0);
  expect(compared.out).toContain("no measure of any condition changed beyond noise");
  const machine = JSON.parse(isoglyph(["compare", "one", "two", "--json"]).out);
  expect(machine).toMatchObject({ before: { folder: "one" }, after: { folder: "two" }, items: 3, notes: [] });
  const manifest = JSON.parse(readFileSync(join(folder, "two/run.json"), "utf8"));
  writeFileSync(
    join(folder, "two/run.json"),
    JSON.stringify({ ...manifest, suite: { ...manifest.suite, margin: 0.7 } }),
  );
  const refused = isoglyph(["compare", "one", "two"]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("margin: 0.8 before, 0.7 after");

  const again = isoglyph(["run", "small.yaml", "--out", "one"], env);
  expect(again.code).toBe(2);
  expect(again.err).toContain("run-folder-not-empty");
  expect(journal("one")).toBe(journal("two"));
}, 300_000);

test("--plan counts tokens and loads nothing", () => {
  const planned = isoglyph(["run", "small.yaml", "--plan"]);
  expect(planned.code).toBe(0);
  expect(planned.out).toContain("3 items × ");
  expect(planned.out).toMatch(/restate +[\d,]+ +[\d,]+ +[\d,]+/);
  expect(planned.out).toContain("3 clusters can show nothing: a verdict takes at least 20");
});

const bad: [name: string, suite: string, lines: string[], code: string, parts: string[]][] = [
  ["empty", SUITE, ['{"id":"x","original":" "}'], "item-invalid-value", ["empty.jsonl:1", "original"]],
  [
    "double",
    SUITE,
    ['{"id":"x","original":"One."}', '{"id":"x","original":"Two."}'],
    "items-duplicate-id",
    ["double.jsonl:2"],
  ],
  ["lacking", SUITE, ['{"id":"x"}'], "item-missing-key", ["lacking.jsonl:1", "original"]],
  [
    "codec",
    SUITE.replace("drop-words", "drop-wrods"),
    ['{"id":"x","original":"One."}'],
    "codec-unknown",
    ["codec.yaml:6", "drop-words"],
  ],
  [
    "typo",
    SUITE.replace("frames:", "framse:"),
    ['{"id":"x","original":"One."}'],
    "suite-unknown-key",
    ["typo.yaml:3:1", "frames"],
  ],
  ["byte", SUITE, ['{"id":"x","original":"A bad \\u0004 byte."}'], "text-unencodable", ["byte.jsonl:1", "U+0004"]],
  [
    "long",
    SUITE,
    [JSON.stringify({ id: "x", original: "the word ".repeat(5000) })],
    "input-too-long",
    ["item x", "8192", "long.jsonl:1"],
  ],
];
test.each(bad)(
  "bad input %s: one clear error, exit 2, nothing left behind",
  (name, suite, lines, code, parts) => {
    const result = isoglyph(["run", write(name, suite, lines), "--out", `${name}-out`]);
    expect(result.code).toBe(2);
    expect(result.err).toContain(`(${code})`);
    for (const part of parts) expect(result.err).toContain(part);
    expect(existsSync(join(folder, `${name}-out`))).toBe(false);
  },
  60_000,
);

test("a pairs file without its columns says which are there and which are needed", () => {
  writeFileSync(join(folder, "pairs.csv"), "orignal,encoding\na,b\n");
  const result = isoglyph(["run", "--pairs", "pairs.csv"]);
  expect(result.code).toBe(2);
  expect(result.err).toContain("found: orignal, encoding; needed: original, encoding");
});

test("without the model and without anybody to ask: exit 4, and where to put the file", () => {
  const result = isoglyph(["tokens", "--text", "hi"], { ISOGLYPH_CACHE: join(folder, "cache"), ISOGLYPH_OFFLINE: "1" });
  expect(result.code).toBe(4);
  expect(result.err).toContain("model-unavailable");
  expect(result.err).toContain("put it at");
});

test("a truncated model file is named with field and limit", () => {
  const broken = join(folder, "broken.gguf");
  writeFileSync(broken, Buffer.concat([Buffer.from("GGUF"), Buffer.from([3, 0, 0, 0])]));
  const result = isoglyph(["states", "--model", broken, "--text", "hi", "--out", "x.safetensors"]);
  expect(result.code).toBe(2);
  expect(result.err).toContain("gguf-malformed");
  expect(existsSync(join(folder, "x.safetensors"))).toBe(false);
});

test("states writes the tensors that it promises, and tokens counts them", () => {
  const result = isoglyph([
    "states",
    "--model",
    "smollm2-135m",
    "--text",
    "Hello world",
    "--layers",
    "0,-1",
    "--attention",
    "--out",
    "s.safetensors",
  ]);
  expect(result.code).toBe(0);
  const bytes = readFileSync(join(folder, "s.safetensors"));
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: number[] }
  >;
  const shape = (name: string) => header[name]?.shape;
  expect(shape("ids")).toEqual([2]);
  expect(shape("hidden.0")).toEqual([2, 576]);
  expect(shape("hidden.30")).toEqual([2, 576]);
  expect(header["hidden.1"]).toBeUndefined();
  expect(shape("attention.29")).toEqual([9, 2, 2]);
  expect(shape("final_norm")).toEqual([2, 576]);
  expect(shape("logits")).toEqual([49152]);
  const end = Math.max(
    ...Object.entries(header).flatMap(([name, entry]) => (name === "__metadata__" ? [] : entry.data_offsets)),
  );
  expect(bytes.length).toBe(8 + length + end);
  const [from = 0, to = 0] = header.ids?.data_offsets ?? [];
  const ids = [0, 8].map((offset) => Number(bytes.readBigInt64LE(8 + length + from + offset)));
  expect(to - from).toBe(16);
  expect(ids).toEqual([19556, 905]);
  const counted = isoglyph(["tokens", "--text", "Hello world", "--json"]);
  expect(JSON.parse(counted.out)[0]).toMatchObject({ tokens: 2, characters: 11, ids: [19556, 905] });
}, 60_000);

test("doctor finds nothing wrong with the engine", () => {
  const result = isoglyph(["doctor", "--json"]);
  expect(result.code).toBe(0);
  const checks = JSON.parse(result.out) as { name: string; state: string; detail: string }[];
  expect(checks.find(({ name }) => name === "engine")?.detail).toContain(" Paris.");
  expect(checks.filter(({ state }) => state === "FAIL")).toEqual([]);
}, 60_000);
