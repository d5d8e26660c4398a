/**
 * Stands in for the tokenizer of a model that only takes text: an id is a character's code point. So what the harness
 * puts together as ids comes out as the very text, and the server cuts it into tokens as it does everyone's. A
 * conversation is kept apart from plain text by characters that no text may hold, for the server has its own template.
 */
import { ExpectedError } from "../../errors.ts";
import type { ChatMessage, Tokenizer } from "../contract.ts";

/** Noncharacters of Unicode: never assigned, never in a text that is exchanged. */
const [TURN, BODY, END] = ["\uFDD0", "\uFDD1", "\uFDD2"];
const RESERVED = /[\uFDD0-\uFDD2]/;

/** What a conversation is written as; `parseInput` reads it back. */
function writeMessages(messages: readonly ChatMessage[]): string {
  return `${messages.map(({ role, content }) => `${TURN}${role}${BODY}${content}`).join("")}${END}`;
}

/** A conversation where the text is one, else the text. */
export function parseInput(text: string): { messages: ChatMessage[] } | { text: string } {
  if (!text.startsWith(TURN as string)) return { text };
  const turns = text.slice(1, text.lastIndexOf(END as string)).split(TURN as string);
  return {
    messages: turns.map((turn) => {
      const [role, content] = turn.split(BODY as string) as [ChatMessage["role"], string];
      return { role, content };
    }),
  };
}

export const characterTokenizer: Tokenizer = {
  encode: (text, { special = false } = {}) => {
    if (!special && RESERVED.test(text)) {
      throw new ExpectedError({
        code: "text-unencodable",
        message: `a text holds a character that Unicode reserves: ${JSON.stringify(RESERVED.exec(text)?.[0])}`,
        where: JSON.stringify(text.slice(0, 60)),
        hint: "remove the character: it means nothing and is lost in exchange",
      });
    }
    return Array.from(text, (character) => character.codePointAt(0) as number);
  },
  decode: (ids) => String.fromCodePoint(...ids),
  begin: [],
  finish: [],
  end: [],
  chat: writeMessages,
};
