/** Tokens that are found in the text as they stand, before anything cuts it (tokenizers, added_vocabulary.rs). */

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Found only where special tokens are allowed. */
  readonly special: boolean;
  /** Found in the text as the normaliser leaves it. */
  readonly normalized: boolean;
  /** Takes the white space before it, or after it, along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Found only where no letter or digit touches it. */
  readonly singleWord: boolean;
}

export interface Stretch {
  readonly text: string;
  /** In the text that was searched, UTF-16 units. */
  readonly at: number;
  /** The token that it is; null for text between tokens. */
  readonly id: number | null;
}

interface Node {
  readonly next: Map<string, Node>;
  token: AddedToken | undefined;
}

const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /\p{White_Space}/u;

/** Whether the characters on both sides are none of a word's. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? "";
  const after = [...text.slice(end, end + 2)][0] ?? "";
  return !WORD.test(before) && !WORD.test(after);
}

/**
 * Finds added tokens, of several that begin at one place the longest.
 * @param tokens with the text that each is found by
 */
export function addedTokenFinder(tokens: readonly (readonly [string, AddedToken])[]) {
  const root: Node = { next: new Map(), token: undefined };
  for (const [content, token] of tokens) {
    let node = root;
    for (let i = 0; i < content.length; i++) {
      const unit = content[i] as string;
      let child = node.next.get(unit);
      if (child === undefined) {
        child = { next: new Map(), token: undefined };
        node.next.set(unit, child);
      }
      node = child;
    }
    if (content !== "") node.token ??= token;
  }

  const longestAt = (text: string, start: number): [AddedToken, number] | null => {
    let found: [AddedToken, number] | null = null;
    let node: Node | undefined = root;
    for (let i = start; node !== undefined; node = node.next.get(text[i++] as string)) {
      if (node.token) found = [node.token, i];
      if (i === text.length) break;
    }
    return found;
  };

  /** `special`: whether special tokens count. One that does not still hides what it overlaps, as in the reference. */
  return (text: string, special: boolean): Stretch[] => {
    const out: Stretch[] = [];
    let from = 0;
    for (let i = 0; i < text.length; ) {
      const found = longestAt(text, i);
      if (found === null) {
        i++;
        continue;
      }
      const [token, stop] = found;
      let [start, end] = [i, stop];
      i = stop;
      if (token.special && !special) continue;
      if (token.singleWord && !standsAlone(text, start, end)) continue;
      while (token.lstrip && start > from && SPACE.test(text[start - 1] as string)) start--;
      while (token.rstrip && end < text.length && SPACE.test(text[end] as string)) end++;
      if (start > from) out.push({ text: text.slice(from, start), at: from, id: null });
      out.push({ text: text.slice(start, end), at: start, id: token.id });
      from = end;
    }
    if (from < text.length) out.push({ text: text.slice(from), at: from, id: null });
    return out;
  };
}
