import { describe, expect, test } from "vitest";
import { QUANTISER_KINDS, type QuantiserKind } from "../../../codecs/quantisers/kinds.ts";
import { matrix, rowsOf } from "../../../codecs/quantisers/matrix.ts";
import type { Checkpoint, Quantiser, Tensors, TrainingOptions } from "../../../codecs/quantisers/Quantiser.ts";
import { syntheticVectors } from "./syntheticVectors.ts";

const WIDTH = 16;
const train = syntheticVectors(300, WIDTH);
const other = syntheticVectors(40, WIDTH, 300);
const optionsOf = ({ fixed }: QuantiserKind): TrainingOptions => ({ places: 4, entries: 8, seed: 7, ...fixed });
const bytes = (tensors: Tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("hex")]),
  );

class KeptCheckpoint implements Checkpoint {
  kept: { round: number; state: Tensors } | null = null;
  load() {
    return this.kept;
  }
  save(round: number, state: Tensors) {
    this.kept = { round, state: structuredClone(state) };
  }
}

// The published codes take thousands of steps: published.test.ts looks at their first ones.
const KINDS = Object.entries(QUANTISER_KINDS).filter(([, { fixed }]) => fixed === undefined);

describe.for(KINDS)("%s", ([name, kind]) => {
  const options = optionsOf(kind);
  const learned = { ...options, ...(name === "vq" && { heldOut: other, noise: 0.1 }) };
  let whole: Quantiser;

  test("codes are indices of entries, the same for a vector wherever it stands", async () => {
    whole = await kind.train(train, learned);
    const codes = await whole.encode(other);
    expect(whole.sizes).toEqual(Array.from({ length: options.places }, () => options.entries));
    expect(codes).toHaveLength(other.rows * options.places);
    expect(Math.max(...codes)).toBeLessThan(options.entries);
    expect(await whole.encode(rowsOf(other, 17, 20))).toEqual(codes.slice(17 * options.places, 20 * options.places));
  });

  test("its tensors are all of it", async () => {
    const again = kind.open(whole.tensors);
    const codes = await whole.encode(other);
    expect(await again.encode(other)).toEqual(codes);
    expect(again.decode(codes)).toEqual(whole.decode(codes));
    expect(again.kind).toBe(name);
  });

  test("the same seed gives the same bytes, cut in the middle or not", async () => {
    const checkpoint = new KeptCheckpoint();
    const stop = new AbortController();
    const cut = kind.train(train, {
      ...learned,
      checkpoint,
      signal: stop.signal,
      progress: (round) => {
        if (round === 3) stop.abort(new Error("cut"));
      },
    });
    // One step cannot be cut.
    if (name === "scalar") await cut;
    else await expect(cut).rejects.toThrow("cut");
    let first = 0;
    const resumed = await kind.train(train, {
      ...learned,
      checkpoint,
      progress: (round) => {
        first ||= round;
      },
    });
    expect(bytes(resumed.tensors)).toEqual(bytes(whole.tensors));
    if (name !== "scalar") expect(first).toBe(4);
  });

  test("another seed gives another code", async () => {
    const another = await kind.train(train, { ...learned, seed: 8 });
    expect(bytes(another.tensors)).not.toEqual(bytes(whole.tensors));
  });
});

test.for<[string, Partial<TrainingOptions>, string]>([
  ["pq", { places: 5 }, "quantiser-uneven"],
  ["opq", { places: 3 }, "quantiser-uneven"],
  ["rq", { entries: 301 }, "vectors-too-few"],
  ["lsq", { places: 0 }, "quantiser-sizes"],
  ["vq-published", { places: 16, entries: 256 }, "quantiser-fixed"],
])("%s refuses what it cannot do: %o", async ([kind, options, code]) => {
  const asked = { places: 4, entries: 8, seed: 1, ...options };
  await expect(QUANTISER_KINDS[kind]?.train(train, asked)).rejects.toMatchObject({ code });
});

test("a vector that is not finite is named by its row", async () => {
  const bad = matrix(train.rows, WIDTH, train.data.slice());
  bad.data[5 * WIDTH + 2] = Number.NaN;
  await expect(QUANTISER_KINDS.pq?.train(bad, { places: 4, entries: 8, seed: 1 })).rejects.toMatchObject({
    code: "vectors-not-finite",
    message: "the vector of row 5 holds NaN",
  });
});
