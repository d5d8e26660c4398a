import { closeSync, openSync, readSync } from "node:fs";
import { ARCHITECTURES } from "./architectures/registry.ts";
import { arrangeWeights } from "./arrangeWeights.ts";
import type { Checkpoint, StoredTensor } from "./Checkpoint.ts";
import { ConfigFields } from "./ConfigFields.ts";
import { dequantize } from "./formats/dequantize.ts";
import type { Gguf } from "./formats/gguf.ts";
import { planWeights } from "./planWeights.ts";
import { architectureUnsupported, readConfig } from "./readConfig.ts";
import { ggufRope } from "./rope.ts";

/** Tensors of rotary factors: part of the configuration, not of the weights. */
const ROPE_TENSORS = ["rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"] as const;
/** llama.cpp's numbers of `pooling_type`. */
const POOLING = [null, "mean", "cls", "last"] as const;

/** A few numbers from a tensor of the file; null where it has none. */
function numbers(gguf: Gguf, name: string, fields: ConfigFields): number[] | null {
  const tensor: StoredTensor | undefined = gguf.tensors.get(name);
  if (tensor === undefined) return null;
  const count = tensor.shape.reduce((a, b) => a * b, 1);
  if (count > 1024) fields.fail(name, tensor.shape.join("×"), "more than half the size of any head");
  const bytes = new Uint8Array(tensor.bytes);
  const file = openSync(gguf.path, "r");
  try {
    readSync(file, bytes, 0, bytes.length, tensor.offset);
  } finally {
    closeSync(file);
  }
  return [...dequantize(tensor.type, bytes, count)].map((value, i) => fields.checkPositive(`${name}[${i}]`, value));
}

/**
 * A GGUF file as a checkpoint.
 * @throws ExpectedError `architecture-unsupported`, `config-field`, `config-unsupported`, `tensor-missing`, `tensor-shape`
 */
export function ggufCheckpoint(gguf: Gguf): Checkpoint {
  const { path, metadata } = gguf;
  const name = metadata.get("general.architecture");
  const architecture = ARCHITECTURES.find((one) => one.name === name);
  if (architecture === undefined) throw architectureUnsupported(name, path, "gguf");
  const fields = new ConfigFields("gguf", path, `${architecture.name}.`, (key) => metadata.get(key));
  const output = gguf.tensors.has("output.weight") ? "output.weight" : "token_embd.weight";
  const [divisors, short, long] = ROPE_TENSORS.map((tensor) => numbers(gguf, tensor, fields));
  const factors = { divisors: divisors ?? null, short: short ?? null, long: long ?? null };
  const config = readConfig(architecture, fields, gguf.tensors.get("token_embd.weight"), output, () =>
    ggufRope(fields, fields.positive("ropeBase", 10_000), factors),
  );
  const tokens = metadata.get("tokenizer.ggml.tokens");
  if (Array.isArray(tokens) && tokens.length > config.vocabulary) {
    const rule = `more than the ${config.vocabulary} rows of token_embd.weight`;
    fields.fail("tokenizer.ggml.tokens", `${tokens.length} tokens`, rule);
  }
  const stored = new Map([...gguf.tensors].filter(([tensor]) => !(ROPE_TENSORS as readonly string[]).includes(tensor)));
  const type = fields.raw("pooling_type");
  const pooling = (typeof type === "number" ? POOLING[type] : null) ?? null;
  const checkpoint: Checkpoint = {
    path,
    format: "gguf",
    // llama.cpp scales embeddings to length 1, whatever the model.
    config: config.causal ? config : { ...config, pooling, normalize: true },
    weights: arrangeWeights(architecture, stored, config, "gguf", path),
  };
  planWeights(checkpoint).refuseUnused();
  return checkpoint;
}
