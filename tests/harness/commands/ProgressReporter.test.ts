import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProgressReporter } from "../../../harness/commands/ProgressReporter.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.stubEnv("CI", undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** What a terminal of so many columns, or a pipe, is sent. */
function sent(columns: number | null, use: (reporter: ProgressReporter) => void): string[] {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk));
      done();
    },
  });
  use(
    new ProgressReporter(Object.assign(stream, { isTTY: columns !== null, columns }) as unknown as NodeJS.WriteStream),
  );
  return chunks;
}

/** Half of the work in so many seconds. */
const half = (label: string, seconds: number, total: number, unit?: string) => (reporter: ProgressReporter) => {
  reporter.update(label, 0, total, unit);
  vi.advanceTimersByTime(seconds * 1000);
  reporter.update(label, total / 2, total, unit);
};

test.each([
  [20, 100, undefined, "50/100, 2.5/s, about 20 s left"],
  [40, 4, undefined, "2/4, 3.0/min, about 40 s left"],
  [10, 1e9, "bytes", "500/1000 MB, 50.0 MB/s, about 10 s left"],
])("rate and remaining time: half in %d s of %d", (seconds, total, unit, text) => {
  const line = sent(80, half("reading", seconds, total, unit)).at(-1);
  expect(line).toMatch(/reading \[#{12}-{12}\] /);
  expect(line).toContain(text);
  expect(sent(null, half("reading", seconds, total, unit))).toEqual([`reading: ${text}\n`]);
});

test("on a narrow terminal the bar goes first, and the numbers stay", () => {
  const label = "mean state of the corpus, restate (kept for later runs)";
  const drawn = (columns: number) => (sent(columns, half(label, 20, 1000)).at(-1) as string).replace("\r\u001b[K", "");
  expect(drawn(120)).toContain("[############------------] 500/1000, 25/s, about 20 s left");
  for (const columns of [100, 92, 80, 60, 40]) {
    expect(drawn(columns).length).toBeLessThan(columns);
    expect(drawn(columns)).toMatch(/ 500\/1000, 25\/s, about 20 s left$/);
  }
  expect(drawn(80)).toMatch(/^mean state of the corpus, .*… 500/);
});
