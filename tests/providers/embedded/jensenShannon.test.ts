/** The graph's Jensen–Shannon divergence against scipy's definition, from logits that PyTorch confirms (checkpoints.test.ts). */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SegmentRef } from "../../../providers/contract.ts";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { traceText } from "../../../providers/embedded/traceText.ts";

const PREFIXES = [
  [5, 80, 31, 7],
  [9, 200, 3],
  [5, 80, 31, 7],
];
const SAID = [17, 250, 64, 64, 8];

let provider: EmbeddedProvider;
beforeAll(async () => {
  const path = fileURLToPath(new URL("../../oracles/fixtures/models/llama", import.meta.url));
  provider = await openModel(path, { weights: "float32", purpose: "batch", threads: 1 });
});
afterAll(() => provider?.close());

/** log P(· | prefix, SAID[..t]) in float64, [tokens of SAID][vocabulary]. */
async function distributions(prefix: readonly number[]): Promise<number[][]> {
  const logits = (await traceText(provider, { ids: [...prefix, ...SAID] }, { logits: "all" })).get("logits");
  const size = provider.identity.vocabulary;
  return SAID.map((_, t) => {
    const from = (prefix.length - 1 + t) * size;
    const row = Array.from(logits?.data.subarray(from, from + size) ?? []);
    const top = Math.max(...row);
    const log = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    return row.map((value) => value - log);
  });
}

const entropy = (logs: readonly number[]) => -logs.reduce((sum, log) => sum + Math.exp(log) * log, 0);
/** H(M) − ½ H(P) − ½ H(Q): another form than the graph's. */
function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const middle = p.map((log, v) => Math.log((Math.exp(log) + Math.exp(q[v] as number)) / 2));
  return entropy(middle) - (entropy(p) + entropy(q)) / 2;
}

const rows = PREFIXES.map((ids) => [
  { ids, parent: null },
  { ids: SAID, parent: 0 },
]);
const compare = async (order: readonly number[], asked: boolean) => {
  const refs: SegmentRef[] = order.map((row) => ({ row, segment: 1 }));
  const request = { rows, states: [], pools: [], scores: [], comparisons: [refs] };
  return (await provider.read(asked ? { ...request, jensenShannon: true } : request)).comparisons[0];
};

it("is that of the two distributions, symmetric, and exactly 0 between equal ones", async () => {
  const [first = [], second = []] = await Promise.all(PREFIXES.slice(0, 2).map(distributions));
  const forward = await compare([0, 1, 2], true);
  const back = await compare([1, 0], true);
  expect(forward?.js).toHaveLength(SAID.length);
  forward?.js?.forEach((row, t) => {
    const expected = jensenShannon(first[t] as number[], second[t] as number[]);
    expect(expected).toBeGreaterThan(1e-3);
    expect(Math.abs((row[1] as number) - expected)).toBeLessThan(2e-6);
    expect(Math.abs((back?.js?.[t]?.[1] as number) - expected)).toBeLessThan(2e-6);
    expect(row[1]).toBeLessThan(Math.LN2);
    expect([row[0], row[2]]).toEqual([0, 0]);
  });
});

it("comes beside the same divergences as without, and only where it is asked for", async () => {
  const [without, beside] = [await compare([0, 1], false), await compare([0, 1], true)];
  expect(without?.js).toBeUndefined();
  expect({ ...beside, js: undefined }).toEqual({ ...without, js: undefined });
});
