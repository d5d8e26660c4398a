import type { Item } from "../suites/Suite.ts";
import type { FrameReader } from "./FrameReader.ts";
import type { ConditionText } from "./ItemRequest.ts";
import { frameQuestion } from "./itemQuestions.ts";
import { modelKey } from "./modelKey.ts";
import { seedFor } from "./random.ts";
import type { Session } from "./Session.ts";

/** What the model itself says after each original: sampled once, kept, and read again by every later run. */
export async function sampleContinuations(
  { options, provider, answers }: Session,
  frame: FrameReader,
): Promise<number[][][]> {
  const { suite, progress, signal } = options;
  const { samples, tokens, seed } = suite.continuations;
  // Where nothing can be read along them, they would be of no use.
  const { generation, scores } = provider.capabilities;
  if (!generation || !scores) return suite.items.map(() => []);
  const out: number[][][] = [];
  const label = `continuations, ${frame.name} (kept for later runs)`;
  const CHUNK = 16;
  for (let from = 0; from < suite.items.length; from += CHUNK) {
    const part = suite.items.slice(from, from + CHUNK);
    const prompts = part.map((item) => {
      const { before, after } = frame.ids(frameQuestion(item));
      return {
        ids: [...before, ...frame.context(item.original), ...after],
        seed: seedFor(seed, item.id, frame.name),
      };
    });
    const request = { prompts, samples, maxTokens: tokens, temperature: 1 };
    progress(label, from, suite.items.length);
    const drawn = await answers.remember({ what: "continuations", model: modelKey(provider.identity), request }, () =>
      provider.sample(request, signal),
    );
    out.push(...drawn);
  }
  return out;
}

/** What the model says after each of these conditions of an item, `counts` times: [conditions][count][tokens]. */
export async function sampleAfter(
  { options, provider, answers }: Session,
  frame: FrameReader,
  item: Item,
  conditions: readonly ConditionText[],
  counts: readonly number[],
): Promise<number[][][]> {
  const { tokens, seed } = options.suite.continuations;
  const { before, after } = frame.ids(frameQuestion(item));
  const out: number[][][] = conditions.map(() => []);
  for (const samples of new Set(counts)) {
    const chosen = conditions.flatMap((condition, i) => (counts[i] === samples ? [{ condition, i }] : []));
    const prompts = chosen.map(({ condition: { name, text } }) => ({
      ids: [...before, ...frame.context(text), ...after],
      // By name: two conditions that happen to have the same text are still sampled apart.
      seed: seedFor(seed, item.id, frame.name, name),
    }));
    const request = { prompts, samples, maxTokens: tokens, temperature: 1 };
    const key = { what: "continuations of conditions", model: modelKey(provider.identity), request };
    const drawn = await answers.remember(key, () => provider.sample(request, options.signal));
    chosen.forEach(({ i }, k) => {
      out[i] = drawn[k] ?? [];
    });
  }
  return out;
}
