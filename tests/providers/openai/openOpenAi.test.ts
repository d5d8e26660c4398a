import { afterEach, describe, expect, it } from "vitest";
import { type OpenOpenAiOptions, openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import { type FaultServer, json, startFaultServer } from "../remote/FaultServer.ts";
import { failure, fastClock } from "../remote/fastClock.ts";
import { type Dialect, logProb, serveModel } from "./ServedModel.ts";

const KEY = "sk-secret-0123456789";
let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(dialect: Dialect, options: Partial<OpenOpenAiOptions> = {}) {
  server ??= await startFaultServer(serveModel(dialect));
  const reference = `openai:tiny@${server.origin}/v1`;
  return openOpenAi(reference, { env: { OPENAI_API_KEY: KEY }, limits: { clock: fastClock(100) }, ...options });
}

const lastBody = () => server?.received.at(-1)?.body;

const chat = (content: string, more = {}) => ({
  input: { messages: [{ role: "user" as const, content }] },
  maxTokens: 3,
  temperature: 0,
  ...more,
});

describe("what a server can do", () => {
  it("a model that takes conversations only says which frames it takes", async () => {
    const serve = serveModel("openai");
    server = await startFaultServer((received, response) => {
      if (received.path !== "/v1/completions") return serve(received, response);
      const message = "This is a chat model and not supported in the v1/completions endpoint.";
      json(response, 404, { error: { message, type: "invalid_request_error", param: "model", code: null } });
    });
    const provider = await open("openai");
    await provider.generate([chat("Say")]);
    const refused = await failure(provider.generate([{ input: { text: "Once" }, maxTokens: 1, temperature: 0 }]));
    expect(refused).toMatchObject({ code: "capability-missing", hint: expect.stringContaining("`template: true`") });
    expect(refused.message).toContain("This is a chat model");
  });

  it("is found by asking", async () => {
    const provider = await open("vllm");
    expect(provider.text).toEqual({
      generation: true,
      topLogProbs: 12,
      rawTopLogProbs: 12,
      scores: "all",
      finalStates: null,
      embeddings: false,
      schema: true,
    });
    expect(provider.identity).toEqual({
      reference: `openai:tiny@${server?.origin}/v1`,
      name: "tiny-2026-01-01",
      engine: `vllm server at ${server?.origin}`,
      digest: null,
      contextLength: 512,
    });
    expect(server?.received.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
  });

  it("leaves out what the server refuses, and calls no schema what it ignores", async () => {
    const refusing = await open("openai");
    await refusing.generate([chat("Say")]);
    expect(lastBody()).not.toHaveProperty("repeat_penalty");
    await server?.close();
    server = undefined;
    const ignoring = await open("sglang");
    expect(ignoring.text.schema).toBe(false);
    const refused = await failure(ignoring.generate([chat("Say", { schema: {} })]));
    expect(refused.code).toBe("capability-missing");
    await ignoring.generate([chat("Say")]);
    const whole = { repeat_penalty: 1, repetition_penalty: 1, min_p: 0, top_p: 1, top_k: -1 };
    expect(lastBody()).toMatchObject({ ...whole, temperature: 0 });
  });

  it("gives a schema in the form that the server takes", async () => {
    const schema = { type: "object", properties: { ok: { type: "boolean" } } };
    await (await open("vllm")).generate([chat("Say", { schema })]);
    const strict = { type: "json_schema", json_schema: { name: "answer", strict: true, schema } };
    expect(lastBody()).toMatchObject({ response_format: strict });
    await server?.close();
    server = undefined;
    const started = await open("llama-cpp-python");
    expect(started.text.schema).toBe(true);
    const [one] = await started.generate([chat("Say", { schema })]);
    expect(one?.text).toBe('{"ok": true}');
    expect(lastBody()).toMatchObject({ response_format: { type: "json_object", schema } });
  });

  it("follows a server that wants max_completion_tokens and has no log-probabilities", async () => {
    server = await startFaultServer((received, response) => {
      const body = (received.body ?? {}) as Record<string, unknown>;
      const refuse = (message: string, param: string) =>
        json(response, 400, {
          error: { message, type: "invalid_request_error", param, code: "unsupported_parameter" },
        });
      if ("repeat_penalty" in body) return refuse("Unrecognized request argument supplied: repeat_penalty", "");
      if ("max_tokens" in body) {
        return refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens");
      }
      if (body.temperature === 0) return refuse("Unsupported value: 'temperature' does not support 0.", "temperature");
      if ("logprobs" in body) return refuse("You are not allowed to request logprobs from this model", "logprobs");
      serveModel("openai")({ ...received, body: { ...body, max_tokens: body.max_completion_tokens } }, response);
    });
    const provider = await open("openai");
    expect(provider.text).toMatchObject({ generation: true, topLogProbs: 0 });
    expect(await provider.generate([chat("Say", { temperature: 1 })])).toHaveLength(1);
    expect((await failure(provider.generate([chat("Say")]))).message).toContain("temperature 0");
    const error = await failure(provider.generate([chat("Say", { temperature: 1, topLogProbs: 1 })]));
    expect(error.code).toBe("capability-missing");
  });

  it("says that the model is unknown where every route does", async () => {
    server = await startFaultServer((_, response) =>
      json(response, 404, { error: { message: "The model `tiny` does not exist", type: "invalid_request_error" } }),
    );
    const error = await failure(open("openai"));
    expect(error).toMatchObject({ code: "provider-not-found", where: server.origin, exit: 2 });
    expect(error.message).toContain("The model `tiny` does not exist");
  });

  it("needs a key for another machine and none for this one", async () => {
    expect(await failure(openOpenAi("openai:gpt-4o", { env: {} }))).toMatchObject({ code: "provider-authentication" });
    await open("vllm", { env: {} });
    expect(server?.received.length).toBeGreaterThan(0);
    expect(server?.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe("generation", () => {
  it("gives tokens with their log-probabilities, the end and the usage", async () => {
    const provider = await open("openai");
    const [one] = await provider.generate([chat("What falls", { topLogProbs: 2 })]);
    const first = one?.tokens?.[0];
    expect(one).toMatchObject({ ended: "length", usage: { input: 12, output: 3 } });
    expect(one?.tokens?.map(({ text }) => text).join("")).toBe(one?.text);
    expect(first?.logProb).toBe(logProb(first?.text ?? "", "<assistant>"));
    expect(first?.top).toHaveLength(2);
    expect(first?.top[0]).toEqual({
      text: first?.text,
      logProb: first?.logProb,
      bytes: [...Buffer.from(first?.text ?? "")],
    });
    expect((await provider.generate([chat("x")]))[0]?.tokens).toBeNull();
    expect(lastBody()).not.toHaveProperty("logprobs");
  });

  it("continues a raw text, but not where the server would put a template around it", async () => {
    const raw = { input: { text: "What falls" }, maxTokens: 2, temperature: 0, topLogProbs: 1 };
    const [one] = await (await open("vllm")).generate([raw]);
    const first = one?.tokens?.[0];
    expect(first?.logProb).toBe(logProb(first?.text ?? "", " falls"));
    await server?.close();
    server = undefined;
    const error = await failure((await open("ollama")).generate([raw]));
    expect(error.code).toBe("capability-missing");
    expect(error.message).toContain("reads 31 tokens");
  });

  it("asks once for what is asked twice, and twice for two random samples", async () => {
    const provider = await open("openai");
    const before = server?.received.length ?? 0;
    await provider.generate([chat("a"), chat("a"), chat("b")]);
    expect((server?.received.length ?? 0) - before).toBe(2);
    await provider.generate([chat("a", { temperature: 1 }), chat("a", { temperature: 1 })]);
    expect((server?.received.length ?? 0) - before).toBe(4);
  });

  it("keeps half a character as its bytes", async () => {
    const provider = await open("openai");
    const entries = [
      { token: "\\xe4\\xbd", logprob: -0.5, bytes: [0xe4, 0xbd], top_logprobs: [] },
      { token: "\\xa0", logprob: -0.25, bytes: [0xa0], top_logprobs: [] },
    ];
    const choice = { index: 0, finish_reason: "stop", message: { content: "你" }, logprobs: { content: entries } };
    if (server) server.answer = (_, response) => json(response, 200, { choices: [choice] });
    const [one] = await provider.generate([chat("你", { topLogProbs: 0 })]);
    expect(one?.tokens?.map(({ bytes }) => bytes)).toEqual([[0xe4, 0xbd], [0xa0]]);
    expect(one?.usage).toEqual({ input: null, output: null });
    const legacy = { tokens: ["bytes:\\xe4\\xbd", "bytes:\\xa0"], token_logprobs: [-0.5, -0.25], top_logprobs: null };
    const completion = { index: 0, finish_reason: "stop", text: "你", logprobs: legacy };
    if (server) {
      server.answer = (_, response) => json(response, 200, { choices: [completion], usage: { prompt_tokens: 1 } });
    }
    const raw = { input: { text: "你" }, maxTokens: 2, temperature: 0, topLogProbs: 0 };
    const [two] = await provider.generate([raw]);
    expect(two?.tokens?.map(({ bytes }) => bytes)).toEqual([[0xe4, 0xbd], [0xa0]]);
  });
});

describe("answers that cannot be used", () => {
  const choice = (more: object) => ({
    choices: [{ index: 0, finish_reason: "stop", message: { content: "hi" }, ...more }],
  });
  const token = { token: "hi", logprob: -1, bytes: null, top_logprobs: [{ token: "hi", logprob: -1, bytes: null }] };
  const cases: [string, unknown, string][] = [
    ["no log-probabilities", choice({ logprobs: null }), "capability-missing"],
    ["an empty list of them", choice({ logprobs: { content: [] } }), "capability-missing"],
    ["no alternatives", choice({ logprobs: { content: [{ ...token, top_logprobs: [] }] } }), "capability-missing"],
    [
      "-9999 for unknown",
      choice({ logprobs: { content: [{ ...token, logprob: -9999 }] } }),
      "provider-answer-malformed",
    ],
    [
      "NaN",
      JSON.stringify(choice({ logprobs: { content: [token] } })).replace("-1", "NaN"),
      "provider-answer-malformed",
    ],
    [
      "null for a number",
      choice({ logprobs: { content: [{ ...token, logprob: null }] } }),
      "provider-answer-malformed",
    ],
    ["an unknown end", choice({ finish_reason: "tired" }), "provider-answer-malformed"],
    ["a filtered answer", choice({ finish_reason: "content_filter" }), "provider-refused"],
    ["truncated JSON", '{"choices": [{"index": 0, "mess', "provider-answer-malformed"],
    ["no choice", { choices: [] }, "provider-answer-malformed"],
  ];
  for (const [name, body, code] of cases) {
    it(`${name}: ${code}`, async () => {
      const provider = await open("openai");
      if (server) server.answer = (_, response) => json(response, 200, body);
      const error = await failure(provider.generate([chat("x", { topLogProbs: 1 })]));
      expect(error).toMatchObject({ code, where: server?.origin });
    });
  }
});
