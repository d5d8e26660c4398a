/** Tokens that end a turn or a text in the models of known families, where the file does not say so itself. */
const END_OF_TURN = [
  "<|im_end|>",
  "<|endoftext|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end_of_text|>",
  "<|end|>",
  "<end_of_turn>",
];

/** @param idOf the id of a token, undefined where there is none */
export function endTokens(declared: readonly number[], idOf: (token: string) => number | undefined): number[] {
  // In OpenAI's harmony format a message ends with <|end|>, and the turn goes on.
  const harmony = idOf("<|return|>") !== undefined;
  const known = END_OF_TURN.filter((token) => !(harmony && token === "<|end|>"));
  return [...new Set([...declared, ...known.flatMap((token) => idOf(token) ?? [])])];
}
