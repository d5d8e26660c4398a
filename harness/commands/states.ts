import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import type { EmbeddedProvider } from "../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import { traceText } from "../../providers/embedded/traceText.ts";
import { type NamedTensor, writeSafetensors } from "../safetensors.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

export interface StatesCommandOptions {
  readonly model: string;
  readonly text?: string;
  readonly input?: string;
  readonly ids?: string;
  readonly layers: string;
  readonly attention?: boolean;
  readonly specialTokens?: boolean;
  readonly out: string;
}

const idList = z.array(z.int().nonnegative()).min(1);
const inputLine = z.union([z.strictObject({ text: z.string().min(1) }), z.strictObject({ ids: idList })]);
type Input = z.output<typeof inputLine>;

function usage(message: string, hint: string, where?: string): ExpectedError {
  return new ExpectedError({ code: "usage", message, hint, ...(where && { where }) });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`not JSON: ${(error as Error).message}`, "see isoglyph states --help", where);
  }
}

async function inputsOf(options: StatesCommandOptions): Promise<Input[]> {
  const given = [options.text, options.input, options.ids].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw usage(
      `--text, --input and --ids: one of them is needed, ${given.length} were given`,
      "see isoglyph states --help",
    );
  if (options.text !== undefined) {
    if (options.text === "") throw usage("--text is empty", "give it some text");
    return [{ text: options.text }];
  }
  if (options.ids !== undefined) {
    const ids = idList.safeParse(parseJson(options.ids, "--ids"));
    if (!ids.success) throw usage(`--ids is ${options.ids}`, "give a JSON array of token ids, such as [504, 3575]");
    return [{ ids: ids.data }];
  }
  const path = options.input as string;
  if (!existsSync(path)) throw usage(`there is no file ${path}`, "check the path of --input");
  const lines = (await readFile(path, "utf8")).split("\n");
  const inputs = lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const where = `${path}:${i + 1}`;
    const parsed = inputLine.safeParse(parseJson(line, where));
    if (!parsed.success)
      throw usage(`not an input: ${line.slice(0, 80)}`, 'each line is {"text": "…"} or {"ids": [1, 2]}', where);
    return [parsed.data];
  });
  if (inputs.length === 0) throw usage(`${path} has no inputs`, 'each line is {"text": "…"} or {"ids": [1, 2]}');
  return inputs;
}

/** Which of hidden.0 … hidden.N are wanted; negative indices count from the end. */
function layersOf(list: string, count: number): Set<number> {
  if (list === "all") return new Set(Array.from({ length: count }, (_, i) => i));
  return new Set(
    list.split(",").map((text) => {
      const index = Number(text);
      const layer = index < 0 ? count + index : index;
      if (text.trim() === "" || !Number.isInteger(index) || layer < 0 || layer >= count) {
        throw usage(
          `--layers ${list}: ${JSON.stringify(text)} is no layer`,
          `use all, or indices from 0 (embedding) to ${count - 1}, or -${count} to -1`,
        );
      }
      return layer;
    }),
  );
}

function idsOf(input: Input, provider: EmbeddedProvider, special: boolean): readonly number[] {
  if ("text" in input) return provider.tokenizer.encode(input.text, { special });
  const { vocabulary } = provider.identity;
  const beyond = input.ids.find((id) => id >= vocabulary);
  if (beyond !== undefined)
    throw usage(
      `token id ${beyond} is beyond the vocabulary of ${provider.identity.name}`,
      `ids go from 0 to ${vocabulary - 1}`,
    );
  return input.ids;
}

export async function statesCommand(options: StatesCommandOptions, signal: AbortSignal): Promise<void> {
  const inputs = await inputsOf(options);
  const folder = dirname(options.out);
  if (!existsSync(folder)) throw usage(`there is no folder ${folder}`, "make it, or choose another place for --out");
  const progress = new ProgressReporter();
  const provider = await openModel(options.model, {
    weights: "auto",
    purpose: "latency",
    progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
    signal,
  });
  try {
    const wanted = layersOf(options.layers, provider.identity.layers + 1);
    const tensors: NamedTensor[] = [];
    for (const [i, input] of inputs.entries()) {
      signal.throwIfAborted();
      progress.update("reading", i, inputs.length);
      const { ids, taps } = await traceText(provider, idsOf(input, provider, options.specialTokens === true));
      const prefix = inputs.length > 1 ? `${i}/` : "";
      tensors.push({ name: `${prefix}ids`, shape: [ids.length], data: BigInt64Array.from(ids, BigInt) });
      for (const [name, { shape, data }] of taps) {
        const [tap, layer] = name.split(".");
        const keep =
          (tap === "hidden" && wanted.has(Number(layer))) ||
          tap === "final_norm" ||
          tap === "logits" ||
          (tap === "attention" && options.attention === true);
        if (keep) tensors.push({ name: `${prefix}${name}`, shape, data });
      }
    }
    progress.clear();
    const { name, digest, engine, weights } = provider.identity;
    writeSafetensors(options.out, tensors, { model: name, sha256: digest, engine, weights });
    const tokens = tensors.filter(({ name }) => name.endsWith("ids")).reduce((sum, { data }) => sum + data.length, 0);
    process.stdout.write(
      `wrote ${options.out}: ${tensors.length} tensors, ${inputs.length} text(s), ${tokens} tokens\n`,
    );
  } finally {
    await provider.close();
  }
}
