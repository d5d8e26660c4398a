/**
 * Log-probabilities of a text after another, from those of whole prompts. The server cuts the joined text into tokens as
 * it likes: its tokens of the input alone must be the first ones of the joined text, or the text has no tokens of its own.
 */
import type { Scored, ScoreRequest, TextInput } from "../contract.ts";
import { malformed } from "../remote/RemoteError.ts";
import type { ScoredToken } from "./readPromptLogProbs.ts";

/** @param read the tokens of a prompt with their log-probabilities. */
export async function scoreAfter(
  { input, said }: ScoreRequest,
  read: (input: TextInput) => Promise<readonly ScoredToken[]>,
  origin: string,
): Promise<Scored> {
  if (said === "") return [];
  const joined: TextInput =
    "text" in input
      ? { text: input.text + said }
      : { messages: [...input.messages, { role: "assistant", content: said }] };
  const [before, all] = await Promise.all([read(input), read(joined)]);
  const apart = before.findIndex(({ id, text }, i) => id !== all[i]?.id || text !== all[i]?.text);
  const shown = JSON.stringify(said.slice(0, 30));
  if (apart >= 0) return { unscored: `the server's tokens run across the join before ${shown}` };
  const own = all.slice(before.length);
  const spelt = own.map(({ text }) => text).join("");
  // A part of a character has no spelling of its own.
  if (!spelt.includes("\uFFFD") && spelt !== said) {
    return { unscored: `the server reads ${JSON.stringify(spelt.slice(0, 30))} where ${shown} was to be scored` };
  }
  return own.map(({ logProb, text }) => {
    if (logProb !== null) return logProb;
    throw malformed(origin, `the prompt's token ${JSON.stringify(text)} comes without a log-probability`);
  });
}
