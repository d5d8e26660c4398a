/** States of a large model in a process of its own: `largeStates.ts MODEL TOKENS,TOKENS…`; writes a line of JSON. */
import { availableParallelism } from "node:os";
import { openModel } from "../providers/embedded/openModel.ts";
import { traceText } from "../providers/embedded/traceText.ts";

const [model = "", list = "32"] = process.argv.slice(2);
const since = (start: number) => (performance.now() - start) / 1e3;
let start = performance.now();
const provider = await openModel(model, { weights: "auto", purpose: "latency", threads: availableParallelism() });
const prepareSeconds = since(start);
start = performance.now();
await provider.engine.open("trace");
const openSeconds = since(start);
const points: { tokens: number; seconds: number }[] = [];
for (const tokens of list.split(",").map(Number)) {
  const ids = Array.from({ length: tokens }, (_, i) => 300 + i * 37);
  // Twice: the first call maps the weights.
  const seconds: number[] = [];
  for (let call = 0; call < 2; call++) {
    start = performance.now();
    const trace = await traceText(provider, { ids });
    seconds.push(since(start));
    const last = trace.get(`hidden.${provider.identity.layers}`);
    if (!last?.data.every(Number.isFinite)) throw new Error(`states of ${tokens} tokens are not all numbers`);
  }
  points.push({ tokens, seconds: Math.min(...seconds) });
}
// resourceUsage counts in KiB.
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(
  `${JSON.stringify({ prepareSeconds, openSeconds, points, peakBytes, weights: provider.identity.weights })}\n`,
);
process.exit(0);
