/** Answers that no sound server gives, and servers that are not there. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ollamaBase, parseOllamaReference } from "../../../providers/ollama/ollamaReference.ts";
import { openOllama } from "../../../providers/ollama/openOllama.ts";
import { type ReplayServer, sendJson, startReplayServer } from "../remote/ReplayServer.ts";
import { CASES, TEXTS } from "./cases.ts";
import EXCHANGES from "./fixtures/exchanges.json" with { type: "json" };

/** What of an answer the tests spoil. */
interface Recorded {
  logprobs: Record<string, unknown>[];
  parameters: string;
  modelfile: string;
  embeddings: number[][];
  [field: string]: unknown;
}

let server: ReplayServer;
beforeEach(async () => {
  server = await startReplayServer(EXCHANGES);
});
afterEach(() => server.close());

const open = (model: string) => openOllama(`ollama-api:${model}@${server.base}`, { env: {} });
const recorded = (path: string, model: string) => {
  const found = EXCHANGES.find((one) => one.path === path && (one.request as { model: string }).model === model);
  return structuredClone(found?.answer) as Recorded;
};
/** Changes what is answered at `path`. */
const answering = (path: string, answer: unknown, status = 200) => {
  server.before = (asked, _, response) => asked === path && sendJson(response, status, answer);
};

it("a server that does not run: what to start", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => closed.once("listening", done));
  const { port } = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  const env = { OLLAMA_HOST: `127.0.0.1:${port}` };
  await expect(openOllama("ollama-api:smollm2", { env })).rejects.toMatchObject({
    code: "provider-network",
    message: expect.stringContaining(`no Ollama server runs at http://127.0.0.1:${port}`),
    hint: expect.stringContaining("ollama serve"),
    exit: 4,
  });
});

it("another server than Ollama", async () => {
  answering("/api/version", { name: "something else" });
  await expect(open("smollm2")).rejects.toMatchObject({ code: "provider-answer-malformed" });
  server.before = (path, _, response) => path === "/api/version" && !!response.end("<html>hello</html>");
  await expect(open("smollm2")).rejects.toMatchObject({ code: "provider-answer-malformed" });
});

it("a signal ends the opening and a request", async () => {
  const reason = new Error("enough");
  await expect(
    openOllama(`ollama-api:smollm2@${server.base}`, { env: {}, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
  const provider = await open("smollm2");
  server.before = () => true;
  const controller = new AbortController();
  const answer = provider.generate([CASES.text], controller.signal);
  await vi.waitFor(() => expect(server.requests.some(({ path }) => path === "/api/generate")).toBe(true));
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);
});

it("an old server names no likely tokens, and says so before it is asked", async () => {
  answering("/api/version", { version: "0.12.10" });
  const old = await open("smollm2");
  expect(old.text.topLogProbs).toBe(0);
  await expect(old.generate([CASES.text])).rejects.toMatchObject({ code: "capability-missing" });
  answering("/api/version", { version: "0.13.0" });
  expect((await open("smollm2")).text.topLogProbs).toBe(20);
});

it("what the Modelfile says of the context and of the weights", async () => {
  const show = recorded("/api/show", "smollm2");
  show.parameters += "\nnum_ctx                        2048";
  answering("/api/show", show);
  expect((await open("smollm2")).identity.contextLength).toBe(2048);
  for (const more of ["\nADAPTER /blobs/sha256-00\n", `\nFROM /blobs/sha256-${"0".repeat(64)}\n`]) {
    answering("/api/show", { ...show, modelfile: show.modelfile + more });
    expect((await open("smollm2")).identity.digest).toBeNull();
  }
});

it.each([
  ["no logprobs though asked for", (a: Recorded) => delete (a as Partial<Recorded>).logprobs, "capability-missing"],
  ["no likely tokens", (a: Recorded) => delete a.logprobs[1]?.top_logprobs, "provider-answer-malformed"],
  [
    "a log-probability above 0",
    (a: Recorded) => Object.assign(a.logprobs[0] ?? {}, { logprob: 0.5 }),
    "provider-answer-malformed",
  ],
  [
    "a log-probability that is no number",
    (a: Recorded) => Object.assign(a.logprobs[0] ?? {}, { logprob: null }),
    "provider-answer-malformed",
  ],
  ["a byte of 256", (a: Recorded) => Object.assign(a.logprobs[0] ?? {}, { bytes: [256] }), "provider-answer-malformed"],
  ["an unknown end", (a: Recorded) => Object.assign(a, { done_reason: "load" }), "provider-answer-malformed"],
  ["not done", (a: Recorded) => Object.assign(a, { done: false }), "provider-answer-malformed"],
  ["no text", (a: Recorded) => delete a.response, "provider-answer-malformed"],
  ["thoughts beside the answer", (a: Recorded) => Object.assign(a, { thinking: "Hm." }), "capability-missing"],
] as const)("%s", async (_, change, code) => {
  const provider = await open("smollm2");
  const answer = recorded("/api/generate", "smollm2");
  change(answer);
  answering("/api/generate", answer);
  await expect(provider.generate([CASES.text])).rejects.toMatchObject({ code });
});

it("bytes that are no U+FFFD's are kept though the text is", async () => {
  const provider = await open("smollm2");
  const answer = recorded("/api/generate", "smollm2");
  answer.logprobs = [{ token: "\uFFFD", logprob: -1, bytes: [0xe9], top_logprobs: [{ token: "a", logprob: -1 }] }];
  answering("/api/generate", answer);
  const [{ tokens } = { tokens: null }] = await provider.generate([CASES.text]);
  expect(tokens).toEqual([
    { text: "\uFFFD", bytes: [0xe9], logProb: -1, top: [{ text: "a", bytes: null, logProb: -1 }] },
  ]);
});

it.each([
  [400, '{"error":"\\"smollm2\\" does not support generate"}', "capability-missing"],
  [400, '{"error":"top_logprobs must be between 0 and 20"}', "provider-refused"],
  [404, '{"error":"model \'smollm2\' not found"}', "provider-not-found"],
] as const)("status %i: %s", async (status, body, code) => {
  const provider = await open("smollm2");
  answering("/api/generate", JSON.parse(body), status);
  await expect(provider.generate([CASES.text])).rejects.toMatchObject({ code, status });
  expect(server.requests.filter(({ path }) => path === "/api/generate")).toHaveLength(1);
});

it.each([
  ["too few rows", (rows: unknown[]) => rows.slice(1)],
  ["rows of different lengths", (rows: number[][]) => [rows[0]?.slice(1), rows[1], rows[2]]],
  ["NaN as JSON has it", (rows: number[][]) => [rows[0]?.with(3, null as never), rows[1], rows[2]]],
  ["no list", () => null],
])("embeddings: %s", async (_, change) => {
  const provider = await open("minilm");
  const answer = recorded("/api/embed", "minilm");
  answering("/api/embed", { ...answer, embeddings: change(answer.embeddings) });
  await expect(provider.embed(TEXTS)).rejects.toMatchObject({ code: "provider-answer-malformed" });
});

it("references, and where OLLAMA_HOST points to", () => {
  const at = (text: string, OLLAMA_HOST?: string) => {
    const { model, base } = parseOllamaReference(text, { OLLAMA_HOST });
    return `${model} ${base}`;
  };
  expect(at("ollama-api:qwen3:0.6b")).toBe("qwen3:0.6b http://127.0.0.1:11434");
  expect(at("ollama-api:hf.co/owner/model:Q4_K_M@https://box:8443/ollama/")).toBe(
    "hf.co/owner/model:Q4_K_M https://box:8443/ollama",
  );
  expect(at("ollama-api:a", "0.0.0.0")).toBe("a http://127.0.0.1:11434");
  expect(at("ollama-api:a", ":8080")).toBe("a http://127.0.0.1:8080");
  expect(at("ollama-api:a", "[::1]:8080")).toBe("a http://[::1]:8080");
  expect(at("ollama-api:a", "http://box")).toBe("a http://box");
  expect(ollamaBase("box")).toBe("http://box:11434");
  expect(() => ollamaBase("http://user:secret@box")).toThrow(expect.not.stringContaining("secret"));
  expect(() => at("ollama-api:")).toThrow("name is empty");
});
