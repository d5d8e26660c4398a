import { basename, resolve } from "node:path";
import { z } from "zod";
import type { Progress } from "../embedded/sources/fetchModel.ts";
import { folderDigest } from "../embedded/sources/hubFolder.ts";
import { hubTokenizer } from "../embedded/tokenizer/hubTokenizer.ts";
import { withinVocabulary } from "../embedded/tokenizer/withinVocabulary.ts";
import { PythonWorker, type WorkerResult } from "./PythonWorker.ts";
import { TransformersProvider } from "./TransformersProvider.ts";
import { parseTransformersReference } from "./transformersReference.ts";
import { storedType, weightFiles } from "./weightFiles.ts";
import { answerMalformed, PYTHON_VARIABLE } from "./workerErrors.ts";

export interface TransformersOptions {
  /** The interpreter; else what the environment says, else `python3`. */
  readonly python?: string;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

const count = z.number().int().min(1);
const helloSchema = z.object({ python: z.string(), torch: z.string(), transformers: z.string() });
const modelSchema = z.object({
  architecture: z.string(),
  folder: z.string(),
  layers: count,
  width: count,
  heads: count,
  vocabulary: count,
  embeddings: count,
  contextLength: count.nullable(),
  device: z.string(),
  positions: z.boolean(),
  attention: z.string().nullable(),
});

/**
 * Opens a model with Python's transformers: any causal one that its AutoModelForCausalLM loads without code of its own.
 * @param reference as transformersReference.ts reads it
 * @throws ExpectedError `model-reference-malformed`, `python-model-not-loadable`, `python-model-unsupported`,
 *   `python-device-missing`, `python-out-of-memory`; those of PythonWorker.start, weightFiles and hubTokenizer
 */
export async function openTransformers(
  reference: string,
  options: TransformersOptions = {},
): Promise<TransformersProvider> {
  const source = parseTransformersReference(reference);
  const { progress = () => {}, signal } = options;
  const dtype = source.dtype ?? "float32";
  const name = source.revision === null ? basename(resolve(source.name)) : source.name;
  const python = options.python ?? (process.env[PYTHON_VARIABLE] || "python3");
  progress({ label: `${name}: starting Python`, done: 0, total: 0 });
  const { worker, hello } = await PythonWorker.start({ name, python, ...(signal && { signal }) });
  try {
    const versions = shaped(helloSchema, hello, name);
    progress({ label: `${name}: loading in Python`, done: 0, total: 0 });
    const task = {
      task: "load",
      name: source.revision === null ? resolve(source.name) : source.name,
      revision: source.revision,
      dtype,
      ...(source.device !== null && { device: source.device }),
    };
    const model = shaped(modelSchema, (await worker.ask(task, signal)).result, name);
    const { folder } = model;
    const files = weightFiles(folder);
    const digest = await folderDigest({ path: folder, files }, signal, (done, total) =>
      progress({ label: `${name}: checksum`, done, total }),
    );
    const { tokenizer, digest: tokenizerDigest } = hubTokenizer(folder);
    const identity = {
      reference,
      name,
      architecture: model.architecture,
      digest,
      quantisation: storedType(folder, files),
      engine: `transformers ${versions.transformers}, torch ${versions.torch}, ${model.device}`,
      weights: `${dtype} (${source.dtype === null ? "the default" : "as asked"})`,
      tokenizerDigest,
      contextLength: model.contextLength,
      layers: model.layers,
      width: model.width,
      vocabulary: model.vocabulary,
    };
    const view = { heads: model.heads, positions: model.positions, attention: model.attention };
    return new TransformersProvider(identity, withinVocabulary(tokenizer, model.embeddings, folder), worker, view);
  } catch (error) {
    await worker.close();
    throw error;
  }
}

function shaped<T>(schema: z.ZodType<T>, result: WorkerResult, name: string): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw answerMalformed(name, z.prettifyError(parsed.error));
}
