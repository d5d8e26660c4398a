/** The parts of a tokenizer, each by rules that trained vocabularies seldom reach (tests/oracles/tokenizer_edges.py). */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hubTokenizer } from "../../../providers/embedded/tokenizer/hubTokenizer.ts";
import { normalizer } from "../../../providers/embedded/tokenizer/normalizers.ts";
import { preTokenizer } from "../../../providers/embedded/tokenizer/preTokenizers.ts";
import { OutOfTime, withinTime } from "../../../providers/embedded/tokenizer/withinTime.ts";
import { fixture } from "./oracle.ts";

type Row = readonly [text: string, plain: readonly number[], special: readonly number[], decoded: string];
const edges =
  fixture<readonly { readonly name: string; readonly tokenizer: object; readonly rows: readonly Row[] }[]>(
    "tokenizers/edges.json",
  );

function opened(definition: object) {
  const folder = mkdtempSync(join(tmpdir(), "isoglyph-tokenizer-"));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(definition));
  return hubTokenizer(folder).tokenizer;
}

describe("as the reference", () => {
  // A unigram vocabulary's special tokens are no exception here: these have none.
  it.each(edges)("$name", ({ tokenizer: definition, rows }) => {
    const tokenizer = opened(definition);
    for (const [text, plain, special, decoded] of rows) {
      expect(tokenizer.encode(text), text).toEqual(plain);
      expect(tokenizer.encode(text, { special: true }), text).toEqual(special);
      expect(tokenizer.decode(plain), text).toBe(decoded);
    }
  });
});

describe("every character of Unicode 14 is normalised as by the reference", () => {
  const { assigned, normalized } = fixture<{
    readonly assigned: readonly (readonly [number, number])[];
    readonly normalized: Readonly<Record<string, string>>;
  }>("tokenizers/characters.json");
  const every = assigned.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)),
  );
  const texts = Array.from(
    { length: Math.ceil(every.length / 64) },
    (_, i) => `a${every.slice(64 * i, 64 * i + 64).join("a")}b`,
  );
  const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 4);
  const definition = (name: string) =>
    JSON.parse(
      readFileSync(new URL(`../../oracles/fixtures/tokenizers/${name}/tokenizer.json`, import.meta.url), "utf8"),
    );
  const place = { file: "", key: "" };
  const wrong = (name: string, make: (text: string) => string) => {
    const hashes = normalized[name] as string;
    // Unicode 13 decomposes U+11938, which the reference's tables do not know yet.
    const known = (text: string) => !text.includes("\u{11938}");
    return texts.filter((text, i) => known(text) && hash(make(text)) !== hashes.slice(4 * i, 4 * i + 4));
  };

  it.each(["bert", "bert-chinese", "xlm-roberta"])("%s", (name) => {
    const { apply } = normalizer(definition(name).normalizer, place);
    expect(wrong(name, (text) => apply(text, false))).toEqual([]);
  });

  it("and cut into BERT's words", () => {
    const { cut } = preTokenizer(definition("bert").pre_tokenizer, place);
    const words = (text: string) => cut({ text, first: true }, false).map((piece) => piece.text);
    expect(wrong("words", (text) => words(text).join("\n"))).toEqual([]);
  });
});

describe("withinTime", () => {
  it("stops an expression that would not end", () => {
    expect(() => withinTime(50, () => /^(a+)+$/.test(`${"a".repeat(40)}b`))).toThrow(OutOfTime);
  });

  it("gives back what the task gives, and throws what it throws", () => {
    const error = new Error("of its own");
    expect(withinTime(1000, () => [1])).toEqual([1]);
    expect(() =>
      withinTime(1000, () => {
        throw error;
      }),
    ).toThrow(error);
  });
});
