/** What a server says about its limits in the headers of an answer. */

export interface RateLimits {
  /** Milliseconds that the server asks to wait; null where it does not say. */
  readonly retryAfter: number | null;
  /** What is left of a budget, and the milliseconds until it is full again; null where not said. */
  readonly requests: Budget | null;
  readonly tokens: Budget | null;
}

export interface Budget {
  readonly remaining: number;
  /** Milliseconds. */
  readonly reset: number;
}

/**
 * Reads `Retry-After` (seconds or an HTTP date, RFC 9110 section 10.2.3), `retry-after-ms`, and `x-ratelimit-remaining-*`
 * with `x-ratelimit-reset-*` as OpenAI and its followers send them.
 */
export function readRateLimits(headers: Pick<Headers, "get">, now = Date.now()): RateLimits {
  const budget = (kind: string): Budget | null => {
    const remaining = number(headers.get(`x-ratelimit-remaining${kind}`));
    const reset = readDuration(headers.get(`x-ratelimit-reset${kind}`), now);
    return remaining === null || reset === null ? null : { remaining, reset };
  };
  const milliseconds = number(headers.get("retry-after-ms"));
  return {
    retryAfter: milliseconds ?? readRetryAfter(headers.get("retry-after"), now),
    requests: budget("-requests") ?? budget(""),
    tokens: budget("-tokens"),
  };
}

function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  const seconds = number(value);
  if (seconds !== null) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration such as `6m0s` or `120ms`; a plain number is seconds from now, or a moment in seconds since 1970. */
function readDuration(value: string | null, now: number): number | null {
  if (value === null) return null;
  const plain = number(value);
  if (plain !== null) return plain > 1e9 ? Math.max(0, plain * 1000 - now) : plain * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) return null;
  let sum = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sum += Number(amount) * UNITS[unit as keyof typeof UNITS];
  }
  return sum;
}

function number(value: string | null): number | null {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}
