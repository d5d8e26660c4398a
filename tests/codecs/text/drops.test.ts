import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Codec } from "../../../codecs/contract.ts";
import { standInFor } from "../../../codecs/registry.ts";
import { phraseUnits } from "../../../codecs/text/phrases.ts";
import { wordLogProbs } from "../../../codecs/text/wordInformation.ts";
import { wordsOf } from "../../../codecs/words.ts";
import type { Provider, ReadRequest } from "../../../providers/contract.ts";
import { ScriptedProvider } from "../../harness/ScriptedProvider.ts";
import { logProbs } from "../../providers/logProbs.ts";
import { encode } from "../encode.ts";
import { codecOn, inputOf, openTinyModel } from "./tinyModel.ts";

/** Says of each token what the table says of it, by what was read before it or else by itself; −1 of all others. */
function told(table: Readonly<Record<string, number>>, before: Readonly<Record<string, number>> = {}): Provider {
  const model = new ScriptedProvider();
  model.read = async ({ rows, scores }: ReadRequest) => ({
    ...{ states: new Float32Array(), pools: [], comparisons: [] },
    scores: scores.map(({ row, segment }) => {
      const read = model.tokenizer.decode(rows[row]?.[0]?.ids ?? []);
      const known = read.includes("?") ? { ...table, ...before } : table;
      return (rows[row]?.[segment]?.ids ?? []).map((id) => known[model.tokenizer.decode([id]).trim()] ?? -1);
    }),
  });
  return model;
}

const textsOf = async (codec: Codec, original: string, ...questions: readonly string[]) =>
  (await codec.encode([inputOf(original, ...questions)]))[0];

describe("random-drop", () => {
  test("keeps the share that it is told, more with a larger one, and the same again for the same seed", async () => {
    const original = "one two three four five six seven eight nine ten";
    const kept = async (parameters: Record<string, unknown>) => {
      const encoding = await encode("random-drop", parameters, original);
      return "text" in encoding ? wordsOf(encoding.text).map(({ text }) => text) : [];
    };
    const half = await kept({});
    expect(half).toHaveLength(5);
    expect(await kept({ keep: 0.5, seed: 1 })).toEqual(half);
    expect(await kept({ seed: 2 })).not.toEqual(half);
    expect((await kept({ keep: 0.8 })).filter((word) => half.includes(word))).toEqual(half);
    expect(await kept({ keep: 1 })).toEqual(original.split(" "));
    expect(await kept({ keep: 0.01 })).toHaveLength(1);
    // Order is the original's.
    expect(half.map((word) => original.indexOf(word))).toEqual(
      half.map((word) => original.indexOf(word)).toSorted((a, b) => a - b),
    );
  });

  test("over many texts each word is as likely to stay", async () => {
    const stays = new Array<number>(4).fill(0);
    for (let i = 0; i < 400; i++) {
      const encoding = await encode("random-drop", { seed: i }, "a b c d");
      for (const { text } of wordsOf("text" in encoding ? encoding.text.toLowerCase() : "")) {
        stays["abcd".indexOf(text)] = (stays["abcd".indexOf(text)] as number) + 1;
      }
    }
    // 200 each, give or take five standard deviations of a binomial.
    for (const count of stays) expect(Math.abs(count - 200)).toBeLessThan(50);
  });

  test("nothing to drop", async () => {
    expect(await encode("random-drop", {}, "…")).toEqual({ missing: "the original has no words" });
  });
});

describe("self-information-drop", () => {
  const original = "The ferry left the harbour with sixty cars aboard.";
  const model = told({ The: -0.5, the: -0.1, ferry: -6, left: -2, harbour: -3, with: -0.2, sixty: -9, cars: -4 });

  test("the words that the model would have guessed go", async () => {
    expect(await textsOf(codecOn(model, "self-information-drop", { keep: 0.5 }), original)).toEqual({
      text: "Ferry left harbour sixty cars.",
    });
  });

  test("phrases go as a whole, by the sum of their words", async () => {
    const phrases = phraseUnits(original).map((unit) => unit.map((index) => wordsOf(original)[index]?.text).join(" "));
    expect(phrases).toEqual(["The ferry left", "the harbour", "with sixty cars aboard"]);
    const codec = codecOn(model, "self-information-drop", { keep: 0.6, units: "phrases" });
    expect(await textsOf(codec, original)).toEqual({ text: "The ferry left with sixty cars aboard." });
  });

  test("a model without log-probabilities is refused by name", async () => {
    const blind = new ScriptedProvider({ capabilities: { promptLogits: "none" } });
    await expect(textsOf(codecOn(blind, "self-information-drop"), original)).rejects.toMatchObject({
      code: "capability-missing",
    });
  });
});

describe("question-aware-drop", () => {
  const original = "The old ferry left with sixty cars.";
  const questions = ["How many cars?", "What left?"];

  test("the words that the first question makes likelier stay, however surprising the others are", async () => {
    const model = told({ ferry: -9, sixty: -8, "cars.": -7 }, { sixty: -2, "cars.": -1 });
    expect(await textsOf(codecOn(model, "question-aware-drop", { keep: 0.3 }), original, ...questions)).toEqual({
      text: "Sixty cars.",
    });
  });

  test("an item with one question could be judged by nothing that the code has not seen", async () => {
    expect(await textsOf(codecOn(told({}), "question-aware-drop"), original, "How many?")).toEqual({
      missing: "the item has no second question to be judged by",
    });
  });
});

describe("tokens and words", () => {
  let model: Provider;
  beforeAll(async () => {
    model = await openTinyModel();
  });
  afterAll(() => model.close());

  test("a word has the log-probabilities of its own tokens, parts of characters included", async () => {
    const { tokenizer } = model;
    const text = "Ein Café, 渡轮!";
    const rows = [
      [
        { ids: tokenizer.end.slice(0, 1), parent: null },
        { ids: tokenizer.encode(text), parent: 0 },
      ],
    ];
    const read = await model.read({ rows, states: [], pools: [], comparisons: [], scores: [{ row: 0, segment: 1 }] });
    const bytes = logProbs(read.scores[0]);
    const sum = (from: number, to: number) => bytes.slice(from, to).reduce((total, value) => total + value, 0);
    // One token a byte: 3, a space, 5 with é of two, a comma and a space, twice 3, and a mark.
    const [words] = await wordLogProbs(model, [{ text, before: "" }]);
    expect(bytes).toHaveLength(18);
    [sum(0, 3), sum(4, 9), sum(11, 14), sum(14, 17)].forEach((expected, i) => {
      expect(words?.[i]).toBeCloseTo(expected, 9);
    });
  });
});

test("what needs the model has a code of about its length that needs none", () => {
  const standIn = (codec: string, parameters = {}) => standInFor({ codec, parameters }, "test");
  expect(standIn("self-information-drop", { keep: 0.3 })).toEqual({ codec: "random-drop", parameters: { keep: 0.3 } });
  expect(standIn("arithmetic").codec).toBe("identity");
  expect(standIn("truncate")).toEqual({ codec: "truncate", parameters: {} });
  expect(() => standIn("self-information-drop", { kep: 0.3 })).toThrow('no parameter "kep"');
});
