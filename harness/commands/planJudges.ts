/** What a run's judges would be asked, worked out before anything is said: at most so often, and at what price. */
import { wrapText } from "../../reports/wrapText.ts";
import type { Suite } from "../../suites/Suite.ts";
import { controlPairs } from "../judges/controlPairs.ts";
import { callsFor } from "../judges/ratePairs.ts";
import { readPrompt } from "../judges/readPrompt.ts";
import { RESTATEMENT_TOKENS } from "../readAnswers.ts";
import type { ModelPlan } from "./plan.ts";

/** Bytes of UTF-8 a token: judges' own tokenizers are not asked. */
const BYTES_PER_TOKEN = 4;
/** Longest reply, in tokens. */
const REPLY = 120;

export interface JudgePlan {
  readonly judge: string;
  readonly model: string;
  /** Most requests, of which those for controls are exact. */
  readonly requests: number;
  readonly controls: number;
  /** Most tokens to and from it. */
  readonly read: number;
  readonly written: number;
  /** In the currency of the prices; null where none were given, or the judge is none that they hold for. */
  readonly price: number | null;
  readonly allowed: number;
}

/** Conditions that are held against the original, by name. */
function asked({ candidates }: Suite, conditions: readonly string[]): number {
  const named = (name: string) =>
    Object.hasOwn(candidates, name) || /^(paraphrase-.*|decoy|mismatch-1|empty|swapped:.*)$/.test(name);
  return conditions.filter(named).length;
}

/** @param prices of a million tokens, read and written. */
export function planJudges(
  suite: Suite,
  plans: readonly ModelPlan[],
  prices?: { readonly input: number; readonly output: number },
): JudgePlan[] {
  const controls = controlPairs(suite.items, suite.statistics.seed);
  const said = suite.items.reduce((sum, { questions }) => sum + questions.length + 1, 0);
  const frames = Object.keys(suite.frames).length;
  const pairs = plans.reduce((sum, { conditions }) => sum + said * frames * asked(suite, conditions), 0);
  return Object.entries(suite.judges).map(([judge, { kind, model, repeats, calls }]) => {
    const talked = kind !== "embedding";
    const shape = { bothOrders: talked, repeats: talked ? repeats : 1 };
    const requests = callsFor(controls.length + pairs, shape);
    const prompt = talked ? readPrompt(kind === "chat" ? "equivalence-1" : "entailment-1") : null;
    const around = prompt === null ? 0 : Buffer.byteLength(prompt.write({ question: "", first: "", second: "" }));
    const texts = controls.reduce((sum, { first, second }) => sum + Buffer.byteLength(first + second), 0);
    const ofControls = (around + texts / Math.max(1, controls.length)) / BYTES_PER_TOKEN;
    const ofRun = around / BYTES_PER_TOKEN + 2 * RESTATEMENT_TOKENS;
    const read = Math.ceil(callsFor(controls.length, shape) * ofControls + callsFor(pairs, shape) * ofRun);
    const written = talked ? requests * REPLY : 0;
    const price =
      prices === undefined || !model.startsWith("openai:")
        ? null
        : (read * prices.input + written * prices.output) / 1e6;
    return { judge, model, requests, controls: callsFor(controls.length, shape), read, written, price, allowed: calls };
  });
}

export function judgesPlanText(plans: readonly JudgePlan[]): string {
  const number = (value: number) => value.toLocaleString("en-US");
  return plans
    .map(({ judge, model, requests, controls, read, written, price, allowed }) => {
      const cost = price === null ? "" : `, ${price.toFixed(2)} at the prices given`;
      const refused =
        requests > allowed
          ? ` Only ${number(allowed)} are allowed (\`calls\`), so it may be refused before it is asked anything.`
          : "";
      return wrapText(
        `judge ${judge} (${model}): at most ${number(requests)} requests, ${number(controls)} of them controls, ${number(read)} tokens read and ${number(written)} written${cost}; equal pairs are asked once, and opinions are kept.${refused}`,
        80,
      );
    })
    .join("\n");
}
