/**
 * A text provider in process, which says next the letter that a text holds most of, as often as it is asked for; or, at
 * a temperature, letters that the seed draws among the most likely.
 */
import type {
  Generated,
  GenerateRequest,
  Scored,
  ScoreRequest,
  TextCapabilities,
  TextInput,
  TextProvider,
} from "../../../providers/contract.ts";
import { checkGenerate } from "../../../providers/remote/checkGenerate.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** How often each letter stands in a text. */
const letters = (text: string) =>
  Float32Array.from(LETTERS, (letter) => [...text.toLowerCase()].filter((one) => one === letter).length);

const wordsOf = (input: TextInput) =>
  "text" in input ? input.text : input.messages.map(({ content }) => content).join("\n");

/** Log-probability of a letter after a text; whatever else there is has a hundredth. */
export function likelihood(text: string, letter: string): number {
  const counts = letters(text);
  const at = LETTERS.indexOf(letter.toLowerCase());
  if (at < 0) return Math.log(0.01);
  return Math.log((0.99 * ((counts[at] as number) + 0.1)) / counts.reduce((a, b) => a + b + 0.1, 0));
}

export class LetterServer implements TextProvider {
  readonly identity = {
    reference: "openai:letters@http://127.0.0.1:1",
    name: "letters",
    engine: "letters 1",
    digest: null,
    contextLength: null as number | null,
  };
  readonly text: TextCapabilities;
  readonly asked: GenerateRequest[] = [];
  readonly embedded: string[] = [];

  constructor(topLogProbs = 5, embeddings = true, more: Partial<TextCapabilities> = {}) {
    const none = { scores: "none", finalStates: null } as const;
    this.text = { generation: true, topLogProbs, embeddings, schema: false, ...none, ...more };
  }

  /** A token a letter; one that follows another letter without a space begins in the word before. */
  async score(requests: readonly ScoreRequest[], signal?: AbortSignal): Promise<Scored[]> {
    signal?.throwIfAborted();
    return requests.map(({ input, said }) => {
      const before = wordsOf(input);
      if (/[a-z]$/i.test(before) && /^[a-z]/i.test(said)) return { unscored: "the word goes on" };
      return [...said].map((letter, i) => likelihood(before + said.slice(0, i), letter));
    });
  }

  /** How often each letter stands in the input. */
  async finalStates(inputs: readonly TextInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    return inputs.map((input) => letters(wordsOf(input)));
  }

  async generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]> {
    signal?.throwIfAborted();
    for (const request of requests) {
      checkGenerate(request, {
        reference: this.identity.reference,
        origin: "in process",
        topLogProbs: this.text.topLogProbs,
        withoutLogProbs: "ask for none",
      });
    }
    this.asked.push(...requests);
    return requests.map(({ input, topLogProbs = 0, maxTokens, temperature, seed = 0, stop = [] }) => {
      const counts = letters(wordsOf(input));
      const sum = counts.reduce((a, b) => a + b + 0.1, 0);
      const top = [...LETTERS]
        .map((letter, i) => ({
          text: letter,
          bytes: [...Buffer.from(letter)],
          logProb: Math.log(((counts[i] as number) + 0.1) / sum),
        }))
        .sort((a, b) => b.logProb - a.logProb);
      const [first] = top;
      if (first === undefined) throw new Error("no token");
      const drawn = (t: number) => (temperature === 0 ? 0 : ((seed * 2654435761) >>> (3 * t)) % 8);
      const said = Array.from({ length: maxTokens }, (_, t) => top[drawn(t)]?.text).join("");
      const cut = Math.min(...stop.map((part) => said.indexOf(part)).filter((at) => at >= 0), said.length);
      const named = topLogProbs > 0 ? [{ ...first, top: top.slice(0, topLogProbs) }] : null;
      return {
        text: said.slice(0, cut),
        ended: cut < said.length ? "end" : "length",
        tokens: named,
        usage: { input: 1, output: maxTokens },
      };
    });
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    this.embedded.push(...texts);
    return texts.map(letters);
  }

  async close(): Promise<void> {}
}
