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
