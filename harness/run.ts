/** The main path: encode, read, measure, record. What a record says is decided in analysis/analyze.ts. */
import { join } from "node:path";
import { EXIT, ExpectedError } from "../errors.ts";
import type { Provider } from "../providers/contract.ts";
import type { Suite } from "../suites/Suite.ts";
import { AnswerCache } from "./AnswerCache.ts";
import { checkSuite, knowsQuestion } from "./checkSuite.ts";
import { codecServices } from "./codecServices.ts";
import type { Condition } from "./conditions.ts";
import { corpusStatistics } from "./corpusStatistics.ts";
import { FrameReader } from "./FrameReader.ts";
import { frameMeasures } from "./frameStates.ts";
import type { ConditionText, ItemRequest, Positions } from "./ItemRequest.ts";
import { frameQuestion } from "./itemQuestions.ts";
import { judgedSuite } from "./judgedSuite.ts";
import { judgeMeasures } from "./judges/judgeMeasures.ts";
import { type JudgedRun, judgeRun, type SaidBatch, whatWasSaid } from "./judges/judgeRun.ts";
import { writeRatings } from "./judges/ratingsFile.ts";
import type { Measure } from "./Measure.ts";
import { manifest } from "./manifest.ts";
import { measureItem } from "./measureItem.ts";
import { needsGeneration } from "./measures/overAnswers.ts";
import { extrasOf, selectMeasures } from "./measures.ts";
import { noiseItems } from "./noise.ts";
import { setMeasures } from "./overAllItems.ts";
import { prepareConditions } from "./prepareConditions.ts";
import { pruneFolder } from "./pruneFolder.ts";
import { bandsOf, type Extra, FINAL } from "./Reading.ts";
import { ReadingCache } from "./ReadingCache.ts";
import { type JournalEntry, type ModelEntry, type RunRecord, RunWriter, readRun } from "./RunRecord.ts";
import { ANSWER_TOKENS, RESTATEMENT_TOKENS } from "./readAnswers.ts";
import type { RunOptions, Session } from "./Session.ts";
import { sampleAfter, sampleContinuations } from "./sampleContinuations.ts";
import { saveStates } from "./saveStates.ts";

/**
 * Runs a suite and writes its record to a new folder.
 * @throws ExpectedError for whatever was foreseen to go wrong; nothing half-written stays behind.
 */
export async function run(asked: RunOptions): Promise<RunRecord> {
  checkSuite(asked.suite);
  const options = { ...asked, suite: judgedSuite(asked.suite) };
  const writer = new RunWriter(options.folder);
  const entries: ModelEntry[] = [];
  const said: SaidBatch[] = [];
  try {
    for (const { open } of options.models) {
      const provider = await open();
      try {
        const session = await begin(options, asked.suite, provider);
        entries.push(session.entry);
        writer.writeManifest(manifest(options, entries));
        for (const frame of session.frames) {
          for await (const entry of readFrame(session, frame)) {
            writer.append(entry);
            if ("conditions" in entry) said.push(whatWasSaid(entry));
          }
        }
      } finally {
        await provider.close();
      }
    }
    if (Object.keys(options.suite.judges).length > 0)
      writeJudged(options, writer, entries, await judgeRun(options, said));
  } catch (error) {
    // Part of a run says nothing; what was measured is in the cache, where the next run finds it.
    writer.discard();
    throw error;
  }
  writer.close();
  if (options.answers !== null) pruneFolder(options.answers, MOST_KEPT);
  return readRun(options.folder);
}

/** Whose texts a reader of the report wants to see; the others follow from the items. */
const SHOWN: readonly string[] = ["candidate", "ceiling", "foil"];

/** What judges said, and of which judges the controls failed, so that their values cannot be observed. */
function writeJudged(options: RunOptions, writer: RunWriter, entries: readonly ModelEntry[], judged: JudgedRun): void {
  for (const entry of judged.late) writer.append(entry);
  writeRatings(options.folder, judged.ratings);
  const known = entries.map((entry) => ({ ...entry, unobservable: { ...judged.failed, ...entry.unobservable } }));
  writer.writeManifest(manifest(options, known, judged.judges));
}

/** Bytes of kept answers and readings together. */
const MOST_KEPT = 1e9;
const readingsFolder = ({ answers }: RunOptions) => (answers === null ? null : join(answers, "readings"));

async function begin(options: RunOptions, encoded: Suite, provider: Provider): Promise<Session> {
  const { suite, corpus } = options;
  const chosen = selectMeasures(suite.measures, suite.locate(["measures"]));
  const observable = (measure: Measure) => measure.needs(provider.capabilities);
  const { measures: asked } = suite;
  const needed = ({ name, standsInFor }: Measure) =>
    standsInFor === undefined ||
    (asked !== "default" && asked.includes(name)) ||
    !chosen.some((other) => other.name === standsInFor && observable(other));
  const measures = chosen.filter((measure) => observable(measure) && needed(measure));
  const judged = judgeMeasures(suite.judges).map(({ name }) => ({ ...needsGeneration, name }));
  const unobservable = Object.fromEntries(
    [...chosen.filter(needed), ...judged]
      .filter(({ needs }) => !needs(provider.capabilities))
      .map(({ name, needed: what }) => [name, `the provider does not show ${what}`]),
  );
  // Judges read what is said, whether or not a measure does.
  const heard: Extra[] = judged.length > 0 && provider.capabilities.generation ? ["answers", "restatement"] : [];
  const extras = new Set([...extrasOf(measures), ...heard]);
  const frames = Object.entries(suite.frames).map(
    ([name, frame]) => new FrameReader(name, frame, provider.tokenizer, suite.locate(["frames", name])),
  );
  options.progress("encoding", 0, 0);
  const answers = new AnswerCache(options.answers);
  const services = codecServices({ provider, answers, openEmbedder: options.openEmbedder, signal: options.signal });
  const conditions = await prepareConditions(encoded, provider.tokenizer, services);
  refuseTooLong(suite, provider, frames, conditions, extras);
  const final = provider.capabilities.hiddenStates === "final";
  const bands = final ? [FINAL] : bandsOf(suite.bands, provider.identity.layers);
  const headline = final ? 0 : suite.bands.findIndex(([low, high]) => low <= 0.6 && 0.6 < high);
  const entry: ModelEntry = {
    identity: provider.identity,
    frames: Object.fromEntries(frames.map((frame) => [frame.name, frame.describe()])),
    ...(suite.positions === "both" && !provider.capabilities.tokenIdsIn && { positions: ["natural"] as const }),
    bands,
    headlineBand: bands[Math.max(headline, 0)]?.name ?? "",
    conditions: [
      ...conditions.map(({ name, role, of, texts }) => ({
        ...{ name, role, of },
        ...(role === "candidate" && knowsQuestion(suite, name) && { knowsQuestion: true as const }),
        ...(SHOWN.includes(role) && { texts: texts.map((one) => ("text" in one ? one.text : null)) }),
      })),
      // The original read once more, alone, for the noise floor.
      { name: "identity", role: "control" as const, of: null },
    ],
    corpus: { name: corpus.name, sentences: corpus.sentences.length, sha256: corpus.sha256 },
    unobservable,
  };
  const readings = new ReadingCache(readingsFolder(options));
  return { options, provider, answers, readings, measures, extras, conditions, frames, entry };
}

/** Finds a text that the model cannot read whole, before anything is computed. */
function refuseTooLong(
  suite: Suite,
  provider: Provider,
  frames: readonly FrameReader[],
  conditions: readonly Condition[],
  extras: ReadonlySet<Extra>,
): void {
  const { identity, capabilities } = provider;
  // Where nobody says, or the tokens are the server's, whoever serves the model has to refuse what is too long.
  if (identity.contextLength === null || !capabilities.tokenIdsIn) return;
  const continuation = Math.max(suite.continuations.tokens, extras.has("restatement") ? RESTATEMENT_TOKENS : 0);
  const answer = extras.has("answers") ? ANSWER_TOKENS : 0;
  const around = suite.items.map((item) =>
    Math.max(...frames.map((frame) => frame.longestAround(item, continuation, answer))),
  );
  // The originals come first, so that an item is blamed for itself before it is blamed as another's control.
  for (const { name, texts } of conditions) {
    suite.items.forEach((item, i) => {
      const encoding = texts[i];
      if (!encoding || !("text" in encoding)) return;
      const context = Math.max(...frames.map((frame) => frame.context(encoding.text).length));
      const tokens = context + (around[i] as number);
      if (tokens <= (identity.contextLength ?? Number.POSITIVE_INFINITY)) return;
      throw new ExpectedError({
        code: "input-too-long",
        message: `item ${item.id} takes ${tokens} tokens under condition ${name}, and ${identity.name} reads ${identity.contextLength}`,
        where: suite.locateItem(item.id),
        hint: "shorten the item, or choose a model with a longer context; Isoglyph never cuts a text in silence",
      });
    });
  }
}

/** All items in one frame, under each position policy. */
async function* readFrame(session: Session, frame: FrameReader): AsyncGenerator<JournalEntry> {
  const { options, provider, measures, extras, conditions, entry } = session;
  const { suite, signal, progress } = options;
  const corpus = await corpusStatistics(session, frame);
  const continuations = await sampleContinuations(session, frame);
  const { readings: cache } = session;
  const context = { provider, measures, bands: entry.bands, corpus, corpusKey: entry.corpus, cache, signal };
  const again = noiseItems(suite.items.length);
  const both = suite.positions === "both" && provider.capabilities.tokenIdsIn;
  const policies: readonly Positions[] = both ? ["natural", "matched"] : ["natural"];
  const total = suite.items.length * policies.length;
  let done = 0;
  for (const positions of policies) {
    const states = new Map(
      conditions.map(({ name }) => [name, suite.items.map(() => null as readonly Float32Array[] | null)]),
    );
    for (const [i, item] of suite.items.entries()) {
      const missing: Record<string, string> = {};
      const present: ConditionText[] = [];
      for (const { name, role, texts } of conditions) {
        const encoding = texts[i];
        if (encoding && "text" in encoding) present.push({ name, role, text: encoding.text });
        else missing[name] = encoding?.missing ?? "no text was made";
      }
      const request: ItemRequest = {
        item,
        frame,
        positions,
        conditions: present,
        continuations: continuations[i] as number[][],
        controls: suite.continuations.controls,
        extras,
        sampleFrom: (from, counts) => sampleAfter(session, frame, item, from, counts),
      };
      signal?.throwIfAborted();
      progress(`reading, ${frame.name}`, done, total);
      const measured = await located(() => measureItem(request, again.has(i), context), suite, item.id);
      for (const [name, own] of measured.states) (states.get(name) ?? [])[i] = own;
      done += 1;
      yield {
        model: provider.identity.reference,
        frame: frame.name,
        positions,
        item: item.id,
        seamDiffers: frame.seamDiffers(item.original, frameQuestion(item)),
        conditions: measured.noise
          ? { ...measured.conditions, identity: measured.noise.identity }
          : measured.conditions,
        missing,
        noise: measured.noise?.differences ?? null,
      };
    }
    if (provider.capabilities.hiddenStates === "none") continue;
    saveStates(session, frame, positions, states);
    const common = { model: provider.identity.reference, frame: frame.name, positions };
    const late = [
      frameMeasures(suite.items, states, entry.bands, new Set(measures.map(({ name }) => name))),
      setMeasures(suite.items, states, entry.bands, corpus.geometry, measures),
    ];
    for (const [i, item] of suite.items.entries()) {
      const values = [...states.keys()]
        .map((name) => [name, late.flatMap((lists) => lists.get(name)?.[i] ?? [])] as const)
        .filter(([, list]) => list.length > 0);
      yield { ...common, item: item.id, overAllItems: Object.fromEntries(values) };
    }
  }
  progress(`reading, ${frame.name}`, total, total);
}

/** Adds the item's place to an error that a reading ran into. */
async function located<T>(read: () => Promise<T>, suite: Suite, id: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.where !== undefined || error.exit === EXIT.interrupted) throw error;
    throw new ExpectedError({
      code: error.code,
      message: `item ${id}: ${error.message}`,
      where: suite.locateItem(id),
      hint: error.hint ?? "",
      exit: error.exit,
      cause: error,
    });
  }
}
