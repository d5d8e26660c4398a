/** A server on loopback that answers as it is told, faults included. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** As JSON where it is; null for an empty body. */
  readonly body: unknown;
}

export type Answer = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface FaultServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly received: Received[];
  answer: Answer;
  close(): Promise<void>;
}

export async function startFaultServer(answer: Answer): Promise<FaultServer> {
  const received: Received[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: text === "" ? null : (JSON.parse(text) as unknown),
      };
      received.push(one);
      void server.answer(one, response);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const server: FaultServer = {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    received,
    answer,
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** As OpenAI words it. */
export const rateLimited = {
  error: { message: "Rate limit reached for requests", type: "requests", param: null, code: "rate_limit_exceeded" },
};
