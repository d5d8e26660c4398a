/** Embeddings as they came out of JSON, checked. */
import { malformed } from "./RemoteError.ts";

/**
 * Float32 [texts][dimensions]. Nothing is repaired: a wrong count, a row that is not a list of finite numbers, and rows of
 * different lengths are refused.
 * @param dimensions what earlier answers had; null at the first.
 * @throws RemoteError `provider-answer-malformed`
 */
export function readVectors(rows: unknown, texts: number, dimensions: number | null, origin: string): Float32Array[] {
  if (!Array.isArray(rows)) throw malformed(origin, "the answer holds no list of embeddings");
  if (rows.length !== texts)
    throw malformed(origin, `${texts} texts were sent, and ${rows.length} embeddings came back`);
  let width = dimensions;
  return rows.map((row: unknown, index) => {
    if (!Array.isArray(row) || row.length === 0) throw malformed(origin, `embedding ${index} is no list of numbers`);
    if (Array.isArray(row[0])) {
      throw malformed(origin, `embedding ${index} is a list of vectors, one a token: the server does not pool`);
    }
    width ??= row.length;
    if (row.length !== width) {
      throw malformed(origin, `embedding ${index} has ${row.length} dimensions, and the others ${width}`);
    }
    const bad = row.findIndex(
      (value: unknown) => !Number.isFinite(value) || !Number.isFinite(Math.fround(value as number)),
    );
    if (bad >= 0) throw malformed(origin, `embedding ${index} holds ${JSON.stringify(row[bad])} at dimension ${bad}`);
    return Float32Array.from(row as number[]);
  });
}
