/** What the reference corpus says of a model's states in a frame, made once and kept: see docs/methodology.md. */
import { EXIT, ExpectedError } from "../errors.ts";
import { type CorpusGeometry, corpusGeometry, packGeometry, unpackGeometry } from "./CorpusGeometry.ts";
import type { FrameReader } from "./FrameReader.ts";
import { modelKey } from "./modelKey.ts";
import { middleOf } from "./Reading.ts";
import { meanStates, readStates } from "./readStates.ts";
import type { Session } from "./Session.ts";

/** Fills {question} where the corpus is read in a frame that asks one. */
export const CORPUS_QUESTION = "What does it say?";

export interface CorpusStatistics {
  /** The mean state of each layer at the frame's last token: [layers + 1][width]. */
  readonly mean: readonly Float32Array[];
  /** By state index, at the middle of each band; empty where no measure asks for it. */
  readonly geometry: ReadonlyMap<number, CorpusGeometry>;
  /** The mean sentence embedding; null where no measure asks for it. */
  readonly embeddingMean: Float32Array | null;
}

/** @throws ExpectedError `states-not-finite`. */
export async function corpusStatistics(session: Session, frame: FrameReader): Promise<CorpusStatistics> {
  const { options, provider, answers, measures, entry } = session;
  const { corpus, progress, signal } = options;
  const { width } = provider.identity;
  const model = modelKey(provider.identity);
  const key = { model, frame: frame.describe(), corpus: corpus.sha256, question: CORPUS_QUESTION };
  let reading: Promise<Float32Array[][]> | null = null;
  // Whatever is missing of mean and geometry, the corpus is read once.
  const states = () => {
    const texts = corpus.sentences.map((text) => ({ text, question: CORPUS_QUESTION }));
    const label = `mean state of the corpus, ${frame.name} (kept for later runs)`;
    reading ??= readStates(provider, frame, texts, (done) => progress(label, done, texts.length), signal);
    return reading;
  };
  if (provider.capabilities.hiddenStates === "none") {
    return { mean: [], geometry: new Map(), embeddingMean: await embeddingMean(session) };
  }
  const flat = await answers.remember({ what: "corpus-mean", ...key }, async () => {
    const mean = meanStates(await states());
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
  const mean = flat.map((state) => {
    if (state.length !== width) throw new Error("a kept corpus mean has the wrong width");
    return Float32Array.from(state);
  });
  const geometry = new Map<number, CorpusGeometry>();
  const places = measures.some((measure) => measure.geometry) ? new Set(entry.bands.map(middleOf)) : [];
  for (const state of places) {
    const kept = await answers.remember({ what: "corpus-geometry", state, ...key }, async () =>
      packGeometry(corpusGeometry((await states()).map((all) => all[state] as Float32Array))),
    );
    geometry.set(state, unpackGeometry(kept));
  }
  return { mean, geometry, embeddingMean: await embeddingMean(session) };
}

async function embeddingMean({ options, provider, answers, measures }: Session): Promise<Float32Array | null> {
  if (!measures.some(({ extras }) => extras?.includes("embedding"))) return null;
  const { corpus, signal } = options;
  const key = { what: "corpus-embedding", model: modelKey(provider.identity), corpus: corpus.sha256 };
  const mean = await answers.remember(key, async () => {
    const all = await provider.embed(corpus.sentences, signal);
    return meanStates(all.map((vector) => [vector])).map((vector) => [...vector]);
  });
  return Float32Array.from(mean[0] ?? []);
}
