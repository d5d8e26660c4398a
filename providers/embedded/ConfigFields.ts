/** The fields of a model's configuration by one name each: GGUF's metadata and Hugging Face's config.json spell them apart. */
import { ExpectedError } from "../../errors.ts";
import { showName } from "./showValue.ts";

interface Spelling {
  /** After the architecture's name and a dot. */
  readonly gguf: readonly string[];
  readonly hub: readonly string[];
  /** Beyond any model that exists: a damaged file should not make us allocate for it. */
  readonly limit?: number;
}

const SPELLINGS = {
  layers: { gguf: ["block_count"], hub: ["num_hidden_layers", "n_layer"], limit: 1000 },
  width: { gguf: ["embedding_length"], hub: ["hidden_size", "n_embd"], limit: 1 << 16 },
  hidden: { gguf: ["feed_forward_length"], hub: ["intermediate_size", "n_inner"], limit: 1 << 20 },
  heads: { gguf: ["attention.head_count"], hub: ["num_attention_heads", "n_head"], limit: 1024 },
  keyValueHeads: { gguf: ["attention.head_count_kv"], hub: ["num_key_value_heads"], limit: 1024 },
  headSize: { gguf: ["attention.key_length"], hub: ["head_dim"], limit: 1024 },
  valueSize: { gguf: ["attention.value_length"], hub: ["v_head_dim"], limit: 1024 },
  contextLength: {
    gguf: ["context_length"],
    hub: ["max_position_embeddings", "n_positions", "n_ctx"],
    limit: 1 << 24,
  },
  epsilon: {
    gguf: ["attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"],
    hub: ["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"],
  },
  rotarySize: { gguf: ["rope.dimension_count"], hub: [], limit: 1024 },
  ropeBase: { gguf: ["rope.freq_base"], hub: ["rope_theta"] },
  window: { gguf: ["attention.sliding_window"], hub: ["sliding_window"], limit: 1 << 24 },
  attentionSoftcap: { gguf: ["attn_logit_softcapping"], hub: ["attn_logit_softcapping"] },
  finalSoftcap: { gguf: ["final_logit_softcapping"], hub: ["final_logit_softcapping"] },
  queryScale: { gguf: [], hub: ["query_pre_attn_scalar"] },
  experts: { gguf: ["expert_count"], hub: ["num_experts", "num_local_experts"], limit: 4096 },
  expertsUsed: { gguf: ["expert_used_count"], hub: ["num_experts_per_tok"], limit: 4096 },
  expertHidden: { gguf: ["expert_feed_forward_length"], hub: ["moe_intermediate_size"], limit: 1 << 20 },
} as const satisfies Readonly<Record<string, Spelling>>;

export type ConfigField = keyof typeof SPELLINGS;

export class ConfigFields {
  readonly format: "gguf" | "safetensors";
  /** The file, for messages. */
  readonly path: string;
  private readonly prefix: string;
  private readonly values: (key: string) => unknown;

  /** @param prefix put before each of GGUF's keys. @param values undefined or null where the file says nothing. */
  constructor(format: "gguf" | "safetensors", path: string, prefix: string, values: (key: string) => unknown) {
    this.format = format;
    this.path = path;
    this.prefix = prefix;
    this.values = values;
  }

  fail(key: string, value: unknown, rule: string): never {
    throw new ExpectedError({
      code: "config-field",
      message: `${this.format === "gguf" ? "metadata" : "config.json:"} ${showName(key)} is ${showName(value)}, ${rule}`,
      where: this.path,
      hint: "fetch or convert the model again",
    });
  }

  /** What the file says under its own key; undefined where it says nothing. */
  raw(key: string): unknown {
    return this.values(this.format === "gguf" ? `${this.prefix}${key}` : key) ?? undefined;
  }

  private lookup(field: ConfigField): { key: string; value: unknown } {
    const spelling: Spelling = SPELLINGS[field];
    const keys = this.format === "gguf" ? spelling.gguf : spelling.hub;
    const key = keys.find((name) => this.raw(name) !== undefined) ?? keys[0] ?? field;
    return { key: this.format === "gguf" ? `${this.prefix}${key}` : key, value: this.raw(key) };
  }

  has(field: ConfigField): boolean {
    return this.lookup(field).value !== undefined;
  }

  /** As the file has it, unchecked; undefined where it says nothing. */
  value(field: ConfigField): unknown {
    return this.lookup(field).value;
  }

  /** A whole number from 1 on. @throws ExpectedError `config-field`, where it is missing and has no fallback too. */
  count(field: ConfigField, fallback?: number): number {
    const { key, value = fallback } = this.lookup(field);
    const limit = (SPELLINGS[field] as Spelling).limit ?? Number.MAX_SAFE_INTEGER;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > limit)
      return this.fail(key, value, `not a whole number from 1 to ${limit}`);
    return value;
  }

  positive(field: ConfigField, fallback?: number): number {
    const { key, value = fallback } = this.lookup(field);
    return this.checkPositive(key, value);
  }

  checkPositive(key: string, value: unknown): number {
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
      return this.fail(key, value, "not a positive number");
    return value;
  }

  /** A refusal of what a field asks for. */
  unsupported(key: string, value: unknown, supported: readonly string[]): never {
    throw new ExpectedError({
      code: "config-unsupported",
      message: `${key} ${showName(value)} is not supported`,
      where: this.path,
      hint: `supported: ${supported.join(", ")}`,
    });
  }
}
