/**
 * Whether a server tells how likely the tokens of a prompt are, and whether what it tells is true. The model's greedy
 * answer comes with log-probabilities; the same tokens, sent back as a part of the prompt, must have the same ones.
 * llama-cpp-python fails this: its `echo` scores token i with the distribution of token i + 1 (its issue 1983).
 */
import type { NamedToken } from "../contract.ts";
import { isRefused } from "../remote/RemoteError.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { type Dialect, drawing } from "./probeDialect.ts";
import { readCompletion } from "./readAnswers.ts";
import { type PromptLogProbsWay, readPromptLogProbs, type ScoredToken } from "./readPromptLogProbs.ts";

export interface PromptLogProbs {
  /** `untrusted`: something is told, and it is wrong or could not be checked. */
  readonly kind: "none" | "exact" | "untrusted";
  readonly how: PromptLogProbsWay | null;
  /** One sentence. */
  readonly reason: string;
}

const PROMPTS = ["The capital of France is", "Once upon a time there was a", "My favourite colour has always been"];
const ANSWER_TOKENS = 8;
/** Nats. Prompts and answers run through other kernels, quantised ones too; a shift by one is off by several. */
const TOLERANCE = 0.1;
/** Tokens to compare at least, and different ones among them: a repeated token looks right though shifted by one. */
const FEWEST = 3;
/** Nats. Greedy tokens that are all but certain would match a server that tells 0 for everything. */
const CERTAIN = 0.1;

const WAYS: readonly PromptLogProbsWay[] = ["prompt_logprobs", "echo", "sglang"];

export async function probePromptLogProbs(
  client: OpenAiClient,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<PromptLogProbs> {
  let doubt: PromptLogProbs | null = null;
  const refusals: string[] = [];
  for (const how of WAYS) {
    try {
      await readPromptLogProbs(how, client, dialect, PROMPTS[0] ?? "", signal);
    } catch (error) {
      if (!isRefused(error)) throw error;
      refusals.push(`${how}: ${error.message}`);
      continue;
    }
    const checked = await check(how, client, dialect, signal);
    if (checked.kind === "exact") return checked;
    doubt ??= checked;
  }
  return doubt ?? { kind: "none", how: null, reason: refusals.join("; ") };
}

async function check(
  how: PromptLogProbsWay,
  client: OpenAiClient,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<PromptLogProbs> {
  const { model, origin } = client.options;
  const undecided: string[] = [];
  for (const prompt of PROMPTS) {
    const body = { ...drawing({ ...dialect, limit: "max_tokens" }, ANSWER_TOKENS, 0), model, prompt, logprobs: 1 };
    let tokens: readonly NamedToken[];
    let scored: ScoredToken[];
    try {
      const read = (answer: unknown) => readCompletion(answer, 0, origin);
      tokens = (await client.post("/completions", body, { read }, signal)).tokens ?? [];
      const text = prompt + tokens.map((token) => token.text).join("");
      scored = await readPromptLogProbs(how, client, dialect, text, signal);
    } catch (error) {
      if (!isRefused(error)) throw error;
      undecided.push(error.message);
      continue;
    }
    const verdict = compare(tokens, scored);
    if (verdict.kind !== "undecided") return { kind: verdict.kind, how, reason: verdict.reason };
    undecided.push(verdict.reason);
  }
  return { kind: "untrusted", how, reason: `could not be checked: ${[...new Set(undecided)].join("; ")}` };
}

function compare(greedy: readonly NamedToken[], scored: readonly ScoredToken[]) {
  const undecided = (reason: string) => ({ kind: "undecided", reason }) as const;
  const end = scored.slice(-greedy.length);
  const different = new Set(greedy.map(({ text }) => text)).size;
  if (greedy.length < FEWEST || different < FEWEST) {
    return undecided(`the greedy answer has ${different} different tokens, and ${FEWEST} are needed`);
  }
  if (end.length < greedy.length || end.some(({ text }, index) => text !== greedy[index]?.text)) {
    return undecided("the greedy answer is cut into other tokens when it is a part of the prompt");
  }
  if (greedy.every(({ logProb }) => logProb > -CERTAIN)) {
    return undecided("the greedy answer's tokens are all but certain, so nothing can be told apart");
  }
  const apart = greedy.map(({ logProb }, index) => Math.abs((end[index]?.logProb ?? Number.NaN) - logProb));
  const worst = Math.max(...apart);
  // Math.max gives NaN where one is missing.
  if (worst <= TOLERANCE) {
    const reason = `${greedy.length} tokens of the greedy answer agree within ${worst.toPrecision(2)} nats`;
    return { kind: "exact", reason } as const;
  }
  // Where token i + 1's distribution was used, the distance has no reason to be small anywhere.
  const off = apart.filter((distance) => !(distance <= TOLERANCE)).length;
  const far = Number.isNaN(worst) ? "one has none" : `by up to ${worst.toPrecision(2)} nats`;
  const reason = `${off} of ${greedy.length} tokens of the greedy answer have another log-probability in the prompt (${far})`;
  return { kind: "untrusted", reason } as const;
}
