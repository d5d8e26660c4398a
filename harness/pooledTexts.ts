import type { Provider } from "../providers/contract.ts";

/** The mean final-norm state over each text's own tokens, read alone: a sentence vector, float32 [width]. */
export async function pooledTexts(
  provider: Provider,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { begin, finish } = provider.tokenizer;
  const rows = texts.map((text) => [{ ids: [...begin, ...provider.tokenizer.encode(text), ...finish], parent: null }]);
  const pools = rows.map((_, row) => ({ row, segment: 0 }));
  const result = await provider.read({ rows, states: [], pools, scores: [], comparisons: [] }, signal);
  return [...result.pools];
}
