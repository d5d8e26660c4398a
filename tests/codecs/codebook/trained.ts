import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Codebook } from "../../../codecs/codebook/Codebook.ts";
import { type CodebookTraining, trainCodebook } from "../../../codecs/codebook/trainCodebook.ts";
import { ExpectedError } from "../../../errors.ts";
import { syntheticVectors } from "../quantisers/syntheticVectors.ts";

export const EMBEDDER = { reference: "tiny", digest: "d".repeat(64), width: 16 };
const ALPHABET = { symbols: [[..."一二三四五六七八"]], source: "numbers", wraps: false };
const VECTORS = syntheticVectors(200, 16);
export const UNSEEN = syntheticVectors(30, 16, 200);

/** A codebook of 4 places with 8 entries in a folder of its own. */
export function trained(parts: Partial<CodebookTraining> = {}): Promise<Codebook> {
  return trainCodebook({
    kind: "rq",
    vectors: VECTORS,
    heldOut: UNSEEN,
    embedder: EMBEDDER,
    alphabet: ALPHABET,
    places: 4,
    entries: 8,
    seed: 3,
    noise: 0,
    path: join(freshFolder(), "code"),
    ...parts,
  });
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "codebook-"));
}

export async function failure(run: () => unknown): Promise<ExpectedError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
