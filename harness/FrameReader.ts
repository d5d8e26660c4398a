/** A frame as token ids: what the model reads before and after the context, in this frame, for this item. */
import { ExpectedError } from "../errors.ts";
import type { Tokenizer } from "../providers/contract.ts";
import type { Frame, Item } from "../suites/Suite.ts";

/** Asks a question right after the context, where a frame of plain text does not say otherwise. */
const PROBE = "\n\nQuestion: {question}\nAnswer:";
const CHAT_PROBE = "{context}\nQuestion: {question}";
/** Stands for the context while a chat template is rendered; a private-use character that no template touches. */
const PLACEHOLDER = "\uE000";

/** Every piece but the first follows another, so that only the first gets a tokenizer's dummy space. */
const CONTINUES = { continues: true } as const;

export interface FramedIds {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export class FrameReader {
  readonly name: string;
  readonly frame: Frame;
  private readonly tokenizer: Tokenizer;
  /** Whether the context follows other text. */
  private readonly follows: boolean;

  /** @throws ExpectedError `frame-no-template`, `frame-template-context`, `frame-empty-after`, `frame-empty-before`. */
  constructor(name: string, frame: Frame, tokenizer: Tokenizer, where: string) {
    this.name = name;
    this.frame = frame;
    this.tokenizer = tokenizer;
    if ("template" in frame && tokenizer.chat === null) {
      throw new ExpectedError({
        code: "frame-no-template",
        message: `frame ${name} uses a chat template, and the model has none`,
        where,
        hint: "use a model with a chat template, or leave the frame out (a profile can name the frames it keeps)",
      });
    }
    this.follows = this.text("?").before !== "";
    const { before, after } = this.ids("?");
    if (after.length === 0) {
      throw new ExpectedError({
        code: "frame-empty-after",
        message: `frame ${name} puts no token after the context`,
        where,
        hint: "states are read at the last token after the context: give `after` some text",
      });
    }
    if (before.length === 0) {
      throw new ExpectedError({
        code: "frame-empty-before",
        message: `frame ${name} puts no token before the context`,
        where,
        hint: "give `before` some text: the first position of a text draws attention whatever it says, so the context must not stand there",
      });
    }
  }

  /** Text around the context; `question` fills the frame's {question}. */
  private text(question: string, chatUser?: string, after?: string): { before: string; after: string } {
    if (!("template" in this.frame)) {
      return { before: this.frame.before, after: (after ?? this.frame.after).replaceAll("{question}", () => question) };
    }
    // The context's slot first: a question may itself contain "{context}".
    const content = (chatUser ?? this.frame.user)
      .replace("{context}", PLACEHOLDER)
      .replaceAll("{question}", () => question);
    const rendered = this.tokenizer.chat?.([{ role: "user", content }]) ?? "";
    const [before, rest, ...more] = rendered.split(PLACEHOLDER);
    if (before === undefined || rest === undefined || more.length > 0) {
      throw new ExpectedError({
        code: "frame-template-context",
        message: `the model's chat template writes the user's message ${rendered.split(PLACEHOLDER).length - 1} times, not once`,
        hint: "leave the chat frame out (a profile can name the frames it keeps)",
      });
    }
    return { before, after: rest };
  }

  private encode({ before, after }: { before: string; after: string }, question: string): FramedIds {
    // Special tokens are a frame's privilege: a question that contains one would end the turn.
    const asked = (special: boolean) => this.tokenizer.encode(question, { ...CONTINUES, special });
    if (asked(true).join() !== asked(false).join()) {
      throw new ExpectedError({
        code: "question-special-token",
        message: `a question contains a special token of the model: ${JSON.stringify(question)}`,
        hint: "write the question without the model's control tokens",
      });
    }
    return {
      before: this.opened(this.tokenizer.encode(before, { special: true })),
      after: this.tokenizer.encode(after, { ...CONTINUES, special: true }),
    };
  }

  /** Begins with the tokenizer's first tokens; many chat templates write them themselves. */
  private opened(ids: readonly number[]): number[] {
    const { begin } = this.tokenizer;
    const written = "template" in this.frame && begin.every((id, i) => ids[i] === id);
    return written ? [...ids] : [...begin, ...ids];
  }

  ids(question: string): FramedIds {
    return this.encode(this.text(question), question);
  }

  /** The ids of a context, as it stands in the frame: with nothing before it, it is the first text. */
  context(text: string): number[] {
    return this.tokenizer.encode(text, { continues: this.follows });
  }

  /** What follows the context when the question is asked about it; the answer comes next. */
  probe(question: string): readonly number[] {
    if (!("template" in this.frame)) return this.encode(this.text(question, undefined, PROBE), question).after;
    const upToContext = this.frame.user.slice(0, this.frame.user.indexOf("{context}"));
    return this.encode(this.text(question, upToContext + CHAT_PROBE), question).after;
  }

  /** A text that the model is to have written itself, as its ids: after plain text it begins with a space. */
  said(text: string): number[] {
    return this.tokenizer.encode("template" in this.frame ? text : ` ${text}`, CONTINUES);
  }

  /** Tokens that the frame and its longest branch can add to a context; `generated` of them for an answer of its own. */
  longestAround(item: Item, continuation: number, generated = 0): number {
    const { before, after } = this.ids(item.questions[0]?.question ?? "");
    const said = [item.original, ...item.paraphrases, item.decoy?.paraphrase ?? ""].map(
      (text) => this.said(text).length,
    );
    const asked = item.questions.map(({ question, answer, decoyAnswer }) => {
      const answers = [answer, decoyAnswer ?? ""].map((text) => this.said(text).length);
      return this.probe(question).length + Math.max(...answers, generated);
    });
    return before.length + Math.max(after.length + Math.max(continuation, ...said), ...asked);
  }

  /** Whether the joined text would be cut into other tokens than its parts: the model never saw such a seam. */
  seamDiffers(context: string, question: string): boolean {
    const { before, after } = this.text(question);
    const parts = this.ids(question);
    const joined = this.opened(this.tokenizer.encode(before + context + after, { special: true }));
    return joined.join() !== [...parts.before, ...this.context(context), ...parts.after].join();
  }

  /** The rendered frame, for the manifest. */
  describe(): { before: string; after: string } {
    return this.text("{question}");
  }
}
