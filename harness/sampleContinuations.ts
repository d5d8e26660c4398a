import type { FrameReader } from "./FrameReader.ts";
import { modelKey } from "./modelKey.ts";
import { seedFor } from "./random.ts";
import { frameQuestion } from "./readItem.ts";
import type { Session } from "./Session.ts";

/** What the model itself says after each original: sampled once, kept, and read again by every later run. */
export async function sampleContinuations(
  { options, provider, answers }: Session,
  frame: FrameReader,
): Promise<number[][][]> {
  const { suite, progress, signal } = options;
  const { samples, tokens, seed } = suite.continuations;
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
