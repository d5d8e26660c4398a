/** Fetches one file over HTTP: from the Hugging Face Hub, or a mirror that speaks its `resolve` addresses, or elsewhere. */
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hubHeaders, reasonOf, refusal } from "./hubAccess.ts";
import { SourceFailed } from "./modelSource.ts";

/** A transfer that stands still for this long has failed. */
const STALL_MS = 30_000;

export interface DownloadRequest {
  readonly address: URL;
  /** Size that the file must have. */
  readonly bytes: number;
  readonly signal: AbortSignal;
  /** Hears how many of the file's bytes have arrived, those of earlier attempts included. */
  readonly onBytes: (done: number) => void;
  /** Time for the answer's headers to arrive, redirects included, milliseconds. */
  readonly connectMs: number;
  /** What the request says; to the Hub what hubHeaders tells, which may hold a key. */
  readonly headers?: Readonly<Record<string, string>>;
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

/** Beside a part: the ETag of the file that it is the beginning of. */
const etagFile = (part: string) => `${part}.etag`;

/** Removes what a failed transfer left. */
export async function discardPart(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(etagFile(part), { force: true });
}

/**
 * Fetches the file to `part`, going on from what `part` holds already, unless the server says that the file is
 * another one by now. One try. What has arrived stays in `part` when the transfer fails; whether it is the right
 * file is for the caller to check.
 * @throws SourceFailed; file system errors and `signal`'s reason as they are.
 */
export async function downloadFromHub(request: DownloadRequest, part: string): Promise<void> {
  const { address, bytes, signal, connectMs } = request;
  const have = await usableBytes(part, bytes);
  const etag = have > 0 ? await readFile(etagFile(part), "utf8").catch(ignoreMissing) : null;
  if (have < bytes || bytes === 0) {
    const headers = {
      ...(request.headers ?? hubHeaders()),
      ...(have > 0 && { range: `bytes=${have}-` }),
      ...(etag !== null && { "if-range": etag }),
    };
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
      if (response.status === 416) await discardPart(part);
      const start = startOfAnswer(response, have, bytes);
      if (start > 0 && !sameFile(response, etag)) {
        await discardPart(part);
        throw new SourceFailed("the file there has changed; the next attempt begins anew");
      }
      if (start === 0) await noteEtag(response, part);
      await receive(response, start, part, watchdog, request);
    } catch (error) {
      signal.throwIfAborted();
      if (watchdog.expired !== null) throw new SourceFailed(watchdog.expired);
      throw error;
    } finally {
      watchdog.end();
    }
  }
  await rm(etagFile(part), { force: true });
}

/** Refuses what cannot be the file before its bytes are taken. Returns where the answer's bytes begin. */
function startOfAnswer(response: Response, have: number, bytes: number): number {
  const { status, headers } = response;
  const refused = refusal(response);
  const resumed = status === 206 && have > 0;
  if (refused !== null || (status === 206 && !resumed))
    throw new SourceFailed(refused ?? "a part came, and the whole was asked for", response);
  if (headers.get("content-type")?.startsWith("text/html"))
    throw new SourceFailed("a web page came instead of the file");
  const range = headers.get("content-range");
  if (resumed && !range?.startsWith(`bytes ${have}-`)) {
    throw new SourceFailed(`asked for the bytes from ${have} on, the server sent ${range ?? "an unknown part"}`);
  }
  const start = resumed ? have : 0;
  const length = headers.get("content-length");
  if (length !== null && !headers.has("content-encoding") && start + Number(length) !== bytes) {
    throw new SourceFailed(`the file there has ${start + Number(length)} bytes, not ${bytes}`);
  }
  return start;
}

/** A server need not know If-Range; its answer's own ETag tells then. */
function sameFile(response: Response, etag: string | null): boolean {
  const now = response.headers.get("etag");
  return etag === null || now === null || now === etag;
}

async function noteEtag(response: Response, part: string): Promise<void> {
  const etag = response.headers.get("etag");
  // A weak one must not be used to continue a file (RFC 9110, section 13.1.5).
  if (etag?.startsWith('"')) await writeFile(etagFile(part), etag);
  else await rm(etagFile(part), { force: true });
}

async function receive(
  response: Response,
  start: number,
  part: string,
  watchdog: Watchdog,
  { bytes, onBytes }: DownloadRequest,
): Promise<void> {
  let done = start;
  const cut = (reason: string) => `${reason} after ${done} of ${bytes} bytes; the next attempt goes on from there`;
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
      if (done > bytes) break;
      await file.appendFile(chunk.value);
      onBytes(done);
    }
  } finally {
    await file.close();
  }
  if (done < bytes) throw new SourceFailed(cut("the answer ended"));
  if (done > bytes) {
    await discardPart(part);
    throw new SourceFailed(`the file there has more than ${bytes} bytes`);
  }
}

/** Size of the part that an earlier attempt left; 0 where there is none. */
async function usableBytes(part: string, limit: number): Promise<number> {
  const size = (await stat(part).catch(ignoreMissing))?.size ?? 0;
  if (size <= limit) return size;
  await discardPart(part);
  return 0;
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
