/** Geometry of state vectors; sums in double precision. */

export function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

/** cos(a − centre, b − centre); null where either is the centre itself. */
export function centredCosine(a: Float32Array, b: Float32Array, centre: Float32Array): number | null {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - (centre[i] as number);
    const y = (b[i] as number) - (centre[i] as number);
    product += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  if (lengthA === 0 || lengthB === 0) return null;
  return Math.max(-1, Math.min(1, product / Math.sqrt(lengthA * lengthB)));
}

export function cosine(a: Float32Array, b: Float32Array): number | null {
  return centredCosine(a, b, new Float32Array(a.length));
}

/** Vectors from which their mean was taken; exactly 0 where all are the same. */
export function centredVectors(vectors: readonly Float32Array[]): Float64Array[] {
  const first = vectors[0] ?? new Float32Array();
  // Differences from the first vector are averaged: a common part leaves no rounding behind.
  const shift = new Float64Array(first.length);
  for (const vector of vectors) {
    for (let i = 0; i < shift.length; i++) {
      shift[i] = (shift[i] as number) + ((vector[i] as number) - (first[i] as number)) / vectors.length;
    }
  }
  return vectors.map((vector) =>
    Float64Array.from(vector, (value, i) => value - (first[i] as number) - (shift[i] as number)),
  );
}

/** Products of all pairs of centred vectors, float64 [vectors][vectors]. */
export function gram(vectors: readonly Float32Array[]): Float64Array[] {
  const width = vectors[0]?.length ?? 0;
  const centred = centredVectors(vectors);
  const products = vectors.map(() => new Float64Array(vectors.length));
  centred.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = centred[j] as Float64Array;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (a[k] as number) * (b[k] as number);
      (products[i] as Float64Array)[j] = sum;
      (products[j] as Float64Array)[i] = sum;
    }
  });
  return products;
}
