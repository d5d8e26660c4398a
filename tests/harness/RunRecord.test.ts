import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { type Batch, type Manifest, missingBatches, RunWriter, readRun } from "../../harness/RunRecord.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-record-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, String(folders++), "run");

// What the reader does not look at may be left out of a test's manifest.
const MANIFEST = {
  format: 1,
  signature: "Ω",
  suite: { positions: ["natural"] },
  items: [{ id: "ä" }, { id: "b" }],
  plannedModels: 1,
  models: [{ frames: { f: {} } }],
} as unknown as Manifest;
const key = (item: string) => ({ model: "m", frame: "f", positions: "natural", item }) as const;
const number = (value: number) => ({ kind: "defined", value }) as const;

function batch(item: string): Batch {
  const values = [
    { measure: "kl", layer: "", value: number(0.1 + 0.2) },
    { measure: "fact", layer: "", value: { kind: "undefined", reason: "no\ndecoy “” 红" } as const },
  ];
  return {
    ...key(item),
    seamDiffers: false,
    conditions: { c: { tokens: 3, values, curves: { "state.fact": [null, 1e-300] } } },
    missing: { decoy: "none" },
    noise: null,
  };
}

function written(folder = newFolder()): string {
  const writer = new RunWriter(folder);
  writer.writeManifest(MANIFEST);
  writer.append(batch("ä"));
  writer.append(batch("b"));
  writer.close();
  return folder;
}

const journalOf = (folder: string) => join(folder, "journal.jsonl");

/** What the reader says on stderr, and what it returns. */
function quietly<T>(read: () => T): { result: T; said: string } {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    return { result: read(), said: lines.join("") };
  } finally {
    spy.mockRestore();
  }
}

test("what is written is read back, to the last bit", () => {
  const { manifest, batches } = readRun(written());
  expect(manifest).toEqual(MANIFEST);
  expect(batches).toEqual([batch("ä"), batch("b")]);
});

// A line separator may stand in an item's id, and JSON does not escape it.
test("a text with U+2028 in it is no damage", () => {
  const folder = newFolder();
  const writer = new RunWriter(folder);
  writer.writeManifest(MANIFEST);
  writer.append(batch("one\u2028two"));
  writer.close();
  expect(readRun(folder).batches[0]?.item).toBe("one\u2028two");
});

test("values that came late are joined to their item, and to it alone", () => {
  const folder = newFolder();
  const writer = new RunWriter(folder);
  writer.writeManifest(MANIFEST);
  writer.append(batch("ä"));
  writer.append(batch("b"));
  const late = { measure: "state.identification", layer: "50-75%", value: number(1) };
  writer.append({ ...key("b"), overAllItems: { c: [late] } });
  writer.append({ ...key("b"), positions: "matched", overAllItems: { c: [late, late] } });
  writer.close();
  const [first, second] = readRun(folder).batches;
  expect(first).toEqual(batch("ä"));
  expect(second?.conditions.c?.values).toEqual([...(batch("b").conditions.c?.values ?? []), late]);
});

test("a torn last line is left out, with a note", () => {
  const folder = written();
  const { length } = readFileSync(journalOf(folder));
  for (const cut of [1, 2, 100]) {
    truncateSync(journalOf(folder), length - cut);
    const { result, said } = quietly(() => readRun(folder));
    expect(result.batches.map(({ item }) => item)).toEqual(["ä"]);
    expect(said).toMatch(/note: the last line of .*journal\.jsonl is incomplete and was left out/);
    expect(missingBatches(result)).toEqual({ missing: 1, planned: 2 });
    const second = { ...result, manifest: { ...result.manifest, plannedModels: 2 } };
    expect(missingBatches(second)).toEqual({ missing: 3, planned: 4 });
  }
  expect(quietly(() => readRun(written())).said).toBe("");
});

test("a changed byte is damage, and the line is named", () => {
  for (const [line, at] of [
    [1, 60],
    [2, 200],
    [2, 3],
    [1, 20],
  ] as const) {
    const folder = written();
    const lines = readFileSync(journalOf(folder), "latin1").split("\n");
    const text = lines[line - 1] as string;
    lines[line - 1] = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
    writeFileSync(journalOf(folder), lines.join("\n"), "latin1");
    expect(() => readRun(folder)).toThrow(
      expect.objectContaining({ code: "run-damaged", where: `${journalOf(folder)}, line ${line}` }),
    );
  }
});

test("a torn line with others behind it is damage", () => {
  const folder = written();
  truncateSync(journalOf(folder), readFileSync(journalOf(folder)).length - 20);
  appendFileSync(journalOf(folder), "\n{}\n");
  expect(() => readRun(folder)).toThrow(expect.objectContaining({ code: "run-damaged" }));
});

test("a folder that is not empty is refused, a file too; an empty one is used", () => {
  expect(() => new RunWriter(written())).toThrow(expect.objectContaining({ code: "run-folder-not-empty" }));
  const file = join(root, "file");
  writeFileSync(file, "x");
  expect(() => new RunWriter(file)).toThrow(expect.objectContaining({ code: "run-folder-not-empty" }));
  const empty = newFolder();
  mkdirSync(empty, { recursive: true });
  expect(readRun(written(empty)).batches).toHaveLength(2);
});

test("nothing stays of a run that is discarded", () => {
  const folder = newFolder();
  const writer = new RunWriter(folder);
  expect(existsSync(folder), "made with the first entry only").toBe(false);
  writer.writeManifest(MANIFEST);
  writer.append(batch("ä"));
  writer.discard();
  expect(existsSync(folder)).toBe(false);
});

test("no run, no manifest, another format", () => {
  expect(() => readRun(join(root, "nowhere"))).toThrow(expect.objectContaining({ code: "run-missing" }));
  const folder = written();
  writeFileSync(join(folder, "run.json"), JSON.stringify({ ...MANIFEST, format: 2 }));
  expect(() => readRun(folder)).toThrow(
    expect.objectContaining({ code: "run-format", message: expect.stringMatching(/format 2.*format 1/) }),
  );
  writeFileSync(join(folder, "run.json"), JSON.stringify(MANIFEST).slice(0, 50));
  expect(() => readRun(folder)).toThrow(
    expect.objectContaining({ code: "run-damaged", where: join(folder, "run.json") }),
  );
});
