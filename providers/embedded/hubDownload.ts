/** Fetches a model file from the Hugging Face Hub, or from a mirror that speaks its `resolve` addresses. */
import { open, rm, stat } from "node:fs/promises";
import type { KnownModel } from "./knownModels.ts";
import { SourceFailed, type SourceRequest } from "./modelSource.ts";

/** A transfer that stands still for this long has failed. */
const STALL_MS = 30_000;

/** @throws SourceFailed where `HF_ENDPOINT` is no address to ask. */
export function hubAddress(known: KnownModel): URL {
  const endpoint = process.env.HF_ENDPOINT || "https://huggingface.co";
  const file = known.hub.file.split("/").map(encodeURIComponent).join("/");
  const address = URL.parse(`${endpoint.replace(/\/+$/, "")}/${known.hub.repository}/resolve/main/${file}`);
  // The value itself is not shown: it may hold a password.
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new SourceFailed("HF_ENDPOINT is not an http(s) address");
  if (address.username || address.password)
    throw new SourceFailed("HF_ENDPOINT must not hold a user name or password; use HF_TOKEN");
  return address;
}

function requestHeaders(have: number): Record<string, string> {
  const token = process.env.HF_TOKEN?.trim();
  // Such a token would be quoted in the error that fetch throws.
  if (token && !/^[\x21-\x7e]+$/.test(token)) throw new SourceFailed("HF_TOKEN holds a character that no token has");
  return {
    "accept-encoding": "identity",
    ...(have > 0 && { range: `bytes=${have}-` }),
    // Dropped by fetch when a redirect leaves the origin (Fetch standard, HTTP-redirect fetch, step 13).
    ...(token && { authorization: `Bearer ${token}` }),
  };
}

/** Refuses what cannot be the file before its bytes are taken. Returns where the answer's bytes begin. */
function startOfAnswer(response: Response, have: number, known: KnownModel): number {
  const { status, headers } = response;
  if (status === 401 || status === 403) {
    throw new SourceFailed(
      `HTTP ${status}${process.env.HF_TOKEN ? "; HF_TOKEN may be wrong or expired" : "; access may need HF_TOKEN"}`,
    );
  }
  const resumed = status === 206 && have > 0;
  if (status !== 200 && !resumed) throw new SourceFailed(`HTTP ${status} ${response.statusText}`.trim());
  if (headers.get("content-type")?.startsWith("text/html"))
    throw new SourceFailed("a web page came instead of the file");
  const range = headers.get("content-range");
  if (resumed && !range?.startsWith(`bytes ${have}-`)) {
    throw new SourceFailed(`asked for the bytes from ${have} on, the server sent ${range ?? "an unknown part"}`);
  }
  const start = resumed ? have : 0;
  const length = headers.get("content-length");
  if (length !== null && !headers.has("content-encoding") && start + Number(length) !== known.bytes) {
    throw new SourceFailed(`the file there has ${start + Number(length)} bytes, not ${known.bytes}`);
  }
  return start;
}

/** undici hides the reason in `cause`; several addresses tried give an AggregateError without a message. */
function reasonOf(error: unknown): string {
  const cause = (error instanceof Error && error.cause) || error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}

/** Ends a request that stands still. */
class Watchdog {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** Set once time ran out. */
  expired: string | null = null;
  readonly signal = this.controller.signal;

  arm(ms: number, reason: string): void {
    this.timer = setTimeout(() => {
      this.expired = reason;
      this.end();
    }, ms);
  }

  disarm(): void {
    clearTimeout(this.timer);
  }

  /** Also frees the connection of an answer that nobody reads. */
  end(): void {
    this.disarm();
    this.controller.abort();
  }
}

/**
 * Fetches the file to `part`, going on from what `part` holds already. One try. What has arrived stays in `part`
 * when the transfer fails; whether it is the right file is for the caller to check.
 * @param connectMs time for the answer's headers to arrive, redirects included
 * @throws SourceFailed; file system errors and `signal`'s reason as they are.
 */
export async function downloadFromHub(request: SourceRequest, part: string, connectMs: number): Promise<void> {
  const { known, signal } = request;
  const address = hubAddress(known);
  const have = await usableBytes(part, known.bytes);
  if (have === known.bytes) return;
  const headers = requestHeaders(have);
  const watchdog = new Watchdog();
  try {
    watchdog.arm(connectMs, `no answer within ${connectMs / 1000} s`);
    const response = await fetch(address, { headers, signal: AbortSignal.any([signal, watchdog.signal]) }).catch(
      (error) => {
        throw new SourceFailed(reasonOf(error));
      },
    );
    watchdog.disarm();
    // The server's file is shorter than the part: the part is not the beginning of it.
    if (response.status === 416) await rm(part, { force: true });
    await receive(response, startOfAnswer(response, have, known), part, watchdog, request);
  } catch (error) {
    signal.throwIfAborted();
    if (watchdog.expired !== null) throw new SourceFailed(watchdog.expired);
    throw error;
  } finally {
    watchdog.end();
  }
}

async function receive(
  response: Response,
  start: number,
  part: string,
  watchdog: Watchdog,
  { known, onBytes }: SourceRequest,
): Promise<void> {
  let done = start;
  const cut = (reason: string) =>
    `${reason} after ${done} of ${known.bytes} bytes; the next attempt goes on from there`;
  const file = await open(part, start > 0 ? "a" : "w");
  try {
    const reader = response.body?.getReader();
    while (reader) {
      watchdog.arm(STALL_MS, cut(`nothing came for ${STALL_MS / 1000} s`));
      const chunk = await reader.read().catch((error) => {
        throw new SourceFailed(cut(`the connection broke (${reasonOf(error)})`));
      });
      watchdog.disarm();
      if (chunk.done) break;
      done += chunk.value.length;
      if (done > known.bytes) break;
      await file.appendFile(chunk.value);
      onBytes(done);
    }
  } finally {
    await file.close();
  }
  if (done < known.bytes) throw new SourceFailed(cut("the answer ended"));
  if (done > known.bytes) {
    await rm(part);
    throw new SourceFailed(`the file there has more than ${known.bytes} bytes`);
  }
}

/** Size of the part that an earlier attempt left; 0 where there is none. */
async function usableBytes(part: string, limit: number): Promise<number> {
  const size = (await stat(part).catch(ignoreMissing))?.size ?? 0;
  if (size <= limit) return size;
  await rm(part);
  return 0;
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
