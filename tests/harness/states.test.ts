/** `isoglyph states` over a tiny checkpoint: every tap under its own name, from a text, ids or embeddings. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type StatesCommandOptions, statesCommand } from "../../harness/commands/states.ts";
import { readSafetensors } from "../../providers/embedded/formats/safetensorsFile.ts";

const MODEL = fileURLToPath(new URL("../oracles/fixtures/models/qwen2", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-states-"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;
async function states(options: Partial<StatesCommandOptions>) {
  const out = join(folder, `${runs++}.safetensors`);
  await statesCommand(
    { model: MODEL, layers: "all", taps: "hidden,final_norm,logits", out, ...options },
    new AbortController().signal,
  );
  const shapes = Object.fromEntries([...readSafetensors(out).tensors].map(([name, { shape }]) => [name, shape]));
  return { out, shapes };
}

test("by default: ids, every hidden state, the final norm, the last token's logits", async () => {
  const { shapes } = await states({ text: "the ten" });
  const tokens = shapes.ids?.[0] as number;
  const state = [tokens, 32];
  expect(shapes).toEqual({
    ids: [tokens],
    "hidden.0": state,
    "hidden.1": state,
    "hidden.2": state,
    final_norm: state,
    logits: [288],
  });
});

test("all taps, at the layers asked for; the last one counts from each tap's own end", async () => {
  const { shapes } = await states({ ids: "[5, 6, 7]", taps: "all", layers: "-1", allLogits: true });
  expect(shapes).toEqual({
    ids: [3],
    "hidden.2": [3, 32],
    embedding: [3, 32],
    "resid_pre.1": [3, 32],
    "attn_out.1": [3, 32],
    "mlp_out.1": [3, 32],
    "resid_post.1": [3, 32],
    "attention.1": [4, 3, 3],
    final_norm: [3, 32],
    logits: [3, 288],
  });
});

test("what it wrote can be put back in: the same states come out", async () => {
  const { out } = await states({ ids: "[9, 8, 7, 6]" });
  const again = await states({ embeddings: out });
  const read = (path: string, name: string) => {
    const tensor = readSafetensors(path).tensors.get(name);
    return readFileSync(path).subarray(tensor?.offset, (tensor?.offset ?? 0) + (tensor?.bytes ?? 0));
  };
  for (const name of ["hidden.1", "hidden.2", "final_norm", "logits"])
    expect(read(again.out, name).equals(read(out, name)), name).toBe(true);
  expect(again.shapes.ids).toBeUndefined();
});

describe("wrong usage names what is wrong", () => {
  test.each<[Partial<StatesCommandOptions>, RegExp]>([
    [{ text: "a", taps: "hidden,residual" }, /no tap "residual"/],
    [{ text: "a", layers: "3" }, /"3" is no layer/],
    [{ text: "a", ids: "[1]" }, /2 were given/],
    [{ ids: "[288]" }, /token id 288 is beyond the vocabulary/],
    [{ embeddings: "nowhere.safetensors" }, /there is no file nowhere/],
  ])("%o", async (options, message) => {
    await expect(states(options)).rejects.toMatchObject({ code: "usage", message: expect.stringMatching(message) });
  });

  test("embeddings of another width", async () => {
    const header = JSON.stringify({ embeddings: { dtype: "F32", shape: [1, 3], data_offsets: [0, 12] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = join(folder, "narrow.safetensors");
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(12)]));
    await expect(states({ embeddings: path })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("rows of 3 numbers"),
    });
  });
});
