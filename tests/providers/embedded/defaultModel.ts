/** The default model, which the first test that needs it fetches into the ordinary cache. */
import { vi } from "vitest";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { DEFAULT_MODEL } from "../../../providers/embedded/sources/knownModels.ts";
import type { WeightPolicy } from "../../../providers/embedded/WeightFile.ts";

// The first hook that opens the model downloads 98 MB; the first test that needs a graph loads it.
vi.setConfig({ hookTimeout: 300_000, testTimeout: 60_000 });

/** Once a file, in `beforeAll`; to be closed in `afterAll`. One thread, since files run side by side. */
export function openDefaultModel(weights: WeightPolicy): Promise<EmbeddedProvider> {
  return openModel(DEFAULT_MODEL, { weights, purpose: "batch", threads: 1 });
}
