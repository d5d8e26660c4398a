/** Answers as a real server did, to the very requests that it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";

export interface Exchange {
  readonly path: string;
  readonly request: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/** Gives another answer than the recorded one where it returns true. */
type Before = (path: string, body: Record<string, unknown> | null, response: ServerResponse) => boolean;

export interface ReplayServer {
  readonly base: string;
  readonly requests: { readonly path: string; readonly body: Record<string, unknown> | null }[];
  /** Requests that no real server was asked while recording. */
  readonly unrecorded: unknown[];
  before: Before;
  close(): Promise<void>;
}

export async function startReplayServer(exchanges: readonly Exchange[]): Promise<ReplayServer> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const replay: ReplayServer = {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    unrecorded: [],
    before: () => false,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    const path = request.url ?? "";
    const body = sent === "" ? null : JSON.parse(sent);
    replay.requests.push({ path, body });
    if (replay.before(path, body, response)) return;
    const found = exchanges.find((one) => one.path === path && isDeepStrictEqual(one.request, body));
    if (!found) replay.unrecorded.push({ path, body });
    sendJson(response, found?.status ?? 501, found?.answer ?? { error: "not recorded" });
  }
  return replay;
}

export function sendJson(response: ServerResponse, status: number, answer: unknown): true {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(answer));
  return true;
}
