/** What can be known to be wrong with a suite before a model is opened. */

import { createCodec } from "../codecs/registry.ts";
import { ExpectedError } from "../errors.ts";
import type { Suite } from "../suites/Suite.ts";
import { noServices } from "./codecServices.ts";
import { refuseReservedName } from "./conditions.ts";
import { selectMeasures } from "./measures.ts";

/** The mean over frames (analysis/Table.ts). */
const ALL = "all";

/** @throws ExpectedError `frame-name-reserved`, `candidate-name-reserved`, `codec-unknown`, `codec-parameters`, `measure-unknown`. */
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
    createCodec(spec, noServices("no model is open yet"), where);
  }
}
