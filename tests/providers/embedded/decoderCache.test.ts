/** The cache of keys and values against reading the whole text again: what it says of a token is what the text says. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { traceText } from "../../../providers/embedded/traceText.ts";
import { absoluteError } from "./oracle.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-cache-"));
  vi.stubEnv("ISOGLYPH_CACHE", folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const MODELS = fileURLToPath(new URL("../../oracles/fixtures/models/", import.meta.url));

/** A model of the fixtures with other numbers in its configuration. */
function altered(name: string, numbers: Readonly<Record<string, number>>): string {
  const home = join(folder, Object.keys(numbers).join());
  cpSync(join(MODELS, name), home, { recursive: true });
  const path = join(home, "config.json");
  let config = readFileSync(path, "utf8");
  for (const [key, value] of Object.entries(numbers))
    config = config.replaceAll(new RegExp(`"${key}": \\d+`, "g"), `"${key}": ${value}`);
  writeFileSync(path, config);
  return home;
}

const CASES: Readonly<Record<string, () => string>> = {
  "every token seen": () => join(MODELS, "qwen2"),
  "a window and a softcap": () => join(MODELS, "gemma2"),
  "other angles beyond 12 tokens": () => join(MODELS, "phi3-longrope"),
  "other angles beyond 80 tokens": () => altered("phi3-longrope", { original_max_position_embeddings: 80 }),
  // The same matrices cut into twice as many heads: a size that the attention operator does not take.
  "heads of 4": () => altered("qwen2", { num_attention_heads: 8, num_key_value_heads: 4 }),
};

/** Token ids without a pattern, as many as asked for. */
const text = (length: number, seed: number) => Array.from({ length }, (_, i) => (i * i * 31 + i * 17 + seed) % 280);

describe.each(Object.entries(CASES))("%s", (_, place) => {
  let provider: EmbeddedProvider;
  beforeAll(async () => {
    provider = await openModel(place(), { weights: "float32", purpose: "batch", threads: 1 });
  });
  afterAll(() => provider?.close());

  const logitsOf = async (ids: readonly number[]) =>
    (await traceText(provider, { ids: [...ids] })).get("logits")?.data as Float32Array;
  /** Logits after each of the texts, from the cache. */
  const rows = (all: Float32Array) => {
    const { vocabulary } = provider.identity;
    return Array.from({ length: all.length / vocabulary }, (_, i) =>
      all.subarray(i * vocabulary, (i + 1) * vocabulary),
    );
  };
  async function agrees(all: Float32Array, texts: readonly (readonly number[])[]) {
    expect(rows(all)).toHaveLength(texts.length);
    for (const [i, row] of rows(all).entries())
      expect(absoluteError(row, await logitsOf(texts[i] as number[])), `text ${i}`).toBeLessThanOrEqual(1e-4);
  }

  it("grows token by token over a hundred tokens", async () => {
    const ids = text(127, 3);
    const cache = await provider.engine.startCache();
    let all = await cache.start([ids.slice(0, 1)]);
    for (let length = 2; length <= ids.length; length++) {
      all = await cache.append([ids[length - 1] as number]);
      if (length % 21 === 1 || [64, 65, 127].includes(length)) await agrees(all, [ids.slice(0, length)]);
    }
  });

  it("goes on with some of its texts, in another order and several times over", async () => {
    let texts = [text(5, 1), text(70, 2), text(1, 3), text(33, 4)];
    const cache = await provider.engine.startCache();
    await agrees(await cache.start(texts), texts);
    const steps = [[0, 1, 2, 3], [3, 1, 1, 0, 2], [1, 2, 4], [0, 1, 2], [2]];
    for (const [step, from] of steps.entries()) {
      const next = from.map((_, i) => (step * 40 + i * 7) % 280);
      texts = from.map((source, i) => [...(texts[source] as number[]), next[i] as number]);
      await agrees(await cache.append(next, from), texts);
    }
  });

  it("reads once what all texts begin with", async () => {
    const begin = text(64, 5);
    const texts = [
      [...begin, ...text(20, 6)],
      [...begin, 1],
      [...begin, ...text(9, 7)],
      [...begin, 1],
    ];
    const cache = await provider.engine.startCache();
    await agrees(await cache.start(texts), texts);
    const longer = texts.map((ids, i) => [...ids, 11 + i]);
    await agrees(await cache.append([11, 12, 13, 14]), longer);
  });
});
