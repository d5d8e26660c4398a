/**
 * A text as a JSON string in which nothing stands that could end it, close a tag or begin a control token of a chat
 * template: no line break, and < > [ ] | and whatever is not seen (control and format characters, such as those that
 * reverse the writing direction) as \uXXXX. What it says can still be read; what it is stays a string.
 */
export function quoteText(text: string): string {
  return JSON.stringify(text.normalize("NFC")).replace(/[<>[\]|\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
