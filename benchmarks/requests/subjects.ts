/** The same rows by a bare fetch pool, by OpenAI's own package in such a pool, and by the provider. */
import OpenAI from "openai";
import { request as send } from "undici";
import type { GenerateRequest } from "../../providers/contract.ts";
import { openOpenAi } from "../../providers/openai/openOpenAi.ts";

const CONCURRENCY = 20;

/** What each subject does with its rows; resolves with the answers' texts. */
export type Ask = (requests: readonly GenerateRequest[]) => Promise<readonly string[]>;

const messagesOf = ({ input }: GenerateRequest) => ("messages" in input ? [...input.messages] : []);
const bodyOf = (request: GenerateRequest) => ({
  model: "model",
  max_tokens: request.maxTokens,
  temperature: request.temperature,
  messages: messagesOf(request),
});

async function pool<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

export function bareFetch(base: string): Ask {
  const headers = { "content-type": "application/json" };
  return (requests) =>
    pool(requests, async (request) => {
      const answer = await fetch(`${base}/v1/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify(bodyOf(request)),
      });
      const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
      return choices[0]?.message.content ?? "";
    });
}

/** No more of undici's `request`, which the provider sends with, than the package needs here. */
const overRequest: typeof globalThis.fetch = async (input, init = {}) => {
  const { statusCode, headers, body } = await send(String(input), {
    method: "POST",
    headers: new Headers(init.headers),
    body: init.body as string,
  });
  const type = String(headers["content-type"]);
  return new Response(await body.arrayBuffer(), { status: statusCode, headers: { "content-type": type } });
};

/** @param fetch the package's own where none is given. */
export function sdk(base: string, fetch?: typeof globalThis.fetch): Ask {
  const client = new OpenAI({ apiKey: "none", baseURL: `${base}/v1`, maxRetries: 0, ...(fetch && { fetch }) });
  return (requests) =>
    pool(requests, async (request) => {
      const { choices } = await client.chat.completions.create(bodyOf(request));
      return choices[0]?.message.content ?? "";
    });
}

export async function provider(base: string): Promise<Ask> {
  const limits = { concurrency: { start: CONCURRENCY, most: CONCURRENCY } };
  const opened = await openOpenAi(`openai:model@${base}/v1`, { env: {}, limits });
  return async (requests) => (await opened.generate(requests)).map(({ text }) => text);
}

export async function subject(name: string, base: string): Promise<Ask> {
  if (name === "fetch") return bareFetch(base);
  if (name === "sdk") return sdk(base);
  return name === "sdk-over-request" ? sdk(base, overRequest) : provider(base);
}
