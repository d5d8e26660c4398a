/** The openai library behind the queue: every request goes through the queue's fetch, and the library's retries are off. */
import { AsyncLocalStorage } from "node:async_hooks";
import OpenAI from "openai";
import type { RequestQueue } from "../remote/RequestQueue.ts";

export interface OpenAiClientOptions {
  readonly queue: RequestQueue;
  readonly base: string;
  readonly origin: string;
  /** Null where the server wants none. */
  readonly key: string | null;
  readonly model: string;
  readonly organization: string | null;
  readonly project: string | null;
}

/** What a request is besides its body. */
export interface Sending<T> {
  /** Checks the answer and reads it. */
  readonly read: (answer: unknown) => T;
  readonly tokens?: number;
  readonly cost?: number;
  readonly price?: (answer: T) => number;
  /** Tells apart requests that are equal and are to be answered each for itself. */
  readonly copy?: number;
}

export type Route = "/chat/completions" | "/completions" | "/embeddings";

/** Longer than any time-out of the queue, which is the one that counts. */
const NEVER = 2 ** 31 - 1;

export class OpenAiClient {
  readonly options: OpenAiClientOptions;
  private readonly library: OpenAI;
  /** The queue's fetch for the try that is under way: making a client a try would cost a quarter of a millisecond. */
  private readonly fetchOfTry = new AsyncLocalStorage<typeof globalThis.fetch>();

  constructor(options: OpenAiClientOptions) {
    this.options = options;
    const { base, key, organization, project } = options;
    this.library = new OpenAI({
      baseURL: base,
      fetch: (input, init) => (this.fetchOfTry.getStore() ?? notInQueue)(input, init),
      maxRetries: 0,
      timeout: NEVER,
      logLevel: "off",
      organization,
      project,
      adminAPIKey: null,
      webhookSecret: null,
      apiKey: key ?? "none",
      ...(key === null ? { defaultHeaders: { Authorization: null } } : {}),
    });
  }

  /** Posts to a route under the base URL, or to a whole address. @throws RemoteError */
  post<T>(
    route: Route | URL,
    body: Readonly<Record<string, unknown>>,
    how: Sending<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = route instanceof URL ? route.href : route;
    const { read, copy, ...estimates } = how;
    const send = async (fetch: typeof globalThis.fetch) =>
      read(await this.fetchOfTry.run(fetch, async () => this.library.post(path, { body })));
    return this.options.queue.submit({ ...estimates, key: [path, body, copy ?? 0], send }, signal);
  }

  get<T>(path: string, read: (answer: unknown) => T, signal?: AbortSignal): Promise<T> {
    const send = async (fetch: typeof globalThis.fetch) =>
      read(await this.fetchOfTry.run(fetch, async () => this.library.get(path)));
    return this.options.queue.submit({ key: [path], send }, signal);
  }
}

function notInQueue(): never {
  throw new Error("a request was sent past the queue");
}
