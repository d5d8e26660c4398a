/** Paired timing on a machine that others use too. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Subject {
  readonly name: string;
  /** Does the work once. */
  run(): Promise<unknown> | unknown;
}

/** Milliseconds of the best call in each burst, by subject. */
export type Timings = ReadonlyMap<string, readonly number[]>;

const BURST_MS = 250;
/** ONNX Runtime's threads spin for a while after a call; whoever comes next should not have to share the cores. */
const PAUSE_MS = 60;

/** The subjects by turns, `rounds` bursts each, so that whatever else the machine does meets all of them. */
export async function alternate(subjects: readonly Subject[], rounds: number): Promise<Timings> {
  const timings = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, run } of subjects) {
      await sleep(PAUSE_MS);
      let best = Number.POSITIVE_INFINITY;
      const end = performance.now() + BURST_MS;
      do {
        const start = performance.now();
        await run();
        best = Math.min(best, performance.now() - start);
      } while (performance.now() < end);
      // The first round warms up.
      if (round >= 0) timings.get(name)?.push(best);
    }
  }
  return timings;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

const of = (timings: Timings, name: string) => timings.get(name) ?? [];
export const best = (timings: Timings, name: string) => Math.min(...of(timings, name));

/** How many times as long `a` takes as `b`: the median over the rounds, each of which compares neighbours in time. */
export function ratio(timings: Timings, a: string, b: string): number {
  const reference = of(timings, b);
  return median(of(timings, a).map((value, round) => value / (reference[round] as number)));
}
