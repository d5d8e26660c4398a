/**
 * The parts of @huggingface/tokenizers that are used. Its type declarations leave out file extensions, so TypeScript
 * does not find them under Node's resolution: they are declared here.
 */
import * as library from "@huggingface/tokenizers";

interface LibraryModel {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  encode(words: string[]): string[];
}

interface BpeConfig {
  readonly type: "BPE";
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
  readonly unk_token?: string;
  readonly byte_fallback: boolean;
  readonly ignore_merges: boolean;
}

interface WordPieceConfig {
  readonly type: "WordPiece";
  readonly vocab: Readonly<Record<string, number>>;
  readonly unk_token: string;
  readonly continuing_subword_prefix: string;
  readonly max_input_chars_per_word: number;
}

interface SplitConfig {
  readonly type: "Split";
  readonly pattern: { readonly Regex: string };
  readonly behavior: "Isolated";
  readonly invert: false;
}

export const { BPE, WordPiece, SplitPreTokenizer } = library as unknown as {
  readonly BPE: new (config: BpeConfig) => LibraryModel;
  readonly WordPiece: new (config: WordPieceConfig) => LibraryModel;
  /** Translates the pattern when it is made. */
  readonly SplitPreTokenizer: new (
    config: SplitConfig,
  ) => { readonly pattern: RegExp | null };
};
