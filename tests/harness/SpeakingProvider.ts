/** The scripted provider with something to say: what it samples is a function's, where that has something to say. */
import type { SampleRequest } from "../../providers/contract.ts";
import { type ScriptedOptions, ScriptedProvider } from "./ScriptedProvider.ts";

export interface SpeakingOptions extends ScriptedOptions {
  /** The reply to a prompt as text, special tokens included; null leaves the request to the script. */
  readonly say: (prompt: string, request: SampleRequest, seed: number) => string | null;
}

export class SpeakingProvider extends ScriptedProvider {
  readonly prompts: string[] = [];
  readonly requests: SampleRequest[] = [];
  private readonly say: SpeakingOptions["say"];

  constructor(options: SpeakingOptions) {
    super(options);
    this.say = options.say;
  }

  override async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    signal?.throwIfAborted();
    const prompts = request.prompts.map(({ ids }) => this.tokenizer.decode(ids));
    const replies = prompts.map((prompt, i) => this.say(prompt, request, request.prompts[i]?.seed ?? 0));
    if (replies.includes(null)) return super.sample(request, signal);
    this.requests.push(request);
    this.prompts.push(...prompts);
    return replies.map((reply) => {
      const said = [...this.tokenizer.encode(reply as string), ...this.tokenizer.end];
      return Array.from({ length: request.samples }, () => said);
    });
  }
}
