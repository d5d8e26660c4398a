import type { EmbeddedProvider } from "./EmbeddedProvider.ts";
import { batchFeeds, layout } from "./rows.ts";
import { floatsOf } from "./Sessions.ts";

export interface Trace {
  readonly ids: readonly number[];
  /** float32 by tap: `hidden.L` and `final_norm` [tokens, width], `attention.L` [heads, tokens, tokens], `logits` [vocabulary] of the last token. */
  readonly taps: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** Every tap of a text at every position. @throws ExpectedError `input-too-long`. */
export async function traceText(provider: EmbeddedProvider, ids: readonly number[]): Promise<Trace> {
  provider.refuseTooLong(ids.length);
  const row = layout([{ ids, parent: null }]);
  const outputs = await provider.engine.runBody(
    "trace",
    batchFeeds([row], [{ rows: [0], offsets: [0], length: ids.length }]),
    {},
  );
  const taps = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { dims, data }] of Object.entries(outputs))
    taps.set(name, { shape: dims.slice(1), data: data as Float32Array });
  const { width, vocabulary } = provider.engine.config;
  const last = floatsOf(outputs, "final_norm").slice(-width);
  const logits = await provider.engine.run("logits", { h: { type: "float32", data: last, dims: [1, width] } });
  taps.set("logits", { shape: [vocabulary], data: floatsOf(logits, "logits") });
  return { ids, taps };
}
