/** What was done, for the methods section of a paper: every number comes from the record. */
import type { ModelEntry, RunRecord } from "../harness/RunRecord.ts";

const list = (names: readonly string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
const count = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;

function modelSentence({ identity, frames, corpus }: ModelEntry): string {
  const { reference, architecture, quantisation, weights, engine, digest } = identity;
  const kind = [architecture, quantisation, weights].filter((part) => part !== "").join(", ");
  const sha = digest === "" ? "" : `; sha256 ${digest.slice(0, 12)}`;
  return `${reference} (${kind === "" ? "" : `${kind}; `}read by ${engine}${sha}) read every text in ${count(Object.keys(frames).length, "frame")} (${list(Object.keys(frames))}); states are centred by their mean over ${corpus.sentences} sentences of the corpus ${corpus.name}.`;
}

/** Paragraphs. */
export function methodsText({ manifest }: RunRecord): string[] {
  const { suite, items, models, measures } = manifest;
  const clusters = new Set(items.map(({ cluster }) => cluster)).size;
  const { samples, controls, tokens, seed } = suite.continuations;
  const candidates = Object.entries(suite.candidates).map(([name, { codec }]) => `${name} (${codec})`);
  const [first] = models;
  const roles = (role: string) =>
    (first?.conditions ?? []).filter((one) => one.role === role && one.of === null).map(({ name }) => name);
  const positions =
    suite.positions.length > 1
      ? "at natural positions and with the positions of the original"
      : `at ${suite.positions[0]} positions`;
  return [
    `Material. Suite ${suite.name}${suite.profile === null ? "" : `, profile ${suite.profile}`} (sha256 ${suite.hash.slice(0, 12)}): ${count(items.length, "item")} in ${count(clusters, "cluster")}. Codes under test: ${list(candidates)}. Ceiling: ${list(roles("ceiling"))}. Floors: ${list(roles("floor"))}, and each code's encoding of another item. Foils, which must not come out equivalent: ${list(roles("foil"))}.`,
    `Reading. ${models.map(modelSentence).join(" ")} Context and surrounding text are tokenised apart, so that the tokens that are compared are the same under every condition, ${positions}. Distributions are compared along ${count(samples, "continuation")} of at most ${tokens} tokens that the model itself sampled after the original (temperature 1, seed ${seed}; floors and foils: ${controls}).`,
    `Measures. ${list(measures.map(({ name }) => name))}; definitions, units and references stand beside the results. A score places a value between the best-scoring floor (0) and the mean of the paraphrases (1).`,
    `Verdict. A code is equivalent where, one-sided at α = ${suite.alpha}: (A) it is closer than a fraction ${suite.margin} of the way from floor to paraphrase, in the distribution and in the states; (B) it keeps at least that fraction of the fact; (C) it is closer than every foil but the near-copy; (D) it fails on hardly more items than paraphrases do. It is non-inferiority to a fraction of a human paraphrase. A measure takes part only where floor and ceiling separate and the foils are told apart from paraphrases. The cluster is the unit of inference; verdicts are adjusted by Holm's method over all codes and models of the run.`,
    `Made by Isoglyph ${manifest.version}; signature: ${manifest.signature}.`,
  ];
}
