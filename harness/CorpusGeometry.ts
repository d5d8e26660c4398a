/** How the states of the reference corpus spread around their mean, at one place. */
import { choleskyFactor } from "./cholesky.ts";
import { leadingEigenvectors } from "./eigenvectors.ts";
import { ledoitWolf, sampleCovariance } from "./ledoitWolf.ts";

/** A spectrum never has more axes. */
export const MOST_AXES = 16;

export interface CorpusGeometry {
  /** Cholesky factor of the shrunk covariance (cholesky.ts); null where the states do not vary. */
  readonly factor: Float32Array | null;
  /** Share of the shrinkage target in the covariance, 0 to 1 (ledoitWolf.ts). */
  readonly shrinkage: number;
  /** Leading unit eigenvectors of the covariance, largest variance first: at most MOST_AXES. */
  readonly axes: readonly Float32Array[];
}

/** @param states [sentences][width], at least one. */
export function corpusGeometry(states: readonly Float32Array[]): CorpusGeometry {
  const { covariance, centred } = sampleCovariance(states);
  const shrunk = ledoitWolf(covariance, centred);
  const factor = shrunk && choleskyFactor(shrunk.covariance);
  const axes = shrunk ? leadingEigenvectors(covariance, MOST_AXES) : [];
  return {
    factor: factor && Float32Array.from(factor),
    shrinkage: shrunk?.shrinkage ?? 1,
    axes: axes.map((axis) => Float32Array.from(axis)),
  };
}

interface KeptGeometry {
  readonly factor: string | null;
  readonly shrinkage: number;
  readonly axes: readonly string[];
}

const encode = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
const decode = (text: string) => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);

/** As JSON keeps it: float32 in base64. */
export function packGeometry({ factor, shrinkage, axes }: CorpusGeometry): KeptGeometry {
  return { factor: factor && encode(factor), shrinkage, axes: axes.map(encode) };
}

export function unpackGeometry({ factor, shrinkage, axes }: KeptGeometry): CorpusGeometry {
  return { factor: factor === null ? null : decode(factor), shrinkage, axes: axes.map(decode) };
}
