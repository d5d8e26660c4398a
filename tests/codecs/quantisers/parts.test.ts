import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adamStep } from "../../../codecs/quantisers/adam.ts";
import { tensor } from "../../../codecs/quantisers/additiveTables.ts";
import { lloydRound } from "../../../codecs/quantisers/kMeans.ts";
import { leastSquaresEntries } from "../../../codecs/quantisers/leastSquaresEntries.ts";
import { matrix } from "../../../codecs/quantisers/matrix.ts";
import { nearestEntries } from "../../../codecs/quantisers/nearestEntries.ts";
import { nearestRotation } from "../../../codecs/quantisers/nearestRotation.ts";
import { neededPlaces, placesAtAge } from "../../../codecs/quantisers/nestedCodes.ts";
import { productQuantiser } from "../../../codecs/quantisers/productQuantiser.ts";
import { times, timesTransposed, transposed } from "../../../codecs/quantisers/products.ts";
import { residualQuantiser } from "../../../codecs/quantisers/residualQuantiser.ts";
import { ridgeRegression } from "../../../codecs/quantisers/ridgeRegression.ts";
import { SeededRandom } from "../../../codecs/quantisers/SeededRandom.ts";

const drawn = (rows: number, width: number, seed: number) =>
  matrix(rows, width, new SeededRandom(seed, "test").gaussians(rows * width));
const filled = (rows: number, width: number, values: readonly number[]) =>
  matrix(rows, width, Float32Array.from(values));

describe("matrix products", () => {
  test("of integers are exact, in blocks too", async () => {
    const a = filled(2, 3, [1, 2, 3, 4, 5, 6]);
    const b = filled(3, 2, [7, 8, 9, 10, 11, 12]);
    expect([...(await times(a, b)).data]).toEqual([58, 64, 139, 154]);
    expect([...(await timesTransposed(a, transposed(b))).data]).toEqual([58, 64, 139, 154]);
    const tall = matrix(
      70_000,
      300,
      new Float32Array(70_000 * 300).map((_, i) => i % 7),
    );
    const sums = await times(tall, matrix(300, 1, new Float32Array(300).fill(1)));
    for (const r of [0, 55_923, 55_924, 69_999]) {
      const expected = Array.from({ length: 300 }, (_, c) => (r * 300 + c) % 7).reduce((x, y) => x + y, 0);
      expect(sums.data[r]).toBe(expected);
    }
  });
});

test("the nearest entry is the one that a search through all finds, the first of equal ones", async () => {
  const [vectors, entries] = [drawn(50, 6, 1), drawn(9, 6, 2)];
  const { indices } = await nearestEntries(vectors, entries);
  const distance = (r: number, k: number) => {
    let sum = 0;
    for (let c = 0; c < 6; c++) sum += ((vectors.data[r * 6 + c] as number) - (entries.data[k * 6 + c] as number)) ** 2;
    return sum;
  };
  for (let r = 0; r < 50; r++) {
    const all = Array.from({ length: 9 }, (_, k) => distance(r, k));
    expect(indices[r]).toBe(all.indexOf(Math.min(...all)));
  }
  const twice = filled(3, 1, [5, 2, 2]);
  expect((await nearestEntries(filled(1, 1, [2]), twice)).indices[0]).toBe(1);
});

describe("a round of k-means", () => {
  test("moves entries to the means of what is nearest, and fills an empty one with the worst off", async () => {
    const vectors = filled(5, 1, [0, 2, 10, 12, 40]);
    const { entries, error } = await lloydRound(vectors, filled(3, 1, [1, 14, -90]));
    // {0, 2} and {10, 12, 40}; 40 is 26 away from 14 and becomes an entry itself.
    expect([...entries.data]).toEqual([1, expect.closeTo(62 / 3, 4), 40]);
    expect(error).toBeCloseTo((1 + 1 + 16 + 4 + 676) / 5, 3);
  });
});

describe("the nearest rotation", () => {
  test("is orthogonal, and leaves a rotation as it is", () => {
    const turn = nearestRotation(drawn(12, 12, 3), null);
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 12; j++) {
        let sum = 0;
        for (let k = 0; k < 12; k++) sum += (turn.data[i * 12 + k] as number) * (turn.data[j * 12 + k] as number);
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    nearestRotation(turn, null).data.forEach((value, i) => {
      expect(value).toBeCloseTo(turn.data[i] as number, 5);
    });
  });

  test("of a stretched rotation is that rotation, and blind directions keep what was before", () => {
    // [[0, 3], [-2, 0]] = U diag(3, 2) Vᵀ with UVᵀ = [[0, 1], [-1, 0]].
    nearestRotation(filled(2, 2, [0, 3, -2, 0]), null).data.forEach((value, i) => {
      expect(value).toBeCloseTo([0, 1, -1, 0][i] as number, 6);
    });
    const kept = nearestRotation(filled(2, 2, [4, 0, 0, 0]), filled(2, 2, [1, 0, 0, -1]));
    kept.data.forEach((value, i) => {
      expect(value).toBeCloseTo([1, 0, 0, -1][i] as number, 5);
    });
  });
});

test("ridge regression recovers a linear map, and shrinks with its ridge", async () => {
  const [inputs, map] = [drawn(200, 4, 4), drawn(4, 3, 5)];
  const targets = await times(inputs, map);
  const found = await ridgeRegression(inputs, targets, 1e-9);
  found.data.forEach((value, i) => {
    expect(value).toBeCloseTo(map.data[i] as number, 4);
  });
  // One input of mean square s: the ridge of one share halves the slope.
  const halved = await ridgeRegression(filled(2, 1, [1, -1]), filled(2, 1, [6, -6]), 1);
  expect(halved.data[0]).toBeCloseTo(3, 6);
});

test("least squares entries decode vectors that are sums of entries exactly", async () => {
  const entries = drawn(2 * 3, 5, 6);
  const codes = Uint16Array.from({ length: 2 * 9 }, (_, i) =>
    i % 2 === 0 ? Math.floor(i / 2) % 3 : Math.floor(i / 6),
  );
  const vectors = matrix(9, 5);
  for (let i = 0; i < 9 * 5; i++) {
    const [r, c] = [Math.floor(i / 5), i % 5];
    const [one, other] = [codes[2 * r] as number, codes[2 * r + 1] as number];
    vectors.data[i] = (entries.data[one * 5 + c] as number) + (entries.data[(3 + other) * 5 + c] as number);
  }
  const nothing = tensor([2, 3, 5], new Float32Array(30));
  const found = await leastSquaresEntries(vectors, codes, nothing, nothing, 1e-6);
  for (let i = 0; i < 9 * 5; i++) {
    const [r, c] = [Math.floor(i / 5), i % 5];
    const [one, other] = [codes[2 * r] as number, codes[2 * r + 1] as number];
    const sum = (found.data[one * 5 + c] as number) + (found.data[(3 + other) * 5 + c] as number);
    expect(sum).toBeCloseTo(vectors.data[i] as number, 4);
  }
});

test("an anchor counts as so many vectors: of one place, the mean of both", async () => {
  const vectors = matrix(3, 1, Float32Array.of(1, 2, 9));
  const anchor = tensor([1, 3, 1], Float32Array.of(5, 4, 7));
  const found = await leastSquaresEntries(vectors, Uint16Array.of(0, 0, 1), anchor, anchor, 4);
  // (1 + 2 + 4·5) / (2 + 4), (9 + 4·4) / (1 + 4), and what no vector uses stays.
  expect([...found.data]).toEqual([23 / 6, 5, 7].map((value) => expect.closeTo(value, 5)));
});

test("Adam's first step is the rate against the sign of the gradient, whatever its size", () => {
  const state = { w: tensor([3], Float32Array.of(1, 1, 1)) };
  const moved = adamStep(state, { w: tensor([3], Float32Array.of(100, -0.01, 0)) }, 0.1, 1);
  expect([...(moved.w?.data ?? [])]).toEqual([0.9, 1.1, 1].map((value) => expect.closeTo(value, 5)));
});

describe("nested codes", () => {
  const entries = tensor([3, 2, 1], Float32Array.of(-8, 8, -2, 2, -0.5, 0.5));
  const quantiser = residualQuantiser({ entries, mean: tensor([1], Float32Array.of(0)) });

  test("take as many places as leave over at most a share", async () => {
    const vectors = filled(3, 1, [8, 10, 10.5]);
    const codes = await quantiser.encode(vectors);
    expect([...codes.subarray(3, 6)].slice(0, 2)).toEqual([1, 1]);
    expect([...neededPlaces(quantiser, vectors, codes, 0.01)]).toEqual([expect.any(Number), 2, 2]);
    expect([...neededPlaces(quantiser, vectors, codes, 0.1)].slice(1)).toEqual([1, 1]);
    expect([...neededPlaces(quantiser, vectors, codes, 0)].slice(2)).toEqual([3]);
  });

  test("are refused of codes that are not nested", () => {
    const flat = productQuantiser({
      entries: tensor([1, 2, 1], Float32Array.of(0, 1)),
      mean: tensor([1], Float32Array.of(0)),
    });
    expect(() => neededPlaces(flat, filled(1, 1, [1]), Uint16Array.of(1), 0.5)).toThrow(/cannot be shortened/);
  });

  test("forget by the schedule", () => {
    const schedule = [
      { age: 2, places: 8 },
      { age: 5, places: 2 },
    ];
    expect([0, 1, 2, 4, 5, 900].map((age) => placesAtAge(schedule, age, 16))).toEqual([16, 16, 8, 8, 2, 2]);
    expect(placesAtAge(schedule, 3, 4)).toBe(4);
  });
});

test("a sample has no index twice", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (limit, seed) => {
      const sample = new SeededRandom(seed).sample(limit, limit);
      expect([...sample].sort((a, b) => a - b)).toEqual(Array.from({ length: limit }, (_, i) => i));
    }),
  );
});
