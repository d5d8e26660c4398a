/** What lies under the client libraries: packed answers, and bodies. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { guardedFetch } from "../../../providers/remote/guardedFetch.ts";
import { type FaultServer, startFaultServer } from "./FaultServer.ts";

let server: FaultServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function answered(encoding: string, bytes: Buffer, answerBytes = 1000): Promise<Response> {
  server = await startFaultServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding }).end(bytes);
  });
  return guardedFetch({ secrets: [], answerBytes })(`${server.origin}/x`);
}

const TEXT = JSON.stringify({ said: "你好" });

it("asks for packed answers, and leaves the other headers as they are", async () => {
  server = await startFaultServer((_, response) => void response.end("{}"));
  await guardedFetch({ secrets: [] })(`${server.origin}/x`, { headers: { accept: "application/json" } });
  expect(server.received[0]?.headers).toMatchObject({ accept: "application/json", "accept-encoding": "gzip, br" });
});

// What is thrown later, past the promise, fails the whole run of the tests.
it.each([
  ["a redirect with a text", 302, { location: "http://other.example/" }, "provider-redirect"],
  ["304", 304, {}, "provider-answer-malformed"],
  ["too long by its own account", 200, { "content-length": "2000" }, "provider-answer-too-large"],
])("an answer whose body is given up fails once: %s", async (_, status, headers: Record<string, string>, code) => {
  server = await startFaultServer((_, response) => {
    response.writeHead(status, headers).end(status === 304 ? "" : "x".repeat(2000));
  });
  await expect(guardedFetch({ secrets: [], answerBytes: 1000 })(`${server.origin}/x`)).rejects.toMatchObject({ code });
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
});

describe("an answer that is packed", () => {
  const packings: [string, (text: string | Buffer) => Buffer][] = [
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
    ["GZIP, br", (text) => brotliCompressSync(gzipSync(text))],
    ["identity", Buffer.from],
  ];
  it.each(packings)("%s", async (encoding, pack) => {
    const answer = await answered(encoding, pack(TEXT));
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(await answer.json()).toEqual({ said: "你好" });
  });

  it("may not hold more than is allowed once it is unpacked", async () => {
    await expect(answered("gzip", gzipSync("x".repeat(100_000)))).rejects.toMatchObject({
      code: "provider-answer-too-large",
    });
  });

  it("is malformed where it is not what its headers say, or is packed as nobody knows", async () => {
    await expect(answered("gzip", Buffer.from(TEXT))).rejects.toMatchObject({ code: "provider-answer-malformed" });
    await server?.close();
    await expect(answered("lzw", Buffer.from(TEXT))).rejects.toMatchObject({
      code: "provider-answer-malformed",
      message: expect.stringContaining('"lzw"'),
    });
  });
});

it("texts and bytes are sent as they are; nothing else is sent", async () => {
  server = await startFaultServer((_, response) => {
    response.end("{}");
  });
  const ask = guardedFetch({ secrets: [] });
  const [address, method] = [`${server.origin}/x`, "POST"];
  for (const body of ['{"a":"é"}', new TextEncoder().encode('{"a":"é"}')]) {
    await ask(address, { method, body, headers: { "content-type": "application/json" } });
    expect(server.received.at(-1)?.body).toEqual({ a: "é" });
  }
  await expect(ask(address, { method, body: new FormData() })).rejects.toThrow(/neither text nor bytes/);
  await expect(ask(new Request(address, { method, body: "{}" }))).rejects.toThrow(/its parts/);
  expect(server.received).toHaveLength(2);
});
