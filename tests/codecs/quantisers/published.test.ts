import { expect, test } from "vitest";
import { tensor } from "../../../codecs/quantisers/additiveTables.ts";
import { decodeMixture, entropyPublished } from "../../../codecs/quantisers/entropyPublished.ts";
import { matrix } from "../../../codecs/quantisers/matrix.ts";
import type { Checkpoint, Tensors } from "../../../codecs/quantisers/Quantiser.ts";
import { SeededRandom } from "../../../codecs/quantisers/SeededRandom.ts";
import { trainVqPublished } from "../../../codecs/quantisers/vqPublished.ts";
import { syntheticVectors } from "./syntheticVectors.ts";

test("the published vq-codebook never trains its encoder, and decodes any sentence from one symbol", async () => {
  const states: Tensors[] = [];
  const checkpoint: Checkpoint = { load: () => null, save: (_, state) => states.push(state) };
  const stop = new AbortController();
  const training = trainVqPublished(syntheticVectors(130, 16), {
    places: 1,
    entries: 128,
    seed: 1,
    checkpoint,
    signal: stop.signal,
    progress: (round) => round === 2 && stop.abort(new Error("enough")),
  });
  await expect(training).rejects.toThrow("enough");
  const [first, second] = states;
  expect(second?.encoder).toEqual(first?.encoder);
  expect(second?.encoderBias).toEqual(first?.encoderBias);
  expect(second?.decoder).not.toEqual(first?.decoder);
  expect(second?.entries).not.toEqual(first?.entries);
});

test("the published entropy-codebook decodes softmax(−distance) of its entries, not what symbols say", async () => {
  const [places, entries, dim, width] = [32, 192, 16, 16];
  const random = new SeededRandom(1, "test");
  const shared = random.gaussians(entries * dim);
  const repeated = new Float32Array(places * shared.length).map((_, i) => shared[i % shared.length] as number);
  const decoder = random.gaussians(places * dim * width, 0.05);
  const tensors = {
    encoder: tensor([width, places * dim], random.gaussians(width * places * dim)),
    encoderBias: tensor([places * dim], new Float32Array(places * dim)),
    entries: tensor([places, entries, dim], repeated),
    decoder: tensor([places * dim, width], decoder),
    decoderBias: tensor([width], new Float32Array(width).fill(0.25)),
    centre: tensor([width], new Float32Array(width)),
  };
  const x = matrix(1, width, random.gaussians(width));
  const expected = new Float64Array(width).fill(0.25);
  for (let p = 0; p < places; p++) {
    const z = Array.from({ length: dim }, (_, d) =>
      x.data.reduce(
        (sum, value, c) => sum + value * (tensors.encoder.data[c * places * dim + p * dim + d] as number),
        0,
      ),
    );
    const weights = Array.from({ length: entries }, (_, k) =>
      Math.exp(-Math.hypot(...z.map((value, d) => value - (shared[k * dim + d] as number)))),
    );
    const all = weights.reduce((a, b) => a + b, 0);
    for (let d = 0; d < dim; d++) {
      const mixed = weights.reduce((sum, weight, k) => sum + (weight / all) * (shared[k * dim + d] as number), 0);
      for (let c = 0; c < width; c++)
        expected[c] = (expected[c] as number) + mixed * (decoder[(p * dim + d) * width + c] as number);
    }
  }
  const mixture = await decodeMixture(tensors, x);
  mixture.data.forEach((value, c) => {
    expect(value).toBeCloseTo(expected[c] as number, 3);
  });
  const code = entropyPublished(tensors);
  expect(code.decode(await code.encode(x)).data).not.toEqual(mixture.data);
});
