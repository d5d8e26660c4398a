/**
 * States after the last norm: what servers do that cannot be started here (SGLang: shapes as its source builds them,
 * 0.5.23, `srt/managers/scheduler_components/batch_result_processor.py` and `srt/entrypoints/openai/utils.py`), and
 * what goes wrong.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { TextInput } from "../../../providers/contract.ts";
import { openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import { type FaultServer, json, startFaultServer } from "../remote/FaultServer.ts";
import { failure, fastClock } from "../remote/fastClock.ts";
import { serveModel } from "./ServedModel.ts";

let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A chat model with one route more; of `/generate`, with one answer more. */
async function open(reference: string, path: string, answer: (body: Record<string, unknown>) => unknown) {
  const model = serveModel("sglang");
  server = await startFaultServer((received, response) => {
    const body = (received.body ?? {}) as Record<string, unknown>;
    const own = received.path === path && (path !== "/generate" || "return_hidden_states" in body);
    if (own) return json(response, 200, answer(body));
    if (body.return_hidden_states === "last") {
      return json(response, 200, { choices: [{ index: 0, message: { content: "x" }, hidden_states: [[7, 8, 9]] }] });
    }
    model(received, response);
  });
  return openOpenAi(`${reference}tiny@${server.origin}/v1`, { env: {}, limits: { clock: fastClock(100) } });
}

const text: TextInput = { text: "The sky" };
const chat: TextInput = { messages: [{ role: "user", content: "Say" }] };

describe("SGLang", () => {
  // A list a step: the input's first, then one state a generated token.
  const steps = (input: unknown) => () => ({ text: " red", meta_info: { hidden_states: [input, [4, 5, 6]] } });

  it("gives a row a token that its cache does not hold, and the last counts", async () => {
    const rows = [
      [0, 0, 0],
      [1, 2, 3],
    ];
    const provider = await open("sglang:", "/generate", steps(rows));
    expect(provider.text.finalStates).toBe(3);
    expect(await provider.finalStates([text])).toEqual([Float32Array.of(1, 2, 3)]);
    expect(server?.received.at(-1)?.body).toMatchObject({ return_hidden_states: true, text: "The sky" });
  });

  it("started for the last state alone gives that", async () => {
    const provider = await open("sglang:", "/generate", steps([1, 2, 3]));
    expect(await provider.finalStates([text])).toEqual([Float32Array.of(1, 2, 3)]);
  });

  it("gives the last state of a conversation where one token is generated", async () => {
    const provider = await open("sglang:", "/generate", steps([1, 2, 3]));
    expect(await provider.finalStates([chat])).toEqual([Float32Array.of(7, 8, 9)]);
    expect(server?.received.at(-1)?.body).toMatchObject({ return_hidden_states: "last", max_tokens: 1 });
  });

  it("started without them shows none, and says how to start it", async () => {
    const provider = await open("sglang:", "/generate", () => ({ text: " red", meta_info: {} }));
    expect(provider.text).toMatchObject({ finalStates: null, generation: true });
    expect(await failure(provider.finalStates([text]))).toMatchObject({
      code: "capability-missing",
      hint: expect.stringContaining("--enable-return-hidden-states"),
    });
  });
});

describe("answers that are no states", () => {
  const llama = (embedding: unknown) => () => [{ index: 0, embedding }];

  it("one vector a text is none a token", async () => {
    const provider = await open("llama-server:", "/embeddings", llama([1, 2, 3]));
    expect(provider.text.finalStates).toBeNull();
    expect((await failure(provider.finalStates([text]))).hint).toContain("--pooling none");
  });

  const broken: [string, unknown][] = [
    ["no row", []],
    ["a row without numbers", [[]]],
    ["a number that is none", [[1, "2", 3]]],
    ["a number beyond float32", [[1, 1e300, 3]]],
    ["another width than before", [[1, 2]]],
  ];
  it.each(broken)("%s", async (_, rows) => {
    let answer: unknown = [[1, 2, 3]];
    const provider = await open("llama-server:", "/embeddings", () => llama(answer)());
    answer = rows;
    expect(await failure(provider.finalStates([text]))).toMatchObject({ code: "provider-answer-malformed" });
  });
});

describe("embeddings in", () => {
  const request = { embeddings: [Float32Array.of(1, 2), Float32Array.of(3, 4)], maxTokens: 1, temperature: 0 };
  const meta = {
    finish_reason: { type: "length" },
    prompt_tokens: 2,
    completion_tokens: 1,
    output_token_logprobs: [[-0.5, 7, " red"]],
    output_top_logprobs: [
      [
        [-0.5, 7, " red"],
        [-1.5, 8, " blue"],
      ],
    ],
  };

  it("SGLang takes them as rows of numbers", async () => {
    const model = serveModel("sglang");
    server = await startFaultServer((received, response) => {
      const body = (received.body ?? {}) as Record<string, unknown>;
      if ("input_embeds" in body) return json(response, 200, { text: " red", meta_info: meta });
      model(received, response);
    });
    const provider = await openOpenAi(`sglang:tiny@${server.origin}/v1`, { env: {} });
    const [answer] = await provider.generateFrom([{ ...request, topLogProbs: 2 }]);
    const red = { text: " red", bytes: null, logProb: -0.5 };
    expect(answer).toEqual({
      text: " red",
      ended: "length",
      tokens: [{ ...red, top: [red, { text: " blue", bytes: null, logProb: -1.5 }] }],
      usage: { input: 2, output: 1 },
    });
    expect(server.received.at(-1)?.body).toMatchObject({
      input_embeds: [
        [1, 2],
        [3, 4],
      ],
    });
  });

  it("a server that was not started for them says no, and the hint how to", async () => {
    const provider = await open("vllm:", "/none", () => ({}));
    if (server) {
      const message = "You must set `--enable-prompt-embeds` to input `prompt_embeds`.";
      server.answer = (_, response) => json(response, 400, { error: { message, type: "BadRequestError" } });
    }
    const refused = await failure(provider.generateFrom([request]));
    expect(refused).toMatchObject({ code: "capability-missing", hint: "start it with `--enable-prompt-embeds`" });
  });

  it.each([
    ["uneven rows", [Float32Array.of(1, 2), Float32Array.of(3)], "embeddings-malformed"],
    ["a number that is none", [Float32Array.of(1, Number.NaN)], "embeddings-malformed"],
    ["no row", [], "generation-empty"],
  ])("%s are not sent", async (_, embeddings, code) => {
    const provider = await open("vllm:", "/none", () => ({}));
    const before = server?.received.length;
    await expect(provider.generateFrom([{ ...request, embeddings }])).rejects.toMatchObject({ code });
    expect(server?.received.length).toBe(before);
  });
});

it("a declared server needs its address", async () => {
  const error: unknown = await openOpenAi("vllm:model", { env: {} }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "model-reference-malformed",
    message: expect.stringContaining("names no server"),
  });
});
