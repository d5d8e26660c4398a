/** What codecs are lent: whose vectors, kept where, and who is blamed where there are none. */
import { expect, test } from "vitest";
import { AnswerCache } from "../../harness/AnswerCache.ts";
import { codecServices } from "../../harness/codecServices.ts";
import { prepareConditions } from "../../harness/prepareConditions.ts";
import { ScriptedProvider } from "./ScriptedProvider.ts";
import { scriptedSuite } from "./scriptedSuite.ts";

const services = (provider: ScriptedProvider, embedder = new ScriptedProvider()) =>
  codecServices({ provider, answers: new AnswerCache(null), openEmbedder: async () => embedder, signal: undefined });

test("vectors of the observed model, and of a named embedder, which is closed again", async () => {
  const embedder = new ScriptedProvider({ reference: "other", capabilities: { embeddings: true } });
  const lent = services(new ScriptedProvider(), embedder);
  const [own] = await lent.sentenceVectors(["green boxes"]);
  const other = await lent.embed("other", ["green boxes"]);
  expect(other.embedder).toEqual({
    reference: "other",
    digest: embedder.identity.digest,
    width: embedder.identity.width,
  });
  expect(other.vectors[0]).toHaveLength(own?.length ?? 0);
  expect([...(other.vectors[0] ?? [])]).not.toEqual([...(own ?? [])]);
  expect(embedder.closed).toBe(true);
});

test("a provider without vectors: the candidate that wants them is named, and what to do", async () => {
  const provider = new ScriptedProvider({ capabilities: { hiddenStates: "none" } });
  const suite = scriptedSuite({ candidates: { rare: { codec: "minilm-projection", parameters: {} } } });
  await expect(prepareConditions(suite, provider.tokenizer, services(provider))).rejects.toMatchObject({
    code: "capability-missing",
    message: expect.stringMatching(/^candidate rare: scripted gives no sentence vectors/),
    hint: expect.stringContaining("embedder: minilm"),
  });
});
