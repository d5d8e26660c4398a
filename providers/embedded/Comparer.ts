import type { Comparison } from "../contract.ts";
import type { Engine } from "./Engine.ts";
import { floatsOf, floatTensor, intTensor } from "./Sessions.ts";

/** Readout positions × conditions compared at once; at 4 bytes × vocabulary each this bounds the memory. */
const COMPARE_ROWS = 512;

/** Turns final-norm states into log-probabilities and divergences, in the graph: logits stay there. */
export class Comparer {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Log-probability of each id, from the final-norm states [ids, width] that predict them. */
  async scoreAll(list: readonly { ids: readonly number[]; states: Float32Array }[]): Promise<number[][]> {
    const ids = list.flatMap((item) => item.ids);
    const { width } = this.engine.config;
    const all = new Float32Array(ids.length * width);
    let at = 0;
    for (const item of list) {
      all.set(item.states, at);
      at += item.states.length;
    }
    const flat: number[] = [];
    for (let from = 0; from < ids.length; from += COMPARE_ROWS) {
      const to = Math.min(from + COMPARE_ROWS, ids.length);
      const { logProb } = await this.chunk("compare", ids.slice(from, to), all.subarray(from * width, to * width), 1);
      flat.push(...logProb.map((row) => row[0] as number));
    }
    let end = 0;
    return list.map((item) => {
      const start = end;
      end += item.ids.length;
      return flat.slice(start, end);
    });
  }

  /**
   * Next-token distributions at the same ids after each condition, from final-norm states [ids, width] each.
   * @param graph `compare-js` for the Jensen–Shannon divergence too
   */
  async compare(
    graph: "compare" | "compare-js",
    ids: readonly number[],
    states: readonly Float32Array[],
  ): Promise<Comparison> {
    const { width } = this.engine.config;
    const conditions = states.length;
    const step = Math.max(1, Math.floor(COMPARE_ROWS / conditions));
    const out = { kl: [] as number[][], sameTop: [] as boolean[][], logProb: [] as number[][], js: [] as number[][] };
    for (let from = 0; from < ids.length; from += step) {
      const part = ids.slice(from, from + step);
      const h = new Float32Array(part.length * conditions * width);
      states.forEach((state, c) => {
        part.forEach((_, k) => {
          const source = (from + k) * width;
          h.set(state.subarray(source, source + width), (k * conditions + c) * width);
        });
      });
      const chunk = await this.chunk(graph, part, h, conditions);
      out.kl.push(...chunk.kl);
      out.sameTop.push(...chunk.sameTop);
      out.logProb.push(...chunk.logProb);
      if (chunk.js) out.js.push(...chunk.js);
    }
    const { js, ...common } = out;
    return graph === "compare" ? common : { ...common, js };
  }

  private async chunk(graph: "compare" | "compare-js", ids: readonly number[], h: Float32Array, conditions: number) {
    const k = ids.length;
    if (k === 0) return { kl: [], sameTop: [], logProb: [], js: null };
    const outputs = await this.engine.run(graph, {
      h: floatTensor(h, [k, conditions, this.engine.config.width]),
      next: intTensor(
        ids.flatMap((id) => Array.from({ length: conditions }, () => id)),
        [k, conditions, 1],
      ),
    });
    const rows = <T>(pick: (index: number, row: number) => T) =>
      Array.from({ length: k }, (_, row) =>
        Array.from({ length: conditions }, (_, c) => pick(row * conditions + c, row)),
      );
    const kl = floatsOf(outputs, "kl");
    const top = outputs.top?.data as BigInt64Array;
    const logProb = floatsOf(outputs, "log_prob");
    const js = graph === "compare" ? null : floatsOf(outputs, "js");
    return {
      kl: rows((i) => kl[i] as number),
      sameTop: rows((i, row) => top[i] === top[row * conditions]),
      logProb: rows((i) => logProb[i] as number),
      // Rounding may leave the bounds by some 1e-7.
      js: js && rows((i) => Math.min(Math.LN2, Math.max(0, js[i] as number))),
    };
  }
}
