/** Per condition, how close a model's output, states and facts come to the original's. */
import type { Analysis, ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { DISTRIBUTION, FACT, STATES } from "../../harness/analysis/losses.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { bestCandidate } from "./best.ts";
import { measuredCell, type ShownCondition, shownConditions } from "./conditionCells.ts";
import type { PaperCell, PaperTable } from "./PaperTable.ts";
import { framesRead, runCaption } from "./runCaption.ts";

interface Column {
  readonly heading: string;
  readonly measure: string;
  readonly of: "estimate" | "score";
}

const COLUMNS: readonly Column[] = [
  { heading: "tokens ratio", measure: "tokens.ratio", of: "estimate" },
  { heading: "K (nats)", measure: DISTRIBUTION, of: "estimate" },
  { heading: "score", measure: DISTRIBUTION, of: "score" },
  { heading: "K top-k (nats)", measure: "kl-topk", of: "estimate" },
  { heading: "explained", measure: STATES, of: "estimate" },
  { heading: "cosine", measure: "state.cosine", of: "estimate" },
  { heading: "identified", measure: "state.identification", of: "estimate" },
  { heading: "fact Λ", measure: FACT, of: "estimate" },
];

/** What was asked for and can be seen on some model; a bound of K only where K itself is nowhere to be seen. */
function shownColumns(record: RunRecord, { models }: Analysis): Column[] {
  const seen = (measure: string) =>
    record.manifest.measures.some(({ name }) => name === measure) &&
    models.some(({ model }) => !(measure in model.unobservable));
  return COLUMNS.filter(({ measure }) => seen(measure) && !(measure === "kl-topk" && seen(DISTRIBUTION)));
}

function row(record: RunRecord, model: ModelAnalysis, columns: readonly Column[], shown: ShownCondition): PaperCell[] {
  const { reference } = model.model.identity;
  const { frame } = tables(record, model.model).all;
  const numbers = columns.map(({ measure, of }) =>
    measuredCell(record, model, {
      frame,
      condition: shown.name,
      measure,
      of,
      best: of === "estimate" && bestCandidate(record, reference, measure, shown.name),
    }),
  );
  const n = Math.max(
    0,
    ...model.cells.filter((cell) => cell.frame === frame && cell.condition === shown.name).map((cell) => cell.n),
  );
  return [{ value: n, low: null, high: null }, ...numbers, shown.verdict];
}

export function activationsTable(record: RunRecord, analysis: Analysis): PaperTable {
  const several = analysis.models.length > 1;
  const columns = shownColumns(record, analysis);
  const band = [...new Set(analysis.models.map(({ model }) => model.headlineBand))].join(", ");
  const about: Readonly<Record<string, string>> = {
    "tokens ratio": "Tokens ratio: tokens of the original a token of the text.",
    "K (nats)": "K: divergence of the output from the original's, nats a continuation (0: the same).",
    score: "Score: K between a wrong text (0) and a human paraphrase (1).",
    "K top-k (nats)": "K top-k: the least that the divergence at the first token can be, given the most likely tokens.",
    explained: `Explained: share of the original state's deviation that is reproduced, layers ${band} (1: all).`,
    cosine: "Cosine: of the states after subtracting a corpus mean.",
    identified: "Identified: share of items whose own original is the nearest, its decoy among them.",
    "fact Λ": "Λ: log-odds of the original's fact against the decoy's, nats a token (above 0: kept).",
  };
  return {
    name: "activations",
    caption: runCaption(
      record,
      `How close each text brings ${analysis.models.map(({ model }) => model.identity.reference).join(", ")} to the state of its original`,
      framesRead(record, analysis),
    ),
    keys: [...(several ? ["model"] : []), "condition"],
    columns: ["n", ...columns.map(({ heading }) => heading), "verdict"],
    rows: analysis.models.flatMap((model) =>
      shownConditions(model).map((shown) => [
        ...(several ? [model.model.identity.reference] : []),
        shown.name,
        ...row(record, model, columns, shown),
      ]),
    ),
    notes: columns.flatMap(({ heading }) => about[heading] ?? []),
  };
}
