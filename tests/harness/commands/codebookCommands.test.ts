import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCodebook } from "../../../codecs/codebook/codebookFile.ts";
import { decodeCommand } from "../../../harness/commands/decode.ts";
import { encodeCommand } from "../../../harness/commands/encode.ts";
import { type TrainCodebookOptions, trainCodebookCommand } from "../../../harness/commands/trainCodebook.ts";
import { writeSafetensors } from "../../../safetensors.ts";
import { syntheticVectors } from "../../codecs/quantisers/syntheticVectors.ts";

const folder = mkdtempSync(join(tmpdir(), "isoglyph-codebook-"));
const vectors = syntheticVectors(120, 16);
let trained: ReturnType<typeof isoglyph>;

function isoglyph(...args: readonly string[]) {
  const result = spawnSync(process.execPath, [resolve("harness/cli.ts"), ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

beforeAll(() => {
  const tensors = [{ name: "vectors", shape: [vectors.rows, vectors.width], data: vectors.data }];
  writeSafetensors(join(folder, "v.safetensors"), tensors, { embedder: "tiny", digest: "0123" });
  trained = isoglyph(
    ..."train codebook --kind rq --vectors v.safetensors --places 3 --entries 8 --out codes/rq".split(" "),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("train codebook", () => {
  test("writes a codebook and says how good it is on vectors it held out", () => {
    expect(trained).toMatchObject({ code: 0 });
    const { description, identity } = readCodebook(join(folder, "codes/rq"));
    expect(trained.out).toContain(identity);
    expect(trained.out).toContain("12 held-out vectors: centred cosine");
    expect(description).toMatchObject({ embedder: { reference: "tiny", digest: "0123", width: 16 }, sizes: [8, 8, 8] });
    expect(description.training.vectors).toBe(108);
    expect(existsSync(join(folder, "codes/rq.checkpoint"))).toBe(false);
  });

  test.for<[string, string, string]>([
    ["no vectors", "--kind pq --out x", "usage"],
    ["an unknown kind", "--kind pqq --vectors v.safetensors --out x", "codebook-kind"],
    ["too small an alphabet", "--kind pq --vectors v.safetensors --alphabet a --entries 64 --out x", "alphabet-small"],
    ["sentences without an embedder", "--kind pq --text v.safetensors --out x", "usage"],
    ["a share that is none", "--kind pq --vectors v.safetensors --held-out 1 --out x", "usage"],
    [
      "places that do not divide the width",
      "--kind pq --vectors v.safetensors --places 5 --entries 8 --out x",
      "quantiser-uneven",
    ],
    ["other sizes than published", "--kind vq-published --vectors v.safetensors --places 4 --out x", "quantiser-fixed"],
  ])("refuses %s", async ([, args, code]) => {
    const words = args
      .replaceAll("v.safetensors", join(folder, "v.safetensors"))
      .replaceAll(/--(\S+)-(\w)/g, (_, a, b) => `--${a}${b.toUpperCase()}`)
      .split(" ");
    const given = Object.fromEntries(
      words.flatMap((word, i) => (word.startsWith("--") ? [[word.slice(2), words[i + 1]]] : [])),
    );
    const options = { noise: "0", seed: "1", heldOut: "0.1", ...given, out: join(folder, "x") } as TrainCodebookOptions;
    await expect(trainCodebookCommand(options, new AbortController().signal)).rejects.toMatchObject({ code, exit: 2 });
  });
});

test("decode gives indices and vector of symbols, or a file of vectors", () => {
  const { description, quantiser } = readCodebook(join(folder, "codes/rq"));
  const [symbols] = description.alphabet.symbols as [readonly string[]];
  const text = [5, 0, 7].map((index) => symbols[index]).join("");
  const { code, out } = isoglyph("decode", "--codebook", "codes/rq", "--text", text);
  expect(code).toBe(0);
  const expected = Array.from(quantiser.decode(Uint16Array.of(5, 0, 7)).data);
  expect(JSON.parse(out)).toEqual([{ text, indices: [5, 0, 7], vector: expected }]);
  expect(isoglyph("decode", "--codebook", "codes/rq", "--text", text, "--out", "d.safetensors").code).toBe(0);
  // What decode writes, train reads.
  const again = isoglyph(
    ..."train codebook --kind rq --vectors d.safetensors --places 1 --entries 2 --out y".split(" "),
  );
  expect(again.err).toContain("(vectors-too-few)");
});

describe("encode", () => {
  test("runs any codec, with parameters, a line a text", () => {
    const { code, out } = isoglyph(
      ..."encode --codec truncate --parameter words=2 --text".split(" "),
      "The red bus left.",
      "--text",
      "A dog barked at night.",
    );
    expect({ code, out }).toEqual({ code: 0, out: "The red\nA dog\n" });
    const json = isoglyph("encode", "--codec", "identity", "--text", "As it is.", "--json");
    expect(JSON.parse(json.out)).toEqual([{ original: "As it is.", text: "As it is." }]);
  });

  test.for<[{ codec: string; codebook?: string; parameter?: string[] }, string]>([
    [{ codec: "truncate", parameter: ["words"] }, "usage"],
    [{ codec: "truncate", parameter: ["words=2", "words=3"] }, "usage"],
    [{ codec: "truncate", parameter: ["wordz=2"] }, "codec-parameters"],
    [{ codec: "identity", codebook: "codes/rq" }, "usage"],
    [{ codec: "codebook", codebook: "none" }, "codebook-missing"],
  ])("refuses %o", async ([given, code]) => {
    const options = { text: ["A text."], parameter: [], ...given };
    await expect(encodeCommand(options, new AbortController().signal)).rejects.toMatchObject({ code, exit: 2 });
  });

  test("and decode of a code that loses is refused, with the reason", async () => {
    const options = { codec: "truncate", parameter: ["words=2"], text: ["The red"] };
    await expect(decodeCommand(options, new AbortController().signal)).rejects.toMatchObject({
      code: "codec-no-decoder",
    });
  });
});

test("a sentence file with a line that is no JSON is named with the line", async () => {
  writeFileSync(join(folder, "s.jsonl"), '{"text": "One."}\n{"text": 2}\n');
  const text = join(folder, "s.jsonl");
  const options = {
    kind: "pq",
    text,
    embedder: "smollm2-135m",
    noise: "0",
    seed: "1",
    heldOut: "0",
    out: join(folder, "x"),
  };
  const refusal = trainCodebookCommand(options, new AbortController().signal);
  await expect(refusal).rejects.toThrow("s.jsonl:2 has no text");
});
