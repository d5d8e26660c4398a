/** What the model is asked to read, and how the answer is sorted. */
import { describe, expect, test } from "vitest";
import { tokensOf } from "../../harness/buildReadRequest.ts";
import { FrameReader } from "../../harness/FrameReader.ts";
import type { ConditionText, ItemRequest } from "../../harness/ItemRequest.ts";
import { readItem } from "../../harness/readItem.ts";
import { meanStates, readStates } from "../../harness/readStates.ts";
import type { ReadRequest, ReadResult, Row } from "../../providers/contract.ts";
import type { Frame, Item } from "../../suites/Suite.ts";
import { ScriptedProvider } from "./ScriptedProvider.ts";
import { scriptedItems } from "./scriptedSuite.ts";

/** Keeps the last request, and answers with numbers that say where they come from. */
class SpyProvider extends ScriptedProvider {
  request: ReadRequest | null = null;

  override async read(request: ReadRequest): Promise<ReadResult> {
    this.request = request;
    const { width, layers } = this.identity;
    const places = request.states.length;
    const tokens = (row: number, segment: number) => request.rows[row]?.[segment]?.ids ?? [];
    return {
      // layer · 100 + row, in every dimension.
      states: Float32Array.from({ length: (layers + 1) * places * width }, (_, i) => {
        const place = Math.floor(i / width) % places;
        return Math.floor(i / width / places) * 100 + (request.states[place]?.row as number);
      }),
      pools: request.pools.map(({ row }) => Float32Array.of(row)),
      scores: request.scores.map(({ row, segment }) => tokens(row, segment).map((id) => -id - row / 100)),
      comparisons: request.comparisons.map((refs) => {
        const ids = tokens(refs[0]?.row ?? 0, refs[0]?.segment ?? 0);
        for (const { row, segment } of refs) expect(tokens(row, segment)).toEqual(ids);
        return {
          kl: ids.map(() => refs.map(({ row }) => row)),
          sameTop: ids.map(() => refs.map(({ row }) => row === 0)),
          logProb: ids.map((id) => refs.map(({ row }) => -id - row / 100)),
        };
      }),
    };
  }
}

const item = scriptedItems(1)[0] as Item;
const FRAME: Frame = { before: "Note: ", after: "\n\nIn other words," };
const text = (name: string, role: ConditionText["role"], said: string): ConditionText => ({ name, role, text: said });
const CONDITIONS = [
  text("original", "reference", item.original),
  text("near", "ceiling", "boxes and more boxes"),
  text("mismatch-1", "floor", "lamps"),
  text("empty", "floor", ""),
  text("filler", "floor", "some text"),
  text("decoy", "foil", item.decoy?.text ?? ""),
  text("decoy-paraphrase", "control", "boxes"),
  text("code", "candidate", "green boxes"),
];

async function asked(parts: Partial<ItemRequest> = {}, frame: Frame = FRAME) {
  const provider = new SpyProvider();
  const reader = new FrameReader("frame", frame, provider.tokenizer, "here");
  const continuations = [" sea town", " farm", " rest work news"].map((one) => provider.tokenizer.encode(one));
  const request: ItemRequest = {
    item,
    frame: reader,
    positions: "natural",
    conditions: CONDITIONS,
    continuations,
    controls: 2,
    ...parts,
  };
  const readings = await readItem(request, provider);
  const sent = provider.request as ReadRequest;
  const decode = (row: Row, segment: number | null): string => {
    if (segment === null) return "";
    const own = row[segment];
    return decode(row, own?.parent ?? null) + provider.tokenizer.decode(own?.ids ?? []);
  };
  /** Everything that a model has read by the end of a segment. */
  const read = ({ row, segment }: { row: number; segment: number }) => decode(sent.rows[row] as Row, segment);
  return { provider, request, readings, sent, read };
}

describe("what is read", () => {
  test("states at the last token of `after`, for every condition", async () => {
    const { sent, read } = await asked();
    expect(sent.states.map(read)).toEqual(CONDITIONS.map((one) => `<|begin|>Note: ${one.text}\n\nIn other words,`));
  });

  test("continuations: all for original, ceilings and candidates, as many as asked for floors and foils, none for controls", async () => {
    const { readings, sent, read } = await asked();
    expect(Object.fromEntries([...readings].map(([name, { continuations }]) => [name, continuations.length]))).toEqual({
      original: 3,
      near: 3,
      "mismatch-1": 2,
      empty: 2,
      filler: 2,
      decoy: 2,
      "decoy-paraphrase": 0,
      code: 3,
    });
    expect(sent.comparisons.map((refs) => read(refs.at(-1) as never))).toEqual(
      [" sea town", " farm", " rest work news"].map((one) => `<|begin|>Note: green boxes\n\nIn other words,${one}`),
    );
    expect(
      sent.comparisons.map((refs) => refs[0]?.row),
      "the original is the reference",
    ).toEqual([0, 0, 0]);
  });

  test("the fact is asked right after the context, not of floors but the filler", async () => {
    const { readings, sent, read } = await asked();
    const [question] = item.questions;
    expect([...readings].filter(([, { answer }]) => answer !== null).map(([name]) => name)).toEqual([
      "original",
      "near",
      "filler",
      "decoy",
      "decoy-paraphrase",
      "code",
    ]);
    expect(sent.scores.slice(0, 2).map(read)).toEqual(
      [question?.answer, question?.decoyAnswer].map(
        (answer) => `<|begin|>Note: ${item.original}\n\nQuestion: ${question?.question}\nAnswer: ${answer}`,
      ),
    );
  });

  test("without a question with both answers, the two paraphrases are rivals after the frame", async () => {
    const silent = { ...item, questions: [{ question: "When?", answer: "Monday" }] };
    const { sent, read } = await asked({ item: silent });
    expect(sent.scores.slice(0, 2).map(read)).toEqual(
      [item.paraphrases[0], item.decoy?.paraphrase].map(
        (rival) => `<|begin|>Note: ${item.original}\n\nIn other words, ${rival}`,
      ),
    );
    for (const bare of [
      { ...silent, decoy: null },
      { ...silent, paraphrases: [] },
      { ...silent, decoy: { text: "x" } },
    ]) {
      const { readings } = await asked({ item: bare });
      expect([...readings.values()].every(({ answer, decoyAnswer }) => answer === null && decoyAnswer === null)).toBe(
        true,
      );
    }
  });

  test("the original is said after candidates, ceilings and the filler", async () => {
    const { readings, sent, read } = await asked();
    expect([...readings].filter(([, { reconstruction }]) => reconstruction !== null).map(([name]) => name)).toEqual([
      "near",
      "filler",
      "code",
    ]);
    expect(read(sent.scores.at(-1) as never)).toBe(`<|begin|>Note: green boxes\n\nIn other words, ${item.original}`);
  });

  test("contexts are pooled, an empty one is not", async () => {
    const { readings } = await asked();
    expect([...readings].map(([name, { pooled }]) => [name, pooled?.[0] ?? null])).toEqual(
      CONDITIONS.map(({ name }, row) => [name, name === "empty" ? null : row]),
    );
  });

  test("the item's first question fills the frame, the question on the fact the probe", async () => {
    const two = { ...item, questions: [{ question: "When?", answer: "Monday" }, ...item.questions] };
    const { sent, read } = await asked({ item: two }, { before: "Note: ", after: " So {question}" });
    expect(read(sent.states[0] as never)).toBe(`<|begin|>Note: ${item.original} So When?`);
    expect(read(sent.scores[0] as never)).toContain(`Question: ${item.questions[0]?.question}`);
  });

  test("matched positions: what follows the context stands where it stands after the original", async () => {
    const { sent, provider } = await asked({ positions: "matched" });
    const length = provider.tokenizer.encode(item.original).length;
    for (const row of sent.rows) {
      const before = row[0]?.ids.length as number;
      expect(row.filter(({ parent }) => parent === 1).map(({ start }) => start)).toEqual(
        row.filter(({ parent }) => parent === 1).map(() => before + length),
      );
      expect(row.filter(({ parent }) => parent !== 1).every(({ start }) => start === undefined)).toBe(true);
    }
    // `after`, and the probe where the fact is asked.
    expect(sent.rows[0]?.filter(({ start }) => start !== undefined)).toHaveLength(2);
    const natural = await asked();
    expect(natural.sent.rows.flat().every(({ start }) => start === undefined)).toBe(true);
  });

  test("the tokens of a request are those of its segments", async () => {
    const { sent, request } = await asked();
    expect(tokensOf(request)).toBe(sent.rows.flat().flatMap(({ ids }) => ids).length);
  });
});

test("each condition gets what belongs to it", async () => {
  const { readings, sent, provider, request } = await asked();
  CONDITIONS.forEach(({ name, text: said }, row) => {
    const reading = readings.get(name);
    expect(reading?.text).toBe(said);
    expect(reading?.tokens).toBe(provider.tokenizer.encode(said).length);
    expect(reading?.states.map((state) => [state.length, new Set(state)])).toEqual(
      [0, 1, 2, 3, 4].map((layer) => [provider.identity.width, new Set([layer * 100 + row])]),
    );
    reading?.continuations.forEach((one, m) => {
      expect(one.kl).toEqual(request.continuations[m]?.map(() => row));
      expect(one.sameTop).toEqual(request.continuations[m]?.map(() => row === 0));
      expect(reading.continued[m]).toEqual(request.continuations[m]?.map((id) => -id - row / 100));
    });
    const [answer, rival] = [item.questions[0]?.answer, item.questions[0]?.decoyAnswer].map((one) =>
      provider.tokenizer.encode(` ${one}`).map((id) => -id - row / 100),
    );
    if (reading?.answer) expect([reading.answer, reading.decoyAnswer]).toEqual([answer, rival]);
    if (reading?.reconstruction)
      expect(reading.reconstruction).toEqual(
        provider.tokenizer.encode(` ${item.original}`).map((id) => -id - row / 100),
      );
  });
  expect(sent.rows).toHaveLength(CONDITIONS.length);
});

test("states of many texts, in order, and their mean", async () => {
  const provider = new ScriptedProvider();
  const frame = new FrameReader("frame", FRAME, provider.tokenizer, "here");
  const texts = scriptedItems(70).map(({ original }) => ({ text: original, question: "" }));
  const counts: number[] = [];
  const all = await readStates(provider, frame, texts, (done) => counts.push(done));
  expect(counts).toEqual([64, 70]);
  const [alone] = await readStates(provider, frame, texts.slice(66, 67), () => {});
  expect(all[66]).toEqual(alone);
  const mean = meanStates(all);
  expect(mean).toHaveLength(5);
  const third = all.map((states) => states[3]?.[1] as number);
  expect(mean[3]?.[1]).toBeCloseTo(third.reduce((a, b) => a + b, 0) / 70, 6);
  expect(() => meanStates([])).toThrow("the mean of no states");
});
