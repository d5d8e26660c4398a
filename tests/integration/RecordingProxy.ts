/** Stands between a provider and a real server, and keeps what either says: for the fixtures of the normal tests. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Exchange } from "../providers/remote/ReplayServer.ts";

export class RecordingProxy {
  readonly base: string;
  private readonly server: Server;
  private readonly kept = new Map<string, Exchange>();

  private constructor(server: Server) {
    this.server = server;
    this.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param clean takes out of an answer what is of this machine or of this moment. */
  static async start(target: string, clean: (answer: unknown) => unknown): Promise<RecordingProxy> {
    const server = createServer(async (asked, response) => {
      const [path = "", method = "GET"] = [asked.url, asked.method];
      const body = await text(asked);
      const answer = await fetch(target + path, {
        method,
        headers: { "content-type": "application/json" },
        ...(body !== "" && { body }),
      });
      const said = await answer.text();
      const request: unknown = body === "" ? null : JSON.parse(body);
      proxy.kept.set(JSON.stringify([path, request]), {
        ...{ path, request, status: answer.status },
        answer: clean(JSON.parse(said)),
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(said);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const proxy = new RecordingProxy(server);
    return proxy;
  }

  /** Each different request with its last answer. */
  get exchanges(): readonly Exchange[] {
    return [...this.kept.values()];
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
