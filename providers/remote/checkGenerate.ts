import { ExpectedError } from "../../errors.ts";
import type { GenerateRequest } from "../contract.ts";
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

/**
 * What no server is asked for: an answer to nothing, an answer of no tokens (which some take for as many as the model
 * likes), more likely tokens than it names.
 * @throws ExpectedError `capability-missing`, `generation-empty`.
 */
export function checkGenerate({ input, maxTokens, topLogProbs = 0 }: GenerateRequest, offer: Offer): void {
  const { reference, origin, topLogProbs: most, withoutLogProbs } = offer;
  if (topLogProbs > most) {
    const message = `${topLogProbs} likely tokens are asked for, and the server names ${most}`;
    throw missing(origin, message, most > 0 ? "ask for fewer" : withoutLogProbs);
  }
  const empty = "text" in input ? input.text === "" : input.messages.length === 0;
  if (empty || !Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    throw new ExpectedError({
      code: "generation-empty",
      message: empty ? "there is no text to continue" : `an answer of ${maxTokens} tokens was asked for`,
      where: reference,
      hint: empty ? "give it at least one character or one message" : "ask for at least one token",
    });
  }
}
