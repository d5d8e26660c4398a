/** What can be known to be wrong with a suite before a model is opened. */
import { createCodec } from "../codecs/registry.ts";
import type { Suite } from "../suites/Suite.ts";
import { refuseReservedName } from "./conditions.ts";
import { selectMeasures } from "./measures.ts";

/** @throws ExpectedError `candidate-name-reserved`, `codec-unknown`, `codec-parameters`, `measure-unknown`. */
export function checkSuite(suite: Suite): void {
  selectMeasures(suite.measures, suite.locate(["measures"]));
  for (const [name, spec] of Object.entries(suite.candidates)) {
    const where = suite.locate(["candidates", name]);
    refuseReservedName(name, where);
    createCodec(spec, { sentenceVectors: () => Promise.reject(new Error("no model is open yet")) }, where);
  }
}
