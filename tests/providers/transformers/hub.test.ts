/** Models by their name on the Hub, from a cache as huggingface_hub lays it out; and what transformers can't load. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTransformers } from "../../../providers/transformers/openTransformers.ts";
import type { TransformersProvider } from "../../../providers/transformers/TransformersProvider.ts";

/** Of the model, however it is named. */
const SETTINGS = "?device=cpu&dtype=bfloat16";
const PYTHON = process.env.ISOGLYPH_TEST_PYTHON ?? "";
const MODEL = fileURLToPath(new URL("../../oracles/fixtures/models/llama", import.meta.url));
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
process.env.OMP_NUM_THREADS = "1";

describe.skipIf(PYTHON === "")("with Python (ISOGLYPH_TEST_PYTHON)", () => {
  let cache: string;
  const variables = ["HF_HUB_CACHE", "HF_HUB_OFFLINE"] as const;
  const before = variables.map((name) => process.env[name]);
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), "isoglyph-hub-"));
    const repository = join(cache, "models--owner--tiny");
    const snapshot = join(repository, "snapshots", COMMIT);
    mkdirSync(join(repository, "blobs"), { recursive: true });
    mkdirSync(join(repository, "refs"));
    mkdirSync(snapshot, { recursive: true });
    for (const name of ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]) {
      cpSync(join(MODEL, name), join(repository, "blobs", name));
      symlinkSync(join("..", "..", "blobs", name), join(snapshot, name));
    }
    for (const ref of ["main", "v2"]) writeFileSync(join(repository, "refs", ref), COMMIT);
    process.env.HF_HUB_CACHE = cache;
    process.env.HF_HUB_OFFLINE = "1";
  });
  afterAll(() => {
    rmSync(cache, { recursive: true });
    variables.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });
  let folder: TransformersProvider;
  beforeAll(async () => {
    folder = await open(`transformers:${MODEL}`);
    await folder.close();
  });
  const open = (reference: string) => openTransformers(`${reference}${SETTINGS}`, { python: PYTHON });

  it.each(["transformers:owner/tiny", "transformers:owner/tiny@v2"])("opens %s", async (reference) => {
    const provider = await open(reference);
    try {
      expect(provider.identity).toEqual({
        ...folder.identity,
        reference: `${reference}${SETTINGS}`,
        name: "owner/tiny",
      });
      expect(provider.identity.weights).toBe("bfloat16 (as asked)");
      expect(provider.tokenizer.encode("ab")).toEqual(folder.tokenizer.encode("ab"));
    } finally {
      await provider.close();
    }
  });

  it("passes on what transformers says of a model that is not there", async () => {
    await expect(open("transformers:owner/tiny@v3")).rejects.toMatchObject({
      code: "python-model-not-loadable",
      where: "owner/tiny",
      // In its offline words; with a network it would name the revision.
      message: expect.stringContaining("connect to 'https://huggingface.co'"),
    });
  });

  it("runs no code that comes with a model, and asks nobody whether it may", async () => {
    const own = join(cache, "own-code");
    cpSync(MODEL, own, { recursive: true });
    const auto_map = { AutoConfig: "own.Config", AutoModelForCausalLM: "own.Model" };
    writeFileSync(join(own, "config.json"), JSON.stringify({ model_type: "own", auto_map }));
    writeFileSync(join(own, "own.py"), "raise SystemExit('it ran')\n");
    await expect(open(`transformers:${own}`)).rejects.toMatchObject({
      code: "python-model-not-loadable",
      message: expect.stringContaining("trust_remote_code"),
    });
  });
});
