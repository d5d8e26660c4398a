/**
 * Requests whose answers by real servers with the default model's weights are in fixtures/*.json
 * (tests/integration/recordOpenAi.ts), and what PyTorch says to the same texts (tests/oracles/served.py).
 */
import { readFileSync } from "node:fs";
import type { EmbeddingsRequest, GenerateRequest, ScoreRequest, TextInput } from "../../../providers/contract.ts";
import type { Exchange } from "../remote/ReplayServer.ts";

export type RecordedServer = "vllm" | "vllm-states" | "llama-server" | "llama-cpp-python";

const question: TextInput = { messages: [{ role: "user", content: "What is the capital of France?" }] };
const note: TextInput = { text: "Note:\n渡轮九点开。\n\nIn other words," };

export const GENERATED: Readonly<Record<string, GenerateRequest>> = {
  text: { input: { text: "The capital of France is" }, maxTokens: 4, temperature: 0, topLogProbs: 5 },
  chat: { input: question, maxTokens: 4, temperature: 0, topLogProbs: 5 },
  drawn: { input: { text: "The capital of France is" }, maxTokens: 4, temperature: 1, seed: 7 },
};

/** The last one is a word cut in two: no token begins where the second half does. */
export const SCORED: readonly ScoreRequest[] = [
  { input: { text: "The capital of France is" }, said: " Paris." },
  { input: note, said: " 船在九点离开。" },
  { input: question, said: "The capital of France is Paris." },
  { input: { text: "The capi" }, said: "tal of France" },
];

export const ENDS: readonly TextInput[] = [{ text: "The capital of France is" }, note, question];

/** Rows that are no token's. */
export const EMBEDDED: EmbeddingsRequest = {
  embeddings: Array.from({ length: 3 }, (_, i) =>
    Float32Array.from({ length: 576 }, (_, j) => Math.fround(0.2 * Math.sin(0.37 * i + 0.11 * j))),
  ),
  maxTokens: 2,
  temperature: 0,
  topLogProbs: 5,
};

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"));

export const exchangesOf = (server: RecordedServer) => read(server) as readonly Exchange[];

/**
 * By PyTorch, float32: log-probabilities of SCORED (of the last one none), the states after the last norm at ENDS, and the
 * five likeliest tokens after EMBEDDED.
 */
export const TRUTH = () =>
  read("truth") as {
    readonly scores: readonly number[][];
    readonly states: readonly number[][];
    readonly embedded: readonly (readonly [token: string, logProb: number])[];
  };
