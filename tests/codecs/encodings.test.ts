import { describe, expect, test } from "vitest";
import { encode } from "./encode.ts";

describe("authored", () => {
  test("the encoding of that name", async () => {
    expect(await encode("authored", { encoding: "zh" }, "The cat.", { zh: "猫。", de: "Katze." })).toEqual({
      text: "猫。",
    });
  });

  test("an item without it says which it has", async () => {
    expect(await encode("authored", { encoding: "zh" }, "x", { de: "y", fr: "z" })).toEqual({
      missing: 'the item has no encoding "zh"; it has "de", "fr"',
    });
    expect(await encode("authored", { encoding: "toString" }, "x")).toEqual({
      missing: 'the item has no encoding "toString"; it has no encodings',
    });
  });
});

test.for(["The cat.", "", " 我的  猫 \n"])("identity changes nothing: %j", async (original) => {
  expect(await encode("identity", {}, original)).toEqual({ text: original });
});

describe("truncate", () => {
  test.for<[Record<string, unknown>, string, string]>([
    [{}, "one", "one"],
    [{}, "one two three.", "one two"],
    [{}, "The cat, which sat, left.", "The cat, which"],
    [{ words: 4 }, "Don't stop the state-of-the-art train.", "Don't stop the state-of-the-art"],
    [{}, "Yes — but why?", "Yes — but"],
    [{}, "“Go (now),” he said.", "“Go (now),”"],
    [{}, "猫坐在垫子上。", "猫坐在"],
    [{}, "“猫”狗", "“猫”"],
    [{}, "AI 的猫", "AI 的"],
    [{ share: 1 }, " one two three. ", " one two three. "],
    [{ share: 0.01 }, "one two three.", "one"],
    [{ words: 2 }, "one two, three.", "one two,"],
    [{ words: 1 }, "It costs $5.", "It"],
    [{ words: 2 }, "one two... three", "one two..."],
    [{ words: 9 }, "one two.", "one two."],
  ])("%j of %j", async ([parameters, original, expected]) => {
    expect(await encode("truncate", parameters, original)).toEqual({ text: expected });
  });

  test("0.07 of 100 words is 7, though 0.07 · 100 in floating point is more", async () => {
    const original = Array.from({ length: 100 }, (_, index) => `w${index}`).join(" ");
    expect(await encode("truncate", { share: 0.07 }, original)).toEqual({ text: "w0 w1 w2 w3 w4 w5 w6" });
  });

  test.for(["...", "", " — !"])("no words to keep in %j", async (original) => {
    expect(await encode("truncate", {}, original)).toEqual({ missing: "the original has no words" });
  });
});
