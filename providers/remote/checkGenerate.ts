import { ExpectedError } from "../../errors.ts";
import type { EmbeddingsRequest, GenerateRequest } from "../contract.ts";
import { missing } from "./RemoteError.ts";

/** What a server shows of the model that is asked. */
export interface Offer {
  /** The model's reference. */
  readonly reference: string;
  readonly origin: string;
  /** Most likely tokens that it names for this kind of request. */
  readonly topLogProbs: number;
  /** What to do where it names none. */
  readonly withoutLogProbs: string;
}

/** Rows that are no matrix of finite numbers. @throws ExpectedError `embeddings-malformed`. */
function checkRows(rows: readonly Float32Array[], reference: string): void {
  const width = rows[0]?.length ?? 0;
  const uneven = rows.findIndex((row) => row.length !== width || width === 0);
  const broken = rows.findIndex((row) => !row.every(Number.isFinite));
  if (uneven < 0 && broken < 0) return;
  const message =
    uneven < 0
      ? `row ${broken} holds a number that is not finite`
      : `row ${uneven} has ${rows[uneven]?.length} numbers, and row 0 ${width}`;
  const hint = "give one row a token, each as wide as the model";
  throw new ExpectedError({ code: "embeddings-malformed", message, where: reference, hint });
}

/** Characters, messages or rows that it goes on from. */
function sizeOf(request: GenerateRequest | EmbeddingsRequest): number {
  if ("embeddings" in request) return request.embeddings.length;
  const { input } = request;
  return "text" in input ? input.text.length : input.messages.length;
}

/**
 * What no server is asked for: an answer to nothing, an answer of no tokens (which some take for as many as the model
 * likes), more likely tokens than it names.
 * @throws ExpectedError `capability-missing`, `generation-empty`, `embeddings-malformed`.
 */
export function checkGenerate(request: GenerateRequest | EmbeddingsRequest, offer: Offer): void {
  const { maxTokens, topLogProbs = 0 } = request;
  const { reference, origin, topLogProbs: most, withoutLogProbs } = offer;
  if (topLogProbs > most) {
    const message = `${topLogProbs} likely tokens are asked for, and the server names ${most}`;
    throw missing(origin, message, most > 0 ? "ask for fewer" : withoutLogProbs);
  }
  if ("embeddings" in request) checkRows(request.embeddings, reference);
  const empty = sizeOf(request) === 0;
  if (empty || !Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    throw new ExpectedError({
      code: "generation-empty",
      message: empty ? "there is no text to continue" : `an answer of ${maxTokens} tokens was asked for`,
      where: reference,
      hint: empty ? "give it at least one character or one message" : "ask for at least one token",
    });
  }
}
