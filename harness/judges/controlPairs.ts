/** Pairs on which a judge is tried: what each should get is known from how it was made. */
import type { Item } from "../../suites/Suite.ts";
import { generatorFor, shuffled } from "../random.ts";
import { CANARIES } from "./canaries.ts";
import { distinctPairs, type JudgedPair, judgedPair } from "./JudgedPair.ts";

/** Items that controls are made of, spread over the suite. */
const CONTROL_ITEMS = 12;

/** Another item's original, of the same topic where there is one, never of the same cluster. */
function mismatch(item: Item, items: readonly Item[], seed: number): Item | null {
  const others = items.filter(({ cluster }) => cluster !== item.cluster);
  const near = others.filter(({ topic }) => topic === item.topic);
  const [chosen] = shuffled(near.length > 0 ? near : others, generatorFor(seed, "judge mismatch", item.id));
  return chosen ?? null;
}

/** Where there is but one cluster, there is no mismatch and no canary. */
export function controlPairs(items: readonly Item[], seed: number): JudgedPair[] {
  const chosen = shuffled(items, generatorFor(seed, "judge controls")).slice(0, CONTROL_ITEMS);
  const pairs: JudgedPair[] = [];
  const wrong: { readonly item: Item; readonly other: Item }[] = [];
  for (const item of chosen) {
    const { id, original, paraphrases, decoy, questions } = item;
    const add = (role: JudgedPair["role"], first: string, second: string, question: string | null = null) =>
      pairs.push(judgedPair(role, id, { question, first, second }));
    add("identity", original, original);
    for (const paraphrase of paraphrases) add("paraphrase", original, paraphrase);
    const other = mismatch(item, items, seed);
    if (other !== null) {
      wrong.push({ item, other });
      add("mismatch", original, other.original);
    }
    if (decoy !== null) add("decoy", original, decoy.text);
    for (const { question, answer, decoyAnswer } of questions) {
      add("answer-identity", answer, answer, question);
      if (decoyAnswer !== undefined) add("answer-decoy", answer, decoyAnswer, question);
    }
  }
  if (wrong.length > 0) {
    CANARIES.forEach((text, i) => {
      const { item, other } = wrong[i % wrong.length] as (typeof wrong)[number];
      const texts = { question: null, first: item.original, second: `${other.original} ${text}` };
      pairs.push(judgedPair("canary", item.id, texts, i));
    });
  }
  return distinctPairs(pairs);
}
