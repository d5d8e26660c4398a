/** The protocol's verdict on rows made up for the purpose, and its way from the message to the row. */
import { describe, expect, test } from "vitest";
import { AnswerCache } from "../../../harness/AnswerCache.ts";
import { protocolVerdict } from "../../../harness/analysis/protocol.ts";
import { containsAnswer } from "../../../harness/answerMatch.ts";
import { type ProtocolRow, runProtocol } from "../../../harness/protocol/runProtocol.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { ServedProvider } from "../../../providers/served/ServedProvider.ts";
import { protocolText } from "../../../reports/protocolText.ts";
import { LetterServer } from "../../providers/served/LetterServer.ts";
import { SpeakingProvider } from "../SpeakingProvider.ts";
import { scriptedSuite } from "../scriptedSuite.ts";

const settings = { alpha: 0.025, margin: 0.8, draws: new ClusterResampler(1) };

/** Of 40 items, those answered rightly and the tokens of each form. */
function rows(right: Record<string, (i: number) => boolean>, tokens: Record<string, (i: number) => number | null>) {
  return Object.entries(right).flatMap(([form, isRight]) =>
    Array.from({ length: 40 }, (_, i): ProtocolRow => {
      const common = { item: `i${i}`, cluster: `c${i}`, message: "", question: "q", gold: "g", said: "s" };
      return { ...common, form, tokens: tokens[form]?.(i) ?? null, right: isRight(i) };
    }),
  );
}
const often = (i: number) => i % 20 !== 0;
const never = (i: number) => i % 20 === 1;
const long = (i: number) => 60 + (i % 7);
const forms = (code: (i: number) => boolean, text = often) => ({ text, code, absent: never });
const verdict = (list: readonly ProtocolRow[]) => protocolVerdict(list, "code", settings);

describe("the claim", () => {
  test("holds where the answers are the same and ten times fewer tokens went", () => {
    const found = verdict(rows(forms(often), { text: long, code: () => 5, absent: () => 0 }));
    expect(found.verdict).toBe("holds");
    expect(found.reasons).toEqual([]);
    expect(found.ratio?.ratio).toBeCloseTo(63 / 5, 0);
    expect(found.success.text.mean).toBe(0.95);
    expect(found.success.absent.mean).toBe(0.05);
  });

  test("is refuted where the code costs more, however right the answers are", () => {
    const found = verdict(rows(forms(often), { text: () => 12, code: long, absent: () => 0 }));
    expect(found).toMatchObject({ verdict: "refuted", reasons: ["it takes no 10 times fewer tokens"] });
  });

  test("is refuted where the answers are no better than without a message, however short the code is", () => {
    const found = verdict(rows(forms(never), { text: long, code: () => 2, absent: () => 0 }));
    expect(found).toMatchObject({ verdict: "refuted", reasons: ["the answers are worse than the margin allows"] });
  });

  test("is undecided in between, and without the receiver's tokens", () => {
    const half = verdict(
      rows(
        forms((i) => i % 4 !== 0),
        { text: long, code: () => 5, absent: () => 0 },
      ),
    );
    expect(half).toMatchObject({ verdict: "undecided", reasons: ["whether the answers are the same is undecided"] });
    const untold = verdict(rows(forms(often), {}));
    expect(untold).toMatchObject({ verdict: "undecided", ratio: null });
    expect(untold.reasons).toEqual(["the receiver's tokenizer is not to be had"]);
  });

  test("cannot be tested on a receiver that needs no message, nor on few clusters", () => {
    const guesses = rows({ ...forms(often), absent: often }, { text: long, code: () => 5, absent: () => 0 });
    expect(verdict(guesses).verdict).toBe("instrument-failed");
    const few = rows(forms(often), { text: long, code: () => 5, absent: () => 0 }).filter(
      ({ item }) => item.length < 3,
    );
    expect(verdict(few)).toMatchObject({
      verdict: "undecided",
      reasons: [expect.stringMatching(/^10 clusters are too few/)],
    });
  });
});

test("a right answer holds the gold answer as whole words", () => {
  expect(containsAnswer("There were sixty cars.", "sixty")).toBe(true);
  expect(containsAnswer("The answer: the Island of Brenna!", "island of Brenna")).toBe(true);
  expect(containsAnswer("sixtyfive", "sixty")).toBe(false);
  expect(containsAnswer("", "sixty")).toBe(false);
  expect(containsAnswer("anything", "the")).toBe(false);
});

describe("two models and a message", () => {
  const suite = scriptedSuite({}, 24);
  const base = {
    suite,
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    answers: new AnswerCache(null),
    progress: () => {},
  };
  const receiver = () =>
    new SpeakingProvider({
      say: (prompt) =>
        ` ${/three|seven|eleven|forty|ninety/.exec(prompt.split("Question:")[0] ?? "")?.[0] ?? "many"}\n`,
    });

  test("the receiver gets text, code or nothing, with the question; what it says and reads is kept", async () => {
    const own = receiver();
    const found = await runProtocol({ ...base, sender: new SpeakingProvider({ say: () => null }), receiver: own });
    expect(found).toHaveLength(24 * 5);
    expect([...new Set(found.map(({ form }) => form))]).toEqual(["text", "same", "no-articles", "other", "absent"]);
    expect(own.prompts[0]).toMatch(
      /^<\|begin\|><\|user\|>.*: On \w+ \w+ .*\.\nQuestion: How many boxes\?<\|end\|><\|assistant\|>$/s,
    );
    const of = (form: string) => found.filter((row) => row.form === form);
    expect(of("text").every(({ right }) => right)).toBe(true);
    expect(of("absent").every(({ right, tokens, said }) => !right && tokens === 0 && said === "many")).toBe(true);
    expect(of("other").filter(({ right }) => right).length).toBeLessThan(24);
    expect(of("no-articles")[0]?.tokens).toBe((of("text")[0]?.tokens ?? 0) - 1);
    const verdicts = ["same", "other"].map((code) => protocolVerdict(found, code, settings));
    expect(verdicts.map((one) => one.verdict)).toEqual(["refuted", "refuted"]);
    const text = protocolText([{ sender: "a", receiver: "b", verdicts }], 80);
    expect(text).toMatch(/^a to b: right answers 1\.00 \[1\.00, 1\.00\] from the text, 0\.00/);
    expect(text.replace(/\s+/g, " ")).toMatch(
      /same: 1\.00 \[1\.00, 1\.00\] right, 1\.00 \[.*\] times fewer tokens; .*: refuted/,
    );
  });

  test("a server answers too, and tells no tokens", async () => {
    const found = await runProtocol({
      ...base,
      suite: scriptedSuite({}, 2),
      sender: receiver(),
      receiver: new ServedProvider(new LetterServer()),
    });
    expect(found.every(({ tokens }) => tokens === null)).toBe(true);
  });
});
