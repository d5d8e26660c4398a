/** From the start of a process to all hidden states of a text: `firstStates.ts WEIGHTS TEXT`. */

import { openModel } from "../providers/embedded/openModel.ts";
import { DEFAULT_MODEL } from "../providers/embedded/sources/knownModels.ts";
import { traceText } from "../providers/embedded/traceText.ts";

const [weights = "auto", text = ""] = process.argv.slice(2);
const provider = await openModel(DEFAULT_MODEL, {
  weights: weights as "auto" | "packed" | "float32",
  purpose: "latency",
  first: "trace",
});
const trace = await traceText(provider, { ids: provider.tokenizer.encode(text) }, { taps: ["hidden"] });
process.stdout.write(`${trace.size}\n`);
process.exit(0);
