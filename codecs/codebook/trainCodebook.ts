import { createHash } from "node:crypto";
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../../errors.ts";
import type { EmbedderIdentity } from "../contract.ts";
import { QUANTISER_KINDS, type QuantiserKind } from "../quantisers/kinds.ts";
import { meanRow } from "../quantisers/matrix.ts";
import type { Matrix } from "../quantisers/Quantiser.ts";
import type { Codebook, CodebookAlphabet } from "./Codebook.ts";
import { canonicalJson } from "./canonicalJson.ts";
import { checkAlphabet } from "./checkAlphabet.ts";
import { writeCodebook } from "./codebookFile.ts";
import { heldOutFigures } from "./heldOutFigures.ts";
import { TrainingCheckpoint } from "./TrainingCheckpoint.ts";

export interface CodebookTraining {
  readonly kind: string;
  readonly vectors: Matrix;
  /** Vectors that training never sees; null where there are none. */
  readonly heldOut: Matrix | null;
  readonly embedder: EmbedderIdentity;
  readonly alphabet: CodebookAlphabet;
  readonly places: number;
  readonly entries: number;
  readonly seed: number;
  /** Share of symbols replaced while learned codes train. */
  readonly noise: number;
  /** NAME of NAME.json and NAME.safetensors. */
  readonly path: string;
  readonly progress?: (round: number, rounds: number, loss: number) => void;
  readonly signal?: AbortSignal;
}

/** Kinds that stop when vectors that they do not learn from gain nothing: those are a part of the training vectors. */
const STOP_EARLY: ReadonlySet<string> = new Set(["vq", "entropy"]);
const WATCHED = 0.1;

/** The last tenth is watched, so that what is reported of the held-out vectors was never looked at. */
function split({ rows, width, data }: Matrix): { learnt: Matrix; watched: Matrix | null } {
  const cut = rows - Math.floor(WATCHED * rows);
  if (cut === rows) return { learnt: { rows, width, data }, watched: null };
  const part = (from: number, to: number): Matrix => ({
    rows: to - from,
    width,
    data: data.subarray(from * width, to * width),
  });
  return { learnt: part(0, cut), watched: part(cut, rows) };
}

/**
 * Trains a code and writes its files; a training that was cut goes on from NAME.checkpoint.
 * @throws ExpectedError `codebook-kind`, `alphabet-small`, `alphabet-symbols`, those of the kind's training.
 */
export async function trainCodebook(training: CodebookTraining): Promise<Codebook> {
  const { kind, vectors, heldOut, embedder, alphabet, places, entries, seed, noise, path, progress, signal } = training;
  const { train } = quantiserKind(kind);
  const sizes = Array.from({ length: places }, () => entries);
  checkAlphabet(alphabet, sizes);
  const settings = { places, entries, noise };
  const sha256 = digest(vectors);
  const key = canonicalJson({ kind, settings, seed, sha256, heldOut: heldOut === null ? null : digest(heldOut) });
  const checkpoint = new TrainingCheckpoint(`${path}.checkpoint`, createHash("sha256").update(key).digest("hex"));
  const { learnt, watched } = STOP_EARLY.has(kind) ? split(vectors) : { learnt: vectors, watched: null };
  const quantiser = await train(learnt, {
    ...settings,
    seed,
    checkpoint,
    ...(watched && { heldOut: watched }),
    ...(progress && { progress }),
    ...(signal && { signal }),
  });
  const figures = heldOut === null ? null : await heldOutFigures(quantiser, heldOut, meanRow(vectors));
  const codebook = writeCodebook(
    path,
    {
      format: 1,
      kind,
      alphabet,
      embedder,
      width: vectors.width,
      sizes: quantiser.sizes,
      training: { sha256, vectors: vectors.rows, seed, settings, heldOut: figures },
    },
    quantiser,
  );
  checkpoint.remove();
  return codebook;
}

/** @throws ExpectedError `codebook-kind`. */
export function quantiserKind(name: string): QuantiserKind {
  const kind = Object.hasOwn(QUANTISER_KINDS, name) ? QUANTISER_KINDS[name] : undefined;
  if (kind !== undefined) return kind;
  const names = Object.keys(QUANTISER_KINDS);
  throw new ExpectedError({
    code: "codebook-kind",
    message: `there is no kind of codebook ${JSON.stringify(name)}`,
    hint: `the nearest is ${closest(name, names)}; kinds are ${names.join(", ")}`,
  });
}

function digest({ data }: Matrix): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}
