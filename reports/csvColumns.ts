/**
 * What each column of each CSV report means: the one description that dictionary.csv is made from, that the JSON Lines'
 * schema is made from, and that says which columns name a row when a table is checked against its run.
 */

export interface ColumnDescription {
  readonly name: string;
  readonly type: "text" | "number" | "whole number";
  /** Of a number; a reference to the column that holds it, or empty for texts. */
  readonly unit: string;
  readonly meaning: string;
  /** When the cell is empty; "never" where it is not. */
  readonly empty: string;
  /** One of the columns whose texts together name a row. */
  readonly key?: true;
}

const text = (name: string, meaning: string, empty = "never"): ColumnDescription => ({
  name,
  type: "text",
  unit: "",
  meaning,
  empty,
});
const key = (name: string, meaning: string, empty = "never"): ColumnDescription => ({
  ...text(name, meaning, empty),
  key: true,
});
const number = (name: string, unit: string, meaning: string, empty: string): ColumnDescription => ({
  name,
  type: "number",
  unit,
  meaning,
  empty,
});
const count = (name: string, meaning: string, empty = "never"): ColumnDescription => ({
  name,
  type: "whole number",
  unit: "",
  meaning,
  empty,
});

const OF_UNIT = "the column unit";
const SUITE = key("suite", "name of the suite");
const MODEL = key("model", "the model's reference, as the suite or the command line names it");
const FRAME = key("frame", "name of the frame; @matched: at matched positions; all: mean over frames");
const CONDITION = key("condition", "what stands in the context: a candidate or a control");
const MEASURE = key("measure", "name of the measure; verdict for the row of a verdict");
const LAYER = key("layer", "band of layers, such as 50-75%", "the measure has none");
const NO_INTERVAL = "there is no value, or fewer than two clusters: warnings say why";
const NO_SCORE = "the measure is descriptive, the condition is a floor or the original, or a value is missing";

const RESULTS: readonly ColumnDescription[] = [
  SUITE,
  MODEL,
  FRAME,
  CONDITION,
  text("role", "candidate, ceiling, floor, foil, control or reference (the original itself)"),
  MEASURE,
  text("unit", "unit of value, low, high, floor, ceiling and noise_floor", "the row of a verdict"),
  count("n", "items with a value; of a verdict: of its smallest part", "nothing could be tested or observed"),
  number("value", OF_UNIT, "mean over the items", "the row of a verdict, or unobservable"),
  number("low", OF_UNIT, "lower end of the cluster-robust 95 % interval of value", NO_INTERVAL),
  number("high", OF_UNIT, "upper end of the cluster-robust 95 % interval of value", NO_INTERVAL),
  number("floor", OF_UNIT, "mean of the best-scoring floor over the items of the score", NO_SCORE),
  number("ceiling", OF_UNIT, "mean of the paraphrase over the items of the score", NO_SCORE),
  number("score", "share of the way", "0: a wrong text (floor), 1: a human paraphrase (ceiling)", NO_SCORE),
  number("score_low", "share of the way", "lower end of Fieller's 95 % interval of score", `${NO_SCORE}; or unbounded`),
  number(
    "score_high",
    "share of the way",
    "upper end of Fieller's 95 % interval of score",
    `${NO_SCORE}; or unbounded`,
  ),
  number("p", "probability", "one-sided; of a verdict: of its claim, uncorrected", "nothing was tested"),
  number(
    "p_adjusted",
    "probability",
    "p by Holm's method over all verdicts of the run",
    "not a candidate's final verdict",
  ),
  text("verdict", "the verdict, or unobservable for a measure that the provider cannot show", "the row of a value"),
  text("warnings", "reasons and warnings, separated by semicolons", "there are none"),
  LAYER,
  number("score_identity", "share of the way", "score with the original itself in place of the paraphrase", NO_SCORE),
  number("noise_floor", OF_UNIT, "smaller differences of means mean nothing", "nothing was read again"),
];

const ITEMS: readonly ColumnDescription[] = [
  SUITE,
  MODEL,
  FRAME,
  key("item", "id of the item"),
  text("cluster", "cluster of the item: the unit of all intervals and tests"),
  CONDITION,
  key("measure", "name of the measure", "the item was not read under this condition: see reason"),
  LAYER,
  number("value", "of the measure: see results.csv", "the item's value, or its bound", "undefined: see reason"),
  text("bound", "lower or upper: the true value lies at or above, at or below value", "value is the value itself"),
  text("reason", "why there is no value", "there is a value"),
];

const LAYERS: readonly ColumnDescription[] = [
  SUITE,
  MODEL,
  FRAME,
  CONDITION,
  MEASURE,
  { ...count("layer", "index of the state: 0 the embedding, N after block N"), key: true },
  count("n", "items with a value"),
  number("value", "of the measure: see results.csv", "mean over the items", "no item has a value: see reason"),
  number("low", "as value", "lower end of the cluster-robust 95 % interval", "see reason"),
  number("high", "as value", "upper end of the cluster-robust 95 % interval", "see reason"),
  text("reason", "why something is missing", "nothing is"),
];

const COMPARISONS: readonly ColumnDescription[] = [
  key("kind", "models: two models on one candidate; candidates: two candidates on one model"),
  key("measure", "name of the measure; good: share of items as close as 95 % of paraphrases, fact kept"),
  LAYER,
  FRAME,
  key("first", "the first model or candidate"),
  key("second", "the second model or candidate"),
  count("n", "items that both have"),
  count("clusters", "clusters of these items"),
  number("difference", OF_UNIT, "first − second, mean over the items", "see reason"),
  number(
    "low",
    OF_UNIT,
    "lower end of the 95 % interval: the farther of the t and the bootstrap interval",
    "see reason",
  ),
  number(
    "high",
    OF_UNIT,
    "upper end of the 95 % interval: the farther of the t and the bootstrap interval",
    "see reason",
  ),
  number("d", "standard deviations", "Cohen's d_z of the items' differences", "fewer than two items, or no spread"),
  number("g", "standard deviations", "Hedges' g_z of the items' differences", "fewer than two items, or no spread"),
  number("p", "probability", "two-sided: the larger of the t test's and the bootstrap's", "not tested: see reason"),
  number("p_adjusted", "probability", "p by Holm's method over the tests of this kind", "not tested"),
  text("unit", "unit of difference, low, high and noise_floor"),
  key("model", "the model that two candidates are compared on", "two models are compared"),
  key("condition", "the candidate that two models are compared on", "two candidates are compared"),
  number("noise_floor", OF_UNIT, "a smaller difference means nothing", "it was not measured"),
  text("finding", "first closer, second closer, or below noise", "the data do not decide"),
  text("reason", "why something is missing or not tested", "nothing is"),
  { ...SUITE },
];

/** Before the measures of results-wide.csv. */
const WIDE: readonly ColumnDescription[] = [
  SUITE,
  MODEL,
  FRAME,
  CONDITION,
  text("role", "candidate, ceiling, floor, foil, control or reference (the original itself)"),
  count("n", "the most items that a measure of this row has"),
  text(
    "verdict",
    "the verdict: of the run under its only frame or under all, else of that frame alone",
    "a control that is not judged",
  ),
  number(
    "p_adjusted",
    "probability",
    "p by Holm's method over all verdicts of the run",
    "not a candidate's final verdict",
  ),
];

/** By file; results-wide.csv goes on with the measures of the run (dictionaryCsv.ts). */
export const CSV_COLUMNS: Readonly<Record<string, readonly ColumnDescription[]>> = {
  "results.csv": RESULTS,
  "results-wide.csv": WIDE,
  "items.csv": ITEMS,
  "layers.csv": LAYERS,
  "comparisons.csv": COMPARISONS,
};
