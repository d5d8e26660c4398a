/**
 * What providers/contract.ts promises of a provider that reads token ids, whoever it is: what it declares it does, what
 * it does not declare it refuses by name, and what it says does not hang on what else was asked.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Capabilities, Provider, ReadRequest, ReadResult } from "../../../providers/contract.ts";
import { logProbs } from "../logProbs.ts";

export interface ProviderCase {
  readonly open: () => Promise<Provider>;
  /** How far a state may move, relative to its length, and a log-probability, in nats, with what else is read. */
  readonly tolerance: number;
}

const BEFORE = "Note: ";
const CONTEXTS = ["The old lamp by the door still works.", "A lamp by the door works", ""];
const AFTER = " In other words, the lamp";
const SAID = " gives light again";

const NOTHING: ReadRequest = { rows: [], states: [], pools: [], scores: [], comparisons: [] };

function requestFor({ tokenizer }: Provider, contexts: readonly string[]): ReadRequest {
  const rows = contexts.map((context) => [
    { ids: [...tokenizer.begin, ...tokenizer.encode(BEFORE)], parent: null },
    { ids: tokenizer.encode(context, { continues: true }), parent: 0 },
    { ids: tokenizer.encode(AFTER, { continues: true }), parent: 1 },
    { ids: tokenizer.encode(SAID, { continues: true }), parent: 2 },
  ]);
  return { ...NOTHING, rows };
}

/** Everything that the capabilities allow, of each row. */
function allOf(provider: Provider, contexts: readonly string[]): ReadRequest {
  const request = requestFor(provider, contexts);
  const { hiddenStates, promptLogits, scores, attention } = provider.capabilities;
  const each = (segment: number) => request.rows.map((_, row) => ({ row, segment }));
  return {
    ...request,
    ...(hiddenStates !== "none" && { states: each(2) }),
    ...(hiddenStates === "all" && { pools: each(2) }),
    ...(scores && { scores: each(3) }),
    ...(promptLogits === "full" && { comparisons: [each(3)], jensenShannon: true }),
    ...(promptLogits === "top-k" && { nextTokens: each(2) }),
    ...(attention && { attention: each(2).map((ref) => ({ ...ref, context: 1 })) }),
  };
}

function closeRows(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  let [apart, length] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    apart += ((actual[i] as number) - (expected[i] as number)) ** 2;
    length += (expected[i] as number) ** 2;
  }
  expect(Math.sqrt(apart / length)).toBeLessThanOrEqual(tolerance);
}

const finite = (values: Iterable<number>) => expect([...values].every(Number.isFinite)).toBe(true);
const closeLists = (a: readonly number[], b: readonly number[], tolerance: number) => {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => {
    expect(Math.abs(value - (b[i] as number))).toBeLessThanOrEqual(tolerance);
  });
};

/** What is refused where it is not declared: the request, and whether the provider shows it. */
function refusals(provider: Provider): [string, (c: Capabilities) => boolean, () => Promise<unknown>][] {
  const request = requestFor(provider, CONTEXTS.slice(0, 1));
  const ref = { row: 0, segment: 2 };
  const ids = provider.tokenizer.encode(BEFORE);
  const sample = { prompts: [{ ids, seed: 1 }], samples: 1, maxTokens: 1, temperature: 1 };
  return [
    ["states", (c) => c.hiddenStates !== "none", () => provider.read({ ...request, states: [ref] })],
    ["pools", (c) => c.hiddenStates === "all", () => provider.read({ ...request, pools: [ref] })],
    ["scores", (c) => c.scores, () => provider.read({ ...request, scores: [ref] })],
    ["comparisons", (c) => c.promptLogits === "full", () => provider.read({ ...request, comparisons: [[ref]] })],
    ["next tokens", (c) => c.promptLogits === "top-k", () => provider.read({ ...request, nextTokens: [ref] })],
    ["attention", (c) => c.attention, () => provider.read({ ...request, attention: [{ ...ref, context: 1 }] })],
    ["embeddings", (c) => c.embeddings, () => provider.embed([BEFORE])],
    ["samples", (c) => c.generation, () => provider.sample(sample)],
  ];
}

export function describeProvider(name: string, { open, tolerance }: ProviderCase): void {
  describe(name, () => {
    let provider: Provider;
    let all: ReadResult;
    beforeAll(async () => {
      provider = await open();
      all = await provider.read(allOf(provider, CONTEXTS));
    });
    afterAll(async () => {
      await provider?.close();
      // Whoever closes twice closes once.
      await provider?.close();
    });

    it("says which model it is", () => {
      const { identity } = provider;
      for (const field of ["reference", "name", "engine"] as const) expect(identity[field]).not.toBe("");
      for (const field of ["digest", "tokenizerDigest"] as const) expect(identity[field]).toMatch(/^[0-9a-f]*$/);
      for (const field of ["layers", "width", "vocabulary"] as const) {
        expect(Number.isSafeInteger(identity[field])).toBe(true);
        const { hiddenStates } = provider.capabilities;
        // A number of states needs blocks to come from.
        expect(identity[field] > 0).toBe(hiddenStates === "all" || (field === "width" && hiddenStates === "final"));
      }
    });

    it("does what it declares, and refuses the rest by name", async () => {
      for (const [what, declared, ask] of refusals(provider)) {
        if (declared(provider.capabilities)) await expect(ask(), what).resolves.toBeDefined();
        else await expect(ask(), what).rejects.toMatchObject({ code: "capability-missing" });
      }
    });

    it("shapes are those of the contract, and every number is one", () => {
      const { identity, capabilities } = provider;
      const request = allOf(provider, CONTEXTS);
      expect(all.states).toHaveLength((identity.layers + 1) * request.states.length * identity.width);
      finite(all.states);
      expect(all.pools.map(({ length }) => length)).toEqual(request.pools.map(() => identity.width));
      for (const pool of all.pools) finite(pool);
      const said = provider.tokenizer.encode(SAID, { continues: true }).length;
      expect(all.scores.map((scores) => logProbs(scores).length)).toEqual(request.scores.map(() => said));
      for (const scores of all.scores.map(logProbs)) {
        for (const score of scores) expect(score).toBeLessThanOrEqual(1e-6);
        finite(scores);
      }
      expect(all.comparisons).toHaveLength(request.comparisons.length);
      if (capabilities.attention) {
        for (const summary of all.attention ?? []) expect(summary.weights).toHaveLength(identity.layers);
        expect(all.attention).toHaveLength(CONTEXTS.length);
      }
      expect(all.nextTokens?.length).toBe(request.nextTokens?.length);
      for (const tokens of all.nextTokens ?? []) {
        const logs = (tokens ?? []).map(({ logProb }) => logProb);
        expect(logs).toEqual([...logs].sort((a, b) => b - a));
        expect(logs.reduce((sum, log) => sum + Math.exp(log), 0)).toBeLessThanOrEqual(1 + 1e-6);
      }
    });

    it("a comparison agrees with itself and with the scores", () => {
      for (const { kl, js, logProb, sameTop } of all.comparisons) {
        kl.forEach((row, t) => {
          expect(row[0]).toBe(0);
          expect(sameTop[t]?.[0]).toBe(true);
          for (const value of row) expect(value).toBeGreaterThanOrEqual(-1e-6);
          for (const value of js?.[t] ?? []) expect(value).toBeLessThanOrEqual(Math.LN2 + 1e-6);
          // KL(p‖m) + KL(q‖m) over 2 is at most half of KL(p‖q) + KL(q‖p), and 0 only together with it.
          row.forEach((value, c) => {
            expect((js?.[t]?.[c] ?? 0) > 1e-9).toBe(value > 1e-9);
          });
          closeLists(
            logProb[t] ?? [],
            all.scores.map((scores) => logProbs(scores)[t] as number),
            tolerance,
          );
        });
      }
    });

    it("what is said of a row does not hang on the others, nor on how its text is cut", async () => {
      const { layers, width } = provider.identity;
      for (const [row, context] of CONTEXTS.entries()) {
        const request = allOf(provider, [context]);
        const alone = await provider.read(request);
        for (let layer = 0; layer <= layers && request.states.length > 0; layer++) {
          const at = (layer * CONTEXTS.length + row) * width;
          closeRows(
            alone.states.subarray(layer * width, (layer + 1) * width),
            all.states.subarray(at, at + width),
            tolerance,
          );
        }
        if (request.pools.length > 0)
          closeRows(alone.pools[0] as Float32Array, all.pools[row] as Float32Array, tolerance);
        if (request.scores.length > 0) closeLists(logProbs(alone.scores[0]), logProbs(all.scores[row]), tolerance);
        expect(alone.nextTokens?.[0]).toEqual(all.nextTokens?.[row]);
        if (provider.capabilities.hiddenStates === "none") continue;
        const [segments = []] = request.rows;
        const flat = [{ ids: segments.flatMap(({ ids }) => ids), parent: null }];
        const last = await provider.read({ ...NOTHING, rows: [segments], states: [{ row: 0, segment: 3 }] });
        const whole = await provider.read({ ...NOTHING, rows: [flat], states: [{ row: 0, segment: 0 }] });
        closeRows(whole.states, last.states, tolerance);
      }
    });

    it("two requests at once are two requests", async () => {
      const requests = CONTEXTS.map((context) => allOf(provider, [context]));
      const together = await Promise.all(requests.map((request) => provider.read(request)));
      for (const [i, request] of requests.entries()) {
        const alone = await provider.read(request);
        expect([...(together[i]?.states ?? [])]).toEqual([...alone.states]);
        expect(together[i]?.scores).toEqual(alone.scores);
        expect(together[i]?.nextTokens).toEqual(alone.nextTokens);
      }
    });

    it("samples: so many, so long, the same again for the same seed, one answer at temperature 0", async () => {
      if (!provider.capabilities.generation) return;
      const { tokenizer } = provider;
      const ids = [...tokenizer.begin, ...tokenizer.encode(BEFORE + CONTEXTS[0])];
      const prompts = [
        { ids, seed: 1 },
        { ids, seed: 2 },
      ];
      const request = { prompts, samples: 3, maxTokens: 5, temperature: 1 };
      const samples = await provider.sample(request);
      expect(samples.map((list) => list.length)).toEqual([3, 3]);
      for (const one of samples.flat()) {
        expect(one.length).toBeGreaterThan(0);
        // Where no token ids go in, those that come out are not the model's own tokens.
        if (!provider.capabilities.tokenIdsIn) continue;
        expect(one.length).toBeLessThanOrEqual(5);
        for (const id of one.slice(0, -1)) expect(tokenizer.end).not.toContain(id);
        if (one.length < 5) expect(tokenizer.end).toContain(one.at(-1));
      }
      expect(new Set(samples.flat().map(String)).size).toBeGreaterThan(1);
      expect(await provider.sample(request)).toEqual(samples);
      const greedy = await provider.sample({ ...request, temperature: 0 });
      expect(new Set(greedy.flat().map(String)).size).toBe(1);
    });

    it("followed token by token it says what it says of the whole, and the same again bit for bit", async () => {
      const { steps, tokenizer } = provider;
      if (steps === undefined) return;
      expect(steps.kernel).not.toBe("");
      const before = [...tokenizer.begin, ...tokenizer.encode(BEFORE)];
      const said = tokenizer.encode(SAID, { continues: true });
      const follow = () =>
        steps.follow(async (next) => {
          const all: Float32Array[] = [];
          for (const id of [...before, ...said]) all.push(await next(id));
          return all;
        });
      const logits = await follow();
      expect(await follow()).toEqual(logits);
      const rows = [
        [
          { ids: before, parent: null },
          { ids: said, parent: 0 },
        ],
      ];
      const { scores } = await provider.read({ ...NOTHING, rows, scores: [{ row: 0, segment: 1 }] });
      const expected = said.map((id, i) => {
        const own = logits[before.length - 1 + i] as Float32Array;
        const most = own.reduce((a, b) => Math.max(a, b));
        const sum = own.reduce((total, logit) => total + Math.exp(logit - most), 0);
        return (own[id] as number) - most - Math.log(sum);
      });
      closeLists(expected, logProbs(scores[0]), Math.max(tolerance, 1e-4));
    });

    it("refuses settings of samples that mean nothing", async () => {
      if (!provider.capabilities.generation) return;
      const ids = provider.tokenizer.encode(BEFORE);
      const request = { prompts: [{ ids, seed: 1 }], samples: 1, maxTokens: 1, temperature: 1 };
      for (const wrong of [{ samples: 0 }, { maxTokens: 0 }, { temperature: -1 }, { topP: 0 }, { stop: [""] }]) {
        await expect(provider.sample({ ...request, ...wrong })).rejects.toMatchObject({ code: "sample-setting" });
      }
    });

    it("refuses what is too long, and cuts nothing", async () => {
      const { contextLength } = provider.identity;
      if (contextLength === null || contextLength > 4096) return;
      const { tokenizer, capabilities } = provider;
      const word = tokenizer.encode(" lamp");
      const ids = Array.from({ length: contextLength + 1 }, (_, i) => word[i % word.length] as number);
      const refused = { code: "input-too-long" };
      const rows = [[{ ids, parent: null }]];
      const states = capabilities.hiddenStates === "all" ? [{ row: 0, segment: 0 }] : [];
      const read = { ...NOTHING, rows, states };
      await expect(provider.read(read)).rejects.toMatchObject(refused);
      const fits = ids.slice(0, -2);
      if (capabilities.generation) {
        const sample = { prompts: [{ ids: fits, seed: 1 }], samples: 1, maxTokens: 9, temperature: 1 };
        await expect(provider.sample(sample)).rejects.toMatchObject(refused);
      }
      if (capabilities.embeddings) {
        await expect(provider.embed([" lamp".repeat(contextLength + 1)])).rejects.toMatchObject(refused);
      }
    });

    it("sentence embeddings: one a text, in order, equal for equal texts", async () => {
      if (!provider.capabilities.embeddings) return;
      const vectors = await provider.embed([CONTEXTS[0] as string, CONTEXTS[1] as string, CONTEXTS[0] as string]);
      expect(vectors).toHaveLength(3);
      for (const vector of vectors) finite(vector);
      closeRows(vectors[2] as Float32Array, vectors[0] as Float32Array, tolerance);
      expect([...(vectors[1] as Float32Array)]).not.toEqual([...(vectors[0] as Float32Array)]);
    });

    it("an aborted request rejects with the reason", async () => {
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      await expect(provider.read(allOf(provider, CONTEXTS), signal)).rejects.toBe(reason);
      if (provider.capabilities.embeddings) await expect(provider.embed([BEFORE], signal)).rejects.toBe(reason);
      if (!provider.capabilities.generation) return;
      const ids = provider.tokenizer.encode(BEFORE);
      const sample = { prompts: [{ ids, seed: 1 }], samples: 1, maxTokens: 3, temperature: 1 };
      await expect(provider.sample(sample, signal)).rejects.toBe(reason);
    });

    it("a text comes back from its tokens", () => {
      const { tokenizer } = provider;
      for (const text of [AFTER, SAID]) {
        expect(tokenizer.decode(tokenizer.encode(text)).trim()).toBe(text.trim());
      }
    });
  });
}
