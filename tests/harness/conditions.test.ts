import fc from "fast-check";
import { expect, test } from "vitest";
import type { Encoding } from "../../codecs/contract.ts";
import { STOP_WORDS } from "../../codecs/stopWords.ts";
import { checkSuite } from "../../harness/checkSuite.ts";
import { noServices } from "../../harness/codecServices.ts";
import { type Candidate, type Condition, conditions } from "../../harness/conditions.ts";
import { overlapWords } from "../../harness/measures/overlap.ts";
import { prepareConditions } from "../../harness/prepareConditions.ts";
import { words } from "../../harness/words.ts";
import type { Item } from "../../suites/Suite.ts";
import { anItem } from "./measures/readings.ts";
import { ScriptedTokenizer } from "./ScriptedProvider.ts";
import { scriptedItems, scriptedSuite } from "./scriptedSuite.ts";

const tokenizer = new ScriptedTokenizer();

function made(
  items: readonly Item[],
  candidates: readonly Candidate[] = [],
  others: (number | null)[][] = [],
  seed = 1,
): Map<string, Condition> {
  return new Map(conditions({ items, candidates, tokenizer, others, seed }).map((one) => [one.name, one]));
}

function candidate(
  name: string,
  encodings: readonly (string | null)[],
  alphabet: readonly string[] | null = null,
): Candidate {
  const list: Encoding[] = encodings.map((text) => (text === null ? { missing: "not encoded" } : { text }));
  return { name, codec: { alphabet, encode: async () => list }, encodings: list };
}

function textOf(all: Map<string, Condition>, name: string, item = 0): string {
  const encoding = all.get(name)?.texts[item];
  if (!encoding || !("text" in encoding)) throw new Error(`${name} has no text: ${JSON.stringify(encoding)}`);
  return encoding.text;
}

const ORIGINAL = "The ferry to Harwich leaves the old pier at seven, and a second one follows.";
const DROPPED = new Set(["the", "to", "at", "and", "a"]);
const original = anItem("a", { original: ORIGINAL });
const counted = (list: readonly string[]) => list.toSorted().join(" ");

/** Words of `a` that `b` lacks, with multiplicity. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = [...b];
  return a.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

test("the shared controls, their roles and order", () => {
  const item = anItem("a", { original: ORIGINAL, paraphrases: ["p", "q", "r"], decoy: { text: "d", paraphrase: "e" } });
  const all = made([item], [candidate("short", ["ferry pier"], [" x"])], [[null], [null]]);
  expect([...all.values()].map(({ name, role, of }) => `${name} ${role} ${of}`)).toEqual([
    "original reference null",
    "paraphrase-near ceiling null",
    "paraphrase-far ceiling null",
    "paraphrase-3 ceiling null",
    "mismatch-1 floor null",
    "mismatch-2 floor null",
    "empty floor null",
    "filler floor null",
    "decoy foil null",
    "decoy-paraphrase control null",
    "shuffled-original foil null",
    "first-half foil null",
    "short candidate null",
    "swapped:short floor short",
    "random:short floor short",
    "overlap-matched:short foil short",
  ]);
  expect(["paraphrase-far", "empty", "decoy", "decoy-paraphrase", "short"].map((name) => textOf(all, name))).toEqual([
    "q",
    "",
    "d",
    "e",
    "ferry pier",
  ]);
});

test("what an item lacks is missing, for a reason", () => {
  const bare = anItem("b", { original: "It rains." });
  const full = anItem("a", { original: ORIGINAL, paraphrases: ["p"], decoy: { text: "d" } });
  const all = made([full, bare], [candidate("c", ["x", null])], [[null, 0]]);
  const at = (name: string, item: number) => all.get(name)?.texts[item];
  expect(at("paraphrase-near", 1)).toEqual({ missing: "the item has 0 paraphrases" });
  expect(at("decoy", 1)).toEqual({ missing: "the item has no decoy" });
  expect(at("decoy-paraphrase", 0)).toEqual({ missing: "the item's decoy has no paraphrase" });
  expect(at("mismatch-1", 0)).toEqual({ missing: "there is no other item to take a text from" });
  expect(at("mismatch-1", 1)).toEqual({ text: ORIGINAL });
  expect(at("swapped:c", 0)).toEqual({ missing: "there is no other item to take a text from" });
  expect(at("swapped:c", 1)).toEqual({ missing: "not encoded" });
  expect(made([bare]).has("decoy")).toBe(false);
  expect(made([bare]).has("paraphrase-near")).toBe(false);
});

test("mismatch is another item's original, swapped its encoding: the first draw's", () => {
  const items = ["a", "b", "c"].map((id) => anItem(id, { original: `${id} original text` }));
  const all = made(
    items,
    [candidate("c", ["A", "B", "C"])],
    [
      [1, 2, 0],
      [2, 0, 1],
    ],
  );
  expect([0, 1, 2].map((i) => textOf(all, "mismatch-1", i))).toEqual([
    "b original text",
    "c original text",
    "a original text",
  ]);
  expect([0, 1, 2].map((i) => textOf(all, "mismatch-2", i))).toEqual([
    "c original text",
    "a original text",
    "b original text",
  ]);
  expect([0, 1, 2].map((i) => textOf(all, "swapped:c", i))).toEqual(["B", "C", "A"]);
});

test("partners are of the topic, and an item whose topic has one other gets one mismatch", async () => {
  const items = scriptedItems(12).map((item, i) => ({ ...item, topic: i < 2 ? "two" : i < 11 ? "nine" : "alone" }));
  const services = noServices("no codec of the suite asks");
  const list = await prepareConditions(scriptedSuite({ items }), tokenizer, services);
  const texts = (name: string) => list.find((one) => one.name === name)?.texts ?? [];
  const topicOf = (encoding: Encoding | undefined) =>
    items.find(({ original }) => encoding && "text" in encoding && encoding.text === original)?.topic;
  expect(texts("mismatch-1").map(topicOf).slice(0, 11)).toEqual(items.slice(0, 11).map(({ topic }) => topic));
  expect(texts("mismatch-2").slice(0, 2)).toEqual(
    [0, 1].map(() => ({ missing: "there is no other item to take a text from" })),
  );
  expect(texts("mismatch-2").map(topicOf).slice(2, 11)).toEqual(Array(9).fill("nine"));
  items.forEach(({ original }, i) => {
    for (const name of ["mismatch-1", "mismatch-2"]) expect(texts(name)[i]).not.toEqual({ text: original });
    if (i > 1) expect(texts("mismatch-1")[i]).not.toEqual(texts("mismatch-2")[i]);
  });
});

test("a partner without an encoding gives no swapped text", () => {
  const items = ["a", "b"].map((id) => anItem(id));
  expect(made(items, [candidate("c", ["A", null])], [[1, 0]]).get("swapped:c")?.texts[0]).toEqual({
    missing: "not encoded",
  });
});

test("filler and random symbols cost as many tokens as what they stand for", () => {
  const symbols = ["one", " two", " three four"];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("ferry", "pier", "sea"), { minLength: 1, maxLength: 60 }),
      fc.integer(),
      (list, seed) => {
        const said = list.join(" ");
        const all = made([anItem("a", { original: said })], [candidate("c", [said], symbols)], [], seed);
        expect(tokenizer.encode(textOf(all, "filler"))).toHaveLength(list.length);
        const random = textOf(all, "random:c");
        const cost = tokenizer.encode(random).length;
        expect(cost).toBeGreaterThanOrEqual(list.length);
        expect(cost).toBeLessThan(list.length + 2);
        expect(random.replaceAll(/ three four| two|one/g, "")).toBe("");
      },
    ),
  );
  expect(made([original], [candidate("c", ["x"])]).has("random:c")).toBe(false);
});

test("random symbols differ by item and seed, and repeat", () => {
  const items = ["a", "b"].map((id) => anItem(id, { original: ORIGINAL }));
  const alphabet = Array.from({ length: 50 }, (_, i) => ` s${i}`);
  const random = (item: number, seed: number) =>
    textOf(made(items, [candidate("c", [ORIGINAL, ORIGINAL], alphabet)], [], seed), "random:c", item);
  expect(random(0, 1)).toBe(random(0, 1));
  expect(random(0, 1)).not.toBe(random(1, 1));
  expect(random(0, 1)).not.toBe(random(0, 2));
});

test("shuffled-original has the original's words in another order, first-half the first of them", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom("ferry", "pier", "sea,", "Harwich", "the", "old", "at"), { minLength: 4 }),
      fc.integer(),
      (list, seed) => {
        const said = list.join(" ");
        const all = made([anItem("a", { original: said })], [], [], seed);
        const half = textOf(all, "first-half").split(" ");
        expect(half).toEqual(list.slice(0, Math.ceil(list.length / 2)));
        const shuffledText = all.get("shuffled-original")?.texts[0];
        if (!shuffledText || "missing" in shuffledText) return;
        expect(shuffledText.text).not.toBe(said);
        expect(counted(shuffledText.text.split(" "))).toBe(counted(list));
      },
    ),
  );
  const orders = new Set(
    Array.from({ length: 40 }, (_, seed) =>
      textOf(made([anItem("a", { original: "a b c d e f" })], [], [], seed), "shuffled-original"),
    ),
  );
  expect(orders.size).toBeGreaterThan(30);
});

test("one word can be neither shuffled nor halved", () => {
  const all = made([anItem("a", { original: "Rain." })]);
  for (const name of ["shuffled-original", "first-half"])
    expect(all.get(name)?.texts[0]).toEqual({ missing: expect.stringMatching(/too few words/) });
});

test("overlap-matched: as many words gone as the candidate drops, of those that it keeps, content words first", () => {
  const kept = ORIGINAL.split(" ").filter((word) => !DROPPED.has(word.toLowerCase()));
  const encoding = kept.join(" ");
  const seen = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const foil = textOf(made([original], [candidate("c", [encoding])], [], seed), "overlap-matched:c");
    const gone = without(words(ORIGINAL), words(foil));
    expect(gone).toHaveLength(words(ORIGINAL).length - words(encoding).length);
    expect(without(gone, words(encoding)), "only words that the candidate keeps").toEqual([]);
    expect(gone.filter((word) => STOP_WORDS.includes(word))).toEqual([]);
    expect(overlapWords(ORIGINAL, foil)).toBe(overlapWords(ORIGINAL, encoding));
    seen.add(foil);
  }
  expect(seen.size, "which words go is drawn").toBeGreaterThan(5);
});

test("overlap-matched: function words go once the content words are gone, and the candidate's own gaps last", () => {
  const item = anItem("a", { original: "ferry of pier sea wind" });
  const foil = (encoding: string, seed: number) =>
    textOf(made([item], [candidate("c", [encoding])], [], seed), "overlap-matched:c");
  for (let seed = 0; seed < 10; seed++) {
    expect(foil("ferry of pier", seed).split(" ").sort()).toEqual(["of", "sea", "wind"]);
    expect(foil("ferry of", seed)).toMatch(/^(pier sea|pier wind|sea wind)$/);
    expect(foil("of", seed)).toMatch(/^(ferry|pier|sea|wind)$/);
  }
});

test("overlap-matched counts words, not what stands between white space", () => {
  const item = anItem("a", { original: "Ferries — old and/or new — leave." });
  const all = made([item], [candidate("c", ["Ferries old and/or new leave."])]);
  expect(all.get("overlap-matched:c")).toBeUndefined();
  const foil = textOf(made([item], [candidate("c", ["Ferries old and/or leave."])]), "overlap-matched:c");
  expect(words("Ferries — old and/or new — leave.").length - words(foil).length).toBeGreaterThanOrEqual(1);
  expect(foil).toContain("—");
  expect(foil).toContain("new");
});

test("overlap-matched keeps what is no word", () => {
  const item = anItem("a", { original: "ferry — of — pier sea" });
  for (let seed = 0; seed < 20; seed++) {
    const foil = textOf(made([item], [candidate("c", ["sea"])], [], seed), "overlap-matched:c");
    expect(foil).toMatch(/^(ferry — —|— of —|— — pier)$/);
  }
});

test("no overlap to match: no foil, unless most items have one", () => {
  const items = ["a", "b", "c"].map((id) => anItem(id, { original: "ferry pier" }));
  const matched = (...encodings: string[]) => made(items, [candidate("c", encodings)]).get("overlap-matched:c");
  expect(matched("渡船", "渡船", "渡船")).toBeUndefined();
  expect(matched("渡船", "渡船", "ferry")).toBeUndefined();
  const four = ["a", "b", "c", "d"].map((id) => anItem(id, { original: "ferry pier" }));
  expect(
    made(four, [candidate("c", ["渡船", "渡船", "ferry", "pier"])]).has("overlap-matched:c"),
    "half is not most",
  ).toBe(false);
  const most = matched("渡船", "ferry", "pier");
  expect(most?.texts).toEqual([
    { missing: "the encoding shares no word with the original" },
    { text: "pier" },
    { text: "ferry" },
  ]);
  expect(matched("ferry", "pier", "Pier, ferry!")?.texts[2]).toEqual({
    missing: "the encoding keeps every word of the original",
  });
});

test.each([
  "original",
  "identity",
  "empty",
  "decoy",
  "first-half",
  "paraphrase",
  "paraphrase-near",
  "mismatch-7",
  "swapped:x",
])("a candidate may not be called %s", (name) => {
  expect(() => made([original], [candidate(name, ["x"])])).toThrow(
    expect.objectContaining({ code: "candidate-name-reserved", message: expect.stringContaining(name) }),
  );
});

test("a frame may not have the name of the mean over frames", () => {
  const frame = { before: "Note: ", after: "\n\nSo" };
  expect(() => checkSuite(scriptedSuite({ frames: { all: frame } }))).toThrow(
    expect.objectContaining({ code: "frame-name-reserved" }),
  );
  expect(() => checkSuite(scriptedSuite({ frames: { overall: frame } }))).not.toThrow();
});
