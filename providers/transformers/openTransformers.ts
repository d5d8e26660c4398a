import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import type { Progress } from "../embedded/sources/fetchModel.ts";
import { folderDigest } from "../embedded/sources/hubFolder.ts";
import { hubTokenizer } from "../embedded/tokenizer/hubTokenizer.ts";
import { withinVocabulary } from "../embedded/tokenizer/withinVocabulary.ts";
import { PythonWorker, type WorkerResult } from "./PythonWorker.ts";
import { TransformersProvider } from "./TransformersProvider.ts";
import { storedType, weightFiles } from "./weightFiles.ts";
import { answerMalformed, PYTHON_VARIABLE } from "./workerErrors.ts";

export interface TransformersOptions {
  /** What the weights become in memory; float32 unless said otherwise. */
  readonly dtype?: "float32" | "float16" | "bfloat16";
  /** As PyTorch names it: `cuda`, `cuda:1`, `cpu`; CUDA where there is any, unless said otherwise. */
  readonly device?: string;
  /** The interpreter; else what the environment says, else `python3`. */
  readonly python?: string;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** A folder, or a name on the Hugging Face Hub. */
interface Source {
  readonly name: string;
  readonly revision: string | null;
}

const PREFIX = "transformers:";

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
 * @param reference `transformers:FOLDER` or `transformers:OWNER/NAME[@REVISION]`
 * @throws ExpectedError `model-reference-malformed`, `python-model-not-loadable`, `python-model-unsupported`,
 *   `python-device-missing`, `python-out-of-memory`; those of PythonWorker.start, weightFiles and hubTokenizer
 */
export async function openTransformers(
  reference: string,
  options: TransformersOptions = {},
): Promise<TransformersProvider> {
  const source = parseSource(reference);
  const { dtype = "float32", device, progress = () => {}, signal } = options;
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
      device,
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
      weights: `${dtype} (${options.dtype === undefined ? "the default" : "as asked"})`,
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

/** A folder that is there is a folder; anything else has to be a name of the Hub. */
function parseSource(reference: string): Source {
  const fail = (reason: string): never => {
    throw new ExpectedError({
      code: "model-reference-malformed",
      message: `model reference ${JSON.stringify(reference)}: ${reason}`,
      hint: `the form is ${PREFIX}FOLDER or ${PREFIX}OWNER/NAME[@REVISION]`,
    });
  };
  if (!reference.startsWith(PREFIX)) fail(`it does not begin with ${PREFIX}`);
  const text = reference.slice(PREFIX.length);
  if (text === "") fail("no folder and no name follows");
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return { name: text, revision: null };
  const [, name, revision = "main"] =
    /^((?:[A-Za-z0-9_][\w.-]*\/)?[A-Za-z0-9_][\w.-]*)(?:@([\w./+-]+))?$/.exec(text) ?? [];
  if (name === undefined) return fail("there is no such folder, and it is no name of the Hugging Face Hub");
  return { name, revision };
}
