import { codecDefinition } from "../codecs/registry.ts";
import type { Suite } from "../suites/Suite.ts";

/**
 * The suite as conditions are judged by it. Where a candidate's code has seen each item's first question, nothing is
 * asked by that question, under any condition: frames, facts and answers go by the others (a fact without a question of
 * its own is asked by the paraphrases). Else the suite itself.
 */
export function judgedSuite(suite: Suite): Suite {
  const seen = Object.entries(suite.candidates).some(
    ([name, { codec }]) => codecDefinition(codec, suite.locate(["candidates", name])).usesQuestion === true,
  );
  if (!seen) return suite;
  return { ...suite, items: suite.items.map((item) => ({ ...item, questions: item.questions.slice(1) })) };
}
