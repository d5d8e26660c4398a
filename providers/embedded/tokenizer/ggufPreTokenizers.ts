/**
 * GGUF does not hold a byte-level tokenizer's own definition, only a name for it (`tokenizer.ggml.pre`), which stands
 * for what is here: names and rules of llama.cpp (src/llama-vocab.cpp), expressions and normalisers of the models'
 * own tokenizer.json. llama.cpp leaves out normalisation to NFC; the models were trained with it.
 */
import { PATTERNS } from "./knownPatterns.ts";

export interface GgufPreTokenizer {
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** Whether a word that is a token is not built by merges. */
  readonly ignoreMerges: boolean;
  /** Whether every text begins with the begin token, where the file does not say. */
  readonly begins: boolean;
  /** Whether every text ends with the separator, where the file does not say. */
  readonly separates: boolean;
}

const NFC = { type: "NFC" };
const isolated = (expression: string) => ({
  type: "Split",
  pattern: { Regex: expression },
  behavior: "Isolated",
  invert: false,
});
const byteLevel = (cuts: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: cuts,
});

function rule(
  expressions: readonly string[],
  gpt2: boolean,
  options: Partial<GgufPreTokenizer> = {},
): GgufPreTokenizer {
  return {
    normalizer: null,
    preTokenizer: { type: "Sequence", pretokenizers: [...expressions.map(isolated), byteLevel(gpt2)] },
    ignoreMerges: false,
    begins: false,
    separates: false,
    ...options,
  };
}

const GPT2 = rule([], true);
const SINGLE_DIGITS = rule([PATTERNS.digit], true);
const LLAMA3 = rule([PATTERNS.llama3], false, { ignoreMerges: true, begins: true });
const QWEN2 = rule([PATTERNS.qwen2], false, { normalizer: NFC });
const BAILING = rule([PATTERNS.bailing], false);
const GPT4O = rule([PATTERNS.gpt4o], false);
const ROBERTA = rule([], true, { separates: true });

export const GGUF_PRE_TOKENIZERS: Readonly<Record<string, GgufPreTokenizer>> = {
  default: GPT2,
  "gpt-2": GPT2,
  "phi-2": GPT2,
  mpt: rule([], true, { normalizer: NFC }),
  olmo: rule([], true, { normalizer: NFC }),
  "modern-bert": rule([], true, { normalizer: NFC }),
  "roberta-bpe": ROBERTA,
  smollm: SINGLE_DIGITS,
  starcoder: SINGLE_DIGITS,
  refact: SINGLE_DIGITS,
  codeshell: SINGLE_DIGITS,
  "command-r": rule([PATTERNS.digit], true, { normalizer: NFC }),
  llama3: LLAMA3,
  "llama-v3": LLAMA3,
  "llama-bpe": LLAMA3,
  falcon3: LLAMA3,
  "smaug-bpe": rule([PATTERNS.llama3], false),
  "chatglm-bpe": rule([PATTERNS.llama3], false),
  glm4: rule([PATTERNS.llama3], false),
  qwen2: QWEN2,
  "deepseek-r1-qwen": QWEN2,
  megrez: QWEN2,
  qwen35: rule([PATTERNS.qwen35], false, { normalizer: NFC }),
  stablelm2: QWEN2,
  tekken: rule([PATTERNS.tekken], false, { ignoreMerges: true, begins: true }),
  "gpt-4o": GPT4O,
  llama4: GPT4O,
  bailingmoe: BAILING,
  bailingmoe2: BAILING,
  "seed-coder": rule([PATTERNS.seedCoder], false),
  "deepseek-llm": rule(
    [
      PATTERNS.lineBreak,
      PATTERNS.deepseekLetters,
      PATTERNS.deepseekPunctuation,
      PATTERNS.spaceAtEnd,
      PATTERNS.deepseekHan,
      PATTERNS.digit,
    ],
    false,
  ),
  "deepseek-coder": rule(
    [PATTERNS.lineBreak, PATTERNS.letters, PATTERNS.punctuation, PATTERNS.deepseekHan, PATTERNS.digit],
    false,
  ),
  "deepseek-v3": rule([PATTERNS.upToThreeDigits, PATTERNS.deepseek3Han, PATTERNS.deepseek3], false),
};
