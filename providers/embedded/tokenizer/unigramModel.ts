/**
 * Unigram language model (Kudo 2018): of all ways to cut a word into tokens, the one of the highest total score.
 * The library's own reads vocabularies without an unknown token wrongly and takes a map for each node of its trie.
 */
import { characterWithoutToken } from "./textChecks.ts";
import { byteToken, type WordModel } from "./wordModels.ts";

/** SentencePiece's penalty for an unknown character, below the lowest score. */
const UNKNOWN_PENALTY = 10;

export interface UnigramOptions {
  /** Tokens that text can become, with their ids and scores (log-probabilities): no special ones. */
  readonly pieces: ReadonlyMap<string, readonly [id: number, score: number]>;
  /** Of all tokens, special ones too. */
  readonly lowestScore: number;
  readonly unknown: number | undefined;
  readonly byteFallback: boolean;
}

export function unigramModel({ pieces, lowestScore, unknown, byteFallback }: UnigramOptions, path: string): WordModel {
  // Without `Math.max(...)`, which takes its arguments from the stack.
  const longest = [...pieces.keys()].reduce((most, piece) => Math.max(most, piece.length), 0);
  const unknownScore = lowestScore - UNKNOWN_PENALTY;

  const unknownIds = (text: string): number[] => {
    const bytes = byteFallback ? [...Buffer.from(text)].map((byte) => pieces.get(byteToken(byte))?.[0]) : [];
    if (byteFallback && bytes.every((id) => id !== undefined)) return bytes;
    if (unknown === undefined) throw characterWithoutToken([...text][0] as string, path);
    return [unknown];
  };

  return {
    encode: (word) => {
      const size = word.length;
      const best = new Float64Array(size + 1);
      /** Where the best last token begins, for each end; -1 where none ends. */
      const begins = new Int32Array(size + 1).fill(-1);
      const ids = new Int32Array(size + 1).fill(-1);
      const offer = (start: number, end: number, id: number, score: number) => {
        const total = (best[start] as number) + score;
        if (begins[end] !== -1 && total <= (best[end] as number)) return;
        best[end] = total;
        begins[end] = start;
        ids[end] = id;
      };
      for (let start = 0; start < size; ) {
        const step = (word.codePointAt(start) as number) > 0xffff ? 2 : 1;
        let single = false;
        for (let end = start + 1; end <= Math.min(size, start + longest); end++) {
          const piece = pieces.get(word.slice(start, end));
          if (piece === undefined) continue;
          offer(start, end, piece[0], piece[1]);
          single ||= end === start + step;
        }
        if (!single) offer(start, start + step, -1, unknownScore);
        start += step;
      }
      const out: number[][] = [];
      for (let end = size; end > 0; ) {
        let start = begins[end] as number;
        if (ids[end] !== -1) out.push([ids[end] as number]);
        else {
          // Unknown characters in a row are one.
          while (start > 0 && ids[start] === -1) start = begins[start] as number;
          out.push(unknownIds(word.slice(start, end)));
        }
        end = start;
      }
      return out.reverse().flat();
    },
  };
}
