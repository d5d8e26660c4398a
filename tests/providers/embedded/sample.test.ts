/** Sampling: drawn from softmax(logits / temperature), repeatable by seed, whoever shares the batch. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampleRequest } from "../../../providers/contract.ts";
import { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { type SampleSettings, smallestKept } from "../../../providers/embedded/sampleToken.ts";
import { traceText } from "../../../providers/embedded/traceText.ts";
import { openDefaultModel } from "./defaultModel.ts";
import { fixture, logSoftmax, mostLikely } from "./oracle.ts";

let provider: EmbeddedProvider;
let capital: number[];
let story: number[];
let colour: number[];
beforeAll(async () => {
  provider = await openDefaultModel("packed");
  capital = provider.tokenizer.encode("The capital of France is");
  // Without a clear favourite, so that many tokens have probability to spare.
  colour = provider.tokenizer.encode("My favourite colour is");
  story = provider.tokenizer.encode("Once upon a time, in a village between two rivers, there lived a clockmaker who");
});
afterAll(() => provider?.close());

const sample = (request: Partial<SampleRequest> & Pick<SampleRequest, "prompts">) =>
  provider.sample({ samples: 1, maxTokens: 8, temperature: 1, ...request });

describe("seeds", () => {
  it("the same one draws the same, another one differs, and samples of a prompt differ", async () => {
    const draw = (seed: number) => sample({ prompts: [{ ids: story, seed }], samples: 3 });
    const [first, again, other] = [await draw(5), await draw(5), await draw(6)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first[0]?.map((ids) => ids.join())).size).toBe(3);
  });

  it("decide alone: prompts of other lengths in the batch change nothing", async () => {
    const alone = [
      await sample({ prompts: [{ ids: capital, seed: 11 }], samples: 2 }),
      await sample({ prompts: [{ ids: story, seed: 12 }], samples: 2 }),
    ];
    const others = ["Rain", "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve,"].map(
      (text, i) => ({
        ids: provider.tokenizer.encode(text),
        seed: i,
      }),
    );
    const together = await sample({
      prompts: [{ ids: story, seed: 12 }, ...others, { ids: capital, seed: 11 }],
      samples: 2,
    });
    expect([together[3], together[0]]).toEqual([alone[0]?.[0], alone[1]?.[0]]);
  });

  it("decide alone: requests at the same time change nothing", async () => {
    const requests = [capital, story, capital].map((ids, i) => ({
      prompts: [{ ids, seed: 20 + i }],
      samples: 2,
      maxTokens: 4,
    }));
    const oneByOne = [];
    for (const request of requests) oneByOne.push(await sample(request));
    expect(await Promise.all(requests.map(sample))).toEqual(oneByOne);
  });

  it("more samples and more tokens go on from fewer", async () => {
    const prompts = [{ ids: story, seed: 3 }];
    const few = await sample({ prompts, samples: 2, maxTokens: 4 });
    const many = await sample({ prompts, samples: 70, maxTokens: 6 });
    expect(many[0]).toHaveLength(70);
    expect(few[0]).toEqual(many[0]?.slice(0, 2).map((ids) => ids.slice(0, 4)));
  });
});

describe("length", () => {
  it("ends at an end token, which it includes, and goes on where there is none", async () => {
    const chat = provider.tokenizer.encode(provider.tokenizer.chat?.([{ role: "user", content: "Say hi." }]) ?? "", {
      special: true,
    });
    const [answer] = (
      await sample({
        prompts: [
          { ids: chat, seed: 1 },
          { ids: story, seed: 1 },
        ],
        maxTokens: 40,
        temperature: 0,
      })
    ).map(([ids]) => ids as number[]);
    const ended = answer as number[];
    expect(ended.length).toBeLessThan(40);
    expect(provider.tokenizer.end).toContain(ended.at(-1));
    expect(ended.slice(0, -1).some((id) => provider.tokenizer.end.includes(id))).toBe(false);
    const [[unended]] = (await sample({ prompts: [{ ids: capital, seed: 1 }], maxTokens: 3, temperature: 0 })) as [
      [number[]],
    ];
    expect(unended).toHaveLength(3);
  });

  it("refuses a prompt that leaves no room for its tokens", async () => {
    const small = new EmbeddedProvider({ ...provider.identity, contextLength: 8 }, provider.tokenizer, provider.engine);
    const request = { prompts: [{ ids: capital, seed: 1 }], samples: 1, temperature: 0 };
    expect(capital).toHaveLength(5);
    await expect(small.sample({ ...request, maxTokens: 4 })).rejects.toMatchObject({
      code: "input-too-long",
      message: expect.stringContaining("9 positions"),
    });
    expect((await small.sample({ ...request, maxTokens: 3 }))[0]?.[0]).toHaveLength(3);
  });
});

describe("temperature 0", () => {
  it("takes the most likely token each time", async () => {
    const [[drawn]] = (await sample({ prompts: [{ ids: story, seed: 9 }], maxTokens: 6, temperature: 0 })) as [
      [number[]],
    ];
    for (let length = 0; length < drawn.length; length++) {
      const taps = await traceText(provider, { ids: [...story, ...drawn.slice(0, length)] });
      expect(mostLikely(logSoftmax(taps.get("logits")?.data as Float32Array), 1)).toEqual([drawn[length]]);
    }
  });
});

describe("frequencies of the first token", () => {
  const TOP = 5;
  /** The 99.9 % point of chi-square with 5 degrees of freedom; seeds are fixed, so that it holds once for all. */
  const LIMIT = 20.515;

  /** Pearson's statistic of counts in the most likely tokens and the rest. */
  async function chiSquare(first: readonly number[], temperature: number): Promise<number> {
    const taps = await traceText(provider, { ids: colour });
    const logits = taps.get("logits")?.data as Float32Array;
    const probabilities = logSoftmax(logits.map((value) => value / temperature)).map(Math.exp);
    const top = mostLikely(probabilities, TOP);
    const draws = first.length;
    const expected = top.map((id) => draws * (probabilities[id] as number));
    const counts = top.map((id) => first.filter((drawn) => drawn === id).length);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expected.push(draws - sum(expected));
    counts.push(draws - sum(counts));
    expect(Math.min(...expected)).toBeGreaterThan(5);
    return sum(expected.map((value, i) => ((counts[i] as number) - value) ** 2 / value));
  }
  const firsts = (drawn: readonly (readonly (readonly number[])[])[]) => drawn.flat().map((ids) => ids[0] as number);

  it.each([1, 0.7])("agree with softmax over many samples of one seed at temperature %d", async (temperature) => {
    const drawn = await sample({ prompts: [{ ids: colour, seed: 20260101 }], samples: 400, maxTokens: 1, temperature });
    expect(await chiSquare(firsts(drawn), temperature)).toBeLessThan(LIMIT);
  });

  it("agree with softmax over the seeds from 0 on", async () => {
    const prompts = Array.from({ length: 200 }, (_, seed) => ({ ids: colour, seed }));
    const drawn = await sample({ prompts, maxTokens: 1 });
    expect(await chiSquare(firsts(drawn), 1)).toBeLessThan(LIMIT);
  });
});

describe("top-k and top-p", () => {
  interface Case extends Record<"topK" | "topP", number | null> {
    readonly logits: readonly number[];
    readonly temperature: number;
    readonly kept: readonly number[];
  }
  const { cases } = fixture<{ readonly cases: readonly Case[] }>("sampling.json");

  it.each(cases.map(({ logits, kept, ...settings }) => [settings, logits, kept] as const))(
    "keep what transformers keeps: %o",
    ({ temperature, topK, topP }, logits, kept) => {
      const settings: SampleSettings = {
        temperature,
        ...(topK !== null && { topK }),
        ...(topP !== null && { topP }),
      };
      const lowest = smallestKept(Float32Array.from(logits), settings);
      expect(logits.flatMap((logit, i) => (Math.fround(logit) >= lowest ? [i] : []))).toEqual(kept);
    },
  );

  it("draw from the kept tokens, all of them", async () => {
    const [logits] = [(await traceText(provider, { ids: colour })).get("logits")?.data as Float32Array];
    const best = mostLikely(logSoftmax(logits), 3);
    const drawn = await sample({ prompts: [{ ids: colour, seed: 3 }], samples: 60, maxTokens: 1, topK: 3 });
    expect(new Set(drawn[0]?.flat())).toEqual(new Set(best));
  });

  it("leave the draw alone where they keep everything", async () => {
    const request = { prompts: [{ ids: story, seed: 8 }], maxTokens: 6 };
    expect(await sample({ ...request, topP: 1 })).toEqual(await sample(request));
  });
});

describe("stop strings", () => {
  it("end a sample with the token that completes one, and leave the others alone", async () => {
    const prompts = [{ ids: capital, seed: 0 }];
    const free = await sample({ prompts, temperature: 0, maxTokens: 6 });
    const text = provider.tokenizer.decode(free[0]?.[0] as number[]);
    expect(text.startsWith(" Paris.")).toBe(true);
    const [[stopped]] = (await sample({ prompts, temperature: 0, maxTokens: 6, stop: ["aris"] })) as [number[][]];
    expect(provider.tokenizer.decode(stopped as number[])).toBe(" Paris");
    expect(await sample({ prompts, temperature: 0, maxTokens: 6, stop: ["Lyon"] })).toEqual(free);
  });
});

describe("settings that mean nothing", () => {
  it.each([
    ["topK", 0],
    ["topP", 0],
    ["topP", 1.1],
    ["temperature", -1],
    ["temperature", Number.NaN],
    ["samples", 0],
    ["maxTokens", 1.5],
    ["stop", [""]],
  ])("%s %s is refused", async (name, value) => {
    const request = { prompts: [{ ids: capital, seed: 0 }], [name]: value };
    await expect(async () => sample(request)).rejects.toMatchObject({
      code: "sample-setting",
      message: expect.stringContaining(name),
    });
  });
});
