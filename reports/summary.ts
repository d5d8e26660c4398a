/** Two sentences that end a run: what was found, and what to do next. */
import type { Analysis, ConditionVerdict, ModelAnalysis } from "../harness/analysis/analyze.ts";
import { comparisons } from "../harness/analysis/comparisons.ts";
import { testable } from "../harness/analysis/contrast.ts";
import { judgedRecord } from "../harness/analysis/judgedRecord.ts";
import { judgesReport } from "../harness/analysis/judges.ts";
import { DISTRIBUTION, STATES } from "../harness/analysis/losses.ts";
import { tables } from "../harness/analysis/Table.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import type { Verdict } from "../suites/Suite.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

/** In the order in which they are told; what is different is said in contrast to what is equivalent. */
const ORDER: readonly Verdict[] = [
  "equivalent",
  "different",
  "near-copy, fact lost",
  "close, fact untested",
  "inconclusive",
  "unobservable",
  "instrument-failed",
];
/** Above this, a raw cosine between unrelated sentences is worth a warning. */
const HIGH_COSINE = 0.5;

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const distinct = (texts: readonly string[]) => [...new Set(texts)];

class ModelStory {
  readonly analysis: ModelAnalysis;
  private readonly record: RunRecord;
  private readonly frame: string;

  constructor(record: RunRecord, analysis: ModelAnalysis) {
    this.record = record;
    this.analysis = analysis;
    this.frame = tables(record, analysis.model).all.frame;
  }

  cell(condition: string, measure: string, layer = "") {
    return this.analysis.cells.find(
      (cell) =>
        cell.frame === this.frame && cell.condition === condition && cell.measure === measure && cell.layer === layer,
    );
  }

  /** By how much conditions are off: their scores in the output, or in the states where the output is close. */
  private off(found: readonly ConditionVerdict[]): string {
    const { margin } = this.record.manifest.suite;
    const places = found.map(({ condition, reasons }) => {
      const output = this.cell(condition, DISTRIBUTION)?.score?.value;
      const states = this.cell(condition, STATES, this.analysis.model.headlineBand)?.score?.value;
      if (output !== undefined && output < margin) return { label: "score ", value: readableNumber(output) };
      if (states !== undefined && states < margin) return { label: "score of states ", value: readableNumber(states) };
      return { label: "", value: reasons.join("; ") };
    });
    const groups = distinct(places.map(({ label }) => label));
    const told = groups.map(
      (label) => `${label}${listed(places.filter((place) => place.label === label).map(({ value }) => value))}`,
    );
    const scale = groups.some((label) => label !== "") ? ", where 0 is a wrong text and 1 a human paraphrase" : "";
    return `${told.join("; ")}${scale}`;
  }

  private clause(verdict: Verdict, found: readonly ConditionVerdict[], contrasted: boolean): string {
    const names = listed(found.map(({ condition }) => condition));
    const one = found.length === 1;
    const why = distinct(found.flatMap(({ reasons }) => reasons)).join("; ");
    switch (verdict) {
      case "equivalent":
        return `${names} ${one ? "leaves" : "leave"} the model in an equivalent state`;
      case "different":
        return `${names} ${one ? "does" : "do"} not${contrasted ? "" : " leave the model in an equivalent state"} (${this.off(found)})`;
      case "near-copy, fact lost":
        return `${names} ${one ? "comes" : "come"} close but ${one ? "loses" : "lose"} the fact that was to be kept`;
      case "close, fact untested":
        return `${names} ${one ? "comes" : "come"} close, with the facts untested (${why})`;
      case "inconclusive":
        return `${names} ${one ? "remains" : "remain"} undecided`;
      case "unobservable":
        return `${names} cannot be judged (${why})`;
      case "instrument-failed":
        return `no verdict on ${names} is possible, because the controls failed (${why})`;
    }
  }

  found(): string {
    const groups = ORDER.map((verdict) => ({
      verdict,
      found: this.analysis.candidates.filter((entry) => entry.verdict === verdict),
    }));
    const contrasted = groups.some(({ verdict, found }) => verdict === "equivalent" && found.length > 0);
    const clauses = groups
      .filter(({ found }) => found.length > 0)
      .map(({ verdict, found }) => this.clause(verdict, found, contrasted));
    return `on ${this.analysis.model.identity.reference}, ${clauses.join("; ")}`;
  }
}

/** What would decide an undecided condition: a number of items, or why no number would. */
function openReason({ condition, frames, reasons }: ConditionVerdict, alpha: number): string {
  const undecided = frames.flatMap(({ parts }) => parts).filter((part) => !testable(part) || part.p >= alpha);
  const fromParts = reasons.every((reason) => undecided.some(({ name }) => reason.includes(`${name} is undecided`)));
  const needed = undecided.map((part) => (testable(part) ? part.itemsNeeded : null));
  // The first reason says what stands above the parts: too few clusters, frames that disagree, the correction.
  if (!fromParts || needed.length === 0) {
    const more = reasons[0]?.includes("clusters are too few") ? ", so add items from other sources" : "";
    return `no decision on ${condition} was possible, because ${reasons[0]}${more}`;
  }
  if (needed.includes(null))
    return `more items would not make ${condition} equivalent if the effect is as observed, so change the encoding`;
  return `about ${Math.max(...(needed as number[]))} items would decide ${condition}`;
}

function nextStep(
  stories: readonly ModelStory[],
  pool: readonly ConditionVerdict[],
  failing: boolean,
  alpha: number,
): string {
  const having = (verdict: Verdict) => pool.filter((entry) => entry.verdict === verdict);
  if (having("instrument-failed").length > 0) {
    return "before any code can be judged here the controls must hold, so try a larger model, more items or another frame";
  }
  if (having("unobservable").length > 0) {
    return "use a model reference that shows what is missing, such as a GGUF file read by the embedded engine";
  }
  const open = having("inconclusive");
  if (open.length > 0) return open.map((entry) => openReason(entry, alpha)).join("; ");
  if (failing)
    return "look at the items that are furthest off in reports/items.csv, then change the encoding or the gate";
  if (having("close, fact untested").length > 0)
    return "give the items decoys, each with a question on the changed fact, so that it is tested whether facts are kept";
  for (const story of stories) {
    const unrelated = story.cell("mismatch", "state.pooled-cosine")?.estimate?.value;
    const paraphrase = story.cell("paraphrase", "state.pooled-cosine")?.estimate?.value;
    if (unrelated !== undefined && unrelated >= HIGH_COSINE) {
      const beside = paraphrase === undefined ? "" : `, human paraphrases ${readableNumber(paraphrase)}`;
      return `raw cosine of mean-pooled states would have told you little: unrelated sentences reach ${readableNumber(unrelated)}${beside}`;
    }
  }
  return "each number stands in reports/results.csv with its floor, its ceiling and its interval";
}

function next(record: RunRecord, analysis: Analysis, stories: readonly ModelStory[]): string {
  const { gates } = analysis;
  const failing = gates.filter(({ holds }) => !holds);
  const all = analysis.models.flatMap(({ model, candidates }) =>
    candidates.map((found) => ({ model: model.identity.reference, found })),
  );
  const pool = all.filter(
    ({ model, found }) =>
      failing.length === 0 ||
      failing.some((result) => result.model === model && result.gate.candidate === found.condition),
  );
  const step = nextStep(
    stories,
    pool.map(({ found }) => found),
    failing.length > 0,
    record.manifest.suite.alpha,
  );
  if (gates.length === 0) return step;
  if (failing.length === 0)
    return `${gates.length === 1 ? "the gate holds" : `all ${gates.length} gates hold`}, and ${step}`;
  const several = analysis.models.length > 1;
  const named = failing.map(
    ({ gate, model }) => `${gate.candidate}${several ? ` on ${model}` : ""} must be ${gate.require}`,
  );
  const share =
    gates.length === 1
      ? "the gate fails"
      : `${failing.length} of ${gates.length} gates ${failing.length === 1 ? "fails" : "fail"}`;
  return `${share} (${named.join("; ")}): ${step}`;
}

/** Judges whose controls failed are named, with the first reason: an answer that they rated is no evidence. */
function failedJudges(record: RunRecord): string[] {
  const judged = judgedRecord(record);
  if (judged === null) return [];
  return judgesReport(judged)
    .judges.filter(({ usable }) => !usable)
    .map(({ judge, reasons }) => `judge ${judge} failed its controls and its ratings are not used (${reasons[0]})`);
}

/** Beyond so many, codes that models differ on are counted and not named. */
const MOST_NAMED = 3;

/** Where models were held against each other: on which codes their outputs' scores clearly differ. */
function betweenModels(record: RunRecord): string[] {
  const list = comparisons(record).filter(
    ({ kind, measure, p }) => kind === "models" && measure === DISTRIBUTION && p !== null,
  );
  if (list.length === 0) return [];
  const clear = list.filter(({ finding }) => finding.endsWith("closer"));
  if (clear.length === 0) return ["no code is clearly closer on one model than on another"];
  if (clear.length > MOST_NAMED) return [`${clear.length} of ${list.length} scores clearly differ between models`];
  return clear.map(({ condition, first, second, finding }) => {
    const [nearer, farther] = finding === "first closer" ? [first, second] : [second, first];
    return `${condition} is clearly closer on ${nearer} than on ${farther}`;
  });
}

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

/** Exactly two sentences, broken into lines of at most `width` characters. */
export function summary(record: RunRecord, analysis: Analysis, width = 80): string {
  const stories = analysis.models.map((model) => new ModelStory(record, model));
  const judged = stories.filter((story) => story.analysis.candidates.length > 0);
  const parts =
    judged.length > 0
      ? [
          [...judged.map((story) => story.found()), ...betweenModels(record), ...failedJudges(record)].join("; "),
          next(record, analysis, judged),
        ]
      : [
          "only the controls were read, because the suite has no candidate",
          "name a codec under `candidates` in the suite to have it judged",
        ];
  return wrapText(parts.map(sentence).join(" "), width);
}
