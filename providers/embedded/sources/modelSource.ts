import type { KnownModel } from "./knownModels.ts";

/** A source could not give the model; the message is its reason. The next source is asked. */
export class SourceFailed extends Error {
  /** What the server answered with, where it answered. */
  readonly response: Response | null;

  constructor(message: string, response: Response | null = null) {
    super(message);
    this.response = response;
  }
}

/** How to ask a source. */
export interface SourceRequest {
  readonly known: KnownModel;
  readonly signal: AbortSignal;
  /** Hears how many of the model's bytes have arrived. */
  readonly onBytes: (done: number) => void;
}
