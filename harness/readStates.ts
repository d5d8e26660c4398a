/** States at a frame's last token for many texts, and their mean over a corpus. */
import type { Provider } from "../providers/contract.ts";
import type { FrameReader } from "./FrameReader.ts";
import { statesAt } from "./readItem.ts";

/** Texts read in one request; bounds the memory. */
const CHUNK = 64;

export interface FramedText {
  readonly text: string;
  /** Fills the frame's {question}. */
  readonly question: string;
}

/** For each text, one state a layer: [texts][layers + 1][width]. */
export async function readStates(
  provider: Provider,
  frame: FrameReader,
  texts: readonly FramedText[],
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<Float32Array[][]> {
  const out: Float32Array[][] = [];
  for (let from = 0; from < texts.length; from += CHUNK) {
    const part = texts.slice(from, from + CHUNK);
    const rows = part.map(({ text, question }) => {
      const { before, after } = frame.ids(question);
      return [
        { ids: before, parent: null },
        { ids: frame.context(text), parent: 0 },
        { ids: after, parent: 1 },
      ];
    });
    const states = rows.map((_, row) => ({ row, segment: 2 }));
    const result = await provider.read({ rows, states, pools: [], scores: [], comparisons: [] }, signal);
    part.forEach((_, i) => {
      out.push(statesAt(result, i, part.length, provider.identity.width));
    });
    progress(out.length);
  }
  return out;
}

/** The mean state of each layer, sums in double precision: [layers + 1][width]. */
export function meanStates(all: readonly (readonly Float32Array[])[]): Float32Array[] {
  const [first] = all;
  if (first === undefined) throw new Error("the mean of no states");
  return first.map((template, layer) => {
    const sum = new Float64Array(template.length);
    for (const states of all) {
      const state = states[layer] as Float32Array;
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (state[i] as number);
    }
    return Float32Array.from(sum, (value) => value / all.length);
  });
}
