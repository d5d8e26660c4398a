/** The names that a suite's parts call each other by. */
import { ExpectedError } from "../errors.ts";
import type { SuiteDocument } from "./SuiteDocument.ts";
import type { KeyPath } from "./schemaProblems.ts";
import { suggest } from "./suggest.ts";
import type { SuiteFile } from "./suiteSchema.ts";

/**
 * Gates and profiles name candidates and frames of the suite, and no candidate has two gates.
 * @throws ExpectedError `suite-unknown-candidate`, `suite-unknown-frame`, `suite-duplicate-gate`.
 */
export function checkNames(suite: SuiteFile, document: SuiteDocument): void {
  const known = (kind: "candidate" | "frame", name: string, valid: object, key: KeyPath): void => {
    if (Object.hasOwn(valid, name)) return;
    throw new ExpectedError({
      code: `suite-unknown-${kind}`,
      message: `the suite has no ${kind} \`${name}\``,
      where: document.locate(key),
      hint: suggest(name, Object.keys(valid)),
    });
  };
  for (const [i, { candidate }] of suite.gates.entries()) {
    known("candidate", candidate, suite.candidates, ["gates", i, "candidate"]);
    if (suite.gates.findIndex((gate) => gate.candidate === candidate) === i) continue;
    throw new ExpectedError({
      code: "suite-duplicate-gate",
      message: `the candidate \`${candidate}\` has two gates`,
      where: document.locate(["gates", i, "candidate"]),
      hint: "a candidate gets one verdict: keep one gate",
    });
  }
  for (const [name, { frames = [], candidates = [] }] of Object.entries(suite.profiles)) {
    for (const [i, frame] of frames.entries()) known("frame", frame, suite.frames, ["profiles", name, "frames", i]);
    for (const [i, candidate] of candidates.entries()) {
      known("candidate", candidate, suite.candidates, ["profiles", name, "candidates", i]);
    }
  }
}
