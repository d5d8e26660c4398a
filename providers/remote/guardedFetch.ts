/**
 * The fetch that is handed to every client library: it bounds an answer, follows no redirect, and fails with a
 * RemoteError that holds no key. An answer is whole when it comes back, so a time-out covers its body too.
 */
import { malformed, RemoteError, refusalError, withoutSecrets } from "./RemoteError.ts";
import { type RateLimits, readRateLimits } from "./rateLimits.ts";

export interface GuardedFetchOptions {
  /** Keys, which no error may show. */
  readonly secrets: readonly string[];
  /** Largest answer in bytes, unpacked. Default 64 MB. */
  readonly answerBytes?: number;
  /** Ends a request; its reason is thrown where it is an Error. */
  readonly signal?: AbortSignal;
  /** Told of each answer, whatever its status. */
  readonly onAnswer?: (answer: Answered) => void;
}

export interface Answered {
  readonly status: number;
  readonly limits: RateLimits;
  readonly bytes: number;
  /** From the sending to the last byte. */
  readonly milliseconds: number;
}

const ANSWER_BYTES = 64 * 2 ** 20;

/**
 * A fetch that resolves to a whole answer with a status of 200 to 299.
 * @throws RemoteError (through the promise) for every other status and for whatever goes wrong on the way.
 */
export function guardedFetch(options: GuardedFetchOptions): typeof globalThis.fetch {
  const { secrets, answerBytes = ANSWER_BYTES } = options;
  return async (input, init = {}) => {
    const address = new URL(input instanceof Request ? input.url : input);
    const signals = [options.signal, init.signal].filter((signal) => signal instanceof AbortSignal);
    const signal = signals.length === 1 ? (signals[0] as AbortSignal) : AbortSignal.any(signals);
    const started = performance.now();
    try {
      const answer = await fetch(input, { ...init, redirect: "manual", signal });
      if (answer.status >= 300 && answer.status < 400) throw await redirectError(answer, address);
      const bytes = await readBounded(answer, answerBytes, address.origin);
      const milliseconds = performance.now() - started;
      const limits = readRateLimits(answer.headers);
      options.onAnswer?.({ status: answer.status, limits, bytes: bytes.length, milliseconds });
      if (!answer.ok) {
        const body = withoutSecrets(bytes.subarray(0, 65_536).toString("utf8"), secrets, 4000);
        throw refusalError({ status: answer.status, headers: answer.headers, body, origin: address.origin });
      }
      const headers = new Headers(answer.headers);
      // They describe the packed body.
      for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
      return new Response(answer.status === 204 || answer.status === 205 ? null : bytes, {
        status: answer.status,
        headers,
      });
    } catch (error) {
      if (signal.aborted && signal.reason instanceof Error) throw signal.reason;
      if (error instanceof RemoteError) throw error;
      throw networkError(error, address.origin, secrets);
    }
  };
}

async function readBounded(answer: Response, most: number, origin: string): Promise<Buffer<ArrayBuffer>> {
  if (answer.body === null) return Buffer.alloc(0);
  const declared = Number(answer.headers.get("content-length") ?? 0);
  const packed = answer.headers.has("content-encoding");
  // Node's HTTP reads no further than what was declared.
  if (declared > 0 && declared <= most && !packed) return Buffer.from(await answer.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (declared <= most) {
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > most) break;
      chunks.push(chunk);
    }
    if (size <= most) return Buffer.concat(chunks, size);
  } else {
    await answer.body.cancel();
  }
  throw new RemoteError({
    code: "provider-answer-too-large",
    message: `the answer holds ${declared > most ? `${declared} bytes, which is` : ""} more than ${most} bytes`,
    where: origin,
    hint: "ask for less in one request: fewer texts, fewer tokens, fewer log-probabilities",
    status: answer.status,
  });
}

async function redirectError(answer: Response, from: URL): Promise<RemoteError> {
  await answer.body?.cancel();
  const location = answer.headers.get("location");
  const to = location === null ? null : URL.parse(location, from.href);
  if (to === null) return malformed(from.origin, `status ${answer.status} without a location that can be read`);
  return new RemoteError({
    code: "provider-redirect",
    message: `${from.host} sends the request on to ${to.host}, which was not followed: the key stays with ${from.host}`,
    where: from.origin,
    hint: `if ${to.origin} is to be trusted, give it as the base URL`,
    status: answer.status,
  });
}

const NETWORK_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: start the server, or check the base URL",
  ENOTFOUND: "there is no such host: check the base URL and the network",
  EAI_AGAIN: "the host's name could not be looked up: check the network",
};

function networkError(error: unknown, origin: string, secrets: readonly string[]): RemoteError {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  const code = (innermost as { code?: unknown })?.code;
  // The original may quote a header, and so the key.
  const said = withoutSecrets(innermost instanceof Error ? innermost.message : String(innermost), secrets);
  return new RemoteError({
    code: "provider-network",
    message: `no whole answer came: ${said || (typeof code === "string" ? code : "the connection failed")}`,
    where: origin,
    hint: NETWORK_HINTS[String(code)] ?? "the connection broke: check the network, or resume the run later",
    cause: new Error(typeof code === "string" ? `${code}: ${said}` : said),
  });
}
