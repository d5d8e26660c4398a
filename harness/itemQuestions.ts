/** Which of an item's questions is asked where. */
import type { Item, Question } from "../suites/Suite.ts";

/** The question on the changed fact. */
export function factQuestion(item: Item): Question | null {
  return item.questions.find((question) => question.decoyAnswer !== undefined) ?? null;
}

/** What fills a frame's {question}: the item's first question. */
export function frameQuestion(item: Item): string {
  return item.questions[0]?.question ?? "";
}
