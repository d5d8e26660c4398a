import { afterEach, describe, expect, it } from "vitest";
import { openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import { type FaultServer, json, startFaultServer } from "../remote/FaultServer.ts";
import { failure, fastClock } from "../remote/fastClock.ts";
import { type Dialect, logProb, serveModel } from "./ServedModel.ts";

let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(dialect: Dialect) {
  server ??= await startFaultServer(serveModel(dialect));
  return openOpenAi(`openai:tiny@${server.origin}/v1`, { env: {}, limits: { clock: fastClock(100) } });
}

describe("log-probabilities of a prompt are found by asking, and checked", () => {
  const cases = {
    vllm: "all",
    openai: "texts",
    sglang: "texts",
    "llama-cpp-python": "none",
    ollama: "none",
  } as const;
  for (const [dialect, expected] of Object.entries(cases)) {
    it(`of ${dialect}: ${expected}`, async () => {
      expect((await open(dialect as Dialect)).text.scores).toBe(expected);
    });
  }

  it("of a server that tells those of the token after: refused, with what was found", async () => {
    const refused = await failure((await open("llama-cpp-python")).score([{ input: { text: "a" }, said: " red" }]));
    expect(refused.code).toBe("capability-missing");
    expect(refused.message).toMatch(/echo: .* of 8 tokens .* another log-probability/);
  });

  it("of SGLang's own route, where echo is refused", async () => {
    const model = serveModel("sglang");
    server = await startFaultServer((received, response) => {
      const echo = (received.body as { echo?: boolean } | null)?.echo;
      if (echo) return json(response, 400, { message: "Echo is not supported", object: "error" });
      model(received, response);
    });
    const provider = await open("sglang");
    expect(provider.text.scores).toBe("texts");
    await provider.score([{ input: { text: "The sky" }, said: " blue" }]);
    expect(server.received.at(-1)?.path).toBe("/generate");
  });

  it("says why it cannot decide", async () => {
    const model = serveModel("vllm");
    server = await startFaultServer((received, response) => {
      const body = received.body as Record<string, unknown> | null;
      // Greedy answers without log-probabilities.
      const blind = body !== null && !("prompt_logprobs" in body) && !("echo" in body);
      model({ ...received, body: blind ? { ...body, logprobs: undefined } : body }, response);
    });
    const provider = await open("vllm");
    expect(provider.text.scores).toBe("none");
    const refused = await failure(provider.score([{ input: { text: "a" }, said: " red" }]));
    expect(refused.message).toMatch(/could not be checked: .*holds none/);
  });
});

describe("a text after another", () => {
  const after = { input: { text: "The sky is" }, said: " blue sea" };

  it("gets its own tokens' log-probabilities, each input being asked about once", async () => {
    const provider = await open("vllm");
    const before = server?.received.length ?? 0;
    const scored = await provider.score([after, { ...after, said: " red" }, after]);
    const blue = [logProb(" blue", " is"), logProb(" sea", " blue")];
    expect(scored).toEqual([blue, [logProb(" red", " is")], blue]);
    expect((server?.received.length ?? 0) - before, "the input, and two joined texts").toBe(3);
    expect(await provider.score([{ ...after, said: "" }])).toEqual([[]]);
  });

  it("in a conversation goes on with the assistant's message", async () => {
    const input = { messages: [{ role: "user" as const, content: "Say" }] };
    const scored = await (await open("vllm")).score([{ input, said: " red sky" }]);
    expect(scored).toEqual([[logProb(" red", "<assistant>"), logProb(" sky", " red")]]);
    expect(server?.received.at(-1)?.body).toMatchObject({
      messages: [...input.messages, { role: "assistant", content: " red sky" }],
      add_generation_prompt: false,
      continue_final_message: true,
    });
    await server?.close();
    server = undefined;
    const texts = await (await open("openai")).score([{ input, said: " red" }]);
    expect(texts).toEqual([{ unscored: "the server scores no conversations" }]);
  });

  it("is not scored where a token runs across the join", async () => {
    const scored = await (await open("vllm")).score([{ input: { text: "The sky is bl" }, said: "ue" }]);
    expect(scored).toEqual([{ unscored: 'the server\'s tokens run across the join before "ue"' }]);
  });

  it("is not scored where the server reads something else", async () => {
    const model = serveModel("vllm");
    const provider = await open("vllm");
    if (server) {
      server.answer = (received, response) => {
        const body = received.body as Record<string, unknown>;
        model({ ...received, body: { ...body, prompt: String(body.prompt).replace("blue", "red") } }, response);
      };
    }
    expect(await provider.score([after])).toEqual([
      { unscored: 'the server reads " red sea" where " blue sea" was to be scored' },
    ]);
  });

  it("one number that is missing is no number, and no zero", async () => {
    const model = serveModel("vllm");
    const provider = await open("vllm");
    if (server) {
      server.answer = (received, response) => {
        const write = response.end.bind(response);
        response.end = ((text: string) =>
          write(text.replace(/"1004":\{"logprob":[^,]*/, '"1004":{"logprob":null'))) as never;
        model(received, response);
      };
    }
    expect(await failure(provider.score([after]))).toMatchObject({ code: "provider-answer-malformed" });
  });
});
