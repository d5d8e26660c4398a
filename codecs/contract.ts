/** What a codec is. A codec is one short file that exports a definition, and a line in registry.ts. */
import type { ZodType } from "zod";
import type { Provider } from "../providers/contract.ts";

/** What a codec may look at. */
export interface CodecInput {
  readonly original: string;
  /** Encodings that the item brings along, by name. */
  readonly encodings: Readonly<Record<string, string>>;
  /** Questions on the original, for codes that know what will be asked. */
  readonly questions: readonly { readonly question: string }[];
}

/** The compressed string, or why there is none. */
export type Encoding = { readonly text: string } | { readonly missing: string };

export interface Codec {
  /** The symbols that encodings are written in, where there is a fixed set. */
  readonly alphabet: readonly string[] | null;
  /** One encoding for each input, in order. */
  encode(inputs: readonly CodecInput[]): Promise<readonly Encoding[]>;
  /** The texts that encodings stand for, in order; only of codes from which the text can be had back. */
  decode?(texts: readonly string[]): Promise<readonly string[]>;
  /** Content hash of the parameters that the code reads from a file, for the run's manifest. */
  readonly identity?: string;
}

/** The embedder that is whatever model a run observes: its sentence vectors. */
export const OBSERVED = "observed";

/** What the harness lends to codecs. */
export interface CodecServices {
  /** A vector for each text: the mean of the observed model's final-norm states over the text's tokens, float32 [width]. */
  sentenceVectors(texts: readonly string[]): Promise<readonly Float32Array[]>;
  /**
   * Sentence embeddings of a model named by the code, or of OBSERVED; opened when first asked for.
   * @param expected whose vectors the code was made for, for whoever only counts symbols; the code compares for itself.
   */
  embed(reference: string, texts: readonly string[], expected?: EmbedderIdentity): Promise<EmbeddedTexts>;
  /** The observed model, for codes that ask it what is likely; open as long as the codec is used. */
  observed(): Provider;
}

/** Whose vectors they are: those of another embedder mean something else. */
export interface EmbedderIdentity {
  readonly reference: string;
  /** sha256 of the weights, hexadecimal. */
  readonly digest: string;
  readonly width: number;
}

export interface EmbeddedTexts {
  readonly embedder: EmbedderIdentity;
  /** float32 [width] a text, in order. */
  readonly vectors: readonly Float32Array[];
}

/** A code as a suite names it. */
export interface CodecSpec {
  readonly codec: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface CodecDefinition<Parameters> {
  readonly name: string;
  /** One line for `isoglyph encode --help` and error messages. */
  readonly summary: string;
  readonly parameters: ZodType<Parameters>;
  /** Whether it looks at the item's first question, so that it may be judged by the others only. */
  readonly usesQuestion?: boolean;
  /**
   * A code that needs no model and costs about as many tokens, for counting before the observed model is open; of
   * codes that call `observed`.
   */
  standIn?(parameters: Parameters): CodecSpec;
  /** @param folder what paths in the parameters are relative to. */
  create(parameters: Parameters, services: CodecServices, folder: string): Codec;
}

/** Keeps the parameters' type between schema and constructor, and forgets it outside. */
export function defineCodec<Parameters>(definition: CodecDefinition<Parameters>): CodecDefinition<Parameters> {
  return definition;
}
