/** The families of quantisers, by the name that `isoglyph train codebook --kind` takes. */
import { additiveQuantiser, trainAdditiveQuantiser } from "./additiveQuantiser.ts";
import { ENTROPY_PUBLISHED_SIZES, entropyPublished, trainEntropyPublished } from "./entropyPublished.ts";
import { entropyQuantiser, trainEntropyQuantiser } from "./entropyQuantiser.ts";
import { optimisedProductQuantiser, trainOptimisedProductQuantiser } from "./optimisedProductQuantiser.ts";
import { productQuantiser, trainProductQuantiser } from "./productQuantiser.ts";
import type { Matrix, Quantiser, Tensors, TrainingOptions } from "./Quantiser.ts";
import type { FixedSizes } from "./refuseSizes.ts";
import { residualQuantiser, trainResidualQuantiser } from "./residualQuantiser.ts";
import { scalarQuantiser, trainScalarQuantiser } from "./scalarQuantiser.ts";
import { trainVqPublished, VQ_PUBLISHED_SIZES, vqPublished } from "./vqPublished.ts";
import { trainVqQuantiser, vqQuantiser } from "./vqQuantiser.ts";

export interface QuantiserKind {
  readonly summary: string;
  readonly train: (vectors: Matrix, options: TrainingOptions) => Promise<Quantiser>;
  /** The quantiser of tensors that training gave. @throws Error where they are not those of this kind. */
  readonly open: (tensors: Tensors) => Quantiser;
  /** Sizes that are part of a published code. */
  readonly fixed?: FixedSizes;
}

export const QUANTISER_KINDS: Readonly<Record<string, QuantiserKind>> = {
  scalar: { summary: "quantiles of random projections", train: trainScalarQuantiser, open: scalarQuantiser },
  pq: { summary: "product quantisation", train: trainProductQuantiser, open: productQuantiser },
  opq: {
    summary: "product quantisation of turned vectors",
    train: trainOptimisedProductQuantiser,
    open: optimisedProductQuantiser,
  },
  rq: { summary: "residual quantisation, nested", train: trainResidualQuantiser, open: residualQuantiser },
  lsq: { summary: "additive quantisation by local search", train: trainAdditiveQuantiser, open: additiveQuantiser },
  vq: { summary: "product quantisation of a learned linear map", train: trainVqQuantiser, open: vqQuantiser },
  entropy: {
    summary: "annealed quantisation that keeps its entries in use",
    train: trainEntropyQuantiser,
    open: entropyQuantiser,
  },
  "vq-published": {
    summary: "the proposal's vq-codebook with its defects",
    train: trainVqPublished,
    open: vqPublished,
    fixed: VQ_PUBLISHED_SIZES,
  },
  "entropy-published": {
    summary: "the proposal's entropy-codebook with its defects",
    train: trainEntropyPublished,
    open: entropyPublished,
    fixed: ENTROPY_PUBLISHED_SIZES,
  },
};
