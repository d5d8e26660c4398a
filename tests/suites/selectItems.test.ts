import { expect, test } from "vitest";
import type { Item } from "../../suites/Suite.ts";
import { selectItems } from "../../suites/selectItems.ts";

/** `a1:x` is an item of cluster a1 and topic x. */
function items(...specs: string[]): Item[] {
  return specs.map((spec, i) => {
    const [cluster = "", topic = ""] = spec.split(":");
    return { id: `${i}`, topic, cluster, original: "x", paraphrases: [], decoy: null, questions: [], encodings: {} };
  });
}
const chosen = (all: Item[], count: number) => selectItems(all, count).map((item) => Number(item.id));

test("takes the first of every cluster, then the second, in file order", () => {
  const all = items("a:x", "a:x", "a:x", "b:x", "c:x", "c:x");
  expect(chosen(all, 3)).toEqual([0, 3, 4]);
  expect(chosen(all, 4)).toEqual([0, 1, 3, 4]);
  expect(chosen(all, 5)).toEqual([0, 1, 3, 4, 5]);
  expect(chosen(all, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(chosen(all, 99)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("with all clusters in, further items come in the file order of clusters, whatever their topic", () => {
  expect(chosen(items("a:x", "a:x", "b:x", "b:x", "c:y", "c:y"), 5)).toEqual([0, 1, 2, 3, 4]);
});

test("with fewer items than clusters, topics stay balanced", () => {
  const all = items("a:x", "a:x", "b:x", "c:x", "d:x", "e:y", "f:y", "g:z");
  expect(chosen(all, 1)).toEqual([0]);
  expect(chosen(all, 2)).toEqual([0, 5]);
  expect(chosen(all, 3)).toEqual([0, 5, 7]);
  expect(chosen(all, 4)).toEqual([0, 2, 5, 7]);
  expect(chosen(all, 5)).toEqual([0, 2, 5, 6, 7]);
  expect(chosen(all, 6)).toEqual([0, 2, 3, 5, 6, 7]);
});
