import type { Architecture } from "./Architecture.ts";
import { bert } from "./bert.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { qwen3moe } from "./qwen3moe.ts";
import { xlmRoberta } from "./xlmRoberta.ts";

/** All architectures that the engine can run. */
export const ARCHITECTURES: readonly Architecture[] = [
  llama,
  qwen2,
  qwen3,
  qwen3moe,
  mistral,
  phi3,
  gemma2,
  gemma3,
  gpt2,
  bert,
  xlmRoberta,
];

/** The architecture of a prepared model, by its own name. */
export function architectureOf(name: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.name === name);
  if (found === undefined) throw new Error(`architecture ${name} is not registered`);
  return found;
}
