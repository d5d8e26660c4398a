/**
 * The one place where requests to a server wait, are sent, and are sent again. Client libraries do not retry beside it.
 * Each request has a promise of its own, so what one loses no other does.
 */

import { type Answered, guardedFetch } from "./guardedFetch.ts";
import { backoff, Pacer } from "./Pacer.ts";
import { isHopeless, isRetryable, RemoteError, remoteError } from "./RemoteError.ts";

/** Keeps what `make` made under `key`, or gives what was kept. */
export type Remember = <T>(key: unknown, make: () => Promise<T>) => Promise<T>;

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls once, so many milliseconds later; the returned function calls it off. */
  after(milliseconds: number, call: () => void): () => void;
}

export interface RequestQueueOptions {
  /** Origin of the server, without credentials: what errors name. */
  readonly origin: string;
  /** Keys, which no error may show. */
  readonly secrets: readonly string[];
  /** Requests under way at once: at the start, and at most. Default 4 and 20. */
  readonly concurrency?: { readonly start: number; readonly most: number };
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** In the unit of `cost` and `price` of the requests. */
  readonly spendingLimit?: number;
  /** Milliseconds for one try, its body included. Default 120,000. */
  readonly requestTimeout?: number;
  /** Milliseconds from when a request is handed over to when it fails, waiting and tries included. Default: none. */
  readonly deadline?: number;
  /** Milliseconds that a server may ask to wait before it counts as giving up. Default 300,000. */
  readonly patience?: number;
  /** Largest answer, bytes. Default 64 MB. */
  readonly answerBytes?: number;
  /** Told of each answer of the server, whatever its status, with its size and the time it took. */
  readonly onAnswer?: (answer: Answered) => void;
  readonly clock?: Clock;
}

export interface RemoteRequest<T> {
  /** Plain JSON. Requests with the same key that are under way at once are sent once. */
  readonly key: unknown;
  /** Estimate, for the budget a minute and what the server says is left of it. */
  readonly tokens?: number;
  /** Estimate, kept back from the spending limit while the request is under way. */
  readonly cost?: number;
  /** What it did cost. */
  readonly price?: (answer: T) => number;
  /**
   * Sends it once, by this fetch alone (hand it to the client library, with its retries off), and checks the answer:
   * a RemoteError thrown here decides whether the request is sent again.
   */
  readonly send: (fetch: typeof globalThis.fetch) => Promise<T>;
}

/** A request on its way, and everybody who waits for it. */
interface Job {
  readonly request: RemoteRequest<unknown>;
  readonly name: string;
  readonly settled: PromiseWithResolvers<unknown>;
  /** The try that is under way. */
  attempt: AbortController | null;
  readonly cancelDeadline: () => void;
  waiting: number;
  tries: number;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

export class RequestQueue {
  private readonly options: RequestQueueOptions;
  private readonly clock: Clock;
  private readonly pacer: Pacer;
  private readonly jobs = new Map<string, Job>();
  private readonly pending: Job[] = [];
  private cancelWake: (() => void) | null = null;
  private underWay = 0;
  private spent = 0;
  /** Estimated cost of what is under way. */
  private kept = 0;

  constructor(options: RequestQueueOptions) {
    this.options = options;
    this.clock = options.clock ?? CLOCK;
    this.pacer = new Pacer({
      ...(options.concurrency ?? { start: 4, most: 20 }),
      requestsPerMinute: options.requestsPerMinute ?? Number.POSITIVE_INFINITY,
      tokensPerMinute: options.tokensPerMinute ?? Number.POSITIVE_INFINITY,
    });
  }

  /** @throws RemoteError; the signal's reason once it is aborted. */
  async submit<T>(request: RemoteRequest<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const name = JSON.stringify(request.key);
    const job = this.jobs.get(name) ?? this.enter(request as RemoteRequest<unknown>, name);
    job.waiting++;
    if (!signal) return (await job.settled.promise) as T;
    const left = Promise.withResolvers<never>();
    const leave = () => {
      left.reject(signal.reason);
      // Others may wait for the same answer.
      if (--job.waiting === 0) this.settle(job, () => job.settled.reject(signal.reason), signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return (await Promise.race([job.settled.promise, left.promise])) as T;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /**
   * The answers of all, in order. Where one fails, the others are finished first (so that who keeps answers keeps
   * theirs), and then the first failure is thrown; only what makes all further requests hopeless stops those that wait.
   */
  async all<T>(makes: readonly (() => Promise<T>)[]): Promise<T[]> {
    const results = await Promise.allSettled(makes.map((make) => make()));
    return results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  }

  private enter(request: RemoteRequest<unknown>, name: string): Job {
    const { deadline } = this.options;
    const job: Job = {
      request,
      name,
      settled: Promise.withResolvers<unknown>(),
      attempt: null,
      cancelDeadline:
        deadline === undefined ? () => {} : this.clock.after(deadline, () => this.fail(job, this.timeout(deadline))),
      waiting: 0,
      tries: 0,
    };
    // Whoever submitted it may have left.
    job.settled.promise.catch(() => {});
    this.jobs.set(name, job);
    this.pending.push(job);
    queueMicrotask(() => this.pump());
    return job;
  }

  /** Sends what may go now, and wakes again when the next one may. */
  private pump(): void {
    this.cancelWake?.();
    this.cancelWake = null;
    for (let job = this.pending[0]; job !== undefined; job = this.pending[0]) {
      const tokens = job.request.tokens ?? 0;
      const wait = this.pacer.wait(tokens, this.clock.now());
      if (wait > 0) {
        if (Number.isFinite(wait)) this.cancelWake = this.clock.after(wait, () => this.pump());
        return;
      }
      if (this.overspends(job)) {
        // An estimate may be high: what is under way tells what it really cost.
        if (this.underWay > 0) return;
        this.failPending(this.spendingError());
        return;
      }
      this.pending.shift();
      void this.send(job);
    }
  }

  private async send(job: Job): Promise<void> {
    const { origin, requestTimeout = 120_000 } = this.options;
    const { request } = job;
    const sentAt = this.clock.now();
    const attempt = new AbortController();
    const { signal } = attempt;
    job.attempt = attempt;
    const cancelTimeout = this.clock.after(requestTimeout, () => attempt.abort(this.timeout(requestTimeout)));
    const fetch = guardedFetch({
      secrets: this.options.secrets,
      signal,
      ...(this.options.answerBytes === undefined ? {} : { answerBytes: this.options.answerBytes }),
      onAnswer: (answered) => {
        this.pacer.told(answered.limits, request.tokens ?? 0, this.clock.now());
        this.options.onAnswer?.(answered);
      },
    });
    job.tries++;
    this.underWay++;
    this.kept += request.cost ?? 0;
    this.pacer.start(request.tokens ?? 0, sentAt);
    try {
      // Not every library ends when its fetch does.
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      const answer = await Promise.race([request.send(fetch), aborted]);
      this.pacer.succeeded(sentAt, this.clock.now());
      this.spent += request.price?.(answer) ?? 0;
      this.settle(job, () => job.settled.resolve(answer));
    } catch (thrown) {
      this.failed(job, signal.aborted ? signal.reason : remoteError(thrown, origin, this.options.secrets), sentAt);
    } finally {
      cancelTimeout();
      job.attempt = null;
      this.underWay--;
      this.kept -= request.cost ?? 0;
      this.pacer.end();
      this.pump();
    }
  }

  private failed(job: Job, error: unknown, sentAt: number): void {
    const now = this.clock.now();
    const code = error instanceof RemoteError ? error.code : null;
    const retryAfter = error instanceof RemoteError ? error.retryAfter : null;
    if (code === "provider-rate-limit") this.pacer.refused(sentAt, now, retryAfter);
    if (code === "provider-server" || code === "provider-timeout") this.pacer.overloaded(sentAt, now, retryAfter);
    const tooPatient = (retryAfter ?? 0) > (this.options.patience ?? 300_000);
    if (this.jobs.get(job.name) !== job || !isRetryable(error, job.tries) || tooPatient) {
      this.fail(job, error);
      if (isHopeless(error)) this.failPending(error);
      return;
    }
    // The whole queue waits after a refusal; after a failure, this request does.
    const wait = code === "provider-rate-limit" ? 0 : (retryAfter ?? backoff(job.tries));
    if (wait === 0) this.pending.unshift(job);
    else this.clock.after(wait, () => this.resume(job));
  }

  private resume(job: Job): void {
    if (this.jobs.get(job.name) !== job) return;
    this.pending.unshift(job);
    this.pump();
  }

  private fail(job: Job, error: unknown): void {
    this.settle(job, () => job.settled.reject(error), error);
  }

  private failPending(error: unknown): void {
    for (const job of this.pending.slice()) this.fail(job, error);
  }

  private settle(job: Job, announce: () => void, reason?: unknown): void {
    if (this.jobs.get(job.name) === job) this.jobs.delete(job.name);
    const at = this.pending.indexOf(job);
    if (at >= 0) this.pending.splice(at, 1);
    job.cancelDeadline();
    announce();
    if (reason !== undefined) job.attempt?.abort(reason);
  }

  private overspends(job: Job): boolean {
    const { spendingLimit } = this.options;
    return spendingLimit !== undefined && this.spent + this.kept + (job.request.cost ?? 0) > spendingLimit;
  }

  private spendingError(): RemoteError {
    return new RemoteError({
      code: "spending-limit",
      message: `the spending limit of ${this.options.spendingLimit} would be passed: ${this.spent} is spent`,
      where: this.options.origin,
      hint: "what was answered is kept: raise the limit, then resume the run",
    });
  }

  private timeout(milliseconds: number): RemoteError {
    return new RemoteError({
      code: "provider-timeout",
      message: `no whole answer within ${milliseconds / 1000} s`,
      where: this.options.origin,
      hint: "the server is slow or stuck: allow it more time, or look at its log",
    });
  }
}
