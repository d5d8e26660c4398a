import { ExpectedError } from "../../errors.ts";
import { refuseTooLong } from "../refuseTooLong.ts";
import type { EmbeddedProvider } from "./EmbeddedProvider.ts";
import { batchFeeds, layout } from "./rows.ts";
import { floatsOf, floatTensor } from "./Sessions.ts";

export interface Tap {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * float32 by tap: `hidden.0` (what enters the first block) to `hidden.N` (after the last), `attn_out.L` and `mlp_out.L`
 * (what a block adds to the residual stream) and `final_norm`, each [tokens, width]; `attention.L`
 * [heads, tokens, tokens]; `logits` [vocabulary] of the last token, or [tokens, vocabulary] of all. An encoder has no
 * logits.
 */
export type Trace = ReadonlyMap<string, Tap>;

/** Token ids, or in their place what enters the first block: float32 [tokens, width]. */
export type TraceInput = { readonly ids: readonly number[] } | { readonly embeddings: Float32Array };

/** Taps that stand in every block. */
export const BLOCK_TAPS = ["hidden", "attn_out", "mlp_out", "attention"] as const;
type BlockTap = (typeof BLOCK_TAPS)[number];

/**
 * Taps of a text at every position: all of them, or of the blocks' those in `taps` only, which spares copies
 * (attention alone takes 70 MB for 256 tokens of the default model). `final_norm` and `logits` always come along.
 * @throws ExpectedError `input-too-long`, `embeddings-shape`.
 */
export async function traceText(
  provider: EmbeddedProvider,
  input: TraceInput,
  {
    logits = "last",
    taps = BLOCK_TAPS,
  }: { readonly logits?: "last" | "all"; readonly taps?: readonly BlockTap[] } = {},
): Promise<Trace> {
  const { engine } = provider;
  const { layers, width, heads, vocabulary, output } = engine.config;
  const tokens = "ids" in input ? input.ids.length : input.embeddings.length / width;
  if (!Number.isInteger(tokens) || tokens === 0) {
    throw new ExpectedError({
      code: "embeddings-shape",
      message: `${"ids" in input ? 0 : input.embeddings.length} numbers are no rows of width ${width}`,
      hint: `give [tokens, ${width}] numbers for this model, one row a token`,
    });
  }
  refuseTooLong(provider.identity, tokens);
  const ids = "ids" in input ? input.ids : new Array<number>(tokens).fill(0);
  const row = layout([{ ids, parent: null }]);
  const { ids: idFeed, ...feeds } = batchFeeds([row], [{ rows: [0], offsets: [0], length: tokens }], engine.config);
  const wanted = taps.flatMap((tap) =>
    Array.from({ length: tap === "hidden" ? layers + 1 : layers }, (_, layer) => `${tap}.${layer}`),
  );
  const fetch = [...wanted, "final_norm"];
  const outputs =
    "ids" in input
      ? await engine.runBody("trace", feeds, { ids: idFeed }, fetch)
      : await engine.runBody("inject", feeds, { embeddings: floatTensor(input.embeddings, [1, tokens, width]) }, fetch);
  const trace = new Map<string, Tap>();
  // Attention heads come in their groups.
  for (const [name, { dims, data }] of Object.entries(outputs))
    trace.set(name, { shape: dims.length === 5 ? [heads, tokens, tokens] : dims.slice(1), data: data as Float32Array });
  if (output === null) return trace;
  const rows = logits === "all" ? tokens : 1;
  const h = floatsOf(outputs, "final_norm").slice(-rows * width);
  const result = await engine.run("logits", { h: floatTensor(h, [rows, width]) });
  const shape = logits === "all" ? [tokens, vocabulary] : [vocabulary];
  return trace.set("logits", { shape, data: floatsOf(result, "logits") });
}
