import { parse } from "csv-parse/sync";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { beforeAll, describe, expect, it } from "vitest";
import type { Matrix } from "../../../codecs/quantisers/Quantiser.ts";
import type { ClaimContext } from "../../../harness/claims/ClaimContext.ts";
import { claimsCsv, claimsTable } from "../../../harness/claims/claimsTable.ts";
import { judgeClaim } from "../../../harness/claims/judgeClaim.ts";
import { demonstration, measureRandomProjection, projectedBack } from "../../../harness/claims/randomProjection.ts";
import { hanziOf, publishedCodes } from "../../../harness/claims/sentenceProjection.ts";
import { CLAIM_GROUPS, type TestedClaim, testClaims } from "../../../harness/claims/testClaims.ts";
import { generatorFor } from "../../../harness/random.ts";
import type { Provider, ReadRequest } from "../../../providers/contract.ts";
import { SEED_CLAIMS } from "../../../suites/seed-claims/claims.ts";
import { sentences } from "../../../suites/sentences/sentences.ts";
import fixture from "../../oracles/fixtures/codes.json" with { type: "json" };

const cosine = (a: Float64Array, b: Float64Array) => {
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe("judgeClaim", () => {
  const exact = (value: number) => ({ value, low: null, high: null });
  const published = { low: 0.8, high: null };
  it.each([
    ["holds", { n: 9, value: 0.85, low: 0.83, high: 0.87, floor: exact(0.3) }],
    ["holds", { n: 9, value: 0.79, low: 0.77, high: 0.81, floor: exact(0.3) }],
    ["does not hold", { n: 9, value: 0.79, low: 0.78, high: 0.795, floor: exact(0.1) }],
    ["does not hold", { n: 9, ...exact(0.3), floor: exact(0.9) }],
    ["holds but says nothing (floor as high)", { n: 9, ...exact(0.9), floor: exact(0.81) }],
    ["holds but says nothing (floor as high)", { n: 9, ...exact(0.81), floor: { value: 0.79, low: 0.7, high: 0.82 } }],
    ["holds", { n: 9, ...exact(0.9) }],
    ["untested", null],
  ] as const)("%s: %j", (verdict, measured) => {
    expect(judgeClaim({ published, better: "higher" }, measured)).toBe(verdict);
  });

  it("turns round where less is better, and has no floor for a plain fact", () => {
    const costs = { published: { low: null, high: 5 }, better: "lower" } as const;
    expect(judgeClaim(costs, { n: 1, ...exact(4), floor: exact(9) })).toBe("holds");
    expect(judgeClaim(costs, { n: 1, ...exact(4), floor: exact(4) })).toBe("holds but says nothing (floor as high)");
    expect(judgeClaim({ ...costs, better: null }, { n: 1, ...exact(4), floor: exact(4) })).toBe("holds");
  });
});

describe("the published demonstration", () => {
  it("is that of the same generator written in another language", () => {
    for (const [seed, [decoded, constant]] of fixture.demonstrations.entries()) {
      const run = demonstration(seed);
      expect(cosine(run.vector, run.decoded)).toBeCloseTo(decoded as number, 12);
      expect(cosine(run.vector, new Float64Array(128).fill(1))).toBeCloseTo(constant as number, 12);
    }
  });

  it("scores 0.33 where a constant scores 0.87", () => {
    const measured = measureRandomProjection(300);
    expect(measured["random-projection.cosine"]?.value).toBeCloseTo(Math.sqrt(16 / 144), 1);
    expect(measured["random-projection.constant"]?.value).toBeCloseTo(Math.sqrt(3) / 2, 2);
    expect(measured["random-projection.cosine"]?.floor).toEqual(
      expect.objectContaining({ value: measured["random-projection.constant"]?.value }),
    );
  });

  it("gives back what it is given where W is the identity", () => {
    const rows = [0, 1, 2].map((i) => Float64Array.from({ length: 3 }, (_, k) => (i === k ? 1 : 0)));
    expect(Array.from(projectedBack([3, 6, 9], rows))).toEqual([1, 2, 3]);
  });
});

/** A vector that a text's letters decide, and every text the same part. */
function vectorOf(text: string, width: number): Float32Array {
  const random = generatorFor(1, text);
  return Float32Array.from({ length: width }, (_, k) => (k === 0 ? 1 : 0.8) + ((random.next() % 1000) / 1000) * 0.5);
}

function matrixOf(texts: readonly string[]): Matrix {
  const width = 48;
  const data = new Float32Array(texts.length * width);
  for (const [i, text] of texts.entries()) data.set(vectorOf(text, width), i * width);
  return { rows: texts.length, width, data };
}

const observed = {
  tokenizer: { begin: [], finish: [], encode: (text: string) => [...text].map((letter) => letter.codePointAt(0)) },
  read: async ({ rows, pools }: ReadRequest) => ({
    pools: pools.map(({ row }) => vectorOf(String(rows[row]?.[0]?.ids), 8)),
  }),
} as unknown as Provider;

describe("testClaims", () => {
  const steps: string[] = [];
  const [originals, paraphrases] = [sentences(24, 5), sentences(24, 6)];
  const context: ClaimContext = {
    items: originals.map((original, i) => ({
      original,
      paraphrase: paraphrases[i] as string,
      wenyan: "暮渡離港",
      topic: `t${i % 3}`,
      cluster: `c${i}`,
    })),
    training: sentences(300, 7),
    embed: async (texts) => matrixOf(texts),
    observed: async () => observed,
    codesFolder: null,
    progress: (label, done, total) => steps.push(`${label} ${done}/${total}`),
    tokenizers: [{ name: "o200k", count: (text) => countTokens(text) }],
  };
  let claims: readonly TestedClaim[];
  beforeAll(async () => {
    const { "published codebooks": trained, ...quick } = CLAIM_GROUPS;
    expect(trained).toBeTypeOf("function");
    claims = await testClaims(context, 1, quick);
  });
  const find = (id: string) => claims.find((claim) => claim.id === id);

  it("answers to every claim, once", () => {
    expect(claims.map(({ id }) => id)).toEqual(SEED_CLAIMS.map(({ id }) => id));
    expect(new Set(SEED_CLAIMS.map(({ id }) => id)).size).toBe(SEED_CLAIMS.length);
    expect(steps.at(-1)).toBe("claims 4/4");
  });

  it("finds what a count finds in a tokenizer that is at hand, and leaves the others untested", () => {
    for (const id of ["hanzi-cost.A.o200k", "hanzi-cost.B.o200k", "hanzi-single.o200k"]) {
      expect(find(id)).toMatchObject({ id, verdict: "holds" });
    }
    expect(find("hanzi-single.o200k")?.result?.value).toBe(2515);
    expect(find("hanzi-single.common")?.verdict).toBe("untested");
    expect(find("hanzi-cost.A.qwen3")).toMatchObject({ result: null, verdict: "untested" });
    expect(find("vq-codebook.collisions")).toMatchObject({ result: { value: 56 }, verdict: "does not hold" });
    expect(find("protocol.compression")?.verdict).toBe("does not hold");
  });

  it("sees that the published decoding and the hanzi keep no more than their floors", () => {
    for (const id of ["random-projection.cosine", "minilm-projection.hanzi"]) {
      expect(find(id)).toMatchObject({ id, verdict: expect.stringMatching(/does not hold|says nothing/) });
    }
    // All these texts point much the same way, so that the constant answer reaches the published figure.
    expect(find("minilm-projection.cosine")?.result?.floor?.value).toBeGreaterThan(0.855);
    expect(find("verify-llm.equivalent")?.verdict).toBe("holds but says nothing (floor as high)");
  });

  it("writes them for people within 80 columns, and for machines", () => {
    const text = claimsTable(claims);
    expect(Math.max(...text.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(80);
    expect(text).toContain("DOES NOT HOLD: 16 hanzi keep a vector at cosine 0.89");
    const rows = parse(claimsCsv(claims), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(SEED_CLAIMS.length);
    expect(rows.find(({ id }) => id === "reference.opq")).toMatchObject({ value: "", verdict: "untested" });
    expect(Number(rows[0]?.value)).toBe(find("random-projection.cosine")?.result?.value);
  });
});

it("writes the codes that the codec writes", async () => {
  const { minilmProjection } = await import("../../../codecs/minilmProjection.ts");
  const vectors = matrixOf(["one", "two"]);
  const rows = [0, 1].map((i) => vectors.data.subarray(i * vectors.width, (i + 1) * vectors.width));
  const codec = minilmProjection.create(
    { symbols: 16 },
    {
      sentenceVectors: async () => rows,
      embed: async () => ({ embedder: { reference: "", digest: "", width: vectors.width }, vectors: rows }),
    } as unknown as Parameters<typeof minilmProjection.create>[1],
    ".",
  );
  const inputs = ["one", "two"].map((original) => ({ original, encodings: {}, questions: [] }));
  const codes = publishedCodes(vectors);
  expect(await codec.encode(inputs)).toEqual([0, 1].map((i) => ({ text: hanziOf(codes, i) })));
});
