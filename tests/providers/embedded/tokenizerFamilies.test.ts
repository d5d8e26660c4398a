/** Tokenizers of all families against transformers, from a Hugging Face folder and from GGUF (tokenizer_families.py). */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ChatMessage, EncodeOptions, Tokenizer } from "../../../providers/contract.ts";
import { readGguf } from "../../../providers/embedded/formats/gguf.ts";
import { GGUF_PRE_TOKENIZERS } from "../../../providers/embedded/tokenizer/ggufPreTokenizers.ts";
import { ggufTokenizer } from "../../../providers/embedded/tokenizer/ggufTokenizer.ts";
import { hubTokenizer } from "../../../providers/embedded/tokenizer/hubTokenizer.ts";
import { normalizer } from "../../../providers/embedded/tokenizer/normalizers.ts";
import { preTokenizer } from "../../../providers/embedded/tokenizer/preTokenizers.ts";
import { fixture } from "./oracle.ts";

interface Expected {
  readonly begin: readonly number[];
  readonly finish: readonly number[];
  /** Ids of each text, joined by spaces. */
  readonly plain: readonly string[];
  /** By the text's index, where they differ from the plain ones. */
  readonly special: Readonly<Record<string, string>>;
  readonly continues: Readonly<Record<string, string>>;
  /** What the plain ids decode to, where it is not the text. */
  readonly decoded: Readonly<Record<string, string>>;
}

const FAMILIES = [
  "qwen2",
  "llama3",
  "gpt2",
  "smollm",
  "tekken",
  "llama2",
  "mistral",
  "phi3",
  "gemma",
  "xlm-roberta",
  "bert",
  "bert-chinese",
];
const texts = fixture<readonly string[]>("tokenizers/texts.json");
const path = (name: string) => fileURLToPath(new URL(`../../oracles/fixtures/tokenizers/${name}`, import.meta.url));
const gguf = (name: string) => readGguf(path(`${name}.gguf`));

const sources = FAMILIES.flatMap((name): [string, string, () => { tokenizer: Tokenizer; digest: string }][] => [
  [name, "folder", () => hubTokenizer(path(name))],
  ...(existsSync(path(`${name}.gguf`))
    ? [[name, "GGUF", () => ggufTokenizer(gguf(name))] as [string, string, () => ReturnType<typeof ggufTokenizer>]]
    : []),
]);

describe.each(sources)("%s from a %s", (name, _, open) => {
  const expected = fixture<Expected>(`tokenizers/${name}.json`);
  const { tokenizer } = open();
  const ids = (text: string, options?: EncodeOptions) => tokenizer.encode(text, options).join(" ");
  const wrong = (check: (text: string, i: number) => boolean) => texts.filter((text, i) => !check(text, i));

  it("encodes plain text", () => {
    expect(wrong((text, i) => ids(text) === expected.plain[i])).toEqual([]);
  });

  it("finds special tokens where it is told to", () => {
    expect(Object.keys(expected.special).length).toBeGreaterThan(3);
    expect(wrong((text, i) => ids(text, { special: true }) === (expected.special[i] ?? expected.plain[i]))).toEqual([]);
  });

  it("puts no dummy space before a text that continues another", () => {
    expect(wrong((text, i) => ids(text, { continues: true }) === (expected.continues[i] ?? expected.plain[i]))).toEqual(
      [],
    );
  });

  it("decodes", () => {
    const decode = (i: number) =>
      tokenizer.decode((expected.plain[i] as string).split(" ").filter(Boolean).map(Number));
    expect(wrong((text, i) => decode(i) === (expected.decoded[i] ?? text))).toEqual([]);
  });

  it("knows what stands around every text", () => {
    expect([tokenizer.begin, tokenizer.finish]).toEqual([expected.begin, expected.finish]);
  });
});

it("covers what it is meant to", () => {
  expect(texts.length).toBeGreaterThan(800);
  expect(sources.length).toBe(23);
  const family = (name: string) => fixture<Expected>(`tokenizers/${name}.json`);
  expect(family("xlm-roberta").finish).toEqual([2]);
  expect(family("bert").begin.length + family("bert").finish.length).toBe(2);
  expect(Object.keys(family("llama2").continues).length).toBeGreaterThan(500);
});

it("a digest stands for one tokenizer", () => {
  const digests = sources.map(([, , open]) => open().digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(hubTokenizer(path("bert")).digest).toBe(hubTokenizer(path("bert")).digest);
});

it("ends a turn where the families do", () => {
  const ends = (name: string) => {
    const { tokenizer } = ggufTokenizer(gguf(name));
    return tokenizer.end.map((id) => tokenizer.decode([id]));
  };
  expect(ends("qwen2")).toEqual(["<|im_end|>", "<|endoftext|>"]);
  expect(ends("llama3")).toEqual(["<|eot_id|>", "<|end_of_text|>"]);
  expect(ends("gemma")).toEqual(["<eos>", "<end_of_turn>"]);
  expect(ends("phi3")).toEqual(["<|endoftext|>", "<|end|>"]);
});

it("leaves out ids that only pad a vocabulary, as the reference does", () => {
  const { tokenizer } = hubTokenizer(path("llama2"));
  expect(tokenizer.decode([...tokenizer.encode("Hi"), 1_000_000])).toBe("Hi");
  expect(tokenizer.decode([])).toBe("");
});

/** Characters of Unicode 14 and later, which the reference's expressions do not know yet. */
const NEWER = /\u{897}|\u{1acf}|\u{11f4f}|\u{1e4ec}/u;

describe("byte-level text is cut as in", () => {
  const cuts = fixture<Readonly<Record<string, string>>>("tokenizers/cuts.json");
  it.each(Object.keys(cuts))("%s", (pre) => {
    const hashes = cuts[pre] as string;
    const rule = GGUF_PRE_TOKENIZERS[pre] as (typeof GGUF_PRE_TOKENIZERS)[string];
    const place = { file: pre, key: "" };
    const [normal, words] = [normalizer(rule.normalizer, place), preTokenizer(rule.preTokenizer, place)];
    const wrong = texts.filter((text, i) => {
      if (NEWER.test(text)) return false;
      const pieces = words.cut({ text: normal.apply(text, false), first: true }, false).map((piece) => piece.text);
      const hash = createHash("sha256").update(pieces.join("\n")).digest("hex").slice(0, 8);
      return hash !== hashes.slice(8 * i, 8 * i + 8);
    });
    expect(wrong).toEqual([]);
  });
});

describe("a chat is written as transformers writes it, in the style of", () => {
  interface Chats {
    readonly conversations: readonly (readonly ChatMessage[])[];
    readonly expected: Readonly<
      Record<
        string,
        readonly ({ readonly text: string; readonly ids: readonly number[] } | { readonly error: string })[]
      >
    >;
  }
  const chats = fixture<Chats>("tokenizers/chats.json");
  it.each(Object.entries(chats.expected))("%s", (name, wanted) => {
    const { tokenizer } = hubTokenizer(path(name));
    const { chat } = tokenizer;
    if (chat === null) throw new Error("no template");
    wanted.forEach((one, i) => {
      const conversation = chats.conversations[i] as readonly ChatMessage[];
      if ("error" in one) {
        expect(() => chat(conversation)).toThrow(
          expect.objectContaining({ code: "chat-template-failed", message: expect.stringContaining(one.error) }),
        );
      } else {
        expect(chat(conversation)).toBe(one.text);
        expect(tokenizer.encode(one.text, { special: true })).toEqual(one.ids);
      }
    });
  });

  it("no family without a template", () => {
    expect(hubTokenizer(path("bert")).tokenizer.chat).toBeNull();
  });
});
