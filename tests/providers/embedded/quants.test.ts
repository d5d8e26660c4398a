/** Tensor types against the reference dequantisers of gguf and torch (tests/oracles/quants.py). */
import { describe, expect, it } from "vitest";
import { dequantize } from "../../../providers/embedded/formats/dequantize.ts";
import { half } from "../../../providers/embedded/formats/smallFloats.ts";
import { quantCase, quantCases } from "./quantCases.ts";

const TYPES = [
  ...["F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"],
  ...["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL"],
  ...["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"],
];

/** Indices of the values that differ in any way; all NaN are one. */
function differing(actual: Float32Array, expected: Float32Array): number[] {
  expect(actual.length).toBe(expected.length);
  return [...expected.keys()].filter((i) => !Object.is(actual[i], expected[i]));
}

describe("dequantize", () => {
  it("has a reference for every type", () => expect([...quantCases.keys()].sort()).toEqual([...TYPES].sort()));

  it.each(TYPES)("%s equals the reference bit for bit", (type) => {
    const { bytes, values } = quantCase(type);
    expect(differing(dequantize(type, bytes, values.length), values)).toEqual([]);
  });

  it.each(TYPES)("%s may begin anywhere in a buffer", (type) => {
    const { bytes, values } = quantCase(type);
    const shifted = new Uint8Array(bytes.length + 2);
    shifted.set(bytes, 1);
    expect(differing(dequantize(type, shifted.subarray(1, -1), values.length), values)).toEqual([]);
  });

  it("reads 8-bit floats at their limits (arXiv 2209.05433, table 1)", () => {
    const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: none } = Number;
    const e4m3 = Uint8Array.of(0x7e, 0xfe, 0x7f, 0xff, 0x01, 0x08, 0x38, 0x80);
    const e5m2 = Uint8Array.of(0x7b, 0x7c, 0xfc, 0x7d, 0x01, 0x04, 0x3c, 0x80);
    const expected4 = Float32Array.of(448, -448, none, none, 2 ** -9, 2 ** -6, 1, -0);
    const expected5 = Float32Array.of(57344, POSITIVE_INFINITY, NEGATIVE_INFINITY, none, 2 ** -16, 2 ** -14, 1, -0);
    expect(differing(dequantize("F8_E4M3", e4m3, 8), expected4)).toEqual([]);
    expect(differing(dequantize("F8_E5M2", e5m2, 8), expected5)).toEqual([]);
  });

  it("refuses a type that it does not know, and lists those that it does", () => {
    const expected = expect.objectContaining({
      name: "ExpectedError",
      code: "tensor-type-unsupported",
      message: expect.stringContaining("IQ2_XXS"),
      hint: expect.stringMatching(new RegExp([...TYPES].map((type) => `(?=.*\\b${type}\\b)`).join(""))),
    });
    expect(() => dequantize("IQ2_XXS", new Uint8Array(66), 256)).toThrow(expected);
  });

  it.each([
    ["Q8_0", 33, 32],
    ["Q4_K", 288, 256],
    ["Q4_K", 72, 128],
    ["F16", 5, 2],
  ])("does not read %s from %d bytes for %d elements", (type, bytes, elements) => {
    expect(() => dequantize(type, new Uint8Array(bytes), elements)).toThrow(`are not ${bytes} bytes`);
  });

  it("reads halves: zeros, subnormals, the largest, infinity", () => {
    const cases = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e00, Number.NaN],
    ] as const;
    for (const [bits, value] of cases) expect(half(Uint8Array.of(9, bits & 255, bits >> 8), 1)).toBe(value);
  });
});
