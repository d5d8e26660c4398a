/**
 * A server of the OpenAI interface, in a process of its own, that does nothing but answer: at once, after a while, or as
 * a token bucket allows. Says its port to its parent; `/settings?delay=MS&rate=N` sets it and tells what it counted.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

const WIDTH = 384;
/** What the bucket holds at most, as a share of a second's rate. */
const BURST = 1;

const settings = { delay: 0, rate: Number.POSITIVE_INFINITY };
const counted = { requests: 0, rejected: 0 };
const bucket = { tokens: 0, at: performance.now() };

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function allowed(): boolean {
  if (settings.rate === Number.POSITIVE_INFINITY) return true;
  const now = performance.now();
  bucket.tokens = Math.min(BURST * settings.rate, bucket.tokens + ((now - bucket.at) / 1000) * settings.rate);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "", "http://localhost");
  if (url.pathname === "/settings") {
    send(response, 200, { ...counted });
    Object.assign(counted, { requests: 0, rejected: 0 });
    Object.assign(bucket, { tokens: 1, at: performance.now() });
    settings.delay = Number(url.searchParams.get("delay"));
    settings.rate = Number(url.searchParams.get("rate")) || Number.POSITIVE_INFINITY;
    return;
  }
  if (url.pathname.endsWith("/models")) return send(response, 200, { data: [{ id: "model" }, { id: "embedder" }] });
  counted.requests++;
  const body = (await json(request)) as { model: string; input?: string | string[] };
  if (!allowed()) {
    counted.rejected++;
    return send(response, 429, { error: { message: "too many requests" } });
  }
  if (url.pathname.endsWith("/embeddings")) {
    const vector = (i: number) => Array.from({ length: WIDTH }, (_, k) => Math.sin(k + i + 1));
    const data = [body.input ?? []].flat().map((_, index) => ({ index, embedding: vector(index) }));
    return send(response, 200, { data, usage: { prompt_tokens: data.length } });
  }
  if (body.model === "embedder") return send(response, 404, { error: { message: "not a chat model" } });
  const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Paris." } }];
  const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  setTimeout(() => send(response, 200, { model: body.model, choices, usage }), settings.delay);
});
// A bare fetch does not ask again when an idle connection closes under it.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());
