import { beforeAll, expect, test } from "vitest";
import { encodeVectors } from "../../codecs/codebook/Codebook.ts";
import type { CodecServices, EmbedderIdentity } from "../../codecs/contract.ts";
import { row } from "../../codecs/quantisers/matrix.ts";
import { createCodec } from "../../codecs/registry.ts";
import { noServices } from "../../harness/codecServices.ts";
import { manifest } from "../../harness/manifest.ts";
import type { RunOptions } from "../../harness/Session.ts";
import { scriptedSuite } from "../harness/scriptedSuite.ts";
import { EMBEDDER, failure, freshFolder, trained, UNSEEN } from "./codebook/trained.ts";

const folder = freshFolder();
const inputs = Array.from({ length: 5 }, (_, i) => ({ original: `text ${i}`, encodings: {}, questions: [] }));
let identity: string;
let expected: readonly string[];

beforeAll(async () => {
  const nested = await trained({ path: `${folder}/nested` });
  identity = nested.identity;
  expected = (await encodeVectors(nested, UNSEEN)).slice(0, 5);
  await trained({ path: `${folder}/flat`, kind: "pq" });
});

/** The vector of `text N` is the Nth unseen one. */
const services = (embedder: EmbedderIdentity = EMBEDDER): CodecServices => ({
  ...noServices("a codebook asks for embeddings only"),
  embed: async (reference, texts) => {
    expect(reference).toBe("tiny");
    return { embedder, vectors: texts.map((text) => row(UNSEEN, Number(text.slice(5))).slice()) };
  },
});
const codec = (parameters: Record<string, unknown>, using = services()) =>
  createCodec({ codec: "codebook", parameters }, using, "suite.yaml:9:3", folder);

test("writes the symbols of each text's vector, from a file beside the suite", async () => {
  const one = codec({ file: "nested.json" });
  expect(one.alphabet).toEqual([..."一二三四五六七八"]);
  expect(await one.encode(inputs)).toEqual(expected.map((text) => ({ text })));
  expect(one.identity).toBe(identity);
});

test("a nested code is cut to so many places, or to as many as the text needs", async () => {
  const cut = await codec({ file: "nested", places: 2 }).encode(inputs);
  expect(cut).toEqual(expected.map((text) => ({ text: [...text].slice(0, 2).join("") })));
  const lengths = async (share: number) =>
    (await codec({ file: "nested", share }).encode(inputs)).map((one) => ("text" in one ? [...one.text].length : 0));
  const [most, some, few] = [await lengths(0), await lengths(0.25), await lengths(0.8)];
  expect(most).toEqual([4, 4, 4, 4, 4]);
  expect(new Set(some).size).toBeGreaterThan(1);
  few.forEach((length, i) => {
    expect(length).toBeLessThanOrEqual(some[i] as number);
  });
  expect(few).toContain(1);
});

test("a vector that is not finite has no encoding", async () => {
  const broken: CodecServices = {
    ...services(),
    embed: async () => ({
      embedder: EMBEDDER,
      vectors: [row(UNSEEN, 0).slice(), new Float32Array(16).fill(Number.NaN)],
    }),
  };
  const [sound, lost] = await codec({ file: "nested" }, broken).encode(inputs.slice(0, 2));
  expect(sound).toEqual({ text: expected[0] });
  expect(lost).toEqual({ missing: "the original's sentence vector is not finite" });
});

test.for<[string, Record<string, unknown>, string]>([
  ["a file that is not there", { file: "none" }, "codebook-missing"],
  ["more places than there are", { file: "nested", places: 5 }, "codec-parameters"],
  ["a part of a code that is not nested", { file: "flat", places: 2 }, "quantiser-not-nested"],
  ["a share of a code that is not nested", { file: "flat", share: 0.5 }, "quantiser-not-nested"],
])("%s is refused before anything is encoded", async ([, parameters, code]) => {
  expect(await failure(() => codec(parameters))).toMatchObject({ code });
});

test("vectors of another embedder are refused", async () => {
  const other = services({ ...EMBEDDER, digest: "e".repeat(64) });
  expect(await failure(() => codec({ file: "nested" }, other).encode(inputs))).toMatchObject({
    code: "codebook-embedder",
  });
});

test("the run's manifest names the codebook by its content", () => {
  const suite = scriptedSuite({
    folder,
    candidates: {
      coded: { codec: "codebook", parameters: { file: "nested" } },
      same: { codec: "identity", parameters: {} },
    },
    gates: [],
  });
  const options = { suite, models: [], version: "0", environment: {} } as unknown as RunOptions;
  expect(manifest(options, []).suite.identities).toEqual({ coded: identity });
  const plain = scriptedSuite({ candidates: { same: { codec: "identity", parameters: {} } }, gates: [] });
  expect(manifest({ ...options, suite: plain }, []).suite).not.toHaveProperty("identities");
});
