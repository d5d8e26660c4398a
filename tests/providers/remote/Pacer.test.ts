import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pacer } from "../../../providers/remote/Pacer.ts";

const NO_BUDGET = { requestsPerMinute: Number.POSITIVE_INFINITY, tokensPerMinute: Number.POSITIVE_INFINITY };

/** Whether a server that allows 20 requests a second takes one at `now`. */
const servers = {
  "fixed windows": (phase: number) => {
    let window = -1;
    let count = 0;
    return (now: number) => {
      const current = Math.floor((now + phase) / 1000);
      if (current !== window) [window, count] = [current, 0];
      return ++count <= 20;
    };
  },
  "a bucket that refills": (begin = 20) => {
    let full = begin;
    let last = 0;
    return (now: number) => {
      full = Math.min(20, full + ((now - last) / 1000) * 20);
      last = now;
      if (full < 1) return false;
      full--;
      return true;
    };
  },
};

/** 200 requests in simulated time; a refused one is sent again. */
function simulate(allows: (now: number) => boolean, latency: number) {
  const pacer = new Pacer({ start: 4, most: 20, ...NO_BUDGET });
  const underWay: { readonly at: number; readonly sent: number; readonly taken: boolean }[] = [];
  let now = 0;
  let waiting = 200;
  let rejected = 0;
  while (waiting + underWay.length > 0) {
    const wait = waiting > 0 ? pacer.wait(0, now) : Number.POSITIVE_INFINITY;
    if (wait <= 0) {
      waiting--;
      pacer.start(0, now);
      underWay.push({ at: now + latency, sent: now, taken: allows(now + latency / 2) });
      continue;
    }
    const next = underWay[0];
    if (!next || now + wait < next.at) {
      now += wait;
      continue;
    }
    underWay.shift();
    now = next.at;
    pacer.end();
    if (next.taken) pacer.succeeded(next.sent, now);
    else {
      rejected++;
      waiting++;
      pacer.refused(next.sent, now, null);
    }
  }
  return { rejected, seconds: now / 1000 };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a server that allows 20 requests a second and says nothing of when to come back", () => {
  beforeEach(() => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  // Ideal: 20 at once and then 20 a second, 9 s; with windows 9 to 10 s, by where the first one begins.
  for (const latency of [2, 20, 100]) {
    it(`is asked at its pace, ${latency} ms away`, () => {
      const bucket = simulate(servers["a bucket that refills"](), latency);
      expect(bucket.rejected).toBeLessThanOrEqual(20);
      expect(bucket.seconds).toBeLessThan(1.2 * 9);
      // One that others have just emptied tells little before it refuses, so the rate is found anew from 1 a second on.
      const empty = simulate(servers["a bucket that refills"](1), latency);
      expect(empty.rejected).toBeLessThanOrEqual(20);
      expect(empty.seconds).toBeLessThan(1.4 * 9.95);
      const phases = Array.from({ length: 40 }, (_, index) => simulate(servers["fixed windows"](25 * index), latency));
      expect(mean(phases.map(({ rejected }) => rejected))).toBeLessThanOrEqual(20);
      expect(mean(phases.map(({ seconds }) => seconds))).toBeLessThan(1.2 * 9.5);
    });
  }
});

describe("budgets", () => {
  it("lets no minute hold more requests or tokens than are allowed", () => {
    const pacer = new Pacer({ start: 9, most: 9, requestsPerMinute: 3, tokensPerMinute: 100 });
    for (const [now, tokens] of [
      [0, 40],
      [1000, 40],
    ] as const) {
      expect(pacer.wait(tokens, now)).toBe(0);
      pacer.start(tokens, now);
    }
    expect(pacer.wait(40, 2000)).toBe(58_000);
    expect(pacer.wait(20, 2000)).toBe(0);
    pacer.start(20, 2000);
    expect(pacer.wait(0, 3000)).toBe(57_000);
    expect(pacer.wait(40, 60_000)).toBe(0);
  });

  it("sends a request that is larger than the budget alone", () => {
    const pacer = new Pacer({ start: 9, most: 9, requestsPerMinute: 9, tokensPerMinute: 100 });
    expect(pacer.wait(500, 0)).toBe(0);
    pacer.start(500, 0);
    expect(pacer.wait(500, 0)).toBe(60_000);
  });

  it("obeys what the headers say is left", () => {
    const pacer = new Pacer({ start: 9, most: 9, ...NO_BUDGET });
    pacer.told(
      { retryAfter: null, requests: { remaining: 1, reset: 900 }, tokens: { remaining: 50, reset: 700 } },
      40,
      0,
    );
    expect(pacer.wait(40, 0)).toBe(0);
    pacer.told({ retryAfter: null, requests: null, tokens: { remaining: 50, reset: 700 } }, 60, 0);
    expect(pacer.wait(60, 0)).toBe(700);
    pacer.told({ retryAfter: null, requests: { remaining: 0, reset: 900 }, tokens: null }, 0, 0);
    expect(pacer.wait(0, 100)).toBe(800);
  });
});

describe("concurrency", () => {
  it("grows by one an answer, halves after a failure, and then grows by one a round trip", () => {
    const pacer = new Pacer({ start: 4, most: 20, ...NO_BUDGET });
    const room = (now: number) => {
      let count = 0;
      while (pacer.wait(0, now) === 0) {
        pacer.start(0, now);
        count++;
      }
      for (let index = 0; index < count; index++) pacer.end();
      return count;
    };
    expect(room(0)).toBe(4);
    for (let index = 1; index <= 40; index++) pacer.succeeded(0, 100 * index);
    expect(room(4000)).toBe(20);
    pacer.overloaded(4000, 4100, null);
    // Sent before the decrease: the same event.
    pacer.overloaded(4000, 4100, null);
    expect(room(4100)).toBe(10);
    for (let index = 0; index < 11; index++) pacer.succeeded(4100, 4200);
    expect(room(4200)).toBe(11);
  });
});
