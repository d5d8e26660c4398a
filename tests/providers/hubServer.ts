/**
 * A Hub for tests: tells what repositories hold, serves small files itself and large ones from a second host, as
 * huggingface.co does. Checked with hf_hub_download and model_info of huggingface_hub 2.4.0 for Python.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Hub, serveFile, startHub } from "./fetchHub.ts";

export const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");
/** As `git hash-object` names a file. */
export const gitBlob = (content: Buffer) =>
  createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");

export interface Repository {
  /** Branches and tags. */
  readonly refs: Record<string, string>;
  /** By commit, then by name. */
  readonly commits: Record<string, Record<string, Buffer>>;
}

export interface HubServer {
  readonly endpoint: string;
  readonly requests: IncomingMessage[];
  /** Serves large files under `/SHA256`. */
  readonly storage: Hub;
  readonly repositories: Record<string, Repository>;
  /** Answers before the Hub does where it returns true. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Whether the listing tells sizes and hashes; some mirrors do not. */
  blobs: boolean;
  /** What HEAD and GET of files asked for, without the listings. */
  files(): string[];
  close(): Promise<void>;
}

const isLarge = (name: string) => /\.(safetensors|gguf|bin)$/.test(name);

export async function startHubServer(): Promise<HubServer> {
  const hub = await startHub(Buffer.alloc(0));
  const storage = await startHub(Buffer.alloc(0));
  const stored = new Map<string, Buffer>();
  const server: HubServer = {
    endpoint: hub.endpoint,
    requests: hub.requests,
    storage,
    repositories: {},
    before: () => false,
    blobs: true,
    files: () => hub.requests.map(({ url }) => decodeURIComponent(url ?? "")).filter((url) => !url.startsWith("/api/")),
    close: async () => void (await Promise.all([hub.close(), storage.close()])),
  };
  storage.handler = (request, response) => {
    const content = stored.get(request.url?.slice(1) ?? "");
    if (content === undefined) response.writeHead(404).end();
    else serveFile(content)(request, response);
  };
  const listing = (response: ServerResponse, name: string, revision: string) => {
    const repository = server.repositories[name];
    if (repository === undefined) return void response.writeHead(404, { "x-error-code": "RepoNotFound" }).end();
    const commit = repository.refs[revision] ?? revision;
    const files = repository.commits[commit];
    if (files === undefined) return void response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end();
    const siblings = Object.entries(files).map(([rfilename, content]) => {
      const lfs = { sha256: sha256(content), size: content.length, pointerSize: 134 };
      const facts = { size: content.length, blobId: gitBlob(content), ...(isLarge(rfilename) && { lfs }) };
      return { rfilename, ...(server.blobs && facts) };
    });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ id: name, sha: commit, siblings }));
  };
  const resolve = (
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    revision: string,
    file: string,
  ) => {
    const commit = server.repositories[name]?.refs[revision] ?? revision;
    const content = server.repositories[name]?.commits[commit]?.[file];
    if (content === undefined) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    response.setHeader("x-repo-commit", commit);
    if (!isLarge(file)) {
      response.setHeader("etag", `"${gitBlob(content)}"`);
      return request.method === "HEAD"
        ? void response.writeHead(200, { "content-length": content.length }).end()
        : serveFile(content)(request, response);
    }
    const digest = sha256(content);
    stored.set(digest, content);
    const linked = { "x-linked-etag": `"${digest}"`, "x-linked-size": content.length };
    response.writeHead(302, { ...linked, location: `${storage.endpoint}/${digest}` }).end();
  };
  hub.handler = (request, response) => {
    if (server.before(request, response)) return;
    const path = decodeURIComponent(URL.parse(request.url ?? "", hub.endpoint)?.pathname ?? "");
    const [, listed, at = ""] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(path) ?? [];
    if (listed !== undefined) return listing(response, listed, at);
    const [, name = "", revision = "", file = ""] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    resolve(request, response, name, revision, file);
  };
  return server;
}
