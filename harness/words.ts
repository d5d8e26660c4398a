/** Words as people count them: runs of letters, digits and inner apostrophes; each hanzi is a word. */
const WORD = /\p{Script=Han}|[\p{L}\p{N}]+(?:['’.,-][\p{L}\p{N}]+)*/gu;

export function words(text: string): string[] {
  return [...text.toLowerCase().matchAll(WORD)].map((match) => match[0]);
}
