interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  /** Characters of the parts. */
  readonly leftLength: number;
  readonly rightLength: number;
  /** Of what they join to, and of the parts. */
  readonly id: number;
  readonly leftId: number;
  readonly rightId: number;
}

/**
 * SentencePiece keeps a score for each piece and joins the pair of neighbours whose piece scores best. The same as
 * merges by rank, in the order of transformers' conversion (generate_merges): best score first, then the longer left
 * part, then the longer right part, then the order of the vocabulary.
 * @param pieces token and score
 */
export function spmMerges(pieces: ReadonlyMap<string, readonly [id: number, score: number]>): [string, string][] {
  const merges: Merge[] = [];
  // Sorted, a piece follows its prefixes: those that are pieces too are at hand, and no substring is looked up in vain.
  const prefixes: string[] = [];
  for (const piece of [...pieces.keys()].sort()) {
    while (prefixes.length > 0 && !piece.startsWith(prefixes.at(-1) as string)) prefixes.pop();
    const [id, score] = pieces.get(piece) as readonly [number, number];
    for (const left of prefixes) {
      const right = piece.slice(left.length);
      const second = pieces.get(right);
      if (second === undefined) continue;
      const lengths = { leftLength: characters(left), rightLength: characters(right) };
      merges.push({
        left,
        right,
        score,
        ...lengths,
        id,
        leftId: (pieces.get(left) as readonly [number, number])[0],
        rightId: second[0],
      });
    }
    prefixes.push(piece);
  }
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      b.leftLength - a.leftLength ||
      b.rightLength - a.rightLength ||
      a.id - b.id ||
      a.leftId - b.leftId ||
      a.rightId - b.rightId,
  );
  return merges.map(({ left, right }) => [left, right]);
}

function characters(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; count++) i += (text.codePointAt(i) as number) > 0xffff ? 2 : 1;
  return count;
}
