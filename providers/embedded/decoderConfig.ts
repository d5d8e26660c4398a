import { ExpectedError } from "../../errors.ts";
import type { Gguf } from "./gguf.ts";

/** The numbers that shape a decoder's graph. */
export interface DecoderConfig {
  readonly architecture: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly contextLength: number;
  readonly vocabulary: number;
  readonly epsilon: number;
  readonly ropeBase: number;
  /** The tensor that turns final states into logits: the embedding itself where the two are tied. */
  readonly output: string;
}

const ARCHITECTURES = ["llama"] as const;

/** Sizes beyond any model that exists: a damaged file should not make us allocate for it. */
const LIMITS: Readonly<Record<string, number>> = {
  block_count: 1000,
  embedding_length: 1 << 16,
  feed_forward_length: 1 << 20,
  "attention.head_count": 1024,
  "attention.head_count_kv": 1024,
  "rope.dimension_count": 1024,
  context_length: 1 << 24,
};

/**
 * Refuses a block's tensor that the graph would leave out (a bias, an expert, a block beyond the last), and shapes
 * that do not fit together. Shapes are [rows, columns]. What is missing shows when the weights are read.
 */
function checkTensors(gguf: Gguf, config: DecoderConfig, hidden: number): void {
  const { width, vocabulary } = config;
  const keyValueWidth = config.keyValueHeads * config.headSize;
  const shapes = new Map<string, readonly number[]>([
    ["output_norm.weight", [width]],
    ["output.weight", [vocabulary, width]],
  ]);
  for (let layer = 0; layer < config.layers; layer++) {
    const block: Readonly<Record<string, readonly number[]>> = {
      attn_norm: [width],
      attn_q: [width, width],
      attn_k: [keyValueWidth, width],
      attn_v: [keyValueWidth, width],
      attn_output: [width, width],
      ffn_norm: [width],
      ffn_gate: [hidden, width],
      ffn_up: [hidden, width],
      ffn_down: [width, hidden],
    };
    for (const [part, shape] of Object.entries(block)) shapes.set(`blk.${layer}.${part}.weight`, shape);
  }
  for (const { name, shape } of gguf.tensors.values()) {
    const expected = shapes.get(name);
    if (expected === undefined && name.startsWith("blk.")) {
      throw new ExpectedError({
        code: "architecture-unsupported",
        message: `tensor ${name} has no place in a ${config.architecture} of ${config.layers} blocks`,
        where: gguf.path,
        hint: "Isoglyph would have to leave it out; use a model without such tensors",
      });
    }
    if (expected !== undefined && shape.join() !== expected.join()) {
      throw new ExpectedError({
        code: "gguf-field",
        message: `tensor ${name} is ${shape.join("×")}, not ${expected.join("×")}`,
        where: gguf.path,
        hint: "fetch or convert the model again",
      });
    }
  }
}

/** @throws ExpectedError `architecture-unsupported`, `rope-scaling-unsupported`, `gguf-field`. */
export function decoderConfig(gguf: Gguf): DecoderConfig {
  const architecture = String(gguf.metadata.get("general.architecture"));
  if (!(ARCHITECTURES as readonly string[]).includes(architecture)) {
    throw new ExpectedError({
      code: "architecture-unsupported",
      message: `architecture ${architecture} is not supported`,
      where: gguf.path,
      hint: `supported: ${ARCHITECTURES.join(", ")}`,
    });
  }
  const fail = (key: string, value: unknown, rule: string): never => {
    throw new ExpectedError({
      code: "gguf-field",
      message: `metadata ${key} is ${String(value)}, ${rule}`,
      where: gguf.path,
      hint: "fetch or convert the model again",
    });
  };
  const count = (name: string, fallback?: number): number => {
    const key = `${architecture}.${name}`;
    const value = gguf.metadata.get(key) ?? fallback;
    const limit = LIMITS[name] ?? Number.MAX_SAFE_INTEGER;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > limit) {
      return fail(key, value, `not a whole number from 1 to ${limit}`);
    }
    return value;
  };
  const positive = (name: string, fallback?: number): number => {
    const key = `${architecture}.${name}`;
    const value = gguf.metadata.get(key) ?? fallback;
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
      return fail(key, value, "not a positive number");
    return value;
  };
  const unsupported = [...gguf.metadata.keys()].find((key) => key.startsWith(`${architecture}.rope.scaling.`));
  const scaling = gguf.metadata.get(`${architecture}.rope.scaling.type`);
  if (gguf.tensors.has("rope_freqs.weight") || (unsupported !== undefined && scaling !== "none")) {
    throw new ExpectedError({
      code: "rope-scaling-unsupported",
      message: "the model scales its rotary positions, which Isoglyph cannot do yet",
      where: `${gguf.path}, ${unsupported ?? "rope_freqs.weight"}`,
      hint: "use a model without rope scaling",
    });
  }
  const embedding = gguf.tensors.get("token_embd.weight");
  const width = count("embedding_length");
  const heads = count("attention.head_count");
  const keyValueHeads = count("attention.head_count_kv", heads);
  const headSize = count("rope.dimension_count", width / heads);
  if (embedding === undefined || embedding.shape.length !== 2 || embedding.shape[1] !== width) {
    return fail("token_embd.weight", embedding?.shape.join("×"), `not a matrix of width ${width}`);
  }
  if (heads % keyValueHeads !== 0) fail("attention.head_count_kv", keyValueHeads, `no divisor of ${heads} heads`);
  if (headSize * heads !== width)
    fail("rope.dimension_count", headSize, `not ${width} / ${heads}: partial rotary is not supported`);
  if (headSize % 2 !== 0) fail("rope.dimension_count", headSize, "which is odd: rotary positions turn pairs");
  const vocabulary = embedding.shape[0] as number;
  const tokens = gguf.metadata.get("tokenizer.ggml.tokens");
  if (Array.isArray(tokens) && tokens.length > vocabulary) {
    fail("tokenizer.ggml.tokens", `${tokens.length} tokens`, `more than the ${vocabulary} rows of token_embd.weight`);
  }
  const config: DecoderConfig = {
    architecture,
    layers: count("block_count"),
    width,
    heads,
    keyValueHeads,
    headSize,
    contextLength: count("context_length"),
    vocabulary,
    epsilon: positive("attention.layer_norm_rms_epsilon"),
    ropeBase: positive("rope.freq_base", 10000),
    output: gguf.tensors.has("output.weight") ? "output.weight" : "token_embd.weight",
  };
  checkTensors(gguf, config, count("feed_forward_length"));
  return config;
}
