/** Agreement of judges with people, and of people with each other, on the pairs that both rated. */

import type { Label } from "../judges/readLabels.ts";
import { type CohenKappa, cohenKappa } from "../statistics/cohenKappa.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { type AlphaInterval, alphaInterval } from "./alphaInterval.ts";
import { type JudgedRecord, pairMeans } from "./judges.ts";

export interface HumanAgreement {
  readonly judge: string;
  readonly rater: string;
  /** Of the judge's mean rating, rounded to 1 to 5, with the rater's: exact agreement beyond chance. */
  readonly kappa: Estimate<CohenKappa>;
  /** Ordinal, so that 4 against 5 counts less than 1 against 5. */
  readonly alpha: Estimate<AlphaInterval>;
}

export interface HumansReport {
  readonly raters: readonly string[];
  /** Among people; undefined where there is one. */
  readonly amongHumans: Estimate<AlphaInterval>;
  readonly withJudges: readonly HumanAgreement[];
}

/** Of 0 to 1, the nearest of 1 to 5. */
const rounded = (rating: number) => Math.round(1 + 4 * rating);

export function humanAgreement(record: JudgedRecord, labels: readonly Label[]): HumansReport {
  const raters = [...new Set(labels.map(({ rater }) => rater))];
  const byRater = new Map(
    raters.map((rater) => [
      rater,
      new Map(labels.filter((label) => label.rater === rater).map(({ pair, rating }) => [pair, rating])),
    ]),
  );
  const labelled = record.pairs.filter(({ pair }) => labels.some((label) => label.pair === pair));
  const clusters = labelled.map(({ item }) => record.clusterOf(item));
  const column = (rater: string) => labelled.map(({ pair }) => byRater.get(rater)?.get(pair) ?? null);
  const columns = raters.map(column);
  const withJudges = Object.keys(record.judges).flatMap((judge) => {
    const means = pairMeans(record.ratings.filter((rating) => rating.judge === judge));
    const own = labelled.map(({ pair }) => {
      const value = means.get(pair) ?? null;
      return value === null ? null : rounded(value);
    });
    return raters.map((rater): HumanAgreement => {
      const theirs = column(rater);
      const rows = own.map((value, i) => [value, theirs[i] as number | null]);
      return {
        judge,
        rater,
        kappa: cohenKappa(own, theirs),
        alpha: alphaInterval(rows, clusters, "ordinal", record.seed),
      };
    });
  });
  const amongHumans: Estimate<AlphaInterval> =
    raters.length < 2
      ? { defined: false, reason: "one person rated" }
      : alphaInterval(
          labelled.map((_, i) => columns.map((ratings) => ratings[i] as number | null)),
          clusters,
          "ordinal",
          record.seed,
        );
  return { raters, amongHumans, withJudges };
}
