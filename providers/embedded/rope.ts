/**
 * The frequencies of rotary positions, and how models stretch them to longer contexts. Formulas as in transformers,
 * modeling_rope_utils.py; each is cited where it stands. Single precision where the reference uses it.
 */
import type { ConfigFields } from "./ConfigFields.ts";
import type { Rope } from "./ModelConfig.ts";

const TYPES = ["default", "linear", "llama3", "yarn", "longrope"] as const;
type RopeType = (typeof TYPES)[number];

/** What a file says about its rotary positions. */
export interface RopeSettings {
  readonly base: number;
  readonly type: RopeType;
  /** Further numbers of the type, by the names of config.json. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly shortFactors: readonly number[] | null;
  readonly longFactors: readonly number[] | null;
  /** Frequencies are divided by these (GGUF's rope_freqs.weight). */
  readonly divisors: readonly number[] | null;
  readonly truncate: boolean;
}

/** From config.json: `rope_parameters` of transformers 5, or `rope_theta` and `rope_scaling` of older ones. */
export function hubRope(fields: ConfigFields, base: number, parameters: unknown): RopeSettings {
  const key = "rope_parameters";
  const given = (parameters ?? {}) as Record<string, unknown>;
  if (typeof given !== "object" || Array.isArray(given)) fields.fail(key, given, "not an object");
  const type = ropeType(fields, given.rope_type ?? given.type ?? "default");
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== "number") continue;
    if (!Number.isFinite(value) || value < 0) fields.fail(`${key}.${name}`, value, "not a number from 0 on");
    numbers[name] = value;
  }
  const theta = numbers.rope_theta ?? base;
  return {
    base: fields.checkPositive("rope_theta", theta),
    type,
    numbers,
    shortFactors: factors(fields, "short_factor", given.short_factor),
    longFactors: factors(fields, "long_factor", given.long_factor),
    divisors: null,
    truncate: given.truncate !== false,
  };
}

function ropeType(fields: ConfigFields, type: unknown): RopeType {
  // Phi-3's first releases say "su".
  const name = type === "su" ? "longrope" : type === "none" ? "default" : type;
  if (!TYPES.includes(name as RopeType)) fields.unsupported("rope scaling", type, TYPES);
  return name as RopeType;
}

function factors(fields: ConfigFields, key: string, value: unknown): number[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return fields.fail(key, value, "not a list of numbers");
  return value.map((factor, i) => fields.checkPositive(`${key}[${i}]`, factor));
}

/** From GGUF: scaling under `rope.scaling.*`, factors in tensors that the caller has read. */
export function ggufRope(
  fields: ConfigFields,
  base: number,
  tensors: { readonly divisors: number[] | null; readonly short: number[] | null; readonly long: number[] | null },
): RopeSettings {
  const stated = ropeType(fields, fields.raw("rope.scaling.type") ?? "default");
  const type = tensors.short && tensors.long ? "longrope" : stated;
  const numbers: Record<string, number> = {};
  const take = (name: string, key: string) => {
    const value = fields.raw(key);
    if (value !== undefined) numbers[name] = fields.checkPositive(key, value);
  };
  take("factor", "rope.scaling.factor");
  take("original_max_position_embeddings", "rope.scaling.original_context_length");
  take("attention_factor", "rope.scaling.attn_factor");
  take("beta_fast", "rope.scaling.yarn_beta_fast");
  take("beta_slow", "rope.scaling.yarn_beta_slow");
  return {
    base,
    type,
    numbers,
    shortFactors: tensors.short,
    longFactors: tensors.long,
    divisors: tensors.divisors,
    truncate: true,
  };
}

/** @param contextLength the longest context that the model is made for, positions */
export function rope(
  fields: ConfigFields,
  settings: RopeSettings,
  size: number,
  interleaved: boolean,
  contextLength: number,
): Rope {
  if (size % 2 !== 0 || size < 2)
    fields.fail("rope.dimension_count", size, "which is odd: rotary positions turn pairs");
  const half = size / 2;
  const { base, type, numbers } = settings;
  const powers = Array.from({ length: half }, (_, i) => base ** ((2 * i) / size));
  const need = (name: string): number => fields.checkPositive(`rope scaling's ${name}`, numbers[name]);
  const divide = (by: readonly number[] | null, name: string): number[] => {
    if (by === null) return fields.fail(name, "missing", `though rope scaling ${type} needs it`);
    if (by.length !== half) fields.fail(name, `${by.length} numbers`, `not ${half}, half of the ${size} that turn`);
    return powers.map((power, i) => Math.fround(1 / Math.fround((by[i] as number) * power)));
  };
  const plain = powers.map((power) => Math.fround(1 / power));
  const of = (frequencies: readonly number[], magnitude = 1, long: Rope["long"] = null): Rope => ({
    size,
    interleaved,
    frequencies,
    magnitude,
    long,
  });
  if (settings.divisors) return of(divide(settings.divisors, "rope_freqs.weight"));
  if (type === "linear") return of(plain.map((frequency) => Math.fround(frequency / need("factor"))));
  if (type === "llama3") {
    const original = need("original_max_position_embeddings");
    return of(llama3Frequencies(plain, need("factor"), need("low_freq_factor"), need("high_freq_factor"), original));
  }
  if (type === "yarn") {
    const original = numbers.original_max_position_embeddings ?? contextLength;
    const factor = need("factor");
    const magnitude = numbers.attention_factor ?? yarnMagnitude(factor, numbers);
    return of(yarnFrequencies(powers, factor, original, size, base, numbers, settings.truncate), magnitude);
  }
  if (type === "longrope") {
    const original = need("original_max_position_embeddings");
    const factor = numbers.factor ?? contextLength / original;
    // Ding et al. 2024 (arXiv 2402.13753), the temperature of attention over a longer context.
    const magnitude =
      numbers.attention_factor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    const long = { beyond: original, frequencies: divide(settings.longFactors, "long_factor") };
    return of(divide(settings.shortFactors, "short_factor"), magnitude, long);
  }
  return of(plain);
}

/** Llama 3.1: long wavelengths are stretched, short ones kept, those between mixed. */
function llama3Frequencies(plain: readonly number[], factor: number, low: number, high: number, original: number) {
  return plain.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return Math.fround(frequency / factor);
    const smooth = (original / wavelength - low) / (high - low);
    return Math.fround(((1 - smooth) * frequency) / factor + smooth * frequency);
  });
}

/** Peng et al. 2023 (arXiv 2309.00071), equation 22, and its temperature for DeepSeek's two scales. */
function yarnMagnitude(factor: number, { mscale, mscale_all_dim }: Readonly<Record<string, number>>): number {
  const temperature = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  return mscale && mscale_all_dim ? temperature(mscale) / temperature(mscale_all_dim) : temperature(1);
}

/** The same paper, section 3.2 (NTK by parts): by how often a pair turns within the original context. */
function yarnFrequencies(
  powers: readonly number[],
  factor: number,
  original: number,
  size: number,
  base: number,
  { beta_fast = 32, beta_slow = 1 }: Readonly<Record<string, number>>,
  truncate: boolean,
) {
  const dimension = (turns: number) => (size * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [fast, slow] = [dimension(beta_fast), dimension(beta_slow)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, size - 1);
  const span = high === low ? 0.001 : high - low;
  return powers.map((power, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / span));
    return Math.fround(ramp / (factor * power) + (1 - ramp) / power);
  });
}
