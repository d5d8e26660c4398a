/** What real servers answered, read as the provider reads it, and held against PyTorch on the same weights. */
import { afterEach, describe, expect, it } from "vitest";
import type { OpenAiProvider } from "../../../providers/openai/OpenAiProvider.ts";
import { openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import { logProbs } from "../logProbs.ts";
import { type ReplayServer, startReplayServer } from "../remote/ReplayServer.ts";
import { EMBEDDED, ENDS, exchangesOf, GENERATED, type RecordedServer, SCORED, TRUTH } from "./recordedCases.ts";

let server: ReplayServer | undefined;
afterEach(async () => {
  expect(server?.unrecorded).toEqual([]);
  await server?.close();
  server = undefined;
});

async function open(prefix: string, name: RecordedServer): Promise<OpenAiProvider> {
  server = await startReplayServer(exchangesOf(name));
  return openOpenAi(`${prefix}smollm2@${server.base}/v1`, { env: {} });
}

/** Largest difference relative to the largest number. */
function relative(ours: ArrayLike<number>, truth: readonly number[]): number {
  expect(ours.length).toBe(truth.length);
  const apart = truth.map((value, i) => Math.abs(value - (ours[i] ?? Number.NaN)));
  return Math.max(...apart) / Math.max(...truth.map(Math.abs));
}

const truth = TRUTH();

describe("vLLM 0.32", () => {
  it("scores texts and conversations as PyTorch does, and joins that its tokens run across not at all", async () => {
    const provider = await open("vllm:", "vllm");
    expect(provider.identity).toMatchObject({ engine: expect.stringMatching(/^vllm server/), contextLength: 512 });
    const { text } = provider;
    expect(text).toMatchObject({ topLogProbs: 20, rawTopLogProbs: 20, scores: "all", schema: true, finalStates: null });
    const scored = await provider.score(SCORED);
    truth.scores.forEach((expected, i) => {
      expect(relative(logProbs(scored[i]), expected)).toBeLessThan(5e-5);
    });
    expect(scored.at(-1)).toEqual({ unscored: expect.stringContaining("run across the join") });
  });

  it("continues texts and conversations", async () => {
    const answers = await (await open("vllm:", "vllm")).generate(Object.values(GENERATED));
    expect(answers[0]?.text).toBe(" Paris.\n\n");
    expect(answers[0]?.tokens?.[0]?.logProb).toBeCloseTo(truth.scores[0]?.[0] as number, 5);
    expect(answers[1]?.tokens?.[0]?.logProb).toBeCloseTo(truth.scores[2]?.[0] as number, 4);
    for (const { tokens } of answers.slice(0, 2)) for (const { top } of tokens ?? []) expect(top).toHaveLength(5);
  });

  it("goes on after rows that are no token's as PyTorch does", async () => {
    const [answer] = await (await open("vllm:", "vllm")).generateFrom([EMBEDDED]);
    const named = answer?.tokens?.[0]?.top.map(({ text, logProb }) => [text, logProb] as const);
    expect(named?.map(([text]) => text)).toEqual(truth.embedded.map(([text]) => text));
    named?.forEach(([, logProb], i) => {
      expect(logProb).toBeCloseTo(truth.embedded[i]?.[1] as number, 3);
    });
  });

  it("started for states shows PyTorch's, and says what else it lacks", async () => {
    const provider = await open("vllm:", "vllm-states");
    expect(provider.text).toMatchObject({ generation: false, embeddings: false, scores: "none", finalStates: 576 });
    const states = await provider.finalStates(ENDS);
    truth.states.forEach((expected, i) => {
      expect(relative(states[i] as Float32Array, expected)).toBeLessThan(5e-5);
    });
    await expect(provider.generate([GENERATED.text as never])).rejects.toMatchObject({ code: "capability-missing" });
  });
});

describe("llama-server", () => {
  it("shows states near PyTorch's, names tokens after texts as after conversations, and scores nothing", async () => {
    const provider = await open("llama-server:", "llama-server");
    expect(provider.identity.contextLength).toBe(512);
    expect(provider.text).toMatchObject({ topLogProbs: 20, rawTopLogProbs: 20, scores: "none", finalStates: 576 });
    const states = await provider.finalStates(ENDS);
    truth.states.forEach((expected, i) => {
      // It computes products in 8 bits: 0.02 to 0.04.
      expect(relative(states[i] as Float32Array, expected)).toBeLessThan(0.06);
    });
    const answers = await provider.generate(Object.values(GENERATED));
    expect(answers[0]?.tokens?.[0]).toMatchObject({ text: " Paris", bytes: [...Buffer.from(" Paris")] });
    expect(answers[0]?.tokens?.[0]?.logProb).toBeCloseTo(truth.scores[0]?.[0] as number, 1);
  });
});

describe("llama-cpp-python 0.3.36", () => {
  it("scores the tokens of a prompt one place off, which is found out", async () => {
    const provider = await open("openai:", "llama-cpp-python");
    expect(provider.text.scores).toBe("none");
    await expect(provider.score(SCORED)).rejects.toMatchObject({
      code: "capability-missing",
      message: expect.stringMatching(/echo: .* have another log-probability in the prompt/),
    });
  });

  it("shows no states to who does not say which server it is", async () => {
    const provider = await open("openai:", "llama-cpp-python");
    await expect(provider.generateFrom([EMBEDDED])).rejects.toMatchObject({ code: "capability-missing" });
    await expect(provider.finalStates(ENDS)).rejects.toMatchObject({
      code: "capability-missing",
      hint: expect.stringContaining("vllm:, sglang: or llama-server:"),
    });
  });
});
