/**
 * Whether a server tells how likely the tokens of a prompt are, and whether what it tells is true. The model's greedy
 * answer comes with log-probabilities; the same tokens, sent back as a part of the prompt, must have the same ones.
 * llama-cpp-python fails this: its `echo` scores token i with the distribution of token i + 1 (its issue 1983).
 */
import type { NamedToken, TextCapabilities, TextInput } from "../contract.ts";
import { isRefused } from "../remote/RemoteError.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { type Dialect, drawing } from "./probeDialect.ts";
import { readChat, readCompletion } from "./readAnswers.ts";
import { type PromptLogProbsWay, readPromptLogProbs, type ScoredToken } from "./readPromptLogProbs.ts";

export interface PromptLogProbs {
  /** After which inputs what is told is true. */
  readonly scores: TextCapabilities["scores"];
  readonly how: PromptLogProbsWay | null;
  /** One sentence; where nothing is told, or what is told is wrong or could not be checked, why. */
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
  const doubts: string[] = [];
  const refusals: string[] = [];
  for (const how of WAYS) {
    try {
      await readPromptLogProbs(how, client, dialect, { text: PROMPTS[0] ?? "" }, signal);
    } catch (error) {
      if (!isRefused(error)) throw error;
      refusals.push(`${how}: ${error.message}`);
      continue;
    }
    const texts = await check(how, client, dialect, "text", signal);
    if (!texts.exact) {
      doubts.push(`${how}: ${texts.reason}`);
      continue;
    }
    const conversations = await check(how, client, dialect, "messages", signal);
    const scores = conversations.exact ? "all" : "texts";
    const apart = conversations.exact ? "" : `; conversations are not scored (${conversations.reason})`;
    return { scores, how, reason: `${texts.reason}${apart}` };
  }
  return { scores: "none", how: null, reason: (doubts.length > 0 ? doubts : refusals).join("; ") };
}

interface Checked {
  readonly exact: boolean;
  readonly reason: string;
}

async function check(
  how: PromptLogProbsWay,
  client: OpenAiClient,
  dialect: Dialect,
  form: "text" | "messages",
  signal?: AbortSignal,
): Promise<Checked> {
  const undecided: string[] = [];
  for (const prompt of PROMPTS) {
    let tokens: readonly NamedToken[];
    let scored: ScoredToken[];
    try {
      tokens =
        form === "text"
          ? await continued(client, dialect, prompt, signal)
          : await answered(client, dialect, prompt, signal);
      const said = tokens.map(({ text }) => text).join("");
      const whole: TextInput =
        form === "text"
          ? { text: prompt + said }
          : {
              messages: [
                { role: "user", content: prompt },
                { role: "assistant", content: said },
              ],
            };
      scored = await readPromptLogProbs(how, client, dialect, whole, signal);
    } catch (error) {
      if (!isRefused(error)) throw error;
      undecided.push(error.message);
      continue;
    }
    const verdict = compare(tokens, scored);
    if (verdict.kind !== "undecided") return { exact: verdict.kind === "exact", reason: verdict.reason };
    undecided.push(verdict.reason);
  }
  return { exact: false, reason: `could not be checked: ${[...new Set(undecided)].join("; ")}` };
}

/** The greedy continuation of a text. */
async function continued(client: OpenAiClient, dialect: Dialect, prompt: string, signal?: AbortSignal) {
  const { model, origin } = client.options;
  const body = { model, prompt, ...drawing({ ...dialect, limit: "max_tokens" }, ANSWER_TOKENS, 0), logprobs: 1 };
  const read = (answer: unknown) => readCompletion(answer, 0, origin).tokens ?? [];
  return client.post("/completions", body, { read }, signal);
}

/** The greedy answer in a conversation. */
async function answered(client: OpenAiClient, dialect: Dialect, prompt: string, signal?: AbortSignal) {
  const { model, origin } = client.options;
  const messages = [{ role: "user", content: prompt }];
  const body = { model, messages, ...drawing(dialect, ANSWER_TOKENS, 0), logprobs: true, top_logprobs: 1 };
  const read = (answer: unknown) => readChat(answer, 0, origin).tokens ?? [];
  return client.post("/chat/completions", body, { read }, signal);
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
