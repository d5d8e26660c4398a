/** A model of random weights that knows all bytes, for codes that ask a model. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Codec, CodecInput } from "../../../codecs/contract.ts";
import { createCodec } from "../../../codecs/registry.ts";
import { noServices } from "../../../harness/codecServices.ts";
import type { Provider } from "../../../providers/contract.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { writeTinyGguf } from "../../providers/openModelTinyGguf.ts";

/** Opened in a cache of its own, which goes with it. */
export async function openTinyModel(): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), "isoglyph-tiny-"));
  const path = join(folder, "tiny.gguf");
  writeTinyGguf(path);
  const before = process.env.ISOGLYPH_CACHE;
  process.env.ISOGLYPH_CACHE = folder;
  const model = await openModel(path, { weights: "auto", purpose: "latency", threads: 1 }).finally(() => {
    if (before === undefined) delete process.env.ISOGLYPH_CACHE;
    else process.env.ISOGLYPH_CACHE = before;
  });
  const close = model.close.bind(model);
  model.close = async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  };
  return model;
}

export function codecOn(model: Provider, codec: string, parameters: Readonly<Record<string, unknown>> = {}): Codec {
  const services = { ...noServices("this code asks the observed model only"), observed: () => model };
  return createCodec({ codec, parameters }, services, "test");
}

export function inputOf(original: string, ...questions: readonly string[]): CodecInput {
  return { original, encodings: {}, questions: questions.map((question) => ({ question })) };
}

/** The encoding of each text, which has to be there. */
export async function encodedTexts(codec: Codec, originals: readonly string[]): Promise<string[]> {
  const encodings = await codec.encode(originals.map((original) => inputOf(original)));
  return encodings.map((encoding) => {
    if ("missing" in encoding) throw new Error(encoding.missing);
    return encoding.text;
  });
}
