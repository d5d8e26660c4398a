import { mkdirSync, readdirSync } from "node:fs";
import { ExpectedError } from "../../errors.ts";
import { writeWhole } from "../../writeWhole.ts";
import type { Provider, ReadRequest, ReadResult, SampleRequest, Tokenizer } from "../contract.ts";
import {
  answerPath,
  encodeKey,
  FORMAT,
  headPath,
  REFUSALS,
  type RecordedHead,
  type RecordedTokenizer,
  tokenizerPath,
  writeValue,
} from "./recording.ts";

/** Answers as the provider that it wraps, and keeps every answer in a folder that `recorded:FOLDER` replays. */
export class RecordingProvider implements Provider {
  readonly identity: Provider["identity"];
  readonly capabilities: Provider["capabilities"];
  readonly tokenizer: Tokenizer;
  private readonly provider: Provider;
  private readonly folder: string;
  private readonly said: RecordedTokenizer;

  /** @throws ExpectedError `recording-exists` where the folder holds something. */
  constructor(provider: Provider, folder: string) {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) {
      throw new ExpectedError({
        code: "recording-exists",
        message: `${folder} is not empty`,
        hint: "name another folder, or remove this one",
      });
    }
    this.provider = provider;
    this.folder = folder;
    this.identity = provider.identity;
    this.capabilities = provider.capabilities;
    const { begin, finish, end, chat } = provider.tokenizer;
    this.said = { begin, finish, end, encoded: {}, decoded: {}, chats: chat === null ? null : {} };
    this.tokenizer = this.recordingTokenizer();
    const head: RecordedHead = { format: FORMAT, identity: this.identity, capabilities: this.capabilities };
    writeWhole(headPath(folder), writeValue(head));
  }

  private recordingTokenizer(): Tokenizer {
    const { begin, finish, end, encoded, decoded, chats } = this.said;
    const { tokenizer } = this.provider;
    return {
      ...{ begin, finish, end },
      encode: (text, options) => {
        const ids = tokenizer.encode(text, options);
        encoded[encodeKey(text, options)] = ids;
        return ids;
      },
      decode: (ids) => {
        const text = tokenizer.decode(ids);
        decoded[ids.join()] = text;
        return text;
      },
      chat:
        chats === null
          ? null
          : (messages) => {
              const text = tokenizer.chat?.(messages) ?? "";
              chats[JSON.stringify(messages)] = text;
              return text;
            },
    };
  }

  private async keep<T>(method: string, request: unknown, make: () => Promise<T>): Promise<T> {
    const path = answerPath(this.folder, method, request);
    try {
      const answer = await make();
      writeWhole(path, writeValue(answer));
      return answer;
    } catch (error) {
      // A refusal is an answer too; a failure of the day, such as a lost connection, is not.
      if (error instanceof ExpectedError && REFUSALS.includes(error.code)) {
        const { code, message, hint } = error;
        writeWhole(path, writeValue({ refused: { code, message, ...(hint && { hint }) } }));
      }
      throw error;
    }
  }

  read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    return this.keep("read", request, () => this.provider.read(request, signal));
  }

  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.keep("embed", texts, () => this.provider.embed(texts, signal));
  }

  sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    return this.keep("sample", request, () => this.provider.sample(request, signal));
  }

  async close(): Promise<void> {
    writeWhole(tokenizerPath(this.folder), writeValue(this.said));
    await this.provider.close();
  }
}
