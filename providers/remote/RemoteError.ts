/**
 * What can go wrong between here and a server, once for all providers: what each status means, and what is worth
 * another try. Servers repeat what they were sent, so no text of theirs is shown before the keys are taken out.
 */
import { EXIT, ExpectedError } from "../../errors.ts";
import { readRateLimits } from "./rateLimits.ts";

/** Times that a request is sent at most, by what went wrong. The only place that decides what is tried again. */
const TRIES = {
  "provider-authentication": 1,
  "provider-quota": 1,
  "provider-not-found": 1,
  "provider-refused": 1,
  "provider-redirect": 1,
  "provider-answer-too-large": 1,
  "input-too-long": 1,
  "capability-missing": 1,
  "spending-limit": 1,
  // Mostly a proxy that cut an answer; a server that is wrong each time is asked twice.
  "provider-answer-malformed": 2,
  "provider-timeout": 3,
  "provider-server": 5,
  "provider-network": 5,
  "provider-rate-limit": 12,
} as const;

export type RemoteErrorCode = keyof typeof TRIES;

/** After these the server refuses every further request too. */
const HOPELESS: ReadonlySet<string> = new Set<RemoteErrorCode>([
  "provider-authentication",
  "provider-quota",
  "provider-redirect",
  "spending-limit",
]);

/** What the configuration has wrong, so that the same command would fail again. */
const CONFIGURATION: ReadonlySet<string> = new Set<RemoteErrorCode>([
  "provider-authentication",
  "provider-not-found",
  "provider-refused",
  "provider-redirect",
  "input-too-long",
  "capability-missing",
]);

export interface RemoteErrorDetails {
  readonly code: RemoteErrorCode;
  readonly message: string;
  /** Origin of the server, without credentials. */
  readonly where: string;
  readonly hint: string;
  readonly cause?: unknown;
  /** HTTP status; null where there was no answer. */
  readonly status?: number | null;
  /** Milliseconds. */
  readonly retryAfter?: number | null;
}

export class RemoteError extends ExpectedError {
  readonly status: number | null;
  /** Milliseconds that the server asks to wait; null where it does not say. */
  readonly retryAfter: number | null;

  constructor(details: RemoteErrorDetails) {
    super({ ...details, exit: CONFIGURATION.has(details.code) ? EXIT.usage : EXIT.incomplete });
    this.name = "RemoteError";
    this.status = details.status ?? null;
    this.retryAfter = details.retryAfter ?? null;
  }

  /** The same error with another message. */
  reworded(message: string): RemoteError {
    return new RemoteError({
      code: this.code as RemoteErrorCode,
      message,
      where: this.where ?? "",
      hint: this.hint ?? "",
      status: this.status,
      retryAfter: this.retryAfter,
    });
  }
}

/** Whether a request that failed with `error` after `tries` tries is sent again. */
export function isRetryable(error: unknown, tries: number): boolean {
  return error instanceof RemoteError && tries < TRIES[error.code as RemoteErrorCode];
}

/** Whether all further requests to the server would fail like this one. */
export function isHopeless(error: unknown): boolean {
  return error instanceof RemoteError && HOPELESS.has(error.code);
}

/**
 * Whether the server understood the question and said no: what a probe takes for "it has not got this". A 500 that
 * comes each time is one too.
 */
export function isRefused(error: unknown): error is RemoteError {
  const refusals = ["provider-refused", "provider-not-found", "capability-missing", "provider-answer-malformed"];
  return error instanceof RemoteError && (refusals.includes(error.code) || error.status === 500);
}

/** Takes every secret out of a text, as it is and as URLs and JSON spell it, and bounds the text's length. */
export function withoutSecrets(text: string, secrets: readonly string[], most = 300): string {
  let clean = text;
  for (const secret of secrets) {
    for (const spelt of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      if (spelt !== "") clean = clean.replaceAll(spelt, "[key]");
    }
  }
  return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}

/** An answer with an error status. */
export interface Refusal {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  /** As far as it was read, without secrets. */
  readonly body: string;
  readonly origin: string;
}

const TOO_LONG =
  /context_length_exceeded|exceed_context_size|maximum context|context (length|window|size)|too (long|many tokens)|(tokens?|input|prompt|inputs).{0,60}(exceed|longer than|must have less)/i;
const UNSUPPORTED =
  /unsupported|not support|does not allow|unrecogni[sz]ed|unknown (argument|parameter|field)|extra (inputs|fields)|not implemented|not available for/i;
const NO_MONEY =
  /insufficient_quota|billing|exceeded your current quota|insufficient (balance|credits?|funds|quota)|payment required|spending cap/i;

/** What an error status means. Error bodies differ from server to server; what is read from them is said above. */
export function refusalError({ status, headers, body, origin }: Refusal): RemoteError {
  const limits = readRateLimits(headers);
  const said = sayingOf(body);
  const details = (code: RemoteErrorCode, hint: string): RemoteErrorDetails => ({
    code,
    message: `the server answers ${status}${said === "" ? "" : `: ${said}`}`,
    where: origin,
    hint,
    status,
    retryAfter: limits.retryAfter,
  });
  const make = (code: RemoteErrorCode, hint: string) => new RemoteError(details(code, hint));
  if (status === 401 || status === 403 || status === 407) {
    return make("provider-authentication", "check that the key in the environment is valid and may use this model");
  }
  // Some services say "quota" for a limit a minute, and then how long to wait.
  if (status === 402 || (status === 429 && NO_MONEY.test(body) && limits.retryAfter === null)) {
    return make("provider-quota", "the account has no credit left: top it up, then resume the run");
  }
  if (status === 429) return make("provider-rate-limit", "the server wants fewer requests: resume the run later");
  if (status === 413 || (status !== 404 && status < 502 && TOO_LONG.test(body))) {
    return make("input-too-long", "shorten the text, or give the model a longer context");
  }
  if (status === 404 || status === 410) {
    return make("provider-not-found", "check the model's name and the base URL, which mostly ends in /v1");
  }
  if (status === 405 || status === 501 || (status < 500 && UNSUPPORTED.test(body))) {
    return make("capability-missing", "this server or model does not offer what was asked for");
  }
  if (status === 408) return make("provider-timeout", "the server gave up waiting: resume the run later");
  // llama-cpp-python answers so to a field that it does not accept.
  const refused = status === 500 && /\d+ validation errors?:/.test(body);
  if ((status >= 500 && !refused) || status === 409 || status === 425) {
    return make("provider-server", "the server has trouble of its own: look at its log, or resume the run later");
  }
  return make("provider-refused", "the server does not accept the request: check the model and its options");
}

/**
 * Anything that a library threw, as the error of this file that it is or holds, without secrets: an answer that is
 * quoted may repeat the key. What is not the server's doing comes back as it is.
 */
export function remoteError(error: unknown, origin: string, secrets: readonly string[] = []): unknown {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 8; inner = inner.cause, depth++) {
    if (inner instanceof SyntaxError) return malformed(origin, "the answer is not JSON");
    if (inner instanceof RemoteError) {
      const message = withoutSecrets(inner.message, secrets, 1000);
      return message === inner.message ? inner : inner.reworded(message);
    }
  }
  return error;
}

/** An answer that came and cannot be used: `what` says how. */
export function malformed(origin: string, what: string): RemoteError {
  const hint = "this is no answer as the interface defines it: check the base URL and the server's version";
  return new RemoteError({ code: "provider-answer-malformed", message: what, where: origin, hint });
}

/** Something that the server was asked for and does not have. */
export function missing(origin: string, what: string, hint: string, cause?: unknown): RemoteError {
  return new RemoteError({ code: "capability-missing", message: what, where: origin, hint, cause });
}

/** The sentence inside an error body, which may be JSON in many forms, HTML, or nothing. */
function sayingOf(body: string): string {
  let said: unknown = body;
  try {
    const parsed: unknown = JSON.parse(body);
    const at = (value: unknown, key: string) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    const error = at(parsed, "error");
    said = at(error, "message") ?? error ?? at(parsed, "message") ?? at(parsed, "detail") ?? parsed;
  } catch {
    // Plain text or HTML: shown as it is.
  }
  const text = typeof said === "string" ? said : JSON.stringify(said);
  const plain = text.replaceAll(/<[^>]*>|\s+/g, " ").trim();
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain;
}
