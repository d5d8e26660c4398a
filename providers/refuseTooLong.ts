import { ExpectedError } from "../errors.ts";
import type { ServedIdentity } from "./contract.ts";

/**
 * What every model does with more positions than it reads.
 * @throws ExpectedError `input-too-long`.
 */
export function refuseTooLong({ name, contextLength }: ServedIdentity, positions: number): void {
  // Where nobody says, whoever serves the model has to refuse what is too long.
  if (contextLength === null || positions <= contextLength) return;
  throw new ExpectedError({
    code: "input-too-long",
    message: `the text takes ${positions} positions, and ${name} reads ${contextLength}`,
    hint: "shorten the item, or choose a model with a longer context; Isoglyph never cuts a text in silence",
  });
}
