// Greedy decoding with llama.cpp: `llamaDecode.mjs MODULES MODEL THREADS`; answers lines {ids, tokens} with {ms}.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, model, threads] = process.argv.slice(2);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(`${modules}/node-llama-cpp/dist/index.js`).href);
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: Number(threads),
});
const loaded = await llama.loadModel({ modelPath: model, gpuLayers: 0 });
const context = await loaded.createContext({ contextSize: 512, threads: Number(threads), sequences: 1 });
const sequence = context.getSequence();
process.stdout.write("{}\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { ids, tokens } = JSON.parse(line);
  await sequence.clearHistory();
  let made = 0;
  let start = 0;
  const said = [];
  for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    // The prompt is read before the first token.
    if (made === 0) start = performance.now();
    said.push(token);
    if (made++ === tokens) break;
  }
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - start, said })}\n`);
}
