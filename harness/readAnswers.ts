/**
 * What the model says under each condition, in its own words: the answers to the item's questions, and how it goes on
 * after the frame (its restatement). Always the most likely token, so that a condition has one answer.
 */
import type { Provider } from "../providers/contract.ts";
import type { ConditionText, ItemRequest } from "./ItemRequest.ts";
import { frameQuestion } from "./itemQuestions.ts";

/** Longest answer and restatement, in tokens. */
export const ANSWER_TOKENS = 32;
export const RESTATEMENT_TOKENS = 48;
/** An answer is one line, a restatement one paragraph. */
const ANSWER_END = "\n";
const RESTATEMENT_END = "\n\n";

export interface SaidAnswer {
  readonly question: string;
  /** What the original answers, and what the decoy does where the question asks for the changed fact. */
  readonly gold: string;
  readonly decoyGold: string | null;
  /** Trimmed; empty where the model said nothing. */
  readonly said: string;
}

export interface Said {
  readonly answers: readonly SaidAnswer[] | null;
  readonly restatement: string | null;
}

const NOTHING: Said = { answers: null, restatement: null };

/** Whom verdicts and scores need answers of: one floor of each kind will do. */
function isAsked({ role, name }: Pick<ConditionText, "role" | "name">): boolean {
  if (role === "reference" || role === "candidate" || role === "ceiling") return true;
  return name === "decoy" || name === "mismatch-1" || name === "empty" || name.startsWith("swapped:");
}

/** Texts that the request asks for at most, and the tokens that are read and generated for them. */
export function countSaid({ item, frame, conditions, positions, extras }: ItemRequest): {
  readonly texts: number;
  readonly tokens: number;
} {
  if (positions === "matched") return { texts: 0, tokens: 0 };
  const { before, after } = frame.ids(frameQuestion(item));
  const rests = [
    ...(extras?.has("answers")
      ? item.questions.map(({ question }) => frame.probe(question).length + ANSWER_TOKENS)
      : []),
    ...(extras?.has("restatement") ? [after.length + RESTATEMENT_TOKENS] : []),
  ];
  const asked = conditions.filter(isAsked).map(({ text }) => before.length + frame.context(text).length);
  const tokens = asked.flatMap((context) => rests.map((rest) => context + rest));
  return { texts: tokens.length, tokens: tokens.reduce((sum, count) => sum + count, 0) };
}

/** Greedy texts after prompts of token ids, cut at `end`; equal prompts are asked once. */
export async function generateTexts(
  provider: Provider,
  prompts: readonly (readonly number[])[],
  { maxTokens, end }: { readonly maxTokens: number; readonly end: string },
  signal?: AbortSignal,
): Promise<string[]> {
  const { tokenizer } = provider;
  const places = new Map<string, number>();
  const distinct: (readonly number[])[] = [];
  for (const ids of prompts) {
    const key = ids.join();
    if (!places.has(key)) places.set(key, distinct.push(ids) - 1);
  }
  if (distinct.length === 0) return [];
  const drawn = await provider.sample(
    {
      prompts: distinct.map((ids) => ({ ids, seed: 0 })),
      ...{ samples: 1, maxTokens, temperature: 0, stop: [end] },
    },
    signal,
  );
  const texts = drawn.map(([ids = []]) => {
    const text = tokenizer.decode(ids.filter((id) => !tokenizer.end.includes(id)));
    const cut = text.indexOf(end);
    return (cut < 0 ? text : text.slice(0, cut)).trim();
  });
  return prompts.map((ids) => texts[places.get(ids.join()) as number] as string);
}

/**
 * One entry a condition of the request. Under matched positions nothing is asked: a generation reads its own tokens
 * where they fall.
 */
export async function readAnswers(request: ItemRequest, provider: Provider, signal?: AbortSignal): Promise<Said[]> {
  const { item, frame, conditions, positions, extras } = request;
  const [answers, restatement] = [extras?.has("answers") === true, extras?.has("restatement") === true];
  if (positions === "matched" || !(answers || restatement)) return conditions.map(() => NOTHING);
  const { before, after } = frame.ids(frameQuestion(item));
  const asked = conditions.filter(isAsked);
  const prompt = (text: string, rest: readonly number[]) => [...before, ...frame.context(text), ...rest];
  const probes = item.questions.map(({ question }) => frame.probe(question));
  const answerPrompts = answers ? asked.flatMap(({ text }) => probes.map((probe) => prompt(text, probe))) : [];
  const restatementPrompts = restatement ? asked.map(({ text }) => prompt(text, after)) : [];
  const said = await generateTexts(provider, answerPrompts, { maxTokens: ANSWER_TOKENS, end: ANSWER_END }, signal);
  const told = await generateTexts(
    provider,
    restatementPrompts,
    { maxTokens: RESTATEMENT_TOKENS, end: RESTATEMENT_END },
    signal,
  );
  return conditions.map((condition) => {
    const at = asked.indexOf(condition);
    if (at < 0) return NOTHING;
    const own = item.questions.map(
      ({ question, answer, decoyAnswer }, q): SaidAnswer => ({
        question,
        gold: answer,
        decoyGold: decoyAnswer ?? null,
        said: said[at * probes.length + q] as string,
      }),
    );
    return { answers: answers ? own : null, restatement: restatement ? (told[at] as string) : null };
  });
}
