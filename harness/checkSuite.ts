/** What can be known to be wrong with a suite before a model is opened. */

import { codecDefinition, createCodec } from "../codecs/registry.ts";
import { ExpectedError } from "../errors.ts";
import type { Suite } from "../suites/Suite.ts";
import { noServices } from "./codecServices.ts";
import { refuseReservedName } from "./conditions.ts";
import { selectMeasures } from "./measures.ts";

/** The mean over frames (analysis/Table.ts). */
const ALL = "all";

/** @throws ExpectedError `frame-name-reserved`, `candidate-name-reserved`, `codec-unknown`, `codec-parameters`, `measure-unknown`, `candidates-mixed`. */
export function checkSuite(suite: Suite): void {
  selectMeasures(suite.measures, suite.locate(["measures"]));
  if (Object.hasOwn(suite.frames, ALL)) {
    throw new ExpectedError({
      code: "frame-name-reserved",
      message: `a frame is called ${ALL}, which is what reports call the mean of all frames`,
      where: suite.locate(["frames", ALL]),
      hint: "give the frame another name",
    });
  }
  for (const [name, spec] of Object.entries(suite.candidates)) {
    const where = suite.locate(["candidates", name]);
    refuseReservedName(name, where);
    createCodec(spec, noServices("no model is open yet"), where, suite.folder);
  }
  refuseMixed(suite);
}

/** Whether the candidate's code looks at the item's first question. */
export function knowsQuestion({ candidates, locate }: Suite, name: string): boolean {
  const spec = candidates[name];
  return spec !== undefined && codecDefinition(spec.codec, locate(["candidates", name])).usesQuestion === true;
}

/** A code that knows what will be asked is no rival of one that does not: their verdicts stand in no table together. */
function refuseMixed(suite: Suite): void {
  const names = Object.keys(suite.candidates);
  const knowing = names.filter((name) => knowsQuestion(suite, name));
  const [blind] = names.filter((name) => !knowing.includes(name));
  const [first] = knowing;
  if (first === undefined || blind === undefined) return;
  throw new ExpectedError({
    code: "candidates-mixed",
    message: `candidate ${first} knows the items' first question, and candidate ${blind} does not`,
    where: suite.locate(["candidates", first]),
    hint: "give the codes that know a question a suite of their own, on the same items: all is asked by the second question there",
  });
}
