import { afterEach, describe, expect, it } from "vitest";
import { type OpenOpenAiOptions, openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import { type FaultServer, json, type Received, startFaultServer } from "../remote/FaultServer.ts";
import { failure, fastClock } from "../remote/fastClock.ts";

const KEY = "sk-secret-0123456789";
let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const inputOf = (received: Received) => (received.body as { input: string[] }).input;
/** A vector that says which text it is of. */
const vector = (text: string) => [text.length, text.codePointAt(0) ?? 0, 0.5];
const rows = (received: Received) =>
  inputOf(received).map((text, index) => ({ object: "embedding", index, embedding: vector(text) as unknown[] }));
const list = (data: unknown) => ({
  object: "list",
  model: "embedder",
  data,
  usage: { prompt_tokens: 5, total_tokens: 5 },
});

async function open(options: Partial<OpenOpenAiOptions> = {}) {
  server = await startFaultServer((received, response) => {
    if (received.path !== "/v1/embeddings") return json(response, 404, { error: { message: "no such route" } });
    // Servers may answer in any order.
    json(response, 200, list(rows(received).reverse()));
  });
  const reference = `openai:embedder@${server.origin}/v1/`;
  const provider = await openOpenAi(reference, {
    env: { OPENAI_API_KEY: KEY },
    limits: { clock: fastClock(100) },
    ...options,
  });
  server.received.length = 0;
  return { provider, server };
}

describe("embeddings", () => {
  it("come in the order of the texts, whatever the order of the answer", async () => {
    const { provider, server } = await open();
    expect(provider.text).toEqual({
      generation: false,
      topLogProbs: 0,
      rawTopLogProbs: 0,
      scores: "none",
      finalStates: null,
      embeddings: true,
      schema: false,
    });
    const texts = ["b", "aaa", "b", "cc"];
    expect(await provider.embed(texts)).toEqual(texts.map((text) => Float32Array.from(vector(text))));
    expect(server.received.map(inputOf)).toEqual([["b", "aaa", "cc"]]);
    expect(server.received[0]?.body).toMatchObject({ model: "embedder", encoding_format: "float" });
  });

  it("of 200 texts take one request, and of more than the limits more", async () => {
    const { provider, server } = await open();
    await provider.embed(Array.from({ length: 200 }, (_, index) => `text ${index}`));
    expect(server.received).toHaveLength(1);
    await provider.embed(Array.from({ length: 2049 }, (_, index) => `text ${index}`));
    expect(
      server.received
        .slice(1)
        .map((one) => inputOf(one).length)
        .sort(),
    ).toEqual([1, 2048]);
    server.received.length = 0;
    // 50,000 characters of three bytes: no tokenizer makes more than 150,000 tokens of one.
    await provider.embed(["一", "二", "三", "四", "五"].map((character) => character.repeat(50_000)));
    expect(server.received.map((one) => inputOf(one).length).sort()).toEqual([1, 2, 2]);
  });

  it("are kept one by one", async () => {
    const kept = new Map<string, unknown>();
    const remember = async <T>(key: unknown, make: () => Promise<T>): Promise<T> => {
      const name = JSON.stringify(key);
      if (!kept.has(name)) kept.set(name, JSON.parse(JSON.stringify(await make())));
      return kept.get(name) as T;
    };
    const { provider, server } = await open({ remember });
    const first = await provider.embed(["a", "b"]);
    expect(await provider.embed(["b", "c", "a"])).toEqual([first[1], Float32Array.from(vector("c")), first[0]]);
    expect(server.received.map(inputOf)).toEqual([["a", "b"], ["c"]]);
    expect([...kept.keys()].join()).not.toContain(KEY);
  });

  const wrong: [string, (data: ReturnType<typeof rows>) => unknown, string][] = [
    ["one too few", (data) => data.slice(1), "says that it is number 1 of 1"],
    ["none", () => [], "2 texts were sent, and 0 embeddings came back"],
    ["an index twice", (data) => data.map((row) => ({ ...row, index: 0 })), "says that it is number 0 of 2"],
    [
      "other dimensions",
      ([a, b]) => [a, { ...b, embedding: [1, 2] }],
      "embedding 1 has 2 dimensions, and the others 3",
    ],
    ["dimensions unlike those before", (data) => data.map((row) => ({ ...row, embedding: [1, 2] })), "the others 3"],
    ["null", ([a, b]) => [a, { ...b, embedding: [1, null, 3] }], "embedding 1 holds null at dimension 1"],
    ["a string", ([a, b]) => [a, { ...b, embedding: "AACAPw==" }], "embedding 1 is no list of numbers"],
    ["a vector a token", ([a, b]) => [a, { ...b, embedding: [[1, 2, 3]] }], "a list of vectors, one a token"],
    ["too large for float32", ([a, b]) => [a, { ...b, embedding: [1, 1e39, 3] }], "holds 1e+39 at dimension 1"],
  ];
  for (const [name, spoil, message] of wrong) {
    it(`with ${name} are refused`, async () => {
      const { provider, server } = await open();
      await provider.embed(["sets the width"]);
      server.answer = (received, response) => json(response, 200, list(spoil(rows(received))));
      const error = await failure(provider.embed(["a", "b"]));
      expect(error.code).toBe("provider-answer-malformed");
      expect(error.message).toContain(message);
    });
  }

  it("with NaN, which is not JSON, are refused", async () => {
    const { provider, server } = await open();
    server.answer = (received, response) =>
      json(response, 200, JSON.stringify(list(rows(received))).replace("0.5", "NaN"));
    expect((await failure(provider.embed(["a"]))).code).toBe("provider-answer-malformed");
  });

  it("of a finished batch are kept when another batch fails", async () => {
    const kept: unknown[] = [];
    const remember = async <T>(_: unknown, make: () => Promise<T>): Promise<T> => {
      const value = await make();
      kept.push(value);
      return value;
    };
    const { provider, server } = await open({ remember });
    const answer = server.answer;
    server.answer = (received, response) =>
      inputOf(received).length === 1
        ? json(response, 400, { error: { message: "maximum context length is 8192 tokens" } })
        : answer(received, response);
    const error = await failure(provider.embed(Array.from({ length: 2049 }, (_, index) => `text ${index}`)));
    expect(error.code).toBe("input-too-long");
    expect(kept).toHaveLength(2048);
  });

  it("are not asked of a chat model, which some servers would answer", async () => {
    const { provider } = await open();
    const error = await failure(provider.generate([{ input: { text: "a" }, maxTokens: 1, temperature: 0 }]));
    expect(error).toMatchObject({ code: "capability-missing" });
  });
});

describe("the key", () => {
  it("goes to no other host and into no error", async () => {
    const { provider, server } = await open();
    const other = await startFaultServer((_, response) => json(response, 200, {}));
    const faults: FaultServer["answer"][] = [
      (_, response) => response.writeHead(308, { location: `${other.origin}/v1/embeddings` }).end(),
      (received, response) => json(response, 401, { error: { message: `bad: ${received.headers.authorization}` } }),
      (received, response) => json(response, 400, { error: received.headers }),
      (received, response) => json(response, 500, String(received.headers.authorization)),
      (received, response) => json(response, 200, { data: [{ embedding: received.headers.authorization }] }),
      (received, response) => json(response, 200, { data: [{ embedding: [1, 2, received.headers.authorization] }] }),
      (_, response) => void response.destroy(),
    ];
    for (const fault of faults) {
      server.answer = fault;
      const error = await failure(provider.embed(["a"]));
      const shown: string[] = [];
      for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
        shown.push(String(inner), inner.stack ?? "", JSON.stringify(inner, Object.getOwnPropertyNames(inner)));
      }
      expect(shown.join("\n")).not.toContain(KEY);
    }
    expect(other.received).toHaveLength(0);
    await other.close();
  });
});

it("what is under way ends with the provider", async () => {
  const { provider, server } = await open();
  server.answer = () => {};
  const asked = provider.embed(["a"]);
  await expect.poll(() => server.received.length).toBe(1);
  await provider.close();
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
});
