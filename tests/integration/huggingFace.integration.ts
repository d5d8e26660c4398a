/** `hf-api:` against an endpoint of one's own: a real llama-cpp-python server with the embedded engine's weights. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EmbeddedProvider } from "../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import type { HuggingFaceProvider } from "../../providers/huggingface/HuggingFaceProvider.ts";
import { openHuggingFace } from "../../providers/huggingface/openHuggingFace.ts";
import { integrationFile } from "../../scripts/integrationParts.ts";
import { logProbs } from "../providers/logProbs.ts";
import { defaultModelFile } from "./defaultModelFile.ts";
import type { ServerProcess } from "./ServerProcess.ts";
import { startLlamaCpp } from "./startLlamaCpp.ts";

vi.setConfig({ hookTimeout: 300_000, testTimeout: 300_000 });

const python = integrationFile("llama-cpp-python");
const model = defaultModelFile();
const absent = [
  ...(python === null ? ["llama-cpp-python (npm run setup:integration)"] : []),
  ...(model === null ? [`${DEFAULT_MODEL} (npm run isoglyph -- models pull ${DEFAULT_MODEL})`] : []),
];
if (absent.length > 0) console.warn(`skipped: hf-api: against llama-cpp-python, because these are missing: ${absent}`);

/** Nats: the first token's five likeliest; quantised kernels against whole products. */
const LOG_PROB_LIMIT = 0.5;

describe.skipIf(absent.length > 0)("hf-api: and llama-cpp-python 0.3.36", () => {
  let server: ServerProcess;
  let served: HuggingFaceProvider;
  let embedded: EmbeddedProvider;

  beforeAll(async () => {
    if (python === null || model === null) return;
    server = await startLlamaCpp(python, model);
    embedded = await openModel(DEFAULT_MODEL, { weights: "packed", purpose: "latency", threads: 1 });
    served = await openHuggingFace(`hf-api:smollm2@${server.base}`, { env: {} });
  });
  afterAll(async () => {
    await embedded?.close();
    await server?.close();
  });

  it("offers what the probes found", () => {
    expect(served.text).toMatchObject({ generation: true, embeddings: false });
    expect(served.text.topLogProbs).toBeGreaterThan(0);
    expect(served.identity.engine).toBe("unknown server");
  });

  it("the likeliest first tokens of a text, and their log-probabilities", async () => {
    const text = "The capital of France is";
    const [answer] = await served.generate([{ input: { text }, maxTokens: 2, temperature: 0, topLogProbs: 5 }]);
    const top = answer?.tokens?.[0]?.top ?? [];
    expect(top.map(({ text: name }) => name)[0]).toBe(" Paris");
    expect(answer?.usage.input).toBe(embedded.tokenizer.encode(text).length);
    const ids = embedded.tokenizer.encode(text);
    const named = top.map(({ text: name }) => ({ ids: embedded.tokenizer.encode(name), parent: 0 }));
    const scores = named.map((_, i) => ({ row: 0, segment: i + 1 }));
    const read = await embedded.read({
      rows: [[{ ids, parent: null }, ...named]],
      states: [],
      pools: [],
      scores,
      comparisons: [],
    });
    const apart = top.map(({ logProb }, i) => Math.abs(logProb - (logProbs(read.scores[i])[0] ?? Number.NaN)));
    console.log(`log-probabilities of ${top.length} tokens: ${Math.max(...apart).toFixed(3)} nats apart at most`);
    for (const difference of apart) expect(difference).toBeLessThan(LOG_PROB_LIMIT);
  });

  it("a conversation", async () => {
    const messages = [{ role: "user" as const, content: "Say hello." }];
    const [answer] = await served.generate([{ input: { messages }, maxTokens: 4, temperature: 0, topLogProbs: 3 }]);
    expect(answer?.ended).toBe("length");
    expect(answer?.tokens?.length).toBeGreaterThan(0);
    expect(answer?.tokens?.[0]?.top).toHaveLength(3);
  });

  it("too long an input is refused", async () => {
    const text = "a b c d e f g h ".repeat(100);
    await expect(served.generate([{ input: { text }, maxTokens: 2, temperature: 0 }])).rejects.toMatchObject({
      code: "input-too-long",
    });
  });
});
