/** The encoders known by name, fetched from where they lie, against what others make of the same weights. */
import { describe, expect, it } from "vitest";
import { AnswerCache } from "../../harness/AnswerCache.ts";
import { codecServices } from "../../harness/codecServices.ts";
import { cosine } from "../../harness/vectors.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import fixture from "../oracles/fixtures/embedders.json" with { type: "json" };
import exchanges from "../providers/ollama/fixtures/exchanges.json" with { type: "json" };

const open = (reference: string) => openModel(reference, { weights: "auto", purpose: "batch" });

describe.each(["minilm", "bge-small-zh"] as const)("%s", (name) => {
  // transformers computes in float32 as the engine does; onnxruntime rounds the states of bge to bytes.
  const least = name === "minilm" ? 1 - 1e-6 : 0.995;

  it("embeds as its reference does, through the services that codecs get", { timeout: 300_000 }, async () => {
    const { texts, vectors } = fixture[name];
    const services = codecServices({
      provider: null as never,
      answers: new AnswerCache(null),
      openEmbedder: open,
      signal: undefined,
    });
    const { embedder, vectors: ours } = await services.embed(name, texts);
    expect(embedder).toMatchObject({ reference: name, width: vectors[0]?.length });
    for (const [i, vector] of ours.entries()) {
      expect(cosine(vector, Float32Array.from(vectors[i] as number[]))).toBeGreaterThan(least);
    }
    const [first, restated, other] = ours as [Float32Array, Float32Array, Float32Array];
    expect(cosine(first, restated)).toBeGreaterThan((cosine(first, other) as number) + 0.3);
  });
});

it("minilm embeds as Ollama recorded it, which keeps 16 bits of each weight", { timeout: 300_000 }, async () => {
  const exchange = exchanges.find(({ path, request }) => path === "/api/embed" && request?.model === "minilm");
  const { request, answer } = exchange as unknown as {
    readonly request: { readonly input: readonly string[] };
    readonly answer: { readonly embeddings: readonly number[][] };
  };
  const [text] = request.input;
  const [theirs] = answer.embeddings;
  const encoder = await open("minilm");
  try {
    const [ours] = await encoder.embed([text as string]);
    expect(cosine(ours as Float32Array, Float32Array.from(theirs as number[]))).toBeGreaterThan(0.9999);
  } finally {
    await encoder.close();
  }
});
