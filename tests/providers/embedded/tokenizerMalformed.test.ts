/** Tokenizer files that are damaged, of an unknown kind, or made to do harm. */
import { cpSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";
import { ExpectedError } from "../../../errors.ts";
import type { Tokenizer } from "../../../providers/contract.ts";
import type { Gguf, GgufValue } from "../../../providers/embedded/formats/gguf.ts";
import { readGguf } from "../../../providers/embedded/formats/gguf.ts";
import { ggufTokenizer } from "../../../providers/embedded/tokenizer/ggufTokenizer.ts";
import { hubTokenizer } from "../../../providers/embedded/tokenizer/hubTokenizer.ts";

const fixtures = (name: string) => fileURLToPath(new URL(`../../oracles/fixtures/tokenizers/${name}`, import.meta.url));

/** biome-ignore lint/suspicious/noExplicitAny: a file's content, about to be broken at will */
type Json = any;

function folderOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "isoglyph-tokenizer-"));
  cpSync(fixtures(name), folder, { recursive: true });
  return folder;
}

/** The family's folder after `change` of one of its files. */
function changed(name: string, change: (json: Json) => void, file = "tokenizer.json"): string {
  const folder = folderOf(name);
  const json: Json = JSON.parse(readFileSync(join(folder, file), "utf8"));
  change(json);
  writeFileSync(join(folder, file), JSON.stringify(json));
  return folder;
}

function refusal(task: () => unknown): ExpectedError {
  try {
    task();
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error("not refused");
}

const regex = (json: Json, source: string) => {
  json.pre_tokenizer.pretokenizers[0].pattern = { Regex: source };
};
const nested = (depth: number): Json =>
  depth === 0
    ? { type: "ByteLevel", add_prefix_space: false }
    : { type: "Sequence", pretokenizers: [nested(depth - 1)] };

describe("a folder's tokenizer", () => {
  it.each<[string, string, (json: Json) => void, string, RegExp]>([
    ["no model", "qwen2", (json) => delete json.model, "tokenizer-malformed", /^model is missing/],
    [
      "an unknown model",
      "qwen2",
      (json) => {
        json.model.type = "WordLevel";
      },
      "tokenizer-unsupported",
      /^model\.type WordLevel is not supported/,
    ],
    [
      "no vocabulary",
      "qwen2",
      (json) => {
        json.model.vocab = 7;
      },
      "tokenizer-malformed",
      /^model\.vocab is 7/,
    ],
    [
      "an id below 0",
      "qwen2",
      (json) => {
        json.model.vocab.a = -1;
      },
      "tokenizer-malformed",
      /^model\.vocab\."a" is -1/,
    ],
    [
      "an enormous id",
      "qwen2",
      (json) => {
        json.model.vocab.a = 2 ** 31;
      },
      "tokenizer-malformed",
      /is 2147483648, not an id between 0 and 16777215/,
    ],
    [
      "a merge of no tokens",
      "qwen2",
      (json) => {
        json.model.merges[3] = ["zz", "zz"];
      },
      "tokenizer-malformed",
      /^model\.merges\[3\] is/,
    ],
    [
      "a merge of three",
      "qwen2",
      (json) => {
        json.model.merges[0] = "a b c";
      },
      "tokenizer-malformed",
      /^model\.merges\[0\] is/,
    ],
    [
      "dropout",
      "qwen2",
      (json) => {
        json.model.dropout = 0.1;
      },
      "tokenizer-malformed",
      /^model\.dropout is 0\.1, .*only none/,
    ],
    [
      "a suffix of words",
      "qwen2",
      (json) => {
        json.model.end_of_word_suffix = "</w>";
      },
      "tokenizer-malformed",
      /end_of_word_suffix is "<\/w>"/,
    ],
    [
      "an unknown token that is none",
      "llama2",
      (json) => {
        json.model.unk_token = "nix";
      },
      "tokenizer-malformed",
      /^model\.unk_token is "nix"/,
    ],
    [
      "an unknown normaliser",
      "qwen2",
      (json) => {
        json.normalizer = { type: "Nmt" };
      },
      "tokenizer-unsupported",
      /^normalizer\.type Nmt/,
    ],
    [
      "a normaliser by an inherited name",
      "qwen2",
      (json) => {
        json.normalizer = { type: "constructor" };
      },
      "tokenizer-unsupported",
      /normalizer\.type constructor/,
    ],
    [
      "a pre-tokenizer without a type",
      "qwen2",
      (json) => {
        json.pre_tokenizer = 3;
      },
      "tokenizer-malformed",
      /^pre_tokenizer is 3/,
    ],
    [
      "an unknown decoder",
      "qwen2",
      (json) => {
        json.decoder = { type: "CTC" };
      },
      "tokenizer-unsupported",
      /^decoder\.type CTC/,
    ],
    [
      "an unknown behaviour",
      "qwen2",
      (json) => {
        json.pre_tokenizer.pretokenizers[0].behavior = "Thrown";
      },
      "tokenizer-malformed",
      /pretokenizers\[0\]\.behavior is "Thrown"/,
    ],
    [
      "parts inside parts without end",
      "qwen2",
      (json) => {
        json.pre_tokenizer = nested(9);
      },
      "tokenizer-malformed",
      /nested more than 8 deep/,
    ],
    [
      "a broken expression",
      "qwen2",
      (json) => regex(json, "(a"),
      "tokenizer-unsupported",
      /pattern\.Regex \(a is not supported/,
    ],
    ["a possessive quantifier", "qwen2", (json) => regex(json, "\\p{L}++a"), "tokenizer-unsupported", /Regex/],
    ["an atomic group", "qwen2", (json) => regex(json, "(?>a|ab)c"), "tokenizer-unsupported", /Regex/],
    ["a huge expression", "qwen2", (json) => regex(json, "a".repeat(20_000)), "tokenizer-malformed", /pattern/],
    [
      "an added token without an id",
      "qwen2",
      (json) => delete json.added_tokens[0].id,
      "tokenizer-malformed",
      /^added_tokens\[0\]\.id is missing/,
    ],
    [
      "a post-processor without a text",
      "llama2",
      (json) => {
        json.post_processor.single = [];
      },
      "tokenizer-malformed",
      /^post_processor\.single is/,
    ],
    [
      "a post-processor of unknown tokens",
      "llama2",
      (json) => {
        json.post_processor.special_tokens = {};
      },
      "tokenizer-malformed",
      /special_tokens is "<s>"/,
    ],
    [
      "a map that is no base64",
      "xlm-roberta",
      (json) => {
        json.normalizer.precompiled_charsmap = "§";
      },
      "tokenizer-malformed",
      /^normalizer\.precompiled_charsmap is/,
    ],
    [
      "a map that is too short",
      "xlm-roberta",
      (json) => {
        json.normalizer.precompiled_charsmap = "AAAA";
      },
      "tokenizer-malformed",
      /precompiled_charsmap is "3 bytes"/,
    ],
    [
      "a map that claims too much",
      "xlm-roberta",
      (json) => {
        json.normalizer.precompiled_charsmap = "/////wAAAAA=";
      },
      "tokenizer-malformed",
      /a trie of 4294967295 bytes/,
    ],
    [
      "scores that are none",
      "xlm-roberta",
      (json) => {
        json.model.vocab[5] = ["x"];
      },
      "tokenizer-malformed",
      /^model\.vocab\[5\] is/,
    ],
    [
      "an unknown id beyond the vocabulary",
      "xlm-roberta",
      (json) => {
        json.model.unk_id = 99_999;
      },
      "tokenizer-malformed",
      /^model\.unk_id is 99999/,
    ],
    [
      "no unknown token",
      "bert",
      (json) => delete json.model.unk_token,
      "tokenizer-malformed",
      /^model\.unk_token is missing/,
    ],
    [
      "words without end",
      "bert",
      (json) => {
        json.model.max_input_chars_per_word = 1e9;
      },
      "tokenizer-malformed",
      /max_input_chars_per_word is 1000000000/,
    ],
  ])("with %s is refused", (_, family, change, code, message) => {
    const folder = changed(family, change);
    const error = refusal(() => hubTokenizer(folder));
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      where: join(folder, "tokenizer.json"),
    });
    expect(error.hint).toBeTruthy();
    expect(error.message.length).toBeLessThan(500);
  });

  it.each<[string, string, (json: Json) => void, RegExp]>([
    [
      "special tokens that are none",
      "tokenizer_config.json",
      (json) => {
        json.eos_token = 5;
      },
      /^eos_token is 5/,
    ],
    [
      "added tokens under no id",
      "tokenizer_config.json",
      (json) => {
        json.added_tokens_decoder = { x: { content: "x" } };
      },
      /^added_tokens_decoder is "x"/,
    ],
    [
      "a template that is none",
      "tokenizer_config.json",
      (json) => {
        json.chat_template = 5;
      },
      /^chat_template is 5/,
    ],
  ])("with %s in its configuration is refused", (_, file, change, message) => {
    const folder = changed("qwen2", change, file);
    expect(refusal(() => hubTokenizer(folder))).toMatchObject({
      code: "tokenizer-malformed",
      message: expect.stringMatching(message),
      where: join(folder, file),
    });
  });

  it("is missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-tokenizer-"));
    expect(refusal(() => hubTokenizer(folder))).toMatchObject({ code: "tokenizer-missing", where: folder });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["no UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
  ])("is %s", (_, content) => {
    const folder = folderOf("qwen2");
    writeFileSync(join(folder, "tokenizer.json"), content);
    expect(refusal(() => hubTokenizer(folder))).toMatchObject({ code: "tokenizer-malformed" });
  });

  it("is larger than any", () => {
    const folder = folderOf("qwen2");
    truncateSync(join(folder, "tokenizer.json"), (64 << 20) + 1);
    expect(refusal(() => hubTokenizer(folder))).toMatchObject({
      code: "tokenizer-malformed",
      message: expect.stringContaining("67108864"),
    });
  });

  it("may hold an expression that never ends, and the text is refused in time", () => {
    const { tokenizer } = hubTokenizer(changed("qwen2", (json) => regex(json, "(a+)+$")));
    expect(tokenizer.encode("aaa").length).toBeGreaterThan(0);
    expect(refusal(() => tokenizer.encode(`${"a".repeat(40)}b`))).toMatchObject({
      code: "tokenizer-malformed",
      message: expect.stringContaining("not finished after"),
    });
  });

  it("loses no character in silence", () => {
    const { tokenizer } = hubTokenizer(
      changed("llama2", (json) => {
        json.model.unk_token = null;
        json.model.byte_fallback = false;
      }),
    );
    expect(tokenizer.encode("Hi").length).toBeGreaterThan(0);
    expect(refusal(() => tokenizer.encode("a龘b"))).toMatchObject({
      code: "text-unencodable",
      message: expect.stringContaining("U+9F98"),
    });
    for (const family of ["qwen2", "llama2", "xlm-roberta", "bert"]) {
      const own = hubTokenizer(fixtures(family)).tokenizer;
      expect(
        refusal(() => own.encode("a\ud800")),
        family,
      ).toMatchObject({ code: "text-unencodable" });
    }
  });

  it("takes what the configuration calls special for special", () => {
    const open = (special: boolean) =>
      hubTokenizer(
        changed(
          "qwen2",
          (json) => {
            json.additional_special_tokens = special ? ["<think>"] : [];
          },
          "tokenizer_config.json",
        ),
      ).tokenizer;
    const [plain, special] = [open(false), open(true)];
    expect(plain.encode("<think>")).toHaveLength(1);
    expect(special.encode("<think>").length).toBeGreaterThan(1);
    expect(special.encode("<think>", { special: true })).toEqual(plain.encode("<think>"));
  });

  it("adds the tokens that only the configuration knows", () => {
    const folder = changed(
      "qwen2",
      (json) => {
        json.added_tokens_decoder = { 950: { content: "<new>", special: false } };
      },
      "tokenizer_config.json",
    );
    const { tokenizer } = hubTokenizer(folder);
    expect(tokenizer.encode("<new>")).toEqual([950]);
    expect(tokenizer.decode([950])).toBe("<new>");
  });

  it("ends where generation_config.json says", () => {
    const folder = folderOf("gpt2");
    writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [7, 8] }));
    expect(hubTokenizer(folder).tokenizer.end).toEqual([7, 8, 800]);
  });

  it("has its chat template in a file of its own, or under the name default", () => {
    const hi = [{ role: "user", content: "Hi" }] as const;
    const folder = changed(
      "gpt2",
      (json) => {
        json.chat_template = [
          { name: "tools", template: "x" },
          { name: "default", template: "{{ messages[0].content }}{{ eos_token }}" },
        ];
      },
      "tokenizer_config.json",
    );
    expect(hubTokenizer(folder).tokenizer.chat?.(hi)).toBe("Hi<|endoftext|>");
    writeFileSync(join(folder, "chat_template.jinja"), "own {{ messages[0].role }}");
    expect(hubTokenizer(folder).tokenizer.chat?.(hi)).toBe("own user");
  });
});

describe("a chat template", () => {
  const chat = (template: string) => {
    const folder = folderOf("gpt2");
    writeFileSync(join(folder, "chat_template.jinja"), template);
    return refusal(() => hubTokenizer(folder).tokenizer.chat?.([{ role: "user", content: "Hi" }]));
  };
  it.each([
    ["that is broken", "{% for m in messages %}", /./],
    ["that counts without end", "{% for i in range(1000000000) %}{% endfor %}", /range asks for 1000000000/],
    [
      "that goes on for ever",
      `{% for i in range(99999) %}${"{% for j in range(99999) %}".repeat(3)}{% endfor %}{% endfor %}{% endfor %}{% endfor %}`,
      /not finished/,
    ],
    ["that asks for an unknown date", "{{ strftime_now('%Q') }}", /does not know %Q/],
    ["that is larger than any", " ".repeat(2 << 20), /2097152 characters/],
  ])("%s fails where it is used", (_, template, message) => {
    expect(chat(template)).toMatchObject({ code: "chat-template-failed", message: expect.stringMatching(message) });
  });
});

describe("GGUF metadata", () => {
  const withField = (name: string, key: string, value: GgufValue | undefined): Gguf => {
    const gguf = readGguf(fixtures(`${name}.gguf`));
    const metadata = new Map(gguf.metadata);
    if (value === undefined) metadata.delete(`tokenizer.ggml.${key}`);
    else metadata.set(`tokenizer.ggml.${key}`, value);
    return { ...gguf, metadata };
  };

  it.each<[string, string, GgufValue | undefined, string, RegExp]>([
    ["llama2", "scores", undefined, "gguf-field", /scores is missing/],
    ["llama2", "scores", [1], "gguf-field", /scores is 1 long, not 900/],
    ["xlm-roberta", "scores", new Array(1402).fill(Number.NaN), "gguf-field", /scores\[0\] is NaN/],
    ["xlm-roberta", "precompiled_charsmap", [1, 2], "tokenizer-malformed", /precompiled_charsmap is "2 bytes"/],
    ["xlm-roberta", "precompiled_charsmap", ["a"], "gguf-field", /precompiled_charsmap\[0\] is a, not a number/],
    ["llama2", "add_space_prefix", 1, "gguf-field", /add_space_prefix is 1, neither true nor false/],
    ["bert", "seperator_token_id", 99_999, "gguf-field", /seperator_token_id is 99999/],
    ["qwen2", "pre", "kimi-k2", "tokenizer-unsupported", /pre-tokenizer kimi-k2/],
    ["qwen2", "model", "rwkv", "tokenizer-unsupported", /tokenizer model rwkv/],
  ])("%s with %s = %j is refused", (name, key, value, code, message) => {
    const error = refusal(() => ggufTokenizer(withField(name, key, value)));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    if (code === "tokenizer-unsupported") expect(error.hint).toMatch(/supported: .*(llama|qwen2)/);
  });

  it("without a pre-tokenizer's name is cut as GPT-2 does", () => {
    const { tokenizer } = ggufTokenizer(withField("gpt2", "pre", undefined));
    const same = ggufTokenizer(readGguf(fixtures("gpt2.gguf"))).tokenizer;
    expect(tokenizer.encode("It's 1234\n\n  ok")).toEqual(same.encode("It's 1234\n\n  ok"));
  });

  it("may ask for a token at the end of every text", () => {
    const { tokenizer } = ggufTokenizer(withField("llama2", "add_eos_token", true));
    expect([tokenizer.begin, tokenizer.finish]).toEqual([[1], [2]]);
  });
});

describe("any damage", () => {
  const FAMILIES = ["qwen2", "llama2", "gemma", "bert"];
  const VALUES: readonly Json[] = [
    null,
    true,
    0,
    -1,
    2 ** 24,
    2 ** 53,
    0.5,
    "",
    "▁",
    "(",
    "(a+)+$",
    "\ud800",
    "constructor",
    [],
    {},
    [null],
    { type: "Sequence" },
    { Regex: "(a|a)*b" },
    { String: "" },
  ];
  const used = (tokenizer: Tokenizer) => {
    for (const text of ["Hello 人工 123\n\n don't", "<s>[CLS]<|im_end|>"]) {
      for (const special of [false, true]) tokenizer.decode(tokenizer.encode(text, { special }));
    }
  };

  it("of 150 kinds to a tokenizer.json gives a tokenizer or an expected error", () => {
    const sources = FAMILIES.map((name) => readFileSync(join(fixtures(name), "tokenizer.json"), "utf8"));
    const folder = folderOf("gpt2");
    const codes = new Set<string>();
    for (let seed = 0; seed < 150; seed++) {
      const random = xoroshiro128plus(Math.imul(seed + 1, 0x9e3779b1));
      const pick = (limit: number) => uniformInt(random, 0, limit - 1);
      const json: Json = JSON.parse(sources[seed % sources.length] as string);
      let node: Json = json;
      let keys = Object.keys(node);
      let key = keys[pick(keys.length)] as string;
      for (let depth = pick(6); depth > 0 && typeof node[key] === "object" && node[key] !== null; depth--) {
        keys = Object.keys(node[key]);
        if (keys.length === 0) break;
        node = node[key];
        key = keys[pick(keys.length)] as string;
      }
      if (pick(4) === 0) delete node[key];
      else node[key] = structuredClone(VALUES[pick(VALUES.length)]);
      writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
      try {
        used(hubTokenizer(folder).tokenizer);
        codes.add("valid");
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw new Error(`mutation ${seed}`, { cause: error });
        codes.add(error.code);
      }
    }
    expect([...codes].sort()).toEqual(
      expect.arrayContaining(["tokenizer-malformed", "tokenizer-unsupported", "valid"]),
    );
  });
});
