/** Measures of answers, against the SQuAD evaluation script's definitions and on answers made up for the purpose. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answerF1, exactMatch, normaliseAnswer } from "../../../harness/answerMatch.ts";
import type { ScalarMeasure } from "../../../harness/Measure.ts";
import { isRefusal } from "../../../harness/measures/answerRefusal.ts";
import { MEASURES, selectMeasures } from "../../../harness/measures.ts";
import type { ConditionReading, ItemReading } from "../../../harness/Reading.ts";
import type { SaidAnswer } from "../../../harness/readAnswers.ts";
import { condition } from "./readings.ts";

interface Case {
  gold: string;
  said: string;
  normalised: string;
  exact: number;
  f1: number;
}
const CASES = JSON.parse(readFileSync(new URL("../../oracles/fixtures/squad.json", import.meta.url), "utf8")) as Case[];

test("normalisation, exact match and F1 are those of the SQuAD script", () => {
  expect(CASES.length).toBeGreaterThan(80);
  for (const { gold, said, normalised, exact, f1 } of CASES) {
    expect(normaliseAnswer(said), JSON.stringify(said)).toBe(normalised);
    expect(exactMatch(said, gold) ? 1 : 0, JSON.stringify([said, gold])).toBe(exact);
    expect(answerF1(said, gold), JSON.stringify([said, gold])).toBeCloseTo(f1, 12);
  }
});

const answer = (said: string, parts: Partial<SaidAnswer> = {}): SaidAnswer => ({
  question: "How many cars?",
  gold: "sixty",
  decoyGold: "eighty",
  said,
  ...parts,
});
const island = (said: string) => answer(said, { question: "Which island?", gold: "Brenna", decoyGold: null });

function value(name: string, own: ConditionReading, original?: ConditionReading) {
  const measure = MEASURES.find((one) => one.name === name) as ScalarMeasure;
  const conditions = new Map([["original", original ?? own]]);
  return measure.of(own, { conditions } as unknown as ItemReading);
}
const asked = (...answers: SaidAnswer[]) => condition("code", { answers });
const defined = (number: number) => ({ kind: "defined", value: number });

describe("on two questions, one of them on the changed fact", () => {
  test("gold, decoy and agreement are told apart", () => {
    const original = asked(answer("Sixty."), island("The island of Brenna"));
    const lost = asked(answer("eighty"), island("the island of Brenna."));
    expect(value("answer.exact", original)).toEqual(defined(0.5));
    expect(value("answer.f1", original)).toEqual(defined((1 + 0.5) / 2));
    expect(value("answer.exact", lost)).toEqual(defined(0));
    // It says of the island what it says after the original, though that is not quite the right answer.
    expect(value("answer.agreement", lost, original)).toEqual(defined(0.5));
    expect(value("answer.agreement", original, original)).toEqual(defined(1));
    // Only the question on the changed fact has a decoy's answer.
    expect(value("answer.decoy", lost)).toEqual(defined(1));
    expect(value("answer.decoy", original)).toEqual(defined(0));
    expect(value("answer.decoy", asked(island("Brenna")))).toMatchObject({ kind: "undefined" });
  });

  test("what was left unanswered after the original is no agreement", () => {
    const silent = asked(answer(""), island("..."));
    expect(value("answer.agreement", silent, silent)).toMatchObject({ kind: "undefined" });
    expect(value("answer.agreement", asked(answer("sixty"), island("")), asked(answer("sixty"), island("")))).toEqual(
      defined(1),
    );
    expect(value("answer.empty", silent)).toEqual(defined(0.5));
    expect(value("answer.length", asked(answer("about sixty cars"), island("")))).toEqual(defined(1.5));
  });

  test("a condition that was not asked has no value, and neither has an item without a question", () => {
    for (const { name } of selectMeasures(["answer"], "")) {
      expect(value(name, condition("code"))).toEqual({ kind: "undefined", reason: "the condition was not asked" });
      expect(value(name, asked())).toMatchObject({ kind: "undefined" });
    }
  });
});

test("refusals are known by what they say, answers are not taken for them", () => {
  const refusals = [
    "I don't know.",
    "I’m sorry, but I can't answer that.",
    "It is not mentioned in the note.",
    "The note does not say how many.",
    "Unknown",
    "There is not enough information to tell.",
    "As an AI language model, I have no access.",
  ];
  const answers = ["sixty", "Unknown Pleasures, an album", "He did not know Olga.", "", "The harbour is closed."];
  for (const text of refusals) expect(isRefusal(text), text).toBe(true);
  for (const text of answers) expect(isRefusal(text), text).toBe(false);
  expect(value("answer.refusal", asked(answer("I don't know"), island("Brenna")))).toEqual(defined(0.5));
});

test("they are left out unless named, one by one or as a group", () => {
  const names = (list: readonly string[]) => selectMeasures(list, "").map(({ name }) => name);
  expect(names(["default"]).filter((name) => name.startsWith("answer"))).toEqual([]);
  expect(names(["answer.f1"])).toEqual(["answer.f1"]);
  expect(names(["answer"])).toEqual([
    "answer.exact",
    "answer.f1",
    "answer.agreement",
    "answer.decoy",
    "answer.refusal",
    "answer.empty",
    "answer.length",
  ]);
  expect(() => selectMeasures(["answers.f1"], "here")).toThrow(/did you mean answer\.f1/);
});
