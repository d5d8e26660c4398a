/**
 * {[NLL(p | filler) − NLL(p | c)] − [NLL(p' | filler) − NLL(p' | c)]} / ln 2, with p the first paraphrase and p' the
 * decoy's paraphrase, said after the frame: how many more bits a condition saves on what was meant than on what was not.
 * Unbounded; 0 after neutral filler; positive on the original's side; higher is better. Whole sentences instead of one
 * answer, and no question: the other way of asking what `fact` asks. Under `paraphrase-near`, p is the context itself.
 * Undefined without a decoy's paraphrase, and for conditions that are not asked. Church & Hanks 1990, Computational
 * Linguistics 16(1):22–29 (pointwise mutual information).
 */
import { sum } from "simple-statistics";
import { conditionOf, needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined } from "../Value.ts";
import { scored } from "./scored.ts";

const UNREAD = "the condition was not asked, or the item or its decoy has no paraphrase";

export const factBits: ScalarMeasure = {
  kind: "scalar",
  name: "fact.bits",
  definition: "bits saved on the paraphrase beyond those saved on the decoy's paraphrase, against neutral filler",
  unit: "bits",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "pointwise mutual information, Church & Hanks 1990",
  onRequest: "two more sentences are read after each condition: about a fifth more time",
  extras: ["paraphrases"],
  ...needsScores,
  of: (condition, item) => {
    const filler = conditionOf(item, "filler");
    const texts = [condition, filler].flatMap((one) => [one?.paraphrase, one?.decoyParaphrase]);
    return scored(texts, UNREAD, (...logProbs) => {
      const [own = 0, rival = 0, neutral = 0, neutralRival = 0] = logProbs.map((tokens) => sum([...tokens]));
      return defined((own - rival - (neutral - neutralRival)) / Math.LN2);
    });
  },
};
