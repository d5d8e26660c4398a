import { ExpectedError } from "../../errors.ts";

/** @throws ExpectedError `quantiser-uneven` where the width cannot be cut into equal parts. */
export function refuseUneven(width: number, places: number): void {
  if (width % places === 0) return;
  const divisors = Array.from({ length: width }, (_, i) => i + 1).filter((count) => width % count === 0);
  throw new ExpectedError({
    code: "quantiser-uneven",
    message: `vectors of width ${width} cannot be cut into ${places} equal parts`,
    hint: `choose a number of places that divides ${width}: ${divisors.filter((count) => count <= 64).join(", ")}; or a kind that cuts nothing, such as rq`,
  });
}

/** Sizes that a published code has, whatever else might be wanted. */
export interface FixedSizes {
  readonly places: number;
  readonly entries: number;
}

/** @throws ExpectedError `quantiser-fixed`. */
export function refuseOtherSizes(kind: string, asked: FixedSizes, { places, entries }: FixedSizes): void {
  if (asked.places === places && asked.entries === entries) return;
  throw new ExpectedError({
    code: "quantiser-fixed",
    message: `codes of kind ${kind} have ${places} place(s) of ${entries} entries, as published, not ${asked.places} of ${asked.entries}`,
    hint: `leave --places and --entries out, or choose the repaired kind ${kind.replace("-published", "")}`,
  });
}
