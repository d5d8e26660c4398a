/** reports/results.json: what the record was found to say, as an object; null where there is no number. */
import type { Analysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";

export function resultsJson({ manifest }: RunRecord, analysis: Analysis): string {
  const { name, profile, hash } = manifest.suite;
  const models = analysis.models.map(({ model, ...found }) => ({
    model: model.identity.reference,
    digest: model.identity.digest,
    engine: model.identity.engine,
    headlineBand: model.headlineBand,
    unobservable: model.unobservable,
    ...found,
  }));
  const report = {
    $schema: "./results.schema.json",
    signature: manifest.signature,
    suite: { name, profile, hash },
    models,
    gates: analysis.gates,
    exit: analysis.exit,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
