/** What a revision of a repository holds, as the Hub's API tells it. */

import { hubApiAddress, hubFileAddress, hubHeaders, reasonOf, refusal } from "./hubAccess.ts";
import { isCommit } from "./hubSnapshot.ts";
import { SourceFailed } from "./modelSource.ts";

/** Room for a repository of a hundred thousand files. */
const MAX_ANSWER_BYTES = 32 << 20;
const ANSWER_MS = 30_000;
const MAX_REDIRECTS = 5;

export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  /** sha256 of the content (64 digits), or git's blob id (40); null where the server tells neither. */
  readonly hash: string | null;
}

export interface HubListing {
  readonly commit: string;
  /** By name; null where sizes have to be asked for one by one, as of some mirrors. */
  readonly files: ReadonlyMap<string, HubFile | null>;
}

/** @throws SourceFailed, with the answer where there was one; `signal`'s reason as it is. */
export async function hubListing(
  repository: string,
  revision: string,
  signal: AbortSignal,
  connectMs: number,
): Promise<HubListing> {
  const response = await ask(hubApiAddress(repository, revision), "GET", "follow", signal, connectMs);
  const refused = refusal(response);
  if (refused !== null) throw new SourceFailed(refused, response);
  const text = await bodyOf(response);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new SourceFailed(`its answer is no JSON (${(error as Error).message})`);
  }
  const { sha, siblings } = (answer ?? {}) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== "string" || !isCommit(sha)) throw new SourceFailed("its answer names no commit");
  if (!Array.isArray(siblings)) throw new SourceFailed("its answer lists no files");
  return { commit: sha, files: new Map(siblings.map(sibling)) };
}

function sibling(entry: unknown): [string, HubFile | null] {
  const { rfilename: name, size, blobId, lfs } = (entry ?? {}) as Record<string, unknown>;
  if (typeof name !== "string") throw new SourceFailed("its answer lists a file without a name");
  const { sha256, size: large } = (lfs ?? {}) as Record<string, unknown>;
  const bytes = large ?? size;
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0) return [name, null];
  return [name, { name, bytes: bytes as number, hash: hashIn(sha256 ?? (lfs ? null : blobId)) }];
}

function hashIn(value: unknown): string | null {
  return typeof value === "string" && isCommit(value) ? value : null;
}

/** Asks for one file's size and hash: what the listing left out. @throws SourceFailed */
export async function hubFile(
  repository: string,
  commit: string,
  name: string,
  signal: AbortSignal,
  connectMs: number,
): Promise<HubFile> {
  let address = hubFileAddress(repository, commit, name);
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const response = await ask(address, "HEAD", "manual", signal, connectMs);
    const { status, headers } = response;
    const location = URL.parse(headers.get("location") ?? "", address.href);
    const redirected = status >= 300 && status < 400;
    const size = headers.get("x-linked-size") ?? (redirected ? null : headers.get("content-length"));
    const refused = redirected ? null : refusal(response);
    if (refused !== null) throw new SourceFailed(`${name}: ${refused}`, response);
    if (size !== null && /^\d+$/.test(size)) {
      // `"<hash>"`; of a large file the linked one is its sha256.
      const etag = (headers.get("x-linked-etag") ?? headers.get("etag") ?? "").replace(/^(?:W\/)?"(.*)"$/, "$1");
      return { name, bytes: Number(size), hash: hashIn(etag) };
    }
    // Within the Hub a redirect leads to a repository's new name; what lies elsewhere is the content itself.
    if (!redirected || location === null || location.origin !== address.origin) break;
    address = location;
  }
  throw new SourceFailed(`${name}: the server does not tell its size`);
}

async function ask(
  address: URL,
  method: "GET" | "HEAD",
  redirect: "follow" | "manual",
  signal: AbortSignal,
  connectMs: number,
): Promise<Response> {
  const connect = new AbortController();
  const timer = setTimeout(() => connect.abort(), connectMs);
  try {
    return await fetch(address, {
      method,
      redirect,
      headers: hubHeaders(),
      signal: AbortSignal.any([signal, connect.signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailed) throw error;
    throw new SourceFailed(connect.signal.aborted ? `no answer within ${connectMs / 1000} s` : reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new SourceFailed(`its answer takes more than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof SourceFailed) throw error;
    throw new SourceFailed(`the connection broke (${reasonOf(error)})`);
  }
  return Buffer.concat(chunks).toString("utf8");
}
