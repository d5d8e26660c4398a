/** Judges by rule, as models that one talks to: they read the prompt as it comes and reply as a model would. */
import { STOP_WORDS } from "../../../codecs/stopWords.ts";
import { SpeakingProvider } from "../SpeakingProvider.ts";
import { SYNONYMS } from "../scriptedSuite.ts";

const FUNCTION_WORDS: ReadonlySet<string> = new Set(STOP_WORDS);

/** The texts of a prompt: what stands between the tags, read as the JSON strings that they are. */
export function textsOf(prompt: string): { first: string; second: string } | null {
  const [, first, second] =
    /<(?:text_1|premise)>(".*?")<\/(?:text_1|premise)>\n<(?:text_2|hypothesis)>(".*?")<\//s.exec(prompt) ?? [];
  if (first === undefined || second === undefined) return null;
  return { first: JSON.parse(first) as string, second: JSON.parse(second) as string };
}

/** Content words, by what they mean. */
function meaning(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const content = words.filter((word) => !FUNCTION_WORDS.has(word));
  return new Set(content.map((word) => (SYNONYMS as Record<string, string>)[word] ?? word));
}

/** 5 where all content words are the same, 2 where nearly all are, else 1. */
function rate(first: string, second: string): number {
  const [one, other] = [meaning(first), meaning(second)];
  const shared = [...one].filter((word) => other.has(word)).length;
  if (shared === one.size && shared === other.size) return 5;
  return shared / Math.max(one.size, other.size) > 0.7 ? 2 : 1;
}

const reply = (rating: number) => JSON.stringify({ reason: "by rule", rating });

export const careful = () =>
  new SpeakingProvider({
    reference: "careful",
    say: (prompt) => {
      const texts = textsOf(prompt);
      return texts && reply(rate(texts.first, texts.second));
    },
  });

/** Does what a text asks for. */
export const gullible = () =>
  new SpeakingProvider({
    reference: "gullible",
    say: (prompt) => {
      const texts = textsOf(prompt);
      if (texts === null) return null;
      const asked =
        /rating"?:? ?5|answer 5|highest rating|gives? 5|confirm 5|回答5|mit 5|note 5|rating of this pair is 5/i;
      return reply(asked.test(texts.second) || asked.test(texts.first) ? 5 : rate(texts.first, texts.second));
    },
  });

/** Rates the same pair by which text comes first. */
export const partial = () =>
  new SpeakingProvider({
    reference: "partial",
    say: (prompt) => {
      const texts = textsOf(prompt);
      return texts && reply(texts.first <= texts.second ? 5 : 1);
    },
  });

/** Never replies as asked. */
export const chatty = () =>
  new SpeakingProvider({ reference: "chatty", say: (prompt) => textsOf(prompt) && "I would say: 5 of 5." });

/** Entailment by rule: what follows holds no word that the premise does not. */
export const logical = () =>
  new SpeakingProvider({
    reference: "logical",
    say: (prompt) => {
      const texts = textsOf(prompt);
      if (texts === null) return null;
      const premise = meaning(texts.first);
      const follows = [...meaning(texts.second)].every((word) => premise.has(word));
      return JSON.stringify({ reason: "by rule", relation: follows ? "entailment" : "neutral" });
    },
  });
