import { EXIT, ExpectedError } from "../errors.ts";
import type { FrameReader } from "./FrameReader.ts";
import { modelKey } from "./modelKey.ts";
import { meanStates, readStates } from "./readStates.ts";
import type { Session } from "./Session.ts";

/** Fills {question} where the corpus is read in a frame that asks one. */
export const CORPUS_QUESTION = "What does it say?";

/** The mean state of each layer over the reference corpus, at the frame's last token: [layers + 1][width]. */
export async function corpusMean({ options, provider, answers }: Session, frame: FrameReader): Promise<Float32Array[]> {
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
