/** What a run would do, worked out without loading weights: from the model file's header, or by rule of thumb. */
import { availableParallelism } from "node:os";
import type { CodecServices } from "../../codecs/contract.ts";
import { standInFor } from "../../codecs/registry.ts";
import type { Tokenizer } from "../../providers/contract.ts";
import type { ModelHeader } from "../../providers/embedded/modelHeader.ts";
import { headerAtHand } from "../../providers/embedded/modelHeader.ts";
import { isEmbedded, isServer } from "../../providers/openProvider.ts";
import { wrapText } from "../../reports/wrapText.ts";
import type { Suite } from "../../suites/Suite.ts";
import { type PlannedPart, plannedPower, REFERENCE_SPREAD } from "../analysis/plannedPower.ts";
import { FEWEST_CLUSTERS } from "../analysis/verdict.ts";
import { tokensOf } from "../buildReadRequest.ts";
import { noServices } from "../codecServices.ts";
import { referenceCorpus } from "../corpus.ts";
import { CORPUS_QUESTION } from "../corpusStatistics.ts";
import { FrameReader } from "../FrameReader.ts";
import { reverseConditions } from "../ItemRequest.ts";
import { frameQuestion } from "../itemQuestions.ts";
import { judgedSuite } from "../judgedSuite.ts";
import { extrasOf, selectMeasures } from "../measures.ts";
import { prepareConditions } from "../prepareConditions.ts";
import type { Extra } from "../Reading.ts";
import { countSaid } from "../readAnswers.ts";
import { duration } from "./ProgressReporter.ts";

/** Seen on server cores of 2022; only for saying "about how long". */
const FLOPS_PER_THREAD = 70e9;
/** Bytes of UTF-8 a token, where the model's tokenizer is not at hand. */
const BYTES_PER_TOKEN = 4;
/** Multiply-adds a token where the model is not at hand: those of the default model's blocks. */
const DEFAULT_BLOCK_PARAMETERS = 106e6;

export interface FramePlan {
  readonly frame: string;
  /** Tokens to read for the items, for the mean state of the corpus, and to sample. */
  readonly reading: number;
  readonly corpus: number;
  readonly sampling: number;
  /** Answers and restatements to generate, before equal ones are asked once. */
  readonly texts: number;
}

export interface ModelPlan {
  readonly model: string;
  readonly conditions: readonly string[];
  /** Candidates whose encodings take the model, so that their tokens are estimated. */
  readonly estimated: readonly string[];
  readonly frames: readonly FramePlan[];
  readonly seconds: number;
  /** Of a server, which is asked in requests: how many, of one answered token each, answers apart; null for others. */
  readonly requests: number | null;
  /** Whether tokens were counted by the model's own tokenizer. */
  readonly counted: boolean;
}

/** Stands in for a tokenizer that is not at hand: right in number, about, and nothing else. */
const roughTokenizer: Tokenizer = {
  encode: (text) => new Array(Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)).fill(0),
  decode: (ids) => "x".repeat(BYTES_PER_TOKEN * ids.length),
  begin: [],
  finish: [],
  end: [],
  chat: (messages) => messages.map(({ role, content }) => `<${role}>${content}</${role}>`).join("\n"),
};

function blockParameters(header: ModelHeader): number {
  let sum = 0;
  for (const { name, shape } of header.checkpoint.weights.values()) {
    if (name.startsWith("blk.") && shape.length === 2) sum += (shape[0] as number) * (shape[1] as number);
  }
  return sum;
}

/** The candidates, those that ask the model replaced by codes of about the same cost that ask nobody. */
function withoutModel(suite: Suite): { candidates: Suite["candidates"]; estimated: readonly string[] } {
  const planned = Object.entries(suite.candidates).map(([name, spec]) => {
    const standIn = standInFor(spec, suite.locate(["candidates", name]));
    return [name, spec, standIn] as const;
  });
  return {
    candidates: Object.fromEntries(planned.map(([name, spec, standIn]) => [name, { ...spec, ...standIn }])),
    estimated: planned.filter(([, spec, standIn]) => spec !== standIn).map(([name]) => name),
  };
}

export async function plan(suite: Suite, model: string): Promise<ModelPlan> {
  const header = isEmbedded(model) ? headerAtHand(model) : null;
  const tokenizer = header?.tokenizer ?? roughTokenizer;
  const width = header?.checkpoint.config.width ?? 576;
  // A projection's symbols depend on the model's states, their number does not: any vector will do for counting.
  const anyVectors = (texts: readonly string[], length: number) =>
    texts.map((text, i) => Float32Array.from({ length }, (_, k) => Math.sin(text.length + i + k)));
  const embed: CodecServices["embed"] = async (reference, texts, expected) => {
    const embedder = expected ?? { reference, digest: "", width };
    return { embedder, vectors: anyVectors(texts, embedder.width) };
  };
  const sentenceVectors: CodecServices["sentenceVectors"] = async (texts) => anyVectors(texts, width);
  const services = { ...noServices("no model is open"), sentenceVectors, embed };
  const { candidates, estimated } = withoutModel(suite);
  const conditions = await prepareConditions({ ...suite, candidates }, tokenizer, services);
  const corpus = referenceCorpus();
  const policies = suite.positions === "both" ? 2 : 1;
  const heard: readonly Extra[] = Object.keys(suite.judges).length > 0 ? ["answers", "restatement"] : [];
  const extras = new Set([...extrasOf(selectMeasures(suite.measures, suite.locate(["measures"]))), ...heard]);
  const continuation = new Array(suite.continuations.tokens).fill(0);
  const continuations = Array.from({ length: suite.continuations.samples }, () => continuation);
  const frames = Object.entries(suite.frames).map(([name, frame]): FramePlan => {
    const reader = new FrameReader(name, frame, tokenizer, suite.locate(["frames", name]));
    let reading = 0;
    let sampling = 0;
    let texts = 0;
    judgedSuite(suite).items.forEach((item, i) => {
      const present = conditions.flatMap(({ name: condition, role, texts }) => {
        const encoding = texts[i];
        return encoding && "text" in encoding ? [{ name: condition, role, text: encoding.text }] : [];
      });
      const request = {
        item,
        frame: reader,
        positions: "natural" as const,
        conditions: present,
        continuations,
        controls: suite.continuations.controls,
        extras,
      };
      reading += tokensOf(request);
      if (policies === 2) reading += tokensOf({ ...request, positions: "matched" });
      const { before, after } = reader.ids(frameQuestion(item));
      sampling +=
        before.length +
        after.length +
        tokenizer.encode(item.original).length +
        continuations.length * continuation.length;
      for (const { condition, count } of reverseConditions(request)) {
        sampling += before.length + after.length + tokenizer.encode(condition.text).length;
        sampling += count * continuation.length;
      }
      const said = countSaid(request);
      sampling += said.tokens;
      texts += said.texts;
    });
    const { before, after } = reader.ids(CORPUS_QUESTION);
    const around = before.length + after.length;
    return {
      frame: name,
      reading,
      sampling,
      texts,
      corpus: corpus.sentences.reduce((sum, text) => sum + around + tokenizer.encode(text).length, 0),
    };
  });
  const tokens = frames.reduce((sum, frame) => sum + frame.reading + frame.corpus + frame.sampling, 0);
  const flops = 2 * (header ? blockParameters(header) : DEFAULT_BLOCK_PARAMETERS) * tokens;
  return {
    model,
    conditions: conditions.map(({ name }) => name),
    estimated,
    frames,
    seconds: flops / (FLOPS_PER_THREAD * availableParallelism()),
    requests: isServer(model) ? conditions.length * suite.items.length * frames.length * policies : null,
    counted: header !== null,
  };
}

/** What so many items can show, and where the spread comes from that this rests on. */
function powerText({ items, candidates, statistics, margin }: Suite, models: number): string {
  const verdicts = Object.keys(candidates).length * models;
  if (verdicts === 0) return "without a candidate there is nothing to show";
  const { alpha } = statistics;
  const clusters = items.map(({ cluster }) => cluster);
  const power = plannedPower(clusters, { alpha, margin, verdicts });
  const count = new Set(clusters).size;
  if (power === null) return `${count} clusters can show nothing: a verdict takes at least ${FEWEST_CLUSTERS}`;
  const shown = (part: PlannedPart["part"]) => power.parts.find((entry) => entry.part === part)?.shown ?? 0;
  const tail = shown("tail");
  const share = `${Math.abs(tail).toFixed(2)} ${tail < 0 ? "below" : "above"} the paraphrases'`;
  const parity = power.parts.map(({ clustersAtParity }) => clustersAtParity);
  const enough = parity.every((needed) => needed !== null) ? Math.max(...(parity as number[])) : null;
  const corrected = verdicts > 1 ? `, ${power.alpha.toPrecision(2)} once corrected for ${verdicts} verdicts` : "";
  const sentences = [
    `What ${items.length} items in ${count} clusters can show, with power 0.8 in each part of a verdict (one-sided α ${alpha}${corrected}): a mean ${power.d.toFixed(2)} standard deviations beyond its bound.`,
    `If codes spread as dropping words did in ${REFERENCE_SPREAD.source}, "equivalent" takes a true score of about ${shown("output").toFixed(2)} in output, ${shown("states").toFixed(2)} in states and ${shown("fact").toFixed(2)} on the fact, and a share of good items ${share} or more.`,
    ...(enough === null
      ? []
      : [
          `A code just as good as a paraphrase would take about ${enough} clusters${enough <= count ? ": there are enough" : ""}.`,
        ]),
    "Yours may spread otherwise: what stays undecided says afterwards how many items would do.",
  ];
  return wrapText(sentences.join(" "), 80);
}

function saidText(frames: readonly FramePlan[]): string {
  const texts = frames.reduce((sum, frame) => sum + frame.texts, 0);
  return texts === 0 ? "" : ` at most ${texts.toLocaleString("en-US")} answers and restatements;`;
}

export function planText(suite: Suite, plans: readonly ModelPlan[]): string {
  const lines: string[] = [];
  const number = (value: number) => value.toLocaleString("en-US").padStart(12);
  for (const { model, conditions, estimated, frames, seconds, requests, counted } of plans) {
    lines.push(
      `${suite.name}${suite.profile ? `, profile ${suite.profile}` : ""} on ${model}: ${suite.items.length} items × ${conditions.length} conditions × ${frames.length} frame(s)${suite.positions === "both" ? " × 2 position policies" : ""}`,
    );
    lines.push(`conditions: ${conditions.join(", ")}`);
    if (estimated.length > 0)
      lines.push(
        `estimated: ${estimated.join(", ")} (the encodings take the model; texts of about that length are counted)`,
      );
    lines.push("");
    if (requests !== null) {
      lines.push(
        ...wrapText(
          `at most ${requests.toLocaleString("en-US")} requests for one token each, where the server names likely tokens, and embeddings of each text and of the corpus, where it has them;${saidText(frames)} equal requests are sent once, and answers are kept`,
          80,
        ).split("\n"),
        "",
      );
      continue;
    }
    lines.push(
      `frame${" ".repeat(15)}${"read".padStart(12)}${"corpus".padStart(12)}${"sampled".padStart(12)}   tokens`,
    );
    for (const { frame, reading, corpus, sampling } of frames)
      lines.push(`${frame.padEnd(20)}${number(reading)}${number(corpus)}${number(sampling)}`);
    lines.push(
      "",
      `about ${duration(seconds)} on this machine; the mean states of the corpus and the continuations are kept for later runs`,
    );
    if (!counted) lines.push(`(${model} is not fetched yet: tokens are estimated at ${BYTES_PER_TOKEN} bytes each)`);
    lines.push("");
  }
  lines.push(powerText(suite, plans.length), "");
  return `${lines.join("\n")}\n`.replace(/\n\n$/, "\n");
}
