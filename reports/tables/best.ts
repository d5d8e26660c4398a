/** What a paper may print in bold: significantly closest of all it stands beside, after Holm's correction. */
import { type Comparison, comparisons } from "../../harness/analysis/comparisons.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";

/** Whether `name` is clearly closer than each of the others; false where it stands alone. */
function beatsAll(list: readonly Comparison[], name: string, others: readonly string[]): boolean {
  return (
    others.length > 0 &&
    others.every((other) =>
      list.some(
        ({ first, second, finding }) =>
          (first === name && second === other && finding === "first closer") ||
          (first === other && second === name && finding === "second closer"),
      ),
    )
  );
}

export function bestCandidate(record: RunRecord, model: string, measure: string, name: string): boolean {
  const list = comparisons(record).filter(
    (comparison) => comparison.kind === "candidates" && comparison.model === model && comparison.measure === measure,
  );
  const others = new Set(list.flatMap(({ first, second }) => [first, second]));
  return beatsAll(
    list,
    name,
    [...others].filter((other) => other !== name),
  );
}

export function bestModel(record: RunRecord, condition: string, measure: string, model: string): boolean {
  const list = comparisons(record).filter(
    (comparison) =>
      comparison.kind === "models" && comparison.condition === condition && comparison.measure === measure,
  );
  const others = record.manifest.models.map(({ identity }) => identity.reference).filter((other) => other !== model);
  return beatsAll(list, model, others);
}
