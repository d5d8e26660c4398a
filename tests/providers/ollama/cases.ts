/** Requests whose answers by a real Ollama 0.17.4 are in fixtures/exchanges.json (tests/integration/recordOllama.ts). */
import type { GenerateRequest } from "../../../providers/contract.ts";

const greedy = { temperature: 0, topLogProbs: 3 } as const;

export const CASES = {
  text: { ...greedy, input: { text: "The capital of France is" }, maxTokens: 4 },
  chat: {
    ...greedy,
    input: {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Say hello." },
      ],
    },
    maxTokens: 4,
  },
  /** Tokens of which several are one character. */
  hanzi: { ...greedy, input: { text: "龘龖靐齉爩 = 龘龖" }, maxTokens: 6 },
  stopped: { temperature: 0, input: { text: "The capital of France is" }, maxTokens: 8, stop: ["."] },
  stoppedAtOnce: { ...greedy, input: { text: "The capital of France is" }, maxTokens: 8, stop: [" Paris"] },
  seeded: { temperature: 1, seed: 7, input: { text: "Once upon a time" }, maxTokens: 5 },
  schema: {
    temperature: 0,
    input: { messages: [{ role: "user", content: "How many legs has a dog?" }] },
    maxTokens: 24,
    schema: {
      type: "object",
      properties: { legs: { type: "integer" } },
      required: ["legs"],
      additionalProperties: false,
    },
  },
} as const satisfies Record<string, GenerateRequest>;

/** A context of 64 tokens: the first is longer, the second leaves no room for the answer. */
export const SHORT_CONTEXT = { OLLAMA_CONTEXT_LENGTH: "64" };
export const TOO_LONG = {
  input: { temperature: 0, input: { text: "a b c d e f g h ".repeat(20) }, maxTokens: 4 },
  inputOfChat: {
    temperature: 0,
    input: { messages: [{ role: "user", content: "a b c d e f g h ".repeat(20) }] },
    maxTokens: 4,
  },
  answer: { temperature: 0, input: { text: "a b c d e f g h ".repeat(7) }, maxTokens: 30 },
} as const satisfies Record<string, GenerateRequest>;

export const TEXTS = ["The quick brown fox jumps over the lazy dog.", "人工智能 42 don’t", ""];
export const LONG_TEXT = "a b c d e f g h ".repeat(80);
