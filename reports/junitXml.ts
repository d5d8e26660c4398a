/**
 * reports/junit.xml: a test suite a model, a test case a gate. A verdict that is not the one demanded is a failure; where
 * the instrument failed or the provider could not show what was asked, an error, for nothing was tested.
 *
 * Valid under junit-10.xsd of Jenkins' xunit plugin, which GitLab, Azure and GitHub actions read too. Without times and
 * host names: the report is a function of the record alone.
 */
import type { Analysis, GateResult, ModelAnalysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { xmlText } from "./xmlText.ts";

const attributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join("");

const isError = ({ holds, verdict }: GateResult) =>
  !holds && (verdict === "instrument-failed" || verdict === "unobservable");

function testCase(result: GateResult, model: ModelAnalysis, suite: string): string {
  const { gate, verdict, holds } = result;
  const start = `    <testcase${attributes({ name: `${gate.candidate} is ${gate.require}`, classname: `${suite}.${result.model}` })}`;
  if (holds) return `${start}/>`;
  const found = model.candidates.find(({ condition }) => condition === gate.candidate);
  const message = `${gate.candidate} on ${result.model}: demanded ${gate.require}, found ${verdict}`;
  const text = [message, ...(found?.reasons ?? []), ...(found?.warnings ?? [])].join("\n");
  const kind = isError(result) ? "error" : "failure";
  return `${start}>\n      <${kind}${attributes({ type: verdict, message })}>${xmlText(text)}</${kind}>\n    </testcase>`;
}

const counts = (results: readonly GateResult[]) => ({
  tests: results.length,
  failures: results.filter((result) => !result.holds && !isError(result)).length,
  errors: results.filter(isError).length,
});

export function junitXml({ manifest }: RunRecord, { models, gates }: Analysis): string {
  const { suite, signature } = manifest;
  const suites = models.map((model) => {
    const own = gates.filter((result) => result.model === model.model.identity.reference);
    const properties = { signature, model: model.model.identity.reference, digest: model.model.identity.digest };
    return [
      `  <testsuite${attributes({ name: `${suite.name} on ${model.model.identity.reference}`, ...counts(own), skipped: 0 })}>`,
      "    <properties>",
      ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
      "    </properties>",
      ...own.map((result) => testCase(result, model, suite.name)),
      "  </testsuite>",
    ].join("\n");
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `isoglyph: ${suite.name}`, ...counts(gates) })}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}
