import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { frameMeasures } from "../../harness/frameStates.ts";
import { type Band, bandStates } from "../../harness/Reading.ts";
import type { Item } from "../../suites/Suite.ts";
import { anItem } from "./measures/readings.ts";
import { expectNear } from "./statistics/near.ts";

type States = (number[][] | null)[];

interface Fixture {
  topics: string[];
  clusters: string[];
  bands: Band[];
  states: Record<string, States>;
  expected: Record<string, Record<string, number>[]>;
}

const { frame } = JSON.parse(readFileSync(new URL("../oracles/fixtures/measures.json", import.meta.url), "utf8")) as {
  frame: Fixture;
};
const NAMES = [
  "state.cosine.content",
  "state.identification",
  "state.identification.items",
  "state.identification.pair",
];

/** States of all layers in, values by condition and item out, as `measure@band`; a reason where undefined. */
function measured(items: readonly Item[], states: Record<string, States>, bands: readonly Band[], wanted = NAMES) {
  const kept = bandStates(bands);
  const pack = (layers: number[][] | null) => layers && kept.map((index) => Float32Array.from(layers[index] ?? []));
  const packed = new Map(Object.entries(states).map(([name, list]) => [name, list.map(pack)]));
  const result = frameMeasures(items, packed, bands, new Set(wanted));
  return Object.fromEntries(
    [...result].map(([name, lists]) => [
      name,
      lists.map((list) =>
        Object.fromEntries(
          list.map(({ measure, layer, value }) => [
            `${measure}@${layer}`,
            value.kind === "defined" ? value.value : "reason" in value ? value.reason : null,
          ]),
        ),
      ),
    ]),
  );
}

const items = frame.topics.map((topic, i) => anItem(`i${i}`, { topic, cluster: frame.clusters[i] as string }));

test.each([{ bands: frame.bands }, { bands: frame.bands.slice(1) }])(
  "numpy's values, with $bands.length bands",
  ({ bands }) => {
    const result = measured(items, frame.states, bands);
    const layers = bands.map(({ name }) => name);
    for (const [condition, lists] of Object.entries(frame.expected)) {
      lists.forEach((expected, i) => {
        const actual = result[condition]?.[i] ?? {};
        const wanted = Object.entries(expected).filter(([key]) => layers.includes(key.split("@")[1] as string));
        for (const [key, value] of wanted) expectNear(actual[key] as number, value, 1e-9, 1);
        const undefinedOnes = Object.entries(actual).filter(([, value]) => typeof value === "string");
        expect(Object.keys(actual)).toHaveLength(wanted.length + undefinedOnes.length);
        for (const [key, reason] of undefinedOnes) {
          expect(key).toMatch(/identification\.pair/);
          expect(reason).toBe("the item has no decoy");
          expect(frame.states.decoy?.[i]).toBeNull();
        }
      });
    }
  },
);

test("the fixture can tell right from wrong: not all are identified, and decoys are harder than items", () => {
  const share = (key: string) => {
    const values = (frame.expected.candidate ?? []).flatMap((one) => one[key] ?? []);
    return values.reduce((a, b) => a + b, 0) / values.length;
  };
  expect(share("state.identification.items@two")).toBeLessThan(1);
  expect(share("state.identification@two")).toBeLessThan(share("state.identification.items@two"));
  expect(share("state.identification@two")).toBeGreaterThan(0.1);
});

test("only what is wanted is computed", () => {
  const result = measured(items, frame.states, frame.bands, ["state.identification.pair"]);
  expect(Object.keys(result.candidate?.[0] ?? {})).toEqual([
    "state.identification.pair@one",
    "state.identification.pair@two",
  ]);
});

test("without decoys there is no pair, and the gallery is of items alone", () => {
  const { original = [], candidate = [] } = frame.states;
  const result = measured(items, { original, candidate }, frame.bands);
  for (const one of result.candidate ?? []) {
    if (Object.keys(one).length === 0) continue;
    expect(one["state.identification.pair@two"]).toBe("the item has no decoy");
    expect(one["state.identification@two"]).toBe(one["state.identification.items@two"]);
  }
});

test("items of one cluster, and states that do not differ, have no centre to be told apart by", () => {
  const one = items.slice(0, 3).map((item) => ({ ...item, cluster: "same" }));
  const states = { original: frame.states.original?.slice(0, 3) ?? [] };
  const [first] = measured(one, states, frame.bands).original ?? [];
  expect(first?.["state.cosine.content@one"]).toMatch(/all items are of one cluster, or the states do not differ/);
  expect(first?.["state.identification@one"]).toMatch(/one cluster/);
  const flat = items.slice(0, 3).map(() => Array.from({ length: 5 }, () => [1, 1, 1, 1]));
  const [still] = measured(items.slice(0, 3), { original: flat }, frame.bands).original ?? [];
  expect(Object.values(still ?? {}).every((value) => typeof value === "string")).toBe(true);
  expect(Object.keys(still ?? {})).toHaveLength(8);
});

test("a gallery holds 50 states: the own original, the own decoy, then the nearest others", () => {
  const count = 56;
  // Item j lies on an axis of its own, the further out the later: the j-th nearest of item 0.
  const axis = (j: number, length: number) => Array.from({ length: count }, (_, k) => (k === j ? length : 0));
  const one = [{ name: "one", from: 1, to: 1 }];
  const some = Array.from({ length: count }, (_, j) => anItem(`g${j}`));
  const original = some.map((_, j) => [[], axis(j, 10 + j / 10)]);
  const decoy = some.map((_, j) => (j < 2 ? [[], axis(j, -5)] : null));
  const found = (rival: number, decoys: States) => {
    // What item 0 is read as points at another item more than at its own.
    const candidate = original.map((layers, j) =>
      j === 0 ? [[], axis(0, 4).map((value, k) => value + (axis(rival, 9)[k] as number))] : layers,
    );
    return measured(some, { original, decoy: decoys, candidate }, one).candidate?.[0]?.[
      "state.identification.items@one"
    ];
  };
  const none = some.map(() => null);
  expect([1, 49, 50, 55].map((rival) => found(rival, none))).toEqual([0, 0, 1, 1]);
  expect([48, 49].map((rival) => found(rival, decoy))).toEqual([0, 1]);
});

test("the original is its own nearest; a decoy equal to it ties in the pair and takes the identification away", () => {
  const own = frame.states.original ?? [];
  const result = measured(items, { original: own, decoy: own }, frame.bands);
  for (const one of result.original ?? []) {
    expect(one["state.cosine.content@two"]).toBeCloseTo(1, 12);
    expect(one["state.identification.items@two"]).toBe(1);
    expect(one["state.identification@two"]).toBe(0);
    expect(one["state.identification.pair@two"]).toBe(0.5);
  }
});

test("what a condition adds whatever the item, and the space's axes and unit, do not matter", () => {
  const small = items.slice(0, 12);
  const take = (name: string): number[][][] =>
    (frame.states.original ?? [])
      .slice(0, 12)
      .map((layers, i) =>
        (name === "original" ? (layers ?? []) : ((frame.states.original ?? [])[(i + 5) % 12] ?? [])).map((state) =>
          state.map((value) => Math.round(value * 8)),
        ),
      );
  const states = { original: take("original"), candidate: take("candidate") };
  const numbers = (result: ReturnType<typeof measured>) =>
    (result.candidate ?? []).map((one) => one["state.cosine.content@two"] as number);
  const before = numbers(measured(small, states, frame.bands));
  const vector = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 4 });
  const map = (list: number[][][], of: (state: number[]) => number[]) => list.map((layers) => layers.map(of));
  fc.assert(
    fc.property(vector, fc.constantFrom(0.5, 4), (shift, scale) => {
      const moved = {
        original: states.original,
        candidate: map(states.candidate, (state) => state.map((value, i) => value * scale + (shift[i] as number))),
      };
      numbers(measured(small, moved, frame.bands)).forEach((value, i) => {
        expectNear(value, before[i] as number, 1e-9, 1);
      });
      const turn = ([p = 0, q = 0, r = 0, s = 0]: number[]) => [
        p + q + r + s,
        p - q + r - s,
        p + q - r - s,
        p - q - r + s,
      ];
      const turned = { original: map(states.original, turn), candidate: map(states.candidate, turn) };
      numbers(measured(small, turned, frame.bands)).forEach((value, i) => {
        expectNear(value, before[i] as number, 1e-9, 1);
        expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
      });
    }),
    { numRuns: 20 },
  );
});
