import type { Pass } from "../blocks.ts";
import type { Weight } from "../Checkpoint.ts";
import type { ConfigFields } from "../ConfigFields.ts";
import type { Value } from "../graph.ts";
import type { ModelConfig } from "../ModelConfig.ts";

/** A family of models: how its files are read, and its forward pass. */
export interface Architecture {
  /** GGUF's `general.architecture`. */
  readonly name: string;
  /** `model_type` in config.json. */
  readonly hubTypes: readonly string[];
  /** What differs from a plain decoder (readConfig.ts); `base` is what is common. */
  traits(fields: ConfigFields, base: ModelConfig): Partial<ModelConfig>;
  /** From names in a Hugging Face folder to the graphs' (GGUF's), by stem: without `.weight` and `.bias`. `N` is a layer. */
  readonly hubNames: Readonly<Record<string, string>>;
  /** Names in a Hugging Face folder that the model does not need to run. */
  readonly hubUnused?: readonly RegExp[];
  /** Turns stored tensors into the weights of the graphs, where the file joins, splits or shifts them. */
  arrange?(
    weights: ReadonlyMap<string, Weight>,
    config: ModelConfig,
    format: "gguf" | "safetensors",
  ): Map<string, Weight>;
  /** Token ids [b, t] -> what enters the first block [b, t, width]. */
  embed(pass: Pass, config: ModelConfig, ids: Value): Value;
  /** From there to the final norm [b, t, width]. */
  forward(pass: Pass, config: ModelConfig, embedding: Value): Value;
}
