import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { JavaRandom } from "../../codecs/javaRandom.ts";
import fixture from "./fixtures/javaRandom.json" with { type: "json" };

const draws = <T>(seed: bigint, count: number, draw: (random: JavaRandom) => T): T[] => {
  const random = new JavaRandom(seed);
  return Array.from({ length: count }, () => draw(random));
};

const bigEndian = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeDoubleBE(value, index * 8);
  });
  return bytes;
};

const bits = (values: readonly number[]): string[] => values.map((value) => bigEndian([value]).toString("hex"));

test.for(fixture.seeds)("seed $seed draws what Java draws, bit for bit", (expected) => {
  const seed = BigInt(expected.seed);
  expect(draws(seed, expected.ints.length, (random) => random.nextInt())).toEqual(expected.ints);
  expect(bits(draws(seed, expected.doubles.length, (random) => random.nextDouble()))).toEqual(expected.doubles);
  expect(bits(draws(seed, expected.gaussians.length, (random) => random.nextGaussian()))).toEqual(expected.gaussians);

  const many = bigEndian(draws(seed, expected.hashedGaussians, (random) => random.nextGaussian()));
  expect(createHash("sha256").update(many).digest("hex")).toBe(expected.sha256);
});

test.for(fixture.seeds)("seed $seed keeps its second Gaussian through draws of other kinds", ({ seed, mixed }) => {
  const r = new JavaRandom(BigInt(seed));
  const values = [
    r.nextGaussian(),
    r.nextDouble(),
    r.nextInt(),
    r.nextGaussian(),
    r.nextGaussian(),
    r.nextInt(),
    r.nextGaussian(),
  ];
  expect(bits(values)).toEqual(mixed);
});

test("a seed may be a number", () => {
  expect(new JavaRandom(-1).nextInt()).toBe(new JavaRandom(-1n).nextInt());
});
