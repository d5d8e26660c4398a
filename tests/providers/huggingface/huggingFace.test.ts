import { getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseHuggingFaceReference, readToken } from "../../../providers/huggingface/huggingFaceReference.ts";
import { openHuggingFace } from "../../../providers/huggingface/openHuggingFace.ts";
import {
  chatHandler,
  completionHandler,
  embeddingsHandler,
  generationHandler,
  type Handler,
  type HuggingFaceServer,
  startHuggingFaceServer,
} from "./HuggingFaceServer.ts";

const TOKEN = "hf_secretsecret";
let server: HuggingFaceServer;
beforeEach(async () => {
  server = await startHuggingFaceServer(() => null);
});
afterEach(async () => {
  await server.close();
});

const open = (handler: Handler, env = { HF_TOKEN: TOKEN }) => {
  server.handler = handler;
  return openHuggingFace(`hf-api:owner/model@${server.base}`, { env });
};
const text = { input: { text: "The capital of France is" }, maxTokens: 1, temperature: 0 };
const chat = { input: { messages: [{ role: "user" as const, content: "Say hello." }] }, maxTokens: 1, temperature: 0 };

describe("an endpoint of text-generation-inference", () => {
  it("says what it is; texts come with the details of its own interface", async () => {
    const provider = await open(generationHandler);
    expect(provider.identity).toMatchObject({
      name: "owner/model",
      engine: "text-generation-inference 3.3.5",
      digest: null,
      contextLength: 4096,
    });
    // The chat's limit was tried: 20 was refused, 5 was not, and three tokens came.
    expect(provider.text).toEqual({
      generation: true,
      topLogProbs: 3,
      rawTopLogProbs: 5,
      ...{ scores: "none", finalStates: null },
      embeddings: false,
      schema: true,
    });
    const [answer] = await provider.generate([{ ...text, topLogProbs: 2, stop: ["."] }]);
    expect(answer).toEqual({
      text: " Paris",
      ended: "length",
      tokens: [
        {
          text: " Paris",
          bytes: null,
          logProb: -0.25,
          top: [
            { text: " Paris", bytes: null, logProb: -0.25 },
            { text: " the", bytes: null, logProb: -2.75 },
          ],
        },
      ],
      usage: { input: null, output: 1 },
    });
    const sent = server.asked.find(({ path }) => path === "/generate")?.body.parameters;
    // A temperature of 0 is an error there.
    expect(sent).toMatchObject({
      do_sample: false,
      details: true,
      return_full_text: false,
      top_n_tokens: 2,
      stop: ["."],
    });
    expect(sent).not.toHaveProperty("temperature");
  });

  it("the token stays at home: the endpoint is not Hugging Face's", async () => {
    const provider = await open(generationHandler);
    await provider.generate([text, chat]);
    expect(server.asked.length).toBeGreaterThan(3);
    for (const { headers } of server.asked) expect(headers.authorization).toBeUndefined();
  });
});

describe("an endpoint that speaks OpenAI's interface", () => {
  const handler: Handler = (asked) => chatHandler(20)(asked) ?? completionHandler(asked);

  it("a conversation", async () => {
    const provider = await open(handler);
    expect(provider.identity).toMatchObject({ engine: "unknown server", contextLength: null });
    const [answer] = await provider.generate([{ ...chat, topLogProbs: 2, seed: 3 }]);
    expect(answer).toMatchObject({ text: "Hi", ended: "length", usage: { input: 9, output: 1 } });
    expect(answer?.tokens?.[0]?.top.map(({ text: name }) => name)).toEqual(["Hi", "Hello"]);
    expect(server.asked.at(-1)?.body).toMatchObject({ logprobs: true, top_logprobs: 2, seed: 3, max_tokens: 1 });
  });

  it("a text, with what ended it and its likely tokens, which the client leaves out", async () => {
    const provider = await open(handler);
    const [answer] = await provider.generate([{ ...text, topLogProbs: 2 }]);
    expect(answer).toMatchObject({ text: " Paris", ended: "end", usage: { input: 5, output: 1 } });
    expect(answer?.tokens?.[0]?.top).toEqual([
      { text: " Paris", bytes: null, logProb: -0.25 },
      { text: " the", bytes: null, logProb: -2.75 },
    ]);
  });

  it("without log-probabilities there are none to ask for", async () => {
    const provider = await open(chatHandler(0));
    expect(provider.text).toMatchObject({ generation: true, topLogProbs: 0 });
    await expect(provider.generate([{ ...chat, topLogProbs: 1 }])).rejects.toMatchObject({
      code: "capability-missing",
    });
    await expect(provider.generate([text])).rejects.toMatchObject({ code: "capability-missing" });
    const [answer] = await provider.generate([chat]);
    expect(answer?.tokens).toBeNull();
  });

  it.each([
    ["an unknown end", { finish_reason: "tool_calls" }, "provider-answer-malformed"],
    ["a filter", { finish_reason: "content_filter" }, "provider-refused"],
    ["no message", { message: null }, "provider-answer-malformed"],
  ])("%s", async (_, change, code) => {
    const provider = await open(handler);
    server.handler = (asked) => {
      const answer = structuredClone(handler(asked)) as { json: { choices: object[] } };
      Object.assign(answer.json.choices[0] ?? {}, change);
      return answer;
    };
    await expect(provider.generate([chat])).rejects.toMatchObject({ code });
  });
});

describe("features", () => {
  it("of text-embeddings-inference: one vector a text, 32 texts a request", async () => {
    const provider = await open(embeddingsHandler);
    expect(provider.identity).toMatchObject({ engine: "text-embeddings-inference 1.8.2", contextLength: 512 });
    expect(provider.text).toEqual({
      generation: false,
      topLogProbs: 0,
      rawTopLogProbs: 0,
      ...{ scores: "none", finalStates: null },
      embeddings: true,
      schema: false,
    });
    const before = server.asked.length;
    const texts = Array.from({ length: 200 }, (_, i) => "x".repeat(i % 37) + String(i).padStart(3, "0"));
    const rows = await provider.embed(texts);
    expect(rows.map(([length]) => length)).toEqual(texts.map(({ length }) => length));
    expect(server.asked.length - before).toBe(7);
    expect(server.asked.at(-1)?.body).toMatchObject({ truncate: false });
    await expect(provider.embed(["x".repeat(50)])).rejects.toMatchObject({ code: "input-too-long" });
    await expect(provider.generate([chat])).rejects.toMatchObject({ code: "capability-missing" });
  });

  it("one vector a token is averaged, and the identity says so", async () => {
    // Two tokens, [0, 1] and [length, 3], whose mean is [length / 2, 2].
    const matrices: Handler = ({ path, body }) =>
      path === "/"
        ? {
            json: body.inputs.map((one: string) => [
              [0, 1],
              [one.length, 3],
            ]),
          }
        : null;
    const provider = await open(matrices);
    expect(provider.identity.engine).toBe("unknown server; token features averaged by isoglyph");
    expect(await provider.embed(["four", "eighteen"])).toEqual([Float32Array.of(2, 2), Float32Array.of(4, 2)]);
    // Sentence vectors would be another thing than what the identity says.
    server.handler = ({ body }) => ({ json: body.inputs.map(() => [1, 2]) });
    await expect(provider.embed(["a"])).rejects.toMatchObject({ code: "capability-missing" });
  });

  it.each([
    ["deeper than a vector a token", (n: number) => Array.from({ length: n }, () => [[[1, 2]]])],
    ["too few", (n: number) => Array.from({ length: n - 1 }, () => [1, 2, 3])],
    ["another width than before", (n: number) => Array.from({ length: n }, () => [1, 2])],
    ["a hole", (n: number) => Array.from({ length: n }, () => [1, null, 3])],
  ])("%s", async (_, rows) => {
    const provider = await open(embeddingsHandler);
    server.handler = ({ body }) => ({ json: rows(body.inputs.length) });
    await expect(provider.embed(["a", "b"])).rejects.toMatchObject({ code: "provider-answer-malformed" });
  });

  it("an endpoint that has nothing", async () => {
    await expect(open(() => null)).rejects.toMatchObject({ code: "capability-missing", exit: 2 });
  });
});

describe("the Hub's inference providers", () => {
  const plain = getGlobalDispatcher();
  afterEach(() => {
    setGlobalDispatcher(plain);
  });
  /** Hosts that requests went to, with the key that they had. */
  let hosts: string[];
  const mapping = (task: string, status = "live") => ({
    inferenceProviderMapping: { novita: { status, providerId: "model-at-novita", task } },
  });
  const hub = (model: unknown, router: Handler) => {
    hosts = [];
    setGlobalDispatcher(
      plain.compose((dispatch) => (options, handler) => {
        const { host } = new URL(String(options.origin));
        hosts.push(`${host} ${new Headers(options.headers as Headers).get("authorization") ?? "no key"}`);
        return dispatch({ ...options, origin: server.base, path: `/${host}${options.path}` }, handler);
      }),
    );
    server.handler = (asked) => {
      if (asked.path.startsWith("/huggingface.co/api/models/")) return { json: model };
      const path = asked.path.replace(/^\/router\.huggingface\.co\/(novita|hf-inference)(\/v3\/openai)?/, "");
      return router({ ...asked, path: path.replace(/^\/(v1\/)?(chat)?/, "/v1/$2") });
    };
  };

  it("a chat: who computes is settled at the start, and the key goes to Hugging Face alone", async () => {
    hub(mapping("conversational"), chatHandler(20));
    const provider = await openHuggingFace("hf-api:owner/model", { env: { HF_TOKEN: TOKEN } });
    expect(provider.identity.engine).toBe("Hugging Face inference, computed by novita");
    const [answer] = await provider.generate([{ ...chat, topLogProbs: 2 }]);
    expect(answer?.tokens).toHaveLength(1);
    expect(server.asked.at(-1)?.body.model).toBe("model-at-novita");
    expect(new Set(hosts.map((line) => line.split(" ")[0]))).toEqual(
      new Set(["huggingface.co", "router.huggingface.co"]),
    );
    expect(hosts.at(-1)).toContain(`Bearer ${TOKEN}`);
    await expect(provider.generate([text])).rejects.toMatchObject({ code: "capability-missing" });
  });

  it("a model that nobody has live, or not the one that was asked for", async () => {
    hub(mapping("conversational", "staging"), chatHandler(20));
    const env = { HF_TOKEN: TOKEN };
    await expect(openHuggingFace("hf-api:owner/one", { env })).rejects.toMatchObject({ code: "provider-not-found" });
    hub(mapping("conversational"), chatHandler(20));
    await expect(openHuggingFace("hf-api:owner/two:groq", { env })).rejects.toMatchObject({
      code: "provider-not-found",
      hint: expect.stringContaining("novita"),
    });
  });

  it("a model that the Hub does not know", async () => {
    hub(null, () => null);
    server.handler = () => ({ status: 404, json: { error: "Repository not found" } });
    await expect(openHuggingFace("hf-api:owner/modle", { env: { HF_TOKEN: TOKEN } })).rejects.toMatchObject({
      code: "provider-not-found",
      hint: expect.stringContaining("huggingface.co/owner/modle"),
    });
  });

  it("no error shows the key", async () => {
    hub(mapping("conversational"), () => ({ status: 401, json: { error: `Invalid token ${TOKEN}` } }));
    const thrown = await openHuggingFace("hf-api:owner/model", { env: { HF_TOKEN: TOKEN } }).catch((error) => error);
    expect(thrown).toMatchObject({ code: "provider-authentication", exit: 2 });
    const { inspect } = await import("node:util");
    expect(inspect(thrown, { depth: null, showHidden: true })).not.toContain(TOKEN);
  });

  it("without a token", async () => {
    await expect(openHuggingFace("hf-api:owner/model", { env: {} })).rejects.toMatchObject({
      code: "provider-authentication",
      hint: expect.stringContaining("HF_TOKEN"),
    });
  });
});

it("references and tokens", () => {
  expect(parseHuggingFaceReference("hf-api:owner/model:groq")).toMatchObject({
    model: "owner/model",
    provider: "groq",
    endpoint: false,
  });
  expect(parseHuggingFaceReference("hf-api:tgi@https://x.endpoints.huggingface.cloud/")).toMatchObject({
    model: "tgi",
    provider: null,
    endpoint: true,
    base: "https://x.endpoints.huggingface.cloud",
  });
  expect(() => parseHuggingFaceReference("hf-api:owner/model:fastest")).toThrow("no inference provider");
  expect(() => parseHuggingFaceReference("hf-api:model")).toThrow("OWNER/MODEL");
  const at = (base: string) => readToken({ HF_TOKEN: TOKEN }, { base });
  expect(at("https://x.endpoints.huggingface.cloud")).toBe(TOKEN);
  for (const base of ["http://router.huggingface.co", "https://huggingface.co.evil.example", "https://my.example"]) {
    expect(at(base)).toBeNull();
  }
  const wrong = () => readToken({ HF_TOKEN: "sk-somethingelse" }, { base: "https://router.huggingface.co" });
  expect(wrong).toThrow(expect.objectContaining({ code: "key-malformed" }));
  expect(wrong).toThrow(expect.not.stringContaining("sk-something"));
});
