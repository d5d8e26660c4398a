import { afterEach, describe, expect, it } from "vitest";
import { malformed } from "../../../providers/remote/RemoteError.ts";
import { RequestQueue, type RequestQueueOptions } from "../../../providers/remote/RequestQueue.ts";
import { type Answer, type FaultServer, json, rateLimited, startFaultServer } from "./FaultServer.ts";
import { failure, fastClock } from "./fastClock.ts";

const SECRET = "sk-secret-0123456789";
let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(answer: Answer, options: Partial<RequestQueueOptions> = {}) {
  server = await startFaultServer(answer);
  const { origin, received } = server;
  const clock = options.clock ?? fastClock(100);
  const queue = new RequestQueue({ origin, secrets: [SECRET], clock, ...options });
  const ask = (key: unknown, more: { cost?: number; price?: () => number; tokens?: number } = {}) => ({
    key,
    ...more,
    async send(fetch: typeof globalThis.fetch) {
      const headers = { authorization: `Bearer ${SECRET}` };
      const answer = await fetch(`${origin}/${key}`, { method: "POST", headers, body: JSON.stringify(key) });
      return (await answer.json()) as { n?: number };
    },
  });
  return { queue, ask, received, origin, clock };
}

/** Answers the first ones with faults, then well. */
function faultsFirst(...faults: Answer[]): Answer {
  let count = 0;
  return (received, response) => (faults[count++] ?? ((_, ok) => json(ok, 200, { n: 1 })))(received, response);
}
const status =
  (code: number, body: unknown = {}, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    json(response, code, body, headers);

describe("faults that pass", () => {
  const faults: [string, Answer][] = [
    ["429 without Retry-After", status(429, rateLimited)],
    ["500", status(500, "Internal Server Error")],
    ["502 in HTML", status(502, "<html><h1>Bad gateway</h1></html>", { "content-type": "text/html" })],
    [
      "a connection cut mid-body",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
        response.write('{"n": ');
        setTimeout(() => response.destroy(), 5);
      },
    ],
    ["a connection cut at once", (_, response) => void response.destroy()],
    ["truncated JSON", status(200, '{"n": ')],
    ["no answer", () => {}],
  ];
  for (const [name, fault] of faults) {
    it(`${name}: is sent again`, async () => {
      const { queue, ask, received } = await open(faultsFirst(fault), { requestTimeout: 10_000 });
      expect(await queue.submit(ask(1))).toEqual({ n: 1 });
      expect(received).toHaveLength(2);
    });
  }

  it("waits as long as Retry-After says, in seconds and as a date, and the others wait too", async () => {
    for (const [header, least] of [
      ["30", 30_000],
      [new Date(Date.now() + 20_000).toUTCString(), 18_000],
    ] as const) {
      const { queue, ask, clock } = await open(faultsFirst(status(429, rateLimited, { "retry-after": header })), {
        concurrency: { start: 1, most: 1 },
      });
      const started = clock.now();
      const ends = [1, 2].map(async (key) => {
        await queue.submit(ask(key));
        return clock.now() - started;
      });
      expect(Math.min(...(await Promise.all(ends)))).toBeGreaterThanOrEqual(least);
      await server?.close();
    }
  });
});

describe("faults that stay", () => {
  const cases: [string, Answer, string, number][] = [
    [
      "an expired key",
      status(401, { error: { message: `Incorrect API key provided: ${SECRET}` } }),
      "provider-authentication",
      1,
    ],
    ["no credit", status(429, { error: { message: "x", code: "insufficient_quota" } }), "provider-quota", 1],
    ["an unknown model", status(404, { error: "model 'x' not found" }), "provider-not-found", 1],
    [
      "too long (OpenAI)",
      status(400, { error: { code: "context_length_exceeded", message: "too long" } }),
      "input-too-long",
      1,
    ],
    [
      "too long (vLLM)",
      status(400, { message: "This model's maximum context length is 512 tokens" }),
      "input-too-long",
      1,
    ],
    [
      "too long (llama-cpp-python)",
      status(500, { error: { message: "Requested tokens (900) exceed context window of 512" } }),
      "input-too-long",
      1,
    ],
    ["an unknown field", status(422, { detail: [{ msg: "Extra inputs are not permitted" }] }), "capability-missing", 1],
    ["a wish it refuses", status(400, { error: { message: "n must be 1" } }), "provider-refused", 1],
    ["500 each time", status(500, { error: SECRET }), "provider-server", 5],
    ["cut each time", (_, response) => void response.destroy(), "provider-network", 5],
    ["silence each time", () => {}, "provider-timeout", 3],
    ["no JSON each time", status(200, "<html>"), "provider-answer-malformed", 2],
    ["a day's wait", status(429, rateLimited, { "retry-after": "86400" }), "provider-rate-limit", 1],
  ];
  for (const [name, answer, code, tries] of cases) {
    it(`${name}: ${code} after ${tries}`, async () => {
      const { queue, ask, received, origin } = await open(answer, { requestTimeout: 3000 });
      const error = await failure(queue.submit(ask(1)));
      expect(error).toMatchObject({ code, where: origin });
      expect(error.hint).toBeTruthy();
      expect(received).toHaveLength(tries);
      expect(everything(error)).not.toContain(SECRET);
    });
  }

  it("a trickle that never ends is cut off by the time-out", async () => {
    const timers: NodeJS.Timeout[] = [];
    const { queue, ask } = await open(
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        timers.push(setInterval(() => response.write(" "), 2));
      },
      { requestTimeout: 3000 },
    );
    expect((await failure(queue.submit(ask(1)))).code).toBe("provider-timeout");
    for (const timer of timers) clearInterval(timer);
  });

  it("an answer of 50 MB comes through, and a larger one than allowed is refused, declared or not", async () => {
    const chunk = Buffer.alloc(2 ** 20, 0x20);
    const large =
      (declared: boolean): Answer =>
      async (_, response) => {
        response.setMaxListeners(60);
        const length = declared ? { "content-length": String(50 * chunk.length + 2) } : {};
        response.writeHead(200, { "content-type": "application/json", ...length });
        for (let sent = 0; sent < 50 && !response.destroyed; sent++) {
          if (!response.write(chunk))
            await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
        }
        response.end("{}");
      };
    const whole = await open(large(false), { clock: fastClock(1) });
    expect(await whole.queue.submit(whole.ask(1))).toEqual({});
    await server?.close();
    for (const declared of [true, false]) {
      const { queue, ask } = await open(large(declared), { answerBytes: 2 ** 22, clock: fastClock(1) });
      const error = await failure(queue.submit(ask(1)));
      expect(error).toMatchObject({ code: "provider-answer-too-large" });
      expect(error.message).toContain("4194304 bytes");
      await server?.close();
    }
  });

  it("a redirect to another host is named and not followed", async () => {
    const other = await startFaultServer(status(200, {}));
    const { queue, ask, received } = await open((_, response) => {
      response.writeHead(307, { location: `${other.origin}/v1/x` }).end();
    });
    const error = await failure(queue.submit(ask(1)));
    expect(error.code).toBe("provider-redirect");
    for (const { origin } of [other, { origin: server?.origin ?? "" }])
      expect(error.message).toContain(new URL(origin).host);
    expect(received).toHaveLength(1);
    expect(other.received).toHaveLength(0);
    await other.close();
  });

  it("a mistake in the program is thrown as it is", async () => {
    const { queue } = await open(status(200));
    const mistake = new TypeError("x is not a function");
    await expect(queue.submit({ key: 1, send: () => Promise.reject(mistake) })).rejects.toBe(mistake);
  });

  it("nobody listens", async () => {
    const { queue, ask, origin } = await open(status(200));
    await server?.close();
    const error = await failure(queue.submit(ask(1)));
    expect(error).toMatchObject({ code: "provider-network", where: origin, exit: 4 });
    expect(error.hint).toContain("start the server");
  });
});

describe("many requests", () => {
  it("keeps what was finished when one fails, and finishes the others first", async () => {
    const { queue, ask } = await open((received, response) =>
      json(
        response,
        received.body === 3 ? 400 : 200,
        received.body === 3 ? { error: "context length" } : { n: received.body },
      ),
    );
    const kept: unknown[] = [];
    const makes = Array.from({ length: 30 }, (_, key) => async () => kept.push((await queue.submit(ask(key))).n));
    expect((await failure(queue.all(makes))).code).toBe("input-too-long");
    expect(kept).toHaveLength(29);
  });

  it("stops those that wait where none can succeed", async () => {
    const { queue, ask, received } = await open((one, response) =>
      json(response, Number(one.body) < 10 ? 200 : 401, { n: one.body }),
    );
    const kept: unknown[] = [];
    const makes = Array.from({ length: 200 }, (_, key) => async () => kept.push((await queue.submit(ask(key))).n));
    expect((await failure(queue.all(makes))).code).toBe("provider-authentication");
    expect(kept).toHaveLength(10);
    expect(received.length).toBeLessThan(60);
  });

  it("sends equal ones that are under way once, and later ones again", async () => {
    const { queue, ask, received } = await open(status(200, { n: 1 }));
    await queue.all([1, 1, 2, 1].map((key) => () => queue.submit(ask(key))));
    expect(received).toHaveLength(2);
    await queue.submit(ask(1));
    expect(received).toHaveLength(3);
  });

  it("stays within the spending limit, and what was answered is kept", async () => {
    const { queue, ask, received } = await open(status(200, { n: 1 }), { spendingLimit: 10 });
    const kept: unknown[] = [];
    const makes = Array.from(
      { length: 20 },
      (_, key) => async () => kept.push(await queue.submit(ask(key, { cost: 3, price: () => 2 }))),
    );
    const error = await failure(queue.all(makes));
    expect(error).toMatchObject({ code: "spending-limit", exit: 4 });
    // Each costs 2 and keeps 3 back: the fifth would need 8 + 3.
    expect(kept).toHaveLength(4);
    expect(received).toHaveLength(4);
  });

  it("gives up at the deadline, those included that still wait", async () => {
    const { queue, ask } = await open(() => {}, { deadline: 5000, concurrency: { start: 1, most: 1 } });
    const results = await Promise.all([1, 2, 3].map((key) => failure(queue.submit(ask(key)))));
    expect(results.map(({ code }) => code)).toEqual(Array(3).fill("provider-timeout"));
    expect(results[0]?.message).toContain("5 s");
  });

  it("ends with its signal, but not for somebody else who waits for the same answer", async () => {
    const gate = Promise.withResolvers<void>();
    const { queue, ask, received } = await open(async (_, response) => {
      await gate.promise;
      json(response, 200, { n: 1 });
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const lone = queue.submit(ask("lone"), one.signal);
    const first = queue.submit(ask("shared"), one.signal);
    const second = queue.submit(ask("shared"), two.signal);
    await expect.poll(() => received.length).toBe(2);
    one.abort();
    await expect(lone).rejects.toBe(one.signal.reason);
    await expect(first).rejects.toBe(one.signal.reason);
    gate.resolve();
    expect(await second).toEqual({ n: 1 });
    await expect(queue.submit(ask("late"), one.signal)).rejects.toBe(one.signal.reason);
  });

  it("keeps up to its concurrency", async () => {
    let most = 0;
    let now = 0;
    const { queue, ask } = await open(
      async (_, response) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        json(response, 200, {});
      },
      { concurrency: { start: 3, most: 6 } },
    );
    await queue.all(Array.from({ length: 60 }, (_, key) => () => queue.submit(ask(key))));
    expect(most).toBe(6);
  });

  it("is a good guest of a server that allows 20 a second", async () => {
    const clock = fastClock(6);
    let full = 20;
    let last = Number.NaN;
    let rejected = 0;
    const { queue, ask } = await open(
      (_, response) => {
        const now = clock.now();
        full = Math.min(20, full + ((Number.isNaN(last) ? 0 : now - last) / 1000) * 20);
        last = now;
        if (full >= 1) {
          full--;
          return json(response, 200, {});
        }
        rejected++;
        json(response, 429, rateLimited);
      },
      { clock },
    );
    const started = clock.now();
    await queue.all(Array.from({ length: 200 }, (_, key) => () => queue.submit(ask(key))));
    // The budget (20 rejected, 1.2 times the ideal 9 s) is held in simulated time, which no busy machine disturbs
    // (Pacer.test.ts). Who asks again at once is rejected hundreds of times.
    expect(rejected).toBeLessThanOrEqual(60);
    expect((clock.now() - started) / 1000).toBeLessThan(30);
  });
});

it("a send's own RemoteError decides what happens", async () => {
  const { queue, origin } = await open(status(200));
  let sent = 0;
  const send = async () => {
    sent++;
    throw malformed(origin, "7 dimensions");
  };
  expect((await failure(queue.submit({ key: 1, send }))).message).toBe("7 dimensions");
  expect(sent).toBe(2);
});

/** All text that an error could print, its causes included. */
function everything(error: unknown): string {
  const texts: string[] = [];
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    texts.push(String(inner), inner.stack ?? "", JSON.stringify(inner, Object.getOwnPropertyNames(inner)));
  }
  return texts.join("\n");
}
