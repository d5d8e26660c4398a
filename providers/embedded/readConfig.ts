import { ExpectedError } from "../../errors.ts";
import type { Architecture } from "./architectures/Architecture.ts";
import { ARCHITECTURES } from "./architectures/registry.ts";
import type { StoredTensor } from "./Checkpoint.ts";
import type { ConfigFields } from "./ConfigFields.ts";
import type { ModelConfig } from "./ModelConfig.ts";
import { type RopeSettings, rope } from "./rope.ts";
import { showName } from "./showValue.ts";

/** Activations by the names of config.json. */
const ACTIVATIONS: Readonly<Record<string, ModelConfig["activation"]>> = {
  silu: "silu",
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
};

/** @throws ExpectedError `architecture-unsupported`, which lists the supported ones. */
export function architectureUnsupported(name: unknown, path: string, format: "gguf" | "safetensors"): ExpectedError {
  const names = ARCHITECTURES.flatMap((one) => (format === "gguf" ? [one.name] : one.hubTypes));
  return new ExpectedError({
    code: "architecture-unsupported",
    message: `architecture ${showName(name)} is not supported`,
    where: path,
    hint: `supported: ${names.join(", ")}`,
  });
}

/**
 * The shape of a model. The fields of a plain decoder are read first, and the architecture's own follow.
 * @param embedding the matrix of token embeddings, whose rows are the vocabulary
 * @param output the matrix that makes logits
 * @throws ExpectedError `config-field`, `config-unsupported`
 */
export function readConfig(
  architecture: Architecture,
  fields: ConfigFields,
  embedding: StoredTensor | undefined,
  output: string,
  rotary: (size: number) => RopeSettings,
): ModelConfig {
  const width = fields.count("width");
  if (embedding === undefined || embedding.shape.length !== 2 || embedding.shape[1] !== width)
    return fields.fail("token_embd.weight", embedding?.shape.join("×") ?? "missing", `not a matrix of width ${width}`);
  const heads = fields.count("heads");
  const keyValueHeads = fields.count("keyValueHeads", heads);
  const even = width / heads;
  const headSize = fields.count("headSize", Number.isInteger(even) ? even : undefined);
  if (heads % keyValueHeads !== 0) fields.fail("key-value heads", keyValueHeads, `no divisor of ${heads} heads`);
  const valueSize = fields.count("valueSize", headSize);
  if (valueSize !== headSize) fields.fail("value size", valueSize, `not the ${headSize} of keys, as the engine needs`);
  const contextLength = fields.count("contextLength");
  const act =
    fields.raw("hidden_act") ?? fields.raw("hidden_activation") ?? fields.raw("activation_function") ?? "silu";
  const activation = typeof act === "string" && Object.hasOwn(ACTIVATIONS, act) ? ACTIVATIONS[act] : undefined;
  if (activation === undefined) return fields.unsupported("activation", act, Object.keys(ACTIVATIONS));
  const parameters = fields.raw("rope_parameters") as { partial_rotary_factor?: unknown } | undefined;
  const share = fields.checkPositive(
    "partial_rotary_factor",
    parameters?.partial_rotary_factor ?? fields.raw("partial_rotary_factor") ?? 1,
  );
  const rotarySize = fields.count("rotarySize", Math.floor(headSize * share));
  if (rotarySize > headSize) fields.fail("rope.dimension_count", rotarySize, `more than the ${headSize} of a head`);
  const base: ModelConfig = {
    architecture: architecture.name,
    causal: true,
    layers: fields.count("layers"),
    width,
    heads,
    keyValueHeads,
    headSize,
    // GPT-2 leaves it out; where the graph needs it, the shapes of the matrices are checked against it.
    hidden: fields.count("hidden", 4 * width),
    contextLength,
    vocabulary: embedding.shape[0] as number,
    epsilon: fields.positive("epsilon"),
    activation,
    attentionScale: 1 / Math.sqrt(headSize),
    attentionSoftcap: null,
    finalSoftcap: null,
    embeddingScale: 1,
    queryKeyNorm: false,
    rope: rope(fields, rotary(rotarySize), rotarySize, false, contextLength),
    sliding: null,
    experts: null,
    output,
    positions: 0,
    pooling: null,
    normalize: false,
  };
  return { ...base, ...architecture.traits(fields, base) };
}
