/** The claims on sentence embeddings: the published decoding, and the best that can be read from the hanzi themselves. */
import { ALPHABET_B } from "../../codecs/alphabets.ts";
import { gaussianMatrix, projectedEncoding } from "../../codecs/gaussianProjection.ts";
import { JavaRandom } from "../../codecs/javaRandom.ts";
import { lessRow } from "../../codecs/quantisers/matrix.ts";
import { times } from "../../codecs/quantisers/products.ts";
import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";
import { ridgeRegression } from "../../codecs/quantisers/ridgeRegression.ts";
import { stacked } from "../codes/keptVectors.ts";
import { meanRow, rowOf, similarity } from "../codes/similarity.ts";
import { exchangedCodes } from "../codes/symbolNoise.ts";
import type { ClaimContext, MeasuredClaims } from "./ClaimContext.ts";
import { projectedBack } from "./randomProjection.ts";

const SYMBOLS = 16;
const SCALE = 10_000;
const RIDGE = 1e-2;
const ENTRIES = ALPHABET_B.symbols.length;

/** The hanzi that the published rule gives each embedding, as indices into alphabet B: [rows, 16]. */
export function publishedCodes(vectors: Matrix): Uint16Array {
  const rows = gaussianMatrix(new JavaRandom(42), SYMBOLS, vectors.width);
  const codes = new Uint16Array(vectors.rows * SYMBOLS);
  for (let i = 0; i < vectors.rows; i++) {
    const encoding = projectedEncoding(rowOf(vectors, i), rows, { alphabet: ALPHABET_B, scale: SCALE });
    if ("missing" in encoding) throw new Error(encoding.missing);
    codes.set(
      [...encoding.text].map((symbol) => ALPHABET_B.symbols.indexOf(symbol)),
      i * SYMBOLS,
    );
  }
  return codes;
}

export function hanziOf(codes: Uint16Array, row: number): string {
  return Array.from(codes.subarray(row * SYMBOLS, (row + 1) * SYMBOLS), (index) => ALPHABET_B.symbols[index]).join("");
}

export async function measureSentenceProjection(context: ClaimContext, seed: number): Promise<MeasuredClaims> {
  const { items, training } = context;
  const clusters = items.map(({ cluster }) => cluster);
  const learned = await context.embed(training);
  const own = await context.embed(items.map(({ original }) => original));
  const paraphrases = await context.embed(items.map(({ paraphrase }) => paraphrase));
  const centre = meanRow(learned);
  const raw = (decoded: Matrix) => similarity(decoded, own, centre, clusters).raw;

  const matrix = gaussianMatrix(new JavaRandom(42), SYMBOLS, own.width);
  const back = stacked(items.map((_, i) => Float32Array.from(projectedBack(rowOf(own, i), matrix))));
  const constant = stacked(items.map(() => centre));
  const ceiling = raw(paraphrases);

  const decoder = await ridgeRegression(oneHot(publishedCodes(learned)), lessRow(learned, centre), RIDGE);
  const decode = async (codes: Uint16Array): Promise<Matrix> => {
    const read = await times(oneHot(codes), decoder);
    return { ...read, data: read.data.map((value, at) => value + (centre[at % own.width] as number)) };
  };
  const codes = publishedCodes(own);
  const read = raw(await decode(codes));
  const other = raw(await decode(exchangedCodes(codes, SYMBOLS, seed)));
  const n = items.length;
  return {
    "minilm-projection.cosine": { n, ...raw(back), floor: raw(constant), ceiling },
    "minilm-projection.hanzi": { n, ...read, floor: other, ceiling },
  };
}

/** Which hanzi stands at each place: [rows, 16 · 56]. */
function oneHot(codes: Uint16Array): Matrix {
  const rows = codes.length / SYMBOLS;
  const width = SYMBOLS * ENTRIES;
  const data = new Float32Array(rows * width);
  for (const [at, symbol] of codes.entries()) {
    data[Math.floor(at / SYMBOLS) * width + (at % SYMBOLS) * ENTRIES + symbol] = 1;
  }
  return { rows, width, data };
}
