/** A server that speaks the Hub's `resolve` addresses, as far as the tests need it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Hub {
  readonly endpoint: string;
  readonly requests: IncomingMessage[];
  /** What the next requests get; `serveFile` unless a test says otherwise. */
  handler: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Answers like a file server that knows ranges. */
export function serveFile(content: Buffer) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from >= content.length) {
      response.writeHead(416).end();
      return;
    }
    const range = from > 0 ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from, ...range });
    response.end(content.subarray(from));
  };
}

export async function startHub(content: Buffer): Promise<Hub> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    hub.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hub: Hub = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    handler: serveFile(content),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}
