/** What providers/contract.ts promises of a model behind a server, whichever server it is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, TextProvider } from "../../../providers/contract.ts";

export interface TextProviderCase {
  readonly open: () => Promise<TextProvider>;
  /** Greedy requests that the server knows; those of a text, a conversation, or both. */
  readonly requests: readonly GenerateRequest[];
  /** Texts that it embeds, two at least; none where it embeds nothing. */
  readonly texts?: readonly string[];
  readonly close?: () => Promise<void>;
}

export function describeTextProvider(name: string, { open, requests, texts = [], close }: TextProviderCase): void {
  describe(name, () => {
    let provider: TextProvider;
    beforeAll(async () => {
      provider = await open();
    });
    afterAll(async () => {
      await provider?.close();
      await provider?.close();
      await close?.();
    });

    it("says which model it is and what it shows", () => {
      const { identity, text } = provider;
      for (const field of ["reference", "name", "engine"] as const) expect(identity[field]).not.toBe("");
      if (identity.digest !== null) expect(identity.digest).toMatch(/^[0-9a-f]{64}$/);
      if (identity.contextLength !== null) expect(identity.contextLength).toBeGreaterThan(0);
      expect(text.generation).toBe(requests.length > 0);
      expect(text.embeddings).toBe(texts.length > 0);
    });

    it("one answer a request, in order", async () => {
      const answers = await provider.generate(requests);
      expect(answers).toHaveLength(requests.length);
      for (const [i, { text, ended, tokens, usage }] of answers.entries()) {
        const { topLogProbs, maxTokens } = requests[i] as GenerateRequest;
        expect(["end", "length"]).toContain(ended);
        for (const count of [usage.input, usage.output]) if (count !== null) expect(count).toBeGreaterThanOrEqual(0);
        expect(tokens === null).toBe(topLogProbs === undefined);
        expect((tokens ?? []).length).toBeLessThanOrEqual(maxTokens);
        for (const { logProb, top } of tokens ?? []) {
          expect(logProb).toBeLessThanOrEqual(1e-6);
          expect(top.length).toBeLessThanOrEqual(topLogProbs ?? 0);
          const logs = top.map((one) => one.logProb);
          expect(logs).toEqual([...logs].sort((a, b) => b - a));
          // Greedy: nothing is more likely than what was taken.
          expect(Math.max(...logs)).toBeLessThanOrEqual(logProb + 1e-6);
        }
        if (tokens) expect(text.startsWith((tokens[0]?.text ?? "").trimStart().slice(0, 1)) || text !== "").toBe(true);
      }
      const alone = await Promise.all(requests.map((request) => provider.generate([request])));
      expect(alone.flat()).toEqual(answers);
    });

    it("refuses what it does not show, an answer to nothing, and no tokens, before anything is sent", async () => {
      const refused = { code: "capability-missing" };
      if (texts.length === 0) await expect(provider.embed(["a"])).rejects.toMatchObject(refused);
      const [request] = requests;
      const plain: GenerateRequest = {
        input: { messages: [{ role: "user", content: "a" }] },
        maxTokens: 1,
        temperature: 0,
      };
      if (request === undefined) {
        await expect(provider.generate([plain])).rejects.toMatchObject(refused);
        return;
      }
      const { text } = provider;
      const most = "text" in request.input ? (text.rawTopLogProbs ?? text.topLogProbs) : text.topLogProbs;
      await expect(provider.generate([{ ...request, topLogProbs: most + 1 }])).rejects.toMatchObject(refused);
      const nothing = "text" in request.input ? { text: "" } : { messages: [] };
      const empty = { code: "generation-empty" };
      await expect(provider.generate([{ ...request, input: nothing }])).rejects.toMatchObject(empty);
      await expect(provider.generate([{ ...request, maxTokens: 0 }])).rejects.toMatchObject(empty);
    });

    it("embeddings: one a text, in order, of one length, equal for equal texts", async () => {
      if (texts.length === 0) return;
      const vectors = await provider.embed([...texts, texts[0] as string]);
      expect(vectors).toHaveLength(texts.length + 1);
      expect(new Set(vectors.map(({ length }) => length)).size).toBe(1);
      for (const vector of vectors) expect([...vector].every(Number.isFinite)).toBe(true);
      expect([...(vectors.at(-1) as Float32Array)]).toEqual([...(vectors[0] as Float32Array)]);
      expect([...(vectors[1] as Float32Array)]).not.toEqual([...(vectors[0] as Float32Array)]);
      // Whoever changes a vector changes nobody else's.
      vectors[0]?.fill(0);
      const again = await provider.embed([...texts, texts[0] as string]);
      expect(again[0]?.some((value) => value !== 0)).toBe(true);
    });

    it("an aborted request rejects with the reason", async () => {
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      if (requests.length > 0) await expect(provider.generate(requests, signal)).rejects.toBe(reason);
      if (texts.length > 0) await expect(provider.embed(texts, signal)).rejects.toBe(reason);
    });
  });
}
