/**
 * When the next request may go. Three brakes at once: how many are under way (additive increase, multiplicative
 * decrease, as TCP: Chiu and Jain 1989), how many a second once the server has refused one for being too many, and
 * what is known of budgets, from the settings and from the server's headers.
 */
import type { RateLimits } from "./rateLimits.ts";

export interface PacerOptions {
  readonly start: number;
  readonly most: number;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

const MINUTE = 60_000;
/** A rate is measured, and limits by the second are taken to count, over this long. */
const SECOND = 1000;
/** The concurrency grows by one in this time on average at most, so that a quick server is not flooded before its first refusal. */
const GROWTH_INTERVAL = 30;
/** Fewer answers before the first refusal say little of the rate. */
const FEW_ANSWERS = 10;
/** A server that refuses again and again after few answers is slow, and not at the end of a burst. */
const MOST_GUESSES = 3;
const BACKOFF = { first: 500, most: 30_000 };

export class Pacer {
  private readonly options: PacerOptions;
  private concurrency: number;
  private underWay = 0;
  /** Whether nothing was refused yet: the concurrency then grows by one an answer, later by one a round trip. */
  private slowStart = true;
  private began: number | null = null;
  /** Requests a second. */
  private rate = Number.POSITIVE_INFINITY;
  /** Whether the rate is that of a first refusal after few answers: a bucket that was nearly empty at the start. */
  private guessed = false;
  private guesses = 0;
  private nextAt = 0;
  private pausedUntil = 0;
  private decreasedAt = Number.NEGATIVE_INFINITY;
  private answeredSinceRefusal = 0;
  private refusalsInARow = 0;
  /** When the answers of the last second had been sent. */
  private accepted: number[] = [];
  private sent: { readonly at: number; readonly tokens: number }[] = [];

  constructor(options: PacerOptions) {
    this.options = options;
    this.concurrency = Math.min(options.start, options.most);
  }

  /** Milliseconds until a request of so many tokens may go; Infinity where that takes the end of another one. */
  wait(tokens: number, now: number): number {
    if (this.underWay >= Math.max(1, Math.floor(this.concurrency))) return Number.POSITIVE_INFINITY;
    const until = Math.max(this.pausedUntil, this.nextAt, this.budgetFreeAt(tokens, now));
    return Math.max(0, until - now);
  }

  start(tokens: number, now: number): void {
    this.underWay++;
    this.began ??= now;
    // An idle stretch earns no burst.
    this.nextAt = Number.isFinite(this.rate) ? Math.max(this.nextAt, now) + SECOND / this.rate : 0;
    if (this.hasBudget()) this.sent.push({ at: now, tokens });
  }

  end(): void {
    this.underWay--;
  }

  succeeded(sentAt: number, now: number): void {
    this.answeredSinceRefusal++;
    this.refusalsInARow = 0;
    this.accepted.push(sentAt);
    this.forget(now);
    // What one answer adds: 4 % a second at any rate of answers, or twice the rate a second where little is known of it.
    if (Number.isFinite(this.rate)) this.rate += this.guessed ? 0.7 : 0.04;
    if (this.concurrency >= this.options.most) return;
    if (!this.slowStart) this.concurrency += 1 / this.concurrency;
    else {
      const allowed = this.options.start + (now - (this.began ?? now)) / GROWTH_INTERVAL;
      this.concurrency = Math.max(this.concurrency, Math.min(this.concurrency + 1, allowed));
    }
    this.concurrency = Math.min(this.concurrency, this.options.most);
  }

  /** The server refused a request for being one too many. */
  refused(sentAt: number, now: number, retryAfter: number | null): void {
    this.forget(now);
    const oldest = this.accepted[0];
    // What was sent before the last decrease says nothing about the rate since.
    if (sentAt >= this.decreasedAt) {
      this.refusalsInARow++;
      const unsure = !Number.isFinite(this.rate) || (this.guessed && this.answeredSinceRefusal < FEW_ANSWERS);
      this.guessed = unsure && this.accepted.length < FEW_ANSWERS && this.guesses++ < MOST_GUESSES;
      this.rate = this.lowerRate();
      this.decrease(0.7, now);
      this.answeredSinceRefusal = 0;
    }
    const ownGuess =
      this.refusalsInARow <= 1 && oldest !== undefined ? oldest + SECOND - now : backoff(this.refusalsInARow);
    this.pause(now + (retryAfter ?? Math.max(ownGuess, 0)));
  }

  /** The server failed or did not answer in time: it may have too much to do at once. */
  overloaded(sentAt: number, now: number, retryAfter: number | null): void {
    if (sentAt >= this.decreasedAt) this.decrease(0.5, now);
    if (retryAfter !== null) this.pause(now + retryAfter);
  }

  /**
   * What the headers of an answer say: who has used up a budget waits until it is full again, a minute at most, since
   * budgets a day refill bit by bit and a refusal tells more.
   */
  told(limits: RateLimits, tokens: number, now: number): void {
    const used = [];
    if (limits.requests && limits.requests.remaining < 1) used.push(limits.requests);
    if (limits.tokens && limits.tokens.remaining < Math.max(1, tokens)) used.push(limits.tokens);
    for (const { reset } of used) this.pause(now + Math.min(MINUTE, reset));
  }

  /** A little less than what went through in the last second, and no less than four fifths of the rate at once. */
  private lowerRate(): number {
    const measured = Math.max(1, this.accepted.length) * 0.95;
    if (!Number.isFinite(this.rate)) return measured;
    if (this.answeredSinceRefusal > 0) return Math.max(0.8 * this.rate, Math.min(0.95 * this.rate, measured));
    // A second refusal in a row may still be of the same second; a third says that the rate is far off.
    return this.refusalsInARow > 2 ? Math.max(0.02, this.rate / 2) : this.rate;
  }

  private pause(until: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, until);
  }

  private decrease(factor: number, now: number): void {
    this.slowStart = false;
    this.concurrency = Math.max(1, this.concurrency * factor);
    this.decreasedAt = now;
  }

  private forget(now: number): void {
    const first = this.accepted.findIndex((at) => at > now - SECOND);
    if (first !== 0) this.accepted = first < 0 ? [] : this.accepted.slice(first);
  }

  private hasBudget(): boolean {
    return Number.isFinite(this.options.requestsPerMinute) || Number.isFinite(this.options.tokensPerMinute);
  }

  /** The moment from which on no minute holds more than the budgets. A request larger than the budget goes alone. */
  private budgetFreeAt(tokens: number, now: number): number {
    if (!this.hasBudget()) return 0;
    const { requestsPerMinute, tokensPerMinute } = this.options;
    this.sent = this.sent.filter(({ at }) => at > now - MINUTE);
    let requests = this.sent.length;
    let used = this.sent.reduce((sum, one) => sum + one.tokens, 0);
    let free = 0;
    for (const one of this.sent) {
      if (requests < requestsPerMinute && used + tokens <= tokensPerMinute) break;
      requests--;
      used -= one.tokens;
      free = one.at + MINUTE;
    }
    return free;
  }
}

/**
 * Milliseconds before the try after `tries` failed ones: exponential with full jitter (Brooker, "Exponential Backoff and
 * Jitter", 2015).
 */
export function backoff(tries: number): number {
  return Math.random() * Math.min(BACKOFF.most, BACKOFF.first * 2 ** (tries - 1));
}
