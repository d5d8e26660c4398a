import { readFileSync } from "node:fs";
import { ExpectedError } from "../../errors.ts";
import type { Provider, ReadRequest, ReadResult, SampleRequest, Tokenizer } from "../contract.ts";
import {
  answerPath,
  encodeKey,
  FORMAT,
  headPath,
  type RecordedHead,
  type RecordedRefusal,
  type RecordedTokenizer,
  readValue,
  tokenizerPath,
} from "./recording.ts";

const HINT = "a recording answers what was asked while it was made: record the same run again (--record)";

function unrecorded(folder: string, what: string): ExpectedError {
  return new ExpectedError({ code: "not-recorded", message: `${folder} holds no answer for ${what}`, hint: HINT });
}

function load(folder: string, path: string): unknown {
  try {
    return readValue(readFileSync(path, "utf8"));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ExpectedError({
      code: missing ? "recording-missing" : "recording-malformed",
      message: missing
        ? `${folder} is no complete recording: ${path} is not there`
        : `${path}: ${(error as Error).message}`,
      hint: "isoglyph run SUITE --model REF --record FOLDER makes one",
      cause: error,
    });
  }
}

function replayed(folder: string, said: RecordedTokenizer): Tokenizer {
  const { begin, finish, end, encoded, decoded, chats } = said;
  return {
    ...{ begin, finish, end },
    encode: (text, options) => {
      const ids = encoded[encodeKey(text, options)];
      if (ids === undefined) throw unrecorded(folder, `the tokens of ${JSON.stringify(text.slice(0, 60))}`);
      return [...ids];
    },
    decode: (ids) => {
      const text = decoded[ids.join()];
      if (text === undefined) throw unrecorded(folder, `the text of ${ids.length} tokens`);
      return text;
    },
    chat:
      chats === null
        ? null
        : (messages) => {
            const text = chats[JSON.stringify(messages)];
            if (text === undefined) throw unrecorded(folder, "this conversation");
            return text;
          },
  };
}

/** Says again what a provider said while RecordingProvider listened, without the model. */
export class RecordedProvider implements Provider {
  readonly identity: Provider["identity"];
  readonly capabilities: Provider["capabilities"];
  readonly tokenizer: Tokenizer;
  private readonly folder: string;

  /** @throws ExpectedError `recording-missing`, `recording-malformed`. */
  constructor(folder: string) {
    const head = load(folder, headPath(folder)) as RecordedHead;
    if (head.format !== FORMAT) {
      throw new ExpectedError({
        code: "recording-malformed",
        message: `${headPath(folder)} has format ${head.format}, and this version reads ${FORMAT}`,
        hint: "record it again",
      });
    }
    this.folder = folder;
    this.identity = head.identity;
    this.capabilities = head.capabilities;
    this.tokenizer = replayed(folder, load(folder, tokenizerPath(folder)) as RecordedTokenizer);
  }

  private async answer<T extends object>(method: string, request: unknown, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    let kept: T | RecordedRefusal;
    try {
      kept = load(this.folder, answerPath(this.folder, method, request)) as T | RecordedRefusal;
    } catch (error) {
      if (error instanceof ExpectedError && error.code === "recording-missing") {
        throw unrecorded(this.folder, `this ${method} request`);
      }
      throw error;
    }
    if ("refused" in kept) throw new ExpectedError({ ...kept.refused, where: this.folder });
    return kept;
  }

  read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    return this.answer("read", request, signal);
  }

  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.answer("embed", texts, signal);
  }

  sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    return this.answer("sample", request, signal);
  }

  async close(): Promise<void> {}
}
