import { expect, test } from "vitest";
import { plannedPower, REFERENCE_SPREAD } from "../../../harness/analysis/plannedPower.ts";

const clusters = (count: number, size = 1) => Array.from({ length: count * size }, (_, i) => `c${i % count}`);

// scipy: the d for which nct.sf(t.ppf(1 − α, G − 1), G − 1, d √G) is 0.8.
test.each([
  [40, 1, 0.4542574872547402],
  [40, 3, 0.5312754345660453],
  [20, 2, 0.7390705325527628],
])("%i clusters, %i verdicts: the smallest d", (count, verdicts, d) => {
  const found = plannedPower(clusters(count), { alpha: 0.025, margin: 0.8, verdicts });
  expect(found?.d).toBeCloseTo(d, 6);
  const states = REFERENCE_SPREAD.parts[1];
  const shown = found?.parts.find(({ part }) => part === "states")?.shown;
  expect(shown).toBeCloseTo(0.8 + d * Math.sqrt(states.within + states.between), 6);
});

test("items of a cluster help with what varies within it only", () => {
  const settings = { alpha: 0.025, margin: 0.8, verdicts: 1 };
  const [one, four] = [plannedPower(clusters(40), settings), plannedPower(clusters(40, 4), settings)];
  expect(four).toMatchObject({ clusters: 40, d: one?.d });
  const shown = (power: typeof one, part: string) =>
    (power?.parts.find((entry) => entry.part === part)?.shown ?? 0) - 0.8;
  expect(shown(four, "fact")).toBeCloseTo(shown(one, "fact") / 2, 10);
  // Of the states' variance 0.013 lies between clusters.
  expect(shown(four, "states")).toBeGreaterThan(shown(one, "states") / 2 + 0.005);
});

test("what a code just as good as a paraphrase takes is what the plan says it takes", () => {
  const settings = { alpha: 0.025, margin: 0.8, verdicts: 1 };
  const parts = plannedPower(clusters(40), settings)?.parts ?? [];
  for (const { part, clustersAtParity } of parts) {
    const target = part === "tail" ? 0 : 1;
    if (clustersAtParity === null || clustersAtParity <= 20) continue;
    const at = (count: number) =>
      plannedPower(clusters(count), settings)?.parts.find((entry) => entry.part === part)?.shown ?? 0;
    expect(at(clustersAtParity)).toBeLessThanOrEqual(target);
    expect(at(clustersAtParity - 1)).toBeGreaterThan(target);
  }
  expect(parts).toHaveLength(4);
});

test("below 20 clusters nothing can be shown, and against a margin of 1 no number does", () => {
  expect(plannedPower(clusters(19, 4), { alpha: 0.025, margin: 0.8, verdicts: 1 })).toBeNull();
  const strict = plannedPower(clusters(40), { alpha: 0.025, margin: 1, verdicts: 1 });
  expect(strict?.parts.map(({ clustersAtParity }) => clustersAtParity === null)).toEqual([true, true, true, false]);
});
