/**
 * The fetch that is handed to every client library: it bounds an answer, follows no redirect, and fails with a
 * RemoteError that holds no key. An answer is whole when it comes back, so a time-out covers its body too. Under it lies
 * undici's `request`, which costs half of what its `fetch` does.
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { type Dispatcher, request } from "undici";
import { malformed, RemoteError, refusalError, withoutSecrets } from "./RemoteError.ts";
import { type RateLimits, readRateLimits } from "./rateLimits.ts";

export interface GuardedFetchOptions {
  /** Keys, which no error may show. */
  readonly secrets: readonly string[];
  /** Largest answer in bytes, packed and unpacked. Default 64 MB. */
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
 * A fetch of texts and bytes that resolves to a whole answer with a status of 200 to 299, without headers but its type's.
 * @throws RemoteError (through the promise) for every other status and for whatever goes wrong on the way.
 */
export function guardedFetch(options: GuardedFetchOptions): typeof globalThis.fetch {
  const { secrets, answerBytes = ANSWER_BYTES } = options;
  return async (input, init = {}) => {
    if (input instanceof Request) throw new Error("a request is handed over as its address and its parts");
    const address = new URL(input);
    // The libraries' own signals serve their time-outs, which are off.
    const signal = options.signal ?? init.signal ?? null;
    const sent = bodyOf(init.body);
    const started = performance.now();
    try {
      const asked = new Headers(init.headers);
      asked.set("accept-encoding", "gzip, br");
      const {
        statusCode: status,
        headers,
        body,
      } = await request(address, {
        method: (init.method ?? "GET") as Dispatcher.HttpMethod,
        headers: asked,
        body: sent,
        signal,
        // The queue's time-out is the one that counts.
        ...{ headersTimeout: 0, bodyTimeout: 0 },
      });
      // A body that is given up fails, and a failure that nobody listens to ends the process.
      body.on("error", () => {});
      const get = (name: string) => firstOf(headers[name]) ?? null;
      if (status >= 300 && status < 400) {
        body.destroy();
        throw redirectError(status, get("location"), address);
      }
      const bytes = await unpacked(
        await readBounded(body, Number(get("content-length") ?? 0), status, answerBytes, address.origin),
        get("content-encoding"),
        status,
        answerBytes,
        address.origin,
      );
      const milliseconds = performance.now() - started;
      options.onAnswer?.({ status, limits: readRateLimits({ get }), bytes: bytes.length, milliseconds });
      if (status < 200 || status > 299) {
        const said = withoutSecrets(bytes.subarray(0, 65_536).toString("utf8"), secrets, 4000);
        throw refusalError({ status, headers: { get }, body: said, origin: address.origin });
      }
      const type = get("content-type");
      return new Response(status === 204 || status === 205 ? null : bytes, {
        status,
        headers: type === null ? {} : { "content-type": type },
      });
    } catch (error) {
      if (signal?.aborted && signal.reason instanceof Error) throw signal.reason;
      if (error instanceof RemoteError) throw error;
      throw networkError(error, address.origin, secrets);
    }
  };
}

const firstOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** @throws Error for what no client library sends here. */
function bodyOf(body: RequestInit["body"]): string | Uint8Array | null {
  if (body === undefined || body === null || typeof body === "string") return body ?? null;
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new Error(`a request's body is neither text nor bytes: ${Object.prototype.toString.call(body)}`);
}

/** @param declared bytes, as the headers say; 0 where they do not. */
async function readBounded(
  body: Dispatcher.ResponseData["body"],
  declared: number,
  status: number,
  most: number,
  origin: string,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (declared <= most) {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > most) break;
      chunks.push(chunk);
    }
    if (size <= most) return Buffer.concat(chunks, size);
  }
  body.destroy();
  throw tooLarge(declared > most ? `${declared} bytes, which is ` : "", status, most, origin);
}

const UNPACK = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer<ArrayBuffer>>>>;

/** @param encoding `Content-Encoding`: what it was packed with, the last one outermost. */
async function unpacked(
  bytes: Buffer<ArrayBuffer>,
  encoding: string | null,
  status: number,
  most: number,
  origin: string,
): Promise<Buffer<ArrayBuffer>> {
  let plain = bytes;
  for (const name of (encoding ?? "").split(",").reverse()) {
    const packing = name.trim().toLowerCase();
    if (packing === "" || packing === "identity" || plain.length === 0) continue;
    const unpack = UNPACK[packing];
    if (!unpack) throw malformed(origin, `the answer is packed as ${JSON.stringify(packing)}, which nobody asked for`);
    plain = await unpack(plain, { maxOutputLength: most }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge("", status, most, origin);
      throw malformed(origin, `the answer is not ${packing}, as its headers say: ${error.message}`);
    });
  }
  return plain;
}

function tooLarge(declared: string, status: number, most: number, origin: string): RemoteError {
  return new RemoteError({
    code: "provider-answer-too-large",
    message: `the answer holds ${declared}more than ${most} bytes`,
    where: origin,
    hint: "ask for less in one request: fewer texts, fewer tokens, fewer log-probabilities",
    status,
  });
}

function redirectError(status: number, location: string | null, from: URL): RemoteError {
  const to = location === null ? null : URL.parse(location, from.href);
  if (to === null) return malformed(from.origin, `status ${status} without a location that can be read`);
  return new RemoteError({
    code: "provider-redirect",
    message: `${from.host} sends the request on to ${to.host}, which was not followed: the key stays with ${from.host}`,
    where: from.origin,
    hint: `if ${to.origin} is to be trusted, give it as the base URL`,
    status,
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
