import { decodeSymbols, readSymbols } from "../../codecs/codebook/Codebook.ts";
import { readCodebook } from "../../codecs/codebook/codebookFile.ts";
import type { CodecServices } from "../../codecs/contract.ts";
import { row } from "../../codecs/quantisers/matrix.ts";
import { createCodec } from "../../codecs/registry.ts";
import { ExpectedError } from "../../errors.ts";
import { writeSafetensors } from "../../safetensors.ts";
import { noServices } from "../codecServices.ts";
import { withCodecModel } from "./codecModel.ts";
import { codecParameters } from "./codecParameters.ts";
import { usage } from "./stateInputs.ts";

export interface DecodeCommandOptions {
  readonly codebook?: string;
  readonly codec?: string;
  readonly model?: string;
  readonly text: readonly string[];
  readonly parameter: readonly string[];
  readonly out?: string;
}

/** Vectors of a codebook's symbols, as JSON or to a file; or the text that a code without loss stands for. */
export async function decodeCommand(options: DecodeCommandOptions, signal: AbortSignal): Promise<void> {
  const { codebook: path, codec, text, out } = options;
  if ((path === undefined) === (codec === undefined))
    throw usage("decode takes a code", "--codebook FILE for vectors, or --codec NAME for text, one of them");
  if (codec !== undefined) {
    await decodeTexts(codec, options, signal);
    return;
  }
  const codebook = readCodebook(path as string);
  const indices = text.map((one, i) => Array.from(readSymbols(codebook, one, `text ${i + 1} of ${text.length}`)));
  const vectors = decodeSymbols(codebook, text);
  if (out !== undefined) {
    const shape = [vectors.rows, vectors.width];
    writeSafetensors(out, [{ name: "vectors", shape, data: vectors.data }], { codebook: codebook.identity });
    process.stdout.write(`wrote ${out}: ${vectors.rows} vector(s) ${vectors.width} wide\n`);
    return;
  }
  const rows = text.map((one, i) => ({ text: one, indices: indices[i], vector: Array.from(row(vectors, i)) }));
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}

async function decodeTexts(name: string, options: DecodeCommandOptions, signal: AbortSignal): Promise<void> {
  if (options.out !== undefined) throw usage("--out goes with --codebook", "a text is written to standard output");
  const parameters = codecParameters({ codec: name, parameter: options.parameter });
  const make = (services: CodecServices) => createCodec({ codec: name, parameters }, services, "the command line");
  if (make(noServices("nothing is decoded yet")).decode === undefined) {
    throw new ExpectedError({
      code: "codec-no-decoder",
      message: `what codec ${name} encodes cannot be had back as text`,
      where: "the command line",
      hint: name === "codebook" ? "decode --codebook FILE gives the vector" : "it loses what the text said",
    });
  }
  const texts = await withCodecModel(
    options.model,
    signal,
    async (services) => (await make(services).decode?.(options.text)) ?? [],
  );
  for (const text of texts) process.stdout.write(`${text}\n`);
}
