/** The provider against what a real Ollama 0.17.4 answered, recorded by tests/integration/recordOllama.ts. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OpenOllamaOptions, openOllama } from "../../../providers/ollama/openOllama.ts";
import { type ReplayServer, startReplayServer } from "../remote/ReplayServer.ts";
import { CASES, LONG_TEXT, SHORT_CONTEXT, TEXTS, TOO_LONG } from "./cases.ts";
import EXCHANGES from "./fixtures/exchanges.json" with { type: "json" };

/** Ollama shows neither. */
const NONE = { scores: "none", finalStates: null };
let server: ReplayServer;
beforeEach(async () => {
  server = await startReplayServer(EXCHANGES);
});
afterEach(async () => {
  await server.close();
  expect(server.unrecorded).toEqual([]);
});

const open = (model: string, options: OpenOllamaOptions = {}) =>
  openOllama(`ollama-api:${model}@${server.base}`, { env: {}, ...options });
const one = async (name: keyof typeof CASES) => {
  const [answer] = await (await open("smollm2")).generate([CASES[name]]);
  if (answer === undefined) throw new Error("one answer");
  return answer;
};

describe("identity and capabilities", () => {
  it("of a chat model", async () => {
    const provider = await open("smollm2");
    expect(provider.identity).toEqual({
      reference: `ollama-api:smollm2@${server.base}`,
      name: "smollm2",
      engine: "ollama 0.17.4",
      digest: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      contextLength: 8192,
    });
    expect(provider.text).toEqual({ generation: true, topLogProbs: 20, embeddings: false, schema: true, ...NONE });
  });

  it("of an encoder", async () => {
    const provider = await open("minilm");
    expect(provider.text).toEqual({ generation: false, topLogProbs: 0, embeddings: true, schema: false, ...NONE });
    expect(provider.identity.contextLength).toBe(512);
    await expect(provider.generate([CASES.text])).rejects.toMatchObject({ code: "capability-missing" });
  });

  it("a model that is not there, with the nearest name and how to get it", async () => {
    await expect(open("smolm2")).rejects.toMatchObject({
      code: "provider-not-found",
      hint: expect.stringMatching(/did you mean smollm2\?.*ollama pull smolm2/),
      exit: 2,
    });
  });
});

describe("answers", () => {
  it("each token has its likely ones, with bytes and log-probabilities as the server gave them", async () => {
    const answer = await one("text");
    expect(answer).toMatchObject({ text: " Paris.\n\n", ended: "length", usage: { input: 5, output: 4 } });
    expect(answer.tokens?.map(({ text }) => text)).toEqual([" Paris", ".", "\n", "\n"]);
    const first = answer.tokens?.[0];
    expect(first?.bytes).toEqual([...Buffer.from(" Paris")]);
    // llama.cpp in float32 gives -0.2644 for the same weights (an engine of its own, read by llama-cpp-python 0.3.36).
    expect(Math.abs((first?.logProb ?? 0) + 0.2644)).toBeLessThan(0.02);
    expect(first?.top.map(({ text }) => text)).toEqual([" Paris", " the", " London"]);
  });

  it("a conversation goes through the model's template", async () => {
    expect(await one("chat")).toMatchObject({ text: "Hello! I'm", usage: { input: 20 } });
  });

  it("parts of a character have no bytes, and stay apart though they look alike", async () => {
    const { text, tokens } = await one("hanzi");
    expect(text).toBe("靐齉");
    expect(tokens?.length).toBe(5);
    for (const token of tokens ?? []) {
      expect(token.text).toMatch(/^\uFFFD+$/);
      expect(token.bytes).toBeNull();
      expect(token.top).toHaveLength(3);
    }
  });

  it("a stop string ends it", async () => {
    expect(await one("stopped")).toMatchObject({ text: " Paris", ended: "end", tokens: null });
    expect(await one("stoppedAtOnce")).toMatchObject({ text: "", ended: "end", tokens: [] });
  });

  it("follows a JSON schema", async () => {
    expect(JSON.parse((await one("schema")).text)).toEqual({ legs: expect.any(Number) });
  });

  it("a seeded draw, in the order of the requests", async () => {
    const provider = await open("smollm2");
    const answers = await provider.generate([CASES.seeded, CASES.text]);
    expect(answers.map(({ text }) => text)).toEqual([", in Game of Th", " Paris.\n\n"]);
  });
});

describe("what is sent", () => {
  it("nothing is cut, and temperature 0 is greedy", async () => {
    await one("text");
    await one("chat");
    const asked = server.requests.filter(({ path }) => /generate|chat/.test(path)).map(({ body }) => body);
    expect(asked).toHaveLength(2);
    for (const body of asked) {
      expect(body).toMatchObject({ truncate: false, shift: false, stream: false, logprobs: true, top_logprobs: 3 });
      expect(body?.options).toMatchObject({ num_ctx: 8192, temperature: 0, repeat_penalty: 1, num_predict: 4 });
    }
    expect(asked[0]).toMatchObject({ raw: true, options: { stop: [] } });
    // A list replaces the template's own, so these are sent along.
    expect(asked[1]).toMatchObject({ options: { stop: ["<|im_start|>", "<|im_end|>"] } });
  });

  it("an empty text and an answer of no tokens are refused here: the server takes them for something else", async () => {
    const provider = await open("smollm2");
    const before = server.requests.length;
    const empty = { temperature: 0, input: { text: "" }, maxTokens: 4 };
    await expect(provider.generate([empty])).rejects.toMatchObject({ code: "generation-empty" });
    await expect(provider.generate([{ ...CASES.text, maxTokens: 0 }])).rejects.toMatchObject({
      code: "generation-empty",
    });
    await expect(provider.generate([{ ...CASES.text, topLogProbs: 21 }])).rejects.toMatchObject({
      code: "capability-missing",
    });
    expect(server.requests.length).toBe(before);
  });
});

describe("too long", () => {
  it.each(["input", "inputOfChat"] as const)("%s: refused, as the server does", async (name) => {
    const provider = await open("smollm2", { env: SHORT_CONTEXT });
    await expect(provider.generate([TOO_LONG[name]])).rejects.toMatchObject({ code: "input-too-long", exit: 2 });
  });

  it("an answer that fills the context before it has its tokens", async () => {
    const provider = await open("smollm2", { env: SHORT_CONTEXT });
    await expect(provider.generate([TOO_LONG.answer])).rejects.toMatchObject({
      code: "input-too-long",
      message: expect.stringContaining("8 of the 30 tokens"),
    });
  });

  it("a text to embed", async () => {
    const provider = await open("minilm");
    await expect(provider.embed([LONG_TEXT])).rejects.toMatchObject({ code: "input-too-long" });
  });
});

describe("embeddings", () => {
  it("one vector of unit length a text, also of an empty one", async () => {
    const rows = await (await open("minilm")).embed(TEXTS);
    expect(rows.map((row) => row.length)).toEqual([384, 384, 384]);
    for (const row of rows) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    const recorded = EXCHANGES.find(({ path, status }) => path === "/api/embed" && status === 200)?.answer;
    expect([...(rows[1] ?? [])]).toEqual((recorded as { embeddings: number[][] }).embeddings[1]?.map(Math.fround));
  });

  it("a chat model gives none, though its server would answer", async () => {
    const provider = await open("smollm2");
    const before = server.requests.length;
    await expect(provider.embed(TEXTS)).rejects.toMatchObject({ code: "capability-missing" });
    expect(server.requests.length).toBe(before);
  });
});

describe("answers that are kept", () => {
  it("are not asked for again, and a draw without a seed is", async () => {
    const kept = new Map<string, unknown>();
    const remember = async <T>(key: unknown, make: () => Promise<T>) => {
      const name = JSON.stringify(key);
      // As a file would give it back.
      if (!kept.has(name)) kept.set(name, JSON.stringify(await make()));
      return JSON.parse(kept.get(name) as string) as T;
    };
    const provider = await open("smollm2", { remember });
    const [first] = await provider.generate([CASES.text]);
    const before = server.requests.length;
    const [second] = await provider.generate([CASES.text]);
    expect(second).toEqual(first);
    expect(server.requests.length).toBe(before);
    const { seed: _, ...unseeded } = CASES.seeded;
    const recorded = EXCHANGES.find(({ request }) => JSON.stringify(request).includes("Once upon"))?.answer;
    server.before = (path, _body, response) => path === "/api/generate" && !!response.end(JSON.stringify(recorded));
    await provider.generate([unseeded, unseeded]);
    await provider.generate([unseeded]);
    expect(server.requests.length).toBe(before + 3);
    const encoder = await open("minilm", { remember });
    const rows = await encoder.embed(TEXTS);
    expect(await encoder.embed(TEXTS)).toEqual(rows);
    expect(server.requests.filter(({ path }) => path === "/api/embed")).toHaveLength(1);
  });
});
