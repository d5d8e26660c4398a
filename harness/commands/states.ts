import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { EmbeddedProvider } from "../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import { BLOCK_TAPS, type Trace, type TraceInput, traceText } from "../../providers/embedded/traceText.ts";
import { type NamedTensor, writeSafetensors } from "../../safetensors.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { type StateInput, type StateInputOptions, stateInputs, usage } from "./stateInputs.ts";

export interface StatesCommandOptions extends StateInputOptions {
  readonly model: string;
  readonly layers: string;
  readonly taps: string;
  readonly attention?: boolean;
  readonly allLogits?: boolean;
  readonly specialTokens?: boolean;
  readonly out: string;
}

/** What each name of `--taps` stands for: the trace's own name, and how far its layer is from the tap's. */
const TAPS: Readonly<Record<string, readonly [string, number]>> = {
  hidden: ["hidden", 0],
  embedding: ["hidden", 0],
  resid_pre: ["hidden", 0],
  attn_out: ["attn_out", 0],
  mlp_out: ["mlp_out", 0],
  resid_post: ["hidden", 1],
  attention: ["attention", 0],
  final_norm: ["final_norm", 0],
  logits: ["logits", 0],
};

function tapsOf({ taps, attention }: StatesCommandOptions): string[] {
  const names = taps === "all" ? Object.keys(TAPS) : taps.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(TAPS, name));
  if (unknown !== undefined)
    throw usage(`--taps ${taps}: there is no tap ${JSON.stringify(unknown)}`, `taps: ${Object.keys(TAPS).join(", ")}`);
  return [...new Set([...names, ...(attention ? ["attention"] : [])])];
}

/** Which of `count` states are wanted; negative indices count from the end. The last of them follows the last block. */
function layersOf(list: string, count: number): (index: number, of: number) => boolean {
  if (list === "all") return () => true;
  const wanted = list.split(",").map((text) => {
    const index = Number(text);
    if (text.trim() === "" || !Number.isInteger(index) || index < -count || index >= count) {
      throw usage(
        `--layers ${list}: ${JSON.stringify(text)} is no layer`,
        `use all, or indices from 0 (embedding) to ${count - 1}, or -${count} to -1`,
      );
    }
    return index;
  });
  return (index, of) => wanted.some((layer) => (layer < 0 ? of + layer : layer) === index);
}

/** The tensors of one input that were asked for, under their taps' names. */
function chosen(trace: Trace, taps: readonly string[], layers: string, blocks: number): NamedTensor[] {
  const wanted = layersOf(layers, blocks + 1);
  return taps.flatMap((tap) => {
    const [source, shift] = TAPS[tap] as readonly [string, number];
    if (["embedding", "final_norm", "logits"].includes(tap)) {
      const found = trace.get(tap === "embedding" ? "hidden.0" : source);
      return found ? [{ name: tap, ...found }] : [];
    }
    const count = tap === "hidden" ? blocks + 1 : blocks;
    return Array.from({ length: count }, (_, layer) => layer).flatMap((layer) => {
      const found = trace.get(`${source}.${layer + shift}`);
      return found && wanted(layer, count) ? [{ name: `${tap}.${layer}`, ...found }] : [];
    });
  });
}

function traceInput(input: StateInput, provider: EmbeddedProvider, special: boolean): TraceInput {
  const { name, vocabulary, width } = provider.identity;
  if ("embeddings" in input) {
    if (input.width === width) return { embeddings: input.embeddings };
    throw usage(`--embeddings has rows of ${input.width} numbers`, `${name} reads rows of ${width}`);
  }
  if ("text" in input) return { ids: provider.tokenizer.encode(input.text, { special }) };
  const beyond = input.ids.find((id) => id >= vocabulary);
  if (beyond === undefined) return { ids: input.ids };
  throw usage(`token id ${beyond} is beyond the vocabulary of ${name}`, `ids go from 0 to ${vocabulary - 1}`);
}

export async function statesCommand(options: StatesCommandOptions, signal: AbortSignal): Promise<void> {
  const taps = tapsOf(options);
  const blockTaps = BLOCK_TAPS.filter((source) => taps.some((tap) => TAPS[tap]?.[0] === source));
  const inputs = await stateInputs(options);
  const folder = dirname(options.out);
  if (!existsSync(folder)) throw usage(`there is no folder ${folder}`, "make it, or choose another place for --out");
  const progress = new ProgressReporter();
  const provider = await openModel(options.model, {
    weights: "auto",
    purpose: "latency",
    ...(options.embeddings === undefined && { first: "trace" as const }),
    progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
    signal,
  });
  try {
    const blocks = provider.identity.layers;
    layersOf(options.layers, blocks + 1);
    const tensors: NamedTensor[] = [];
    let tokens = 0;
    for (const [i, input] of inputs.entries()) {
      signal.throwIfAborted();
      progress.update("reading", i, inputs.length);
      const read = traceInput(input, provider, options.specialTokens === true);
      const trace = await traceText(provider, read, { logits: options.allLogits ? "all" : "last", taps: blockTaps });
      const prefix = inputs.length > 1 ? `${i}/` : "";
      tokens += trace.get("final_norm")?.shape[0] ?? 0;
      if ("ids" in read)
        tensors.push({ name: `${prefix}ids`, shape: [read.ids.length], data: BigInt64Array.from(read.ids, BigInt) });
      for (const tensor of chosen(trace, taps, options.layers, blocks))
        tensors.push({ ...tensor, name: `${prefix}${tensor.name}` });
    }
    progress.clear();
    const { name, digest, engine, weights } = provider.identity;
    writeSafetensors(options.out, tensors, { model: name, sha256: digest, engine, weights });
    process.stdout.write(
      `wrote ${options.out}: ${tensors.length} tensors, ${inputs.length} text(s), ${tokens} tokens\n`,
    );
  } finally {
    await provider.close();
  }
}
