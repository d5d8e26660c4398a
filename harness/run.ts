/** The main path: encode, read, measure, record. What a record says is decided in analyze.ts. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { EXIT, ExpectedError } from "../errors.ts";
import type { Provider } from "../providers/contract.ts";
import type { Suite } from "../suites/Suite.ts";
import { AnswerCache } from "./AnswerCache.ts";
import { checkSuite } from "./checkSuite.ts";
import type { Condition } from "./conditions.ts";
import { FrameReader } from "./FrameReader.ts";
import { frameMeasures, type StatesByCondition } from "./frameStates.ts";
import type { Measure } from "./Measure.ts";
import { measureItem } from "./measureItem.ts";
import { describeMeasures, selectMeasures } from "./measures.ts";
import { modelKey } from "./modelKey.ts";
import { noiseItems } from "./noise.ts";
import { pooledTexts } from "./pooledTexts.ts";
import { prepareConditions } from "./prepareConditions.ts";
import { bandStates, bandsOf } from "./Reading.ts";
import { ReadingCache } from "./ReadingCache.ts";
import { type JournalEntry, type Manifest, type ModelEntry, type RunRecord, RunWriter, readRun } from "./RunRecord.ts";
import { seedFor } from "./random.ts";
import { type ConditionText, frameQuestion, type ItemRequest, type Positions } from "./readItem.ts";
import { meanStates, readStates } from "./readStates.ts";
import { writeSafetensors } from "./safetensors.ts";

export interface Corpus {
  readonly name: string;
  readonly sentences: readonly string[];
  readonly sha256: string;
}

/** Fills {question} where the corpus is read in a frame that asks one. */
const CORPUS_QUESTION = "What does it say?";

export type Progress = (label: string, done: number, total: number) => void;

export interface RunOptions {
  readonly suite: Suite;
  /** Opened one after another; closed here. */
  readonly models: readonly { readonly reference: string; readonly open: () => Promise<Provider> }[];
  readonly corpus: Corpus;
  readonly folder: string;
  /** Where answers that cost time are kept between runs; null keeps none. */
  readonly answers: string | null;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What is the same for all items of one model. */
interface Session {
  readonly options: RunOptions;
  readonly provider: Provider;
  readonly answers: AnswerCache;
  readonly readings: ReadingCache;
  readonly measures: readonly Measure[];
  readonly conditions: readonly Condition[];
  readonly frames: readonly FrameReader[];
  readonly entry: ModelEntry;
}

/**
 * Runs a suite and writes its record to a new folder.
 * @throws ExpectedError for whatever was foreseen to go wrong; nothing half-written stays behind.
 */
export async function run(options: RunOptions): Promise<RunRecord> {
  checkSuite(options.suite);
  const writer = new RunWriter(options.folder);
  const entries: ModelEntry[] = [];
  try {
    for (const { open } of options.models) {
      const provider = await open();
      try {
        const session = await begin(options, provider);
        entries.push(session.entry);
        writer.writeManifest(manifestOf(options, entries));
        for (const frame of session.frames) {
          for await (const entry of readFrame(session, frame)) writer.append(entry);
        }
      } finally {
        await provider.close();
      }
    }
  } catch (error) {
    // Part of a run says nothing; what was measured is in the cache, where the next run finds it.
    writer.discard();
    throw error;
  }
  writer.close();
  new ReadingCache(readingsFolder(options)).prune();
  return readRun(options.folder);
}

const readingsFolder = ({ answers }: RunOptions) => (answers === null ? null : join(answers, "readings"));

async function begin(options: RunOptions, provider: Provider): Promise<Session> {
  const { suite, corpus } = options;
  const chosen = selectMeasures(suite.measures, suite.locate(["measures"]));
  const measures = chosen.filter((measure) => measure.needs(provider.capabilities));
  const unobservable = Object.fromEntries(
    chosen
      .filter((measure) => !measures.includes(measure))
      .map((measure) => [measure.name, `the provider does not show ${measure.needed}`]),
  );
  const frames = Object.entries(suite.frames).map(
    ([name, frame]) => new FrameReader(name, frame, provider.tokenizer, suite.locate(["frames", name])),
  );
  options.progress("encoding", 0, 0);
  const answers = new AnswerCache(options.answers);
  const conditions = await prepareConditions(suite, provider.tokenizer, {
    sentenceVectors: async (texts) => {
      const key = { what: "sentence vectors", model: modelKey(provider.identity), texts };
      const kept = await answers.remember(key, async () =>
        (await pooledTexts(provider, texts, options.signal)).map((vector) => [...vector]),
      );
      return kept.map((vector) => Float32Array.from(vector));
    },
  });
  refuseTooLong(suite, provider, frames, conditions);
  const bands = bandsOf(suite.bands, provider.identity.layers);
  const headline = suite.bands.findIndex(([low, high]) => low <= 0.6 && 0.6 < high);
  const entry: ModelEntry = {
    identity: provider.identity,
    frames: Object.fromEntries(frames.map((frame) => [frame.name, frame.describe()])),
    bands,
    headlineBand: bands[Math.max(headline, 0)]?.name ?? "",
    conditions: [
      ...conditions.map(({ name, role, of }) => ({ name, role, of })),
      // The original read once more, alone, for the noise floor.
      { name: "identity", role: "control" as const, of: null },
    ],
    corpus: { name: corpus.name, sentences: corpus.sentences.length, sha256: corpus.sha256 },
    unobservable,
  };
  const readings = new ReadingCache(readingsFolder(options));
  return { options, provider, answers, readings, measures, conditions, frames, entry };
}

/** Finds a text that the model cannot read whole, before anything is computed. */
function refuseTooLong(
  suite: Suite,
  provider: Provider,
  frames: readonly FrameReader[],
  conditions: readonly Condition[],
): void {
  const { tokenizer, identity } = provider;
  const around = suite.items.map((item) =>
    Math.max(...frames.map((frame) => frame.longestAround(item, suite.continuations.tokens))),
  );
  // The originals come first, so that an item is blamed for itself before it is blamed as another's control.
  for (const { name, texts } of conditions) {
    suite.items.forEach((item, i) => {
      const encoding = texts[i];
      if (!encoding || !("text" in encoding)) return;
      const tokens = tokenizer.encode(encoding.text).length + (around[i] as number);
      if (tokens <= identity.contextLength) return;
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
  const { options, provider, measures, conditions, entry } = session;
  const { suite, signal, progress } = options;
  const mean = await corpusMean(session, frame);
  const continuations = await sampleContinuations(session, frame);
  const { readings: cache } = session;
  const context = { provider, measures, bands: entry.bands, mean, meanKey: entry.corpus, cache, signal };
  const again = noiseItems(suite.items.length);
  const policies: readonly Positions[] = suite.positions === "both" ? ["natural", "matched"] : ["natural"];
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
    saveStates(session, frame, positions, states);
    const common = { model: provider.identity.reference, frame: frame.name, positions };
    const late = frameMeasures(suite.items, states, entry.bands, new Set(measures.map(({ name }) => name)));
    for (const [i, item] of suite.items.entries()) {
      const values = [...late]
        .map(([name, lists]) => [name, lists[i] ?? []] as const)
        .filter(([, list]) => list.length > 0);
      yield { ...common, item: item.id, overAllItems: Object.fromEntries(values) };
    }
  }
  progress(`reading, ${frame.name}`, total, total);
}

/**
 * Keeps what a later step may need: states of originals and decoys at the last token of `after`, in the declared
 * bands, as float16 [items, states, width]; items without a decoy are left out of its tensor.
 */
function saveStates(
  { options, entry }: Session,
  frame: FrameReader,
  positions: Positions,
  states: StatesByCondition,
): void {
  const indices = bandStates(entry.bands);
  const { width } = entry.identity;
  const metadata: Record<string, string> = { states: JSON.stringify(indices) };
  const tensors = ["original", "decoy"].flatMap((name) => {
    const present = (states.get(name) ?? []).flatMap((all, i) =>
      all ? [{ all, id: options.suite.items[i]?.id ?? "" }] : [],
    );
    if (present.length === 0) return [];
    const data = new Float16Array(present.length * indices.length * width);
    present.forEach(({ all }, i) => {
      indices.forEach((_, k) => {
        data.set(all[k] as Float32Array, (i * indices.length + k) * width);
      });
    });
    metadata[`${name}.items`] = JSON.stringify(present.map(({ id }) => id));
    return [{ name, shape: [present.length, indices.length, width], data }];
  });
  const model = entry.identity.name.replace(/[^\w.-]+/g, "-");
  writeSafetensors(
    join(
      options.folder,
      "states",
      `${model}-${entry.identity.digest.slice(0, 8)}-${frame.name}-${positions}.safetensors`,
    ),
    tensors,
    metadata,
  );
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

async function corpusMean({ options, provider, answers }: Session, frame: FrameReader): Promise<Float32Array[]> {
  const { corpus, progress, signal } = options;
  const { width } = provider.identity;
  const key = {
    what: "corpus-mean",
    model: modelKey(provider.identity),
    frame: frame.describe(),
    corpus: corpus.sha256,
    question: CORPUS_QUESTION,
  };
  const flat = await answers.remember(key, async () => {
    const texts = corpus.sentences.map((text) => ({ text, question: CORPUS_QUESTION }));
    const label = `mean state of the corpus, ${frame.name} (kept for later runs)`;
    const states = await readStates(provider, frame, texts, (done) => progress(label, done, texts.length), signal);
    const mean = meanStates(states);
    if (!mean.every((state) => state.every(Number.isFinite))) {
      throw new ExpectedError({
        code: "states-not-finite",
        message: `the states of ${provider.identity.name} in frame ${frame.name} are not all finite numbers`,
        hint: "the model file may be damaged, or its weights overflow: try another quantisation",
        exit: EXIT.instrument,
      });
    }
    return mean.map((state) => [...state]);
  });
  return flat.map((state) => {
    if (state.length !== width) throw new Error("a kept corpus mean has the wrong width");
    return Float32Array.from(state);
  });
}

/** What the model itself says after each original: sampled once, kept, and read again by every later run. */
async function sampleContinuations({ options, provider, answers }: Session, frame: FrameReader): Promise<number[][][]> {
  const { suite, progress, signal } = options;
  const { samples, tokens, seed } = suite.continuations;
  const out: number[][][] = [];
  const label = `continuations, ${frame.name} (kept for later runs)`;
  const CHUNK = 16;
  for (let from = 0; from < suite.items.length; from += CHUNK) {
    const part = suite.items.slice(from, from + CHUNK);
    const prompts = part.map((item) => {
      const { before, after } = frame.ids(frameQuestion(item));
      return {
        ids: [...before, ...provider.tokenizer.encode(item.original), ...after],
        seed: seedFor(seed, item.id, frame.name),
      };
    });
    const request = { prompts, samples, maxTokens: tokens, temperature: 1 };
    progress(label, from, suite.items.length);
    const drawn = await answers.remember({ what: "continuations", model: modelKey(provider.identity), request }, () =>
      provider.sample(request, signal),
    );
    out.push(...drawn);
  }
  return out;
}

function manifestOf(options: RunOptions, models: readonly ModelEntry[]): Manifest {
  const { suite, version, environment } = options;
  const { samples, controls, tokens, seed } = suite.continuations;
  const resolved = {
    name: suite.name,
    profile: suite.profile,
    hash: suite.hash,
    margin: suite.margin,
    alpha: suite.statistics.alpha,
    seed: suite.statistics.seed,
    positions: suite.positions === "both" ? (["natural", "matched"] as const) : (["natural"] as const),
    continuations: { samples, controls, tokens, seed },
    candidates: suite.candidates,
    gates: suite.gates,
  };
  const short = (text: string) => text.slice(0, 12);
  const names = models.map(({ identity }) => `${identity.name}@${short(identity.digest)}`).join(" ");
  const settings = createHash("sha256").update(JSON.stringify(resolved)).digest("hex");
  return {
    format: 1,
    signature: `isoglyph ${version} | ${suite.name}${suite.profile ? `/${suite.profile}` : ""}@${short(suite.hash)} | ${names} | settings ${short(settings)} | n=${suite.items.length}`,
    version,
    suite: resolved,
    items: suite.items.map(({ id, topic, cluster, original }) => ({ id, topic, cluster, original })),
    measures: describeMeasures(selectMeasures(suite.measures, suite.locate(["measures"]))),
    plannedModels: options.models.length,
    models,
    environment,
  };
}
