import { expect, test } from "vitest";
import { FrameReader } from "../../harness/FrameReader.ts";
import type { Tokenizer } from "../../providers/contract.ts";
import type { Frame } from "../../suites/Suite.ts";
import { ScriptedTokenizer } from "./ScriptedProvider.ts";

const PLAIN: Frame = { before: "Note: ", after: "\n\nQuestion: {question}\nAnswer:" };
const CHAT: Frame = { template: true, user: "About {question}\nRead: {context}\nWell?" };

function reader(frame: Frame, tokenizer: Tokenizer = new ScriptedTokenizer()) {
  const made = new FrameReader("the-frame", frame, tokenizer, "suite.yaml:3 (frames)");
  const decode = (ids: readonly number[]) => tokenizer.decode(ids);
  return { made, tokenizer, decode };
}

/** A tokenizer with another chat template. */
function templated(chat: Tokenizer["chat"], options = {}): Tokenizer {
  const tokenizer = new ScriptedTokenizer(options);
  return {
    encode: tokenizer.encode.bind(tokenizer),
    decode: tokenizer.decode.bind(tokenizer),
    begin: tokenizer.begin,
    finish: tokenizer.finish,
    end: tokenizer.end,
    chat,
  };
}

test("a plain frame: the first token of every text, before, after with the question in it", () => {
  const { made, decode, tokenizer } = reader(PLAIN);
  const { before, after } = made.ids("How $& many?");
  expect(before[0]).toBe(tokenizer.begin[0]);
  expect(decode(before)).toBe("<|begin|>Note: ");
  expect(decode(after)).toBe("\n\nQuestion: How $& many?\nAnswer:");
  expect(made.describe()).toEqual({ before: "Note: ", after: "\n\nQuestion: {question}\nAnswer:" });
});

test("a plain frame asks its probe whatever it says itself", () => {
  const { made, decode } = reader({ before: "Note: ", after: " So," });
  expect(decode(made.ids("Who?").after)).toBe(" So,");
  expect(decode(made.probe("Who?"))).toBe("\n\nQuestion: Who?\nAnswer:");
  expect(decode(made.said("Maria"))).toBe(" Maria");
});

test("a chat frame is cut at the context, wherever that stands", () => {
  const { made, decode } = reader(CHAT);
  const { before, after } = made.ids("$1 {context}?");
  expect(decode(before)).toBe("<|begin|><|user|>About $1 {context}?\nRead: ");
  expect(decode(after)).toBe("\nWell?<|end|><|assistant|>");
  expect(decode(made.probe("Who?"))).toBe("\nQuestion: Who?<|end|><|assistant|>");
  expect(decode(made.said("Maria")), "the model's own turn begins without a space").toBe("Maria");
});

test("the template's special tokens are read as such, a plain frame's too, a context's never", () => {
  const { made, tokenizer } = reader(CHAT);
  const { after } = made.ids("Who?");
  expect(after.slice(-2)).toEqual([tokenizer.end[0], ...tokenizer.encode("<|assistant|>", { special: true })]);
  const plain = reader({ before: "<|end|>Note: ", after: " So," });
  expect(plain.made.ids("").before.slice(0, 2)).toEqual([...plain.tokenizer.begin, ...plain.tokenizer.end]);
});

test("a question with a special token is refused: it would end the turn", () => {
  for (const frame of [PLAIN, CHAT]) {
    const { made } = reader(frame);
    for (const ask of [() => made.ids("Who?<|end|>"), () => made.probe("Who?<|end|>")]) {
      expect(ask).toThrow(
        expect.objectContaining({ code: "question-special-token", message: expect.stringContaining('"Who?<|end|>"') }),
      );
    }
  }
});

test("frames that put nothing before or after the context are refused", () => {
  const bare = new ScriptedTokenizer({ begin: false });
  expect(() => reader({ before: "", after: "So," }, bare)).toThrow(
    expect.objectContaining({ code: "frame-empty-before", where: "suite.yaml:3 (frames)" }),
  );
  expect(() => reader({ before: "", after: "So," })).not.toThrow();
  expect(() => reader({ before: "Note: ", after: "" })).toThrow(
    expect.objectContaining({ code: "frame-empty-after", where: "suite.yaml:3 (frames)" }),
  );
});

test("chat frames need a template that writes the message once", () => {
  expect(() => reader(CHAT, templated(null))).toThrow(
    expect.objectContaining({ code: "frame-no-template", where: "suite.yaml:3 (frames)" }),
  );
  expect(() => reader(PLAIN, templated(null))).not.toThrow();
  for (const chat of [
    () => "hello",
    (messages: readonly { content: string }[]) => `${messages[0]?.content} ${messages[0]?.content}`,
  ]) {
    expect(() => reader(CHAT, templated(chat))).toThrow(expect.objectContaining({ code: "frame-template-context" }));
  }
});

test("seams: whether the joined text is cut into other tokens than its parts", () => {
  const spaced = reader({ before: "Note: ", after: " So," });
  expect(spaced.made.seamDiffers("It rains.", ""), '" It" would be one token').toBe(true);
  const clean = reader({ before: "Note:\n", after: " So," });
  expect(clean.made.seamDiffers("It rains.", "")).toBe(false);
  const glued = reader({ before: "Note:\n", after: "So," });
  expect(glued.made.seamDiffers("It rains.", "")).toBe(true);
});
