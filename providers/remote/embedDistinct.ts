/** Each text is sent once, however often it is asked for; every row of the answer is its own array. */
export async function embedDistinct(
  texts: readonly string[],
  embed: (distinct: readonly string[]) => Promise<readonly Float32Array[]>,
): Promise<Float32Array[]> {
  const distinct = [...new Set(texts)];
  const rows = await embed(distinct);
  const byText = new Map(distinct.map((text, i) => [text, rows[i] as Float32Array]));
  return texts.map((text) => (byText.get(text) as Float32Array).slice());
}

/** In order, at most `most` each. */
export function batchesOf(texts: readonly string[], most: number): string[][] {
  return Array.from({ length: Math.ceil(texts.length / most) }, (_, i) => texts.slice(i * most, (i + 1) * most));
}
