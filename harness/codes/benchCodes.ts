/** Table A: codes for sentence vectors, compared on sentences that none of them was trained on. */
import type { Matrix, Quantiser } from "../../codecs/quantisers/Quantiser.ts";
import { sampleCovariance } from "../ledoitWolf.ts";
import { type CodeKind, type CodeShape, codeShape } from "./codeKinds.ts";
import { keptCode } from "./keptCode.ts";
import { type CodeMeasures, type HeldOutSet, measureCode } from "./measureCode.ts";
import { ownRanks, recallAt } from "./recall.ts";
import { meanRow, rowOf, type Similarity, similarity } from "./similarity.ts";
import { type CostedSymbols, type SymbolSet, symbolTokens, type TokenCounter } from "./symbolTokens.ts";
import { symmetricEigenvalues } from "./symmetricEigenvalues.ts";
import { reverseWaterFilling, whiteCosine } from "./waterFilling.ts";

export interface BenchOptions {
  readonly training: Matrix;
  readonly sets: readonly HeldOutSet[];
  readonly kinds: readonly CodeKind[];
  readonly bits: number;
  readonly seed: number;
  /** Where trained codes are kept; null keeps nothing. */
  readonly folder: string | null;
  /** What codes are written in for counting; those as published have their own. */
  readonly symbols: SymbolSet;
  readonly tokenizers: readonly TokenCounter[];
  readonly progress: (label: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What no code of so many bits is expected to beat, for a Gaussian source of the set's covariance (waterFilling.ts). */
export interface SetBound {
  readonly raw: number;
  readonly centred: number;
  /** The same for equal variances in all directions. */
  readonly white: number;
  /** Fewer sentences than dimensions: the covariance leaves directions out, and the bound is too high. */
  readonly optimistic: boolean;
}

export interface CodeRow extends CodeMeasures {
  readonly code: string;
  readonly form: CodeKind["form"];
  readonly shape: CodeShape;
  readonly bound: SetBound;
  readonly tokens: CostedSymbols;
  /** Seconds that training took; null where the code was at hand. */
  readonly trained: number | null;
}

export interface SetResult {
  readonly set: string;
  readonly rows: number;
  readonly codes: readonly CodeRow[];
  /** The training vectors' mean for every sentence: no bits at all. */
  readonly constant: Similarity & { readonly recall1: number; readonly recall10: number };
}

export async function benchCodes(options: BenchOptions): Promise<readonly SetResult[]> {
  const { training, sets, kinds, bits, seed, folder, tokenizers, progress, signal } = options;
  const centre = meanRow(training);
  const codes: { kind: CodeKind; shape: CodeShape; code: Quantiser; trained: number | null }[] = [];
  for (const kind of kinds) {
    const shape = codeShape(kind, bits);
    const started = performance.now();
    let worked = false;
    const code = await keptCode(kind, training, {
      ...shape,
      seed,
      folder,
      ...(signal && { signal }),
      progress: (round, rounds) => {
        worked = true;
        progress(`training ${kind.name}`, round, rounds);
      },
    });
    codes.push({ kind, shape, code, trained: worked ? (performance.now() - started) / 1000 : null });
  }
  const results: SetResult[] = [];
  for (const set of sets) {
    const variances = spectrum(set.vectors);
    const rows: CodeRow[] = [];
    for (const [i, { kind, shape, code, trained }] of codes.entries()) {
      signal?.throwIfAborted();
      progress(`measuring on ${set.name}`, i, codes.length);
      const measures = await measureCode(code, set, centre, seed);
      const bound = setBound(variances, set.vectors, centre, measures.bits);
      const tokens = symbolTokens(measures.codes, code.sizes, kind.form, options.symbols, tokenizers);
      rows.push({ code: kind.name, form: kind.form, shape, bound, tokens, trained, ...measures });
    }
    progress(`measuring on ${set.name}`, codes.length, codes.length);
    results.push({ set: set.name, rows: set.vectors.rows, codes: rows, constant: constantFloor(set, centre) });
  }
  return results;
}

function constantFloor({ vectors, clusters }: HeldOutSet, centre: Float32Array): SetResult["constant"] {
  const data = new Float32Array(vectors.data.length);
  for (let i = 0; i < vectors.rows; i++) data.set(centre, i * vectors.width);
  const answer = { ...vectors, data };
  const ranks = ownRanks(answer, vectors);
  return {
    ...similarity(answer, vectors, centre, clusters),
    recall1: recallAt(ranks, 1),
    recall10: recallAt(ranks, 10),
  };
}

function spectrum(vectors: Matrix): number[] {
  const rows = Array.from({ length: vectors.rows }, (_, i) => rowOf(vectors, i));
  return symmetricEigenvalues(sampleCovariance(rows).covariance);
}

/**
 * The decoder knows the training mean, not the set's own: what the two differ by has to be paid for like any other
 * direction, and is left out here, in the bound's favour.
 */
function setBound(variances: readonly number[], vectors: Matrix, centre: Float32Array, bits: number): SetBound {
  const { cosine, distortion } = reverseWaterFilling(variances, bits);
  const total = variances.reduce((sum, value) => sum + Math.max(0, value), 0);
  const constant = centre.reduce((sum, value) => sum + value * value, 0);
  return {
    centred: cosine,
    raw: Math.sqrt((constant + total - distortion) / (constant + total)),
    white: whiteCosine(bits, vectors.width),
    optimistic: vectors.rows <= vectors.width,
  };
}
