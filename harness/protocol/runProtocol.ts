/**
 * Two models and a message: A sends what an item says, as its full text, as a code, or not at all; B is asked about it.
 * What is counted is whether B answers rightly, and how many of B's own tokens the message took. Without the message
 * that was never sent, right answers would prove nothing: B may guess.
 */

import type { Provider } from "../../providers/contract.ts";
import type { Frame, Suite } from "../../suites/Suite.ts";
import type { AnswerCache } from "../AnswerCache.ts";
import { containsAnswer } from "../answerMatch.ts";
import { codecServices } from "../codecServices.ts";
import { FrameReader } from "../FrameReader.ts";
import { modelKey } from "../modelKey.ts";
import { ANSWER_TOKENS, generateTexts } from "../readAnswers.ts";
import { prepareCandidates } from "./prepareCandidates.ts";

/** The message as it is, and no message; every other form is a candidate's name. */
export const TEXT = "text";
export const ABSENT = "absent";

const HINT = "Another model sent this message; it may be written in a code that stands for a sentence: ";
/** Items whose questions are asked together. */
const CHUNK = 8;

/** One question on one message. */
export interface ProtocolRow {
  readonly item: string;
  readonly cluster: string;
  readonly form: string;
  readonly message: string;
  /** What B reads of the message; null where B's tokenizer is not to be had. */
  readonly tokens: number | null;
  readonly question: string;
  readonly gold: string;
  readonly said: string;
  readonly right: boolean;
}

export interface ProtocolOptions {
  readonly suite: Suite;
  readonly sender: Provider;
  readonly receiver: Provider;
  readonly openEmbedder: (reference: string) => Promise<Provider>;
  readonly answers: AnswerCache;
  readonly progress: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

function frameOf({ tokenizer }: Provider): Frame {
  if (tokenizer.chat === null) return { before: HINT, after: "\n" };
  return { template: true, user: `${HINT}{context}` };
}

/** Rows by form, item and question; items that a code has no message for have none in that form. */
export async function runProtocol(options: ProtocolOptions): Promise<ProtocolRow[]> {
  const { suite, sender, receiver, answers, openEmbedder, progress, signal } = options;
  const items = suite.items.filter(({ questions }) => questions.length > 0);
  const services = codecServices({ provider: sender, answers, openEmbedder, signal });
  const codes = await prepareCandidates({ ...suite, items }, services);
  const forms = [
    { form: TEXT, messages: items.map(({ original }) => original) },
    ...codes,
    { form: ABSENT, messages: items.map(() => "") },
  ];
  const frame = new FrameReader("protocol", frameOf(receiver), receiver.tokenizer, "the protocol");
  const { before } = frame.ids("");
  const rows: ProtocolRow[] = [];
  for (const [f, { form, messages }] of forms.entries()) {
    for (let from = 0; from < items.length; from += CHUNK) {
      signal?.throwIfAborted();
      progress(f * items.length + from, forms.length * items.length);
      const asked = items.slice(from, from + CHUNK).flatMap(({ id, cluster, questions }, i) => {
        const message = messages[from + i];
        if (message === undefined || message === null) return [];
        const context = frame.context(message);
        const tokens = receiver.capabilities.tokenIdsIn ? context.length : null;
        return questions.map(({ question, answer }) => {
          return { item: id, cluster, form, message, tokens, question, gold: answer, context };
        });
      });
      const prompts = asked.map(({ context, question }) => [...before, ...context, ...frame.probe(question)]);
      const key = { what: "answers of a protocol", model: modelKey(receiver.identity), prompts };
      const said = await answers.remember(key, () =>
        generateTexts(receiver, prompts, { maxTokens: ANSWER_TOKENS, end: "\n" }, signal),
      );
      asked.forEach(({ context: _, ...row }, i) => {
        rows.push({ ...row, said: said[i] as string, right: containsAnswer(said[i] as string, row.gold) });
      });
    }
  }
  return rows;
}
