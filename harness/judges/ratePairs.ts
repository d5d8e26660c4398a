/**
 * Has a judge rate pairs: blind to where they come from, in both orders, several times. Requests that ask the same are
 * sent once, in an order that depends on their content alone; what was answered before is not asked again.
 */
import { createHash } from "node:crypto";
import { ExpectedError } from "../../errors.ts";
import type { Provider } from "../../providers/contract.ts";
import type { AnswerCache } from "../AnswerCache.ts";
import { modelKey } from "../modelKey.ts";
import { seedFor } from "../random.ts";
import type { Asked, Judge, JudgedTexts, Opinion } from "./Judge.ts";
import type { JudgedPair, RecordedRating } from "./JudgedPair.ts";

/** Requests that go out together: a server has its own queue, the engine holds the prompts of all in memory. */
const SERVED_BATCH = 64;
const ENGINE_BATCH = 16;

const ORDERS = ["as-given", "swapped"] as const;

interface Request extends Asked {
  readonly key: string;
}

export interface RatingContext {
  readonly provider: Provider;
  readonly answers: AnswerCache;
  readonly seed: number;
  /** Most requests that the judge may be sent. */
  readonly mostCalls: number;
  readonly where: string;
  readonly progress: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

function inOrder({ question, first, second }: JudgedTexts, order: (typeof ORDERS)[number]): JudgedTexts {
  return order === "as-given" ? { question, first, second } : { question, first: second, second: first };
}

/** Requests that so many different pairs take at most. */
export function callsFor(pairs: number, { bothOrders, repeats }: Pick<Judge["description"], "bothOrders" | "repeats">) {
  return pairs * (bothOrders ? 2 : 1) * repeats;
}

/** @throws ExpectedError `judge-budget` before anything is asked. */
export async function ratePairs(
  judge: Judge,
  pairs: readonly JudgedPair[],
  { provider, answers, seed, mostCalls, where, progress, signal }: RatingContext,
): Promise<RecordedRating[]> {
  const { description } = judge;
  const orders = description.bothOrders ? ORDERS : ORDERS.slice(0, 1);
  const requests = new Map<string, Request>();
  const places: {
    readonly pair: JudgedPair;
    readonly order: (typeof ORDERS)[number];
    readonly repeat: number;
    readonly key: string;
  }[] = [];
  for (const pair of pairs) {
    for (const order of orders) {
      const texts = inOrder(pair, order);
      for (let repeat = 0; repeat < description.repeats; repeat++) {
        const content = JSON.stringify([texts.question, texts.first, texts.second, repeat]);
        const key = createHash("sha256").update(content).digest("hex");
        places.push({ pair, order, repeat, key });
        if (!requests.has(key)) requests.set(key, { key, texts, seed: seedFor(seed, "judge", key) });
      }
    }
  }
  if (requests.size > mostCalls) {
    throw new ExpectedError({
      code: "judge-budget",
      message: `judge ${judge.name} would be asked ${requests.size} times, and ${mostCalls} are allowed`,
      where,
      hint: `allow more (\`calls: ${requests.size}\`), or rate fewer items (--limit), frames or repeats`,
    });
  }
  // By content: neither conditions nor controls stand together.
  const ordered = [...requests.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const { kind, prompt, repeats } = description;
  const model = modelKey(provider.identity);
  const opinions = new Map<string, Opinion>();
  const size = provider.served === undefined ? ENGINE_BATCH : SERVED_BATCH;
  for (let from = 0; from < ordered.length; from += size) {
    signal?.throwIfAborted();
    progress(from, ordered.length);
    const batch = ordered.slice(from, from + size);
    const keys = batch.map(({ texts, seed: drawn }) => ({
      what: "a judge's opinion",
      model,
      kind,
      prompt,
      repeats,
      texts,
      seed: drawn,
    }));
    const said = await answers.rememberEach(keys, (missing) =>
      judge.rate(
        missing.map((i) => batch[i] as Request),
        signal,
      ),
    );
    batch.forEach(({ key }, i) => {
      opinions.set(key, said[i] as Opinion);
    });
  }
  progress(ordered.length, ordered.length);
  return places.map(({ pair, order, repeat, key }) => {
    return { judge: judge.name, pair: pair.pair, order, repeat, ...(opinions.get(key) as Opinion) };
  });
}
