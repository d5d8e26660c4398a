/** What a segment gives doesn't depend on who shares the request, on the order, or on how a tree is cut. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadRequest, ReadResult, Row } from "../../../providers/contract.ts";
import { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { traceText } from "../../../providers/embedded/traceText.ts";
import { logProbs } from "../logProbs.ts";
import { openDefaultModel } from "./defaultModel.ts";
import { absoluteError, relativeError, rowOf } from "./oracle.ts";

const STATE_TOLERANCE = 2e-5;
const LOG_PROB_TOLERANCE = 1e-4;

let provider: EmbeddedProvider;
let width: number;
let layers: number;
beforeAll(async () => {
  provider = await openDefaultModel("packed");
  ({ width, layers } = provider.identity);
});
afterAll(() => provider?.close());

const encode = (text: string) => provider.tokenizer.encode(text);
const read = (request: Partial<ReadRequest> & Pick<ReadRequest, "rows">): Promise<ReadResult> =>
  provider.read({ states: [], pools: [], scores: [], comparisons: [], ...request });
/** State of layer `layer` at the request's state `index`, of `count`. */
const stateOf = (result: ReadResult, layer: number, index: number, count: number) =>
  rowOf(result.states, layer * count + index, width);

/** The largest relative error over the layers between two results' states. */
function stateError(
  a: ReadResult,
  [index, count]: readonly [number, number],
  b: ReadResult,
  [other, otherCount]: readonly [number, number],
): number {
  const errors = Array.from({ length: layers + 1 }, (_, layer) =>
    relativeError(stateOf(a, layer, index, count), stateOf(b, layer, other, otherCount)),
  );
  return Math.max(...errors);
}

/** Contexts of 1 to 60 tokens, and one too long to share a sequence. */
const CONTEXTS = [
  "The ferry to the island was late.",
  "Ferry late.",
  "Rain.",
  "When the committee met on Tuesday evening, nobody had read the report, so the chair read the summary aloud twice.",
  "They met.",
  "A small red fox crossed the frozen lake, stopped halfway, looked back at the farm, and went on towards the trees. ".repeat(
    2,
  ),
  "for (let i = 0; i < 10; i++) console.log(i);",
  "Der Zug fährt um neun Uhr ab.",
  "One, two, three, four. ".repeat(34),
];
const CONTINUATION = " In short: it was cold, and she went home.";

function rowsOf(contexts: readonly string[]): Row[] {
  const continuation = encode(CONTINUATION);
  return contexts.map((text) => [
    { ids: encode(text), parent: null },
    { ids: continuation, parent: 0 },
  ]);
}

/** Everything there is about each row, the first of which is the reference. */
function everything(rows: readonly Row[]): Promise<ReadResult> {
  const second = rows.map((_, row) => ({ row, segment: 1 }));
  return read({
    rows,
    states: rows.flatMap((_, row) => [
      { row, segment: 0 },
      { row, segment: 1 },
    ]),
    pools: second,
    scores: second,
    comparisons: [second],
  });
}

describe("a row's values", () => {
  let together: ReadResult;
  beforeAll(async () => {
    together = await everything(rowsOf(CONTEXTS));
  });

  /** Row `index` of a result against row `expected` of the large batch; both have the same reference row. */
  function expectSame(result: ReadResult, index: number, rows: number, expected: number): void {
    const total = CONTEXTS.length;
    for (const part of [0, 1]) {
      const error = stateError(result, [2 * index + part, 2 * rows], together, [2 * expected + part, 2 * total]);
      expect(error).toBeLessThanOrEqual(STATE_TOLERANCE);
    }
    expect(
      relativeError(result.pools[index] as Float32Array, together.pools[expected] as Float32Array),
    ).toBeLessThanOrEqual(STATE_TOLERANCE);
    expect(absoluteError(logProbs(result.scores[index]), logProbs(together.scores[expected]))).toBeLessThanOrEqual(
      LOG_PROB_TOLERANCE,
    );
    for (const part of ["kl", "logProb"] as const) {
      const column = (from: ReadResult, at: number) =>
        (from.comparisons[0]?.[part] ?? []).map((line) => line[at] as number);
      expect(absoluteError(column(result, index), column(together, expected))).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
    }
  }

  it("differ between rows by more than what is tolerated", () => {
    const kl = together.comparisons[0]?.kl ?? [];
    CONTEXTS.slice(1).forEach((_, i) => {
      expect(
        stateError(together, [2 * (i + 1) + 1, 2 * CONTEXTS.length], together, [1, 2 * CONTEXTS.length]),
      ).toBeGreaterThan(1e-2);
      expect(Math.max(...kl.map((line) => line[i + 1] as number))).toBeGreaterThan(1e-2);
    });
    expect(together.states.length).toBe((layers + 1) * 2 * CONTEXTS.length * width);
    expect(together.comparisons[0]?.sameTop.every((line) => line[0] === true)).toBe(true);
    expect(together.comparisons[0]?.sameTop.flat()).toContain(false);
  });

  it("are those of the row read with its reference alone", async () => {
    for (let other = 1; other < CONTEXTS.length; other++) {
      const result = await everything(rowsOf([CONTEXTS[0] as string, CONTEXTS[other] as string]));
      expectSame(result, 0, 2, 0);
      expectSame(result, 1, 2, other);
    }
  });

  it("are those of the row in another order", async () => {
    const order = [0, 7, 3, 8, 1, 5, 4, 2, 6];
    const result = await everything(rowsOf(order.map((index) => CONTEXTS[index] as string)));
    for (const [index, expected] of order.entries()) expectSame(result, index, order.length, expected);
  });

  it("are those of the row beside others, padded to a longer one", async () => {
    const others = [`${"word ".repeat(260)}.`, "Something else.", "Nothing."];
    const result = await everything(rowsOf([...CONTEXTS, ...others]));
    for (const index of CONTEXTS.keys()) expectSame(result, index, CONTEXTS.length + others.length, index);
  });
});

describe("identical rows", () => {
  it("diverge by exactly 0", async () => {
    for (const text of [CONTEXTS[1] as string, CONTEXTS[3] as string]) {
      const rows = rowsOf([text, CONTEXTS[6] as string, text, text, CONTEXTS[2] as string, text]);
      const second = [0, 2, 3, 5].map((row) => ({ row, segment: 1 }));
      const { comparisons } = await read({ rows, comparisons: [second] });
      expect(comparisons[0]?.kl).toEqual(encode(CONTINUATION).map(() => [0, 0, 0, 0]));
      expect(comparisons[0]?.sameTop.flat()).not.toContain(false);
    }
  });
});

describe("a tree of segments", () => {
  it("gives what each of its branches gives as one flat row", async () => {
    const [root, left, right, leaf] = [
      CONTEXTS[3] as string,
      " She agreed.",
      " He did not agree at all",
      ", and left the room.",
    ].map(encode);
    const tree: Row = [
      { ids: root as number[], parent: null },
      { ids: left as number[], parent: 0 },
      { ids: right as number[], parent: 0 },
      { ids: leaf as number[], parent: 2 },
      { ids: leaf as number[], parent: 1 },
    ];
    const lineages = [[0], [0, 1], [0, 2], [0, 2, 3], [0, 1, 4]];
    const last = [1, 2, 3, 4].map((segment) => ({ row: 0, segment }));
    const branched = await read({
      rows: [tree],
      states: [{ row: 0, segment: 0 }, ...last],
      pools: [{ row: 0, segment: 0 }, ...last],
      scores: last,
    });
    for (const [segment, lineage] of lineages.entries()) {
      const before = lineage.slice(0, -1).flatMap((index) => tree[index]?.ids ?? []);
      const own = tree[segment]?.ids ?? [];
      const flat: Row =
        segment === 0
          ? [{ ids: own, parent: null }]
          : [
              { ids: before, parent: null },
              { ids: own, parent: 0 },
            ];
      const ref = { row: 0, segment: flat.length - 1 };
      const alone = await read({ rows: [flat], states: [ref], pools: [ref], scores: segment === 0 ? [] : [ref] });
      expect(stateError(branched, [segment, tree.length], alone, [0, 1])).toBeLessThanOrEqual(STATE_TOLERANCE);
      expect(
        relativeError(branched.pools[segment] as Float32Array, alone.pools[0] as Float32Array),
      ).toBeLessThanOrEqual(STATE_TOLERANCE);
      if (segment > 0)
        expect(absoluteError(logProbs(branched.scores[segment - 1]), logProbs(alone.scores[0]))).toBeLessThanOrEqual(
          LOG_PROB_TOLERANCE,
        );
    }
  });

  it("may have an empty segment, which changes nothing", async () => {
    const [context, continuation] = [encode(CONTEXTS[0] as string), encode(CONTINUATION)];
    const linked: Row = [
      { ids: context, parent: null },
      { ids: [], parent: 0 },
      { ids: continuation, parent: 1 },
    ];
    const rooted: Row = [
      { ids: [], parent: null },
      { ids: context, parent: 0 },
      { ids: continuation, parent: 1 },
    ];
    const plain: Row = [
      { ids: context, parent: null },
      { ids: continuation, parent: 0 },
    ];
    const expected = await read({
      rows: [plain],
      states: [
        { row: 0, segment: 0 },
        { row: 0, segment: 1 },
      ],
      scores: [{ row: 0, segment: 1 }],
    });
    for (const [row, contextSegment] of [
      [linked, 1],
      [rooted, 1],
    ] as const) {
      const refs = [
        { row: 0, segment: contextSegment },
        { row: 0, segment: 2 },
      ];
      const result = await read({ rows: [row], states: refs, scores: [{ row: 0, segment: 2 }] });
      expect(absoluteError(result.states, expected.states)).toBe(0);
      expect(result.scores).toEqual(expected.scores);
    }
  });
});

describe("positions", () => {
  const withStart = (start?: number): Row => [
    { ids: encode(CONTEXTS[3] as string), parent: null },
    { ids: encode(CONTINUATION), parent: 0, ...(start !== undefined && { start }) },
  ];
  const readAt = (row: Row) =>
    read({ rows: [row], states: [{ row: 0, segment: 1 }], scores: [{ row: 0, segment: 1 }] });

  it("follow the parent's last where no start is given", async () => {
    const natural = await readAt(withStart());
    const given = await readAt(withStart(encode(CONTEXTS[3] as string).length));
    expect(absoluteError(given.states, natural.states)).toBe(0);
    expect(given.scores).toEqual(natural.scores);
  });

  it("matter: a gap before a segment changes its states and scores", async () => {
    const natural = await readAt(withStart());
    const later = await readAt(withStart(200));
    expect(stateError(later, [0, 1], natural, [0, 1])).toBeGreaterThan(1e-2);
    expect(absoluteError(logProbs(later.scores[0]), logProbs(natural.scores[0]))).toBeGreaterThan(1e-2);
  });

  it("are relative: a whole row moved along keeps its scores", async () => {
    const natural = await readAt(withStart());
    const [context, continuation] = withStart() as [Row[number], Row[number]];
    const moved = await readAt([{ ...context, start: 300 }, continuation]);
    expect(absoluteError(logProbs(moved.scores[0]), logProbs(natural.scores[0]))).toBeLessThanOrEqual(5e-3);
  });
});

describe("pools", () => {
  it("are means of the final norm over a segment's tokens", async () => {
    const rows = rowsOf([CONTEXTS[2] as string, CONTEXTS[3] as string, CONTEXTS[1] as string]);
    const refs = rows.flatMap((_, row) => [
      { row, segment: 1 },
      { row, segment: 0 },
    ]);
    const { pools } = await read({ rows, pools: refs });
    for (const [i, { row, segment }] of refs.entries()) {
      const [context, continuation] = (rows[row] as Row).map(({ ids }) => ids) as [number[], number[]];
      const taps = await traceText(provider, { ids: [...context, ...continuation] });
      const finals = taps.get("final_norm")?.data as Float32Array;
      const [from, to] = segment === 0 ? [0, context.length] : [context.length, context.length + continuation.length];
      const mean = Float32Array.from({ length: width }, (_, column) => {
        let sum = 0;
        for (let token = from; token < to; token++) sum += finals[token * width + column] as number;
        return sum / (to - from);
      });
      expect(relativeError(pools[i] as Float32Array, mean)).toBeLessThanOrEqual(STATE_TOLERANCE);
    }
  });
});

describe("refusals", () => {
  const tokens = (count: number) => new Array<number>(count).fill(30);

  it.each([
    ["a row", [{ ids: tokens(21), parent: null }]],
    [
      "a branch",
      [
        { ids: tokens(15), parent: null },
        { ids: tokens(6), parent: 0 },
      ],
    ],
    [
      "a late start",
      [
        { ids: tokens(1), parent: null },
        { ids: tokens(2), parent: 0, start: 19 },
      ],
    ],
  ] as const)("%s that needs position 21 of 20 is too long, and one fewer is not", async (_, row) => {
    const small = new EmbeddedProvider(
      { ...provider.identity, contextLength: 20 },
      provider.tokenizer,
      provider.engine,
    );
    const request = { states: [], pools: [], scores: [], comparisons: [] };
    const fitting = row.map((segment) => ({ ...segment, ids: segment.ids.slice(1) }));
    await small.read({ ...request, rows: [fitting] });
    const expected = {
      name: "ExpectedError",
      code: "input-too-long",
      message: "the text takes 21 positions, and smollm2-135m reads 20",
    };
    await expect(small.read({ ...request, rows: [fitting, row] })).rejects.toMatchObject(expected);
  });

  it("an aborted reading stops", async () => {
    const request = { rows: rowsOf(["A"]), states: [{ row: 0, segment: 1 }], pools: [], scores: [], comparisons: [] };
    await expect(provider.read(request, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
});
