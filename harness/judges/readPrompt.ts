/** A judge's prompt: a file of its own with a version in its name, known by the hash of its content. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { JudgedTexts } from "./Judge.ts";
import { quoteText } from "./quoteText.ts";

export interface JudgePrompt {
  /** Name and version, such as `equivalence-1`. */
  readonly name: string;
  /** sha256 of the file, hexadecimal. */
  readonly sha256: string;
  readonly write: (texts: JudgedTexts) => string;
}

const NO_QUESTION = "The texts are two ways to go on after something that was read.";
const ASKED = "Both are answers to this question, and are compared as such:\n<question>{question}</question>";

/** @param name of a file in prompts/, without `.md`; it holds {question}, {first} and {second} once each. */
export function readPrompt(name: string): JudgePrompt {
  const template = readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), "utf8");
  return {
    name,
    sha256: createHash("sha256").update(template).digest("hex"),
    write: ({ question, first, second }) => {
      const asked = question === null ? NO_QUESTION : ASKED.replace("{question}", () => quoteText(question));
      const slots: Readonly<Record<string, string>> = {
        question: asked,
        first: quoteText(first),
        second: quoteText(second),
      };
      // In one pass: what is put in is not searched for slots.
      return template.trimEnd().replace(/\{(question|first|second)\}/g, (_, slot: string) => slots[slot] as string);
    },
  };
}
