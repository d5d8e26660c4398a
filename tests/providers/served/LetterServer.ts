/**
 * A text provider in process, which says next the letter that a text holds most of, as often as it is asked for; or, at
 * a temperature, letters that the seed draws among the most likely.
 */
import type { Generated, GenerateRequest, TextProvider } from "../../../providers/contract.ts";
import { checkGenerate } from "../../../providers/remote/checkGenerate.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** How often each letter stands in a text. */
const letters = (text: string) =>
  Float32Array.from(LETTERS, (letter) => [...text.toLowerCase()].filter((one) => one === letter).length);

export class LetterServer implements TextProvider {
  readonly identity = {
    reference: "openai:letters@http://127.0.0.1:1",
    name: "letters",
    engine: "letters 1",
    digest: null,
    contextLength: null,
  };
  readonly text;
  readonly asked: GenerateRequest[] = [];
  readonly embedded: string[] = [];

  constructor(topLogProbs = 5, embeddings = true) {
    this.text = { generation: true, topLogProbs, embeddings, schema: false };
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
      const text = "text" in input ? input.text : input.messages.map(({ content }) => content).join("\n");
      const counts = letters(text);
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
