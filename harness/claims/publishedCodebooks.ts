/** The claims on the proposal's two codebooks, trained as published and asked about sentences they have not seen. */
import { CODE_KINDS, codeShape } from "../codes/codeKinds.ts";
import { keptCode } from "../codes/keptCode.ts";
import { measureCode } from "../codes/measureCode.ts";
import { meanRow } from "../codes/similarity.ts";
import type { ClaimContext, MeasuredClaims } from "./ClaimContext.ts";

/** Share of wrong symbols at which a code is asked whether it is robust. */
const NOISE = 0.1;

export async function measurePublishedCodebooks(context: ClaimContext, seed: number): Promise<MeasuredClaims> {
  const { items, training, codesFolder: folder, signal } = context;
  const learned = await context.embed(training);
  const vectors = await context.embed(items.map(({ original }) => original));
  const centre = meanRow(learned);
  const set = { name: "items", vectors, clusters: items.map(({ cluster }) => cluster) };
  const measure = async (name: string) => {
    const kind = CODE_KINDS.find((one) => one.name === name);
    if (kind === undefined) throw new Error(`there is no code ${name}`);
    const progress = (round: number, rounds: number) => context.progress(`training ${name}`, round, rounds);
    const options = { ...codeShape(kind, 0), seed, folder, progress, ...(signal && { signal }) };
    return measureCode(await keptCode(kind, learned, options), set, centre, seed);
  };
  const vq = await measure("vq-published");
  const entropy = await measure("entropy-published");
  const noisy = entropy.survival.find(({ share }) => share === NOISE);
  if (noisy === undefined) throw new Error(`codes are not measured at ${NOISE} of wrong symbols`);
  const n = items.length;
  const plain = (value: number) => ({ value, low: null, high: null });
  return {
    "vq-codebook.equivalent": { n, ...vq.raw, floor: vq.exchanged.raw, ceiling: plain(1) },
    "vq-codebook.identifies": { n, ...plain(vq.recall1), floor: plain(1 / n), ceiling: plain(1) },
    "entropy-codebook.robust": {
      n,
      ...plain(noisy.raw.value / entropy.raw.value),
      floor: plain(1),
      ceiling: plain(1),
    },
    "entropy-codebook.carries": { n, ...entropy.raw, floor: entropy.exchanged.raw, ceiling: plain(1) },
    "entropy-codebook.collapse": { n, ...plain(entropy.use.perplexity) },
  };
}
