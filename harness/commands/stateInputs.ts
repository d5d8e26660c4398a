/** What `isoglyph states` reads: a text, token ids, a file of many, or what enters the first block. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import { dequantize } from "../../providers/embedded/formats/dequantize.ts";
import { readSafetensors } from "../../providers/embedded/formats/safetensorsFile.ts";

export interface StateInputOptions {
  readonly text?: string;
  readonly input?: string;
  readonly ids?: string;
  readonly embeddings?: string;
}

const idList = z.array(z.int().nonnegative()).min(1);
const inputLine = z.union([z.strictObject({ text: z.string().min(1) }), z.strictObject({ ids: idList })]);

export type StateInput = z.output<typeof inputLine> | { readonly embeddings: Float32Array; readonly width: number };

const HELP = "see isoglyph states --help";

export function usage(message: string, hint: string, where?: string): ExpectedError {
  return new ExpectedError({ code: "usage", message, hint, ...(where && { where }) });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`not JSON: ${(error as Error).message}`, HELP, where);
  }
}

/** @throws ExpectedError `usage`, and those of readSafetensors. */
export async function stateInputs(options: StateInputOptions): Promise<StateInput[]> {
  const { text, input, ids, embeddings } = options;
  const given = [text, input, ids, embeddings].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw usage(`--text, --input, --ids, --embeddings: one of them is needed, ${given.length} were given`, HELP);
  if (text !== undefined) {
    if (text === "") throw usage("--text is empty", "give it some text");
    return [{ text }];
  }
  if (ids !== undefined) {
    const list = idList.safeParse(parseJson(ids, "--ids"));
    if (!list.success) throw usage(`--ids is ${ids}`, "give a JSON array of token ids, such as [504, 3575]");
    return [{ ids: list.data }];
  }
  if (embeddings !== undefined) return [await embeddingsOf(embeddings)];
  return lines(input as string);
}

async function lines(path: string): Promise<StateInput[]> {
  if (!existsSync(path)) throw usage(`there is no file ${path}`, "check the path of --input");
  const shape = 'each line is {"text": "…"} or {"ids": [1, 2]}';
  const inputs = (await readFile(path, "utf8")).split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const where = `${path}:${i + 1}`;
    const parsed = inputLine.safeParse(parseJson(line, where));
    if (!parsed.success) throw usage(`not an input: ${line.slice(0, 80)}`, shape, where);
    return [parsed.data];
  });
  if (inputs.length === 0) throw usage(`${path} has no inputs`, shape);
  return inputs;
}

async function embeddingsOf(path: string): Promise<StateInput> {
  if (!existsSync(path)) throw usage(`there is no file ${path}`, "check the path of --embeddings");
  const { tensors } = readSafetensors(path);
  const tensor = tensors.get("embeddings") ?? tensors.get("hidden.0") ?? tensors.get("embedding");
  if (tensor?.shape.length !== 2) {
    throw usage(
      `${path} has no tensor embeddings [tokens, width]`,
      "name it embeddings or hidden.0: what enters the first block, as isoglyph states writes it",
    );
  }
  const bytes = (await readFile(path)).subarray(tensor.offset, tensor.offset + tensor.bytes);
  const [tokens, width] = tensor.shape as [number, number];
  return { embeddings: dequantize(tensor.type, bytes, tokens * width), width };
}
