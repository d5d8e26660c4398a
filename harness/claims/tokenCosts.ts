/** The claims on what hanzi cost, by counting: each is exact for a tokenizer. */
import { ALPHABET_A, ALPHABET_B } from "../../codecs/alphabets.ts";
import { meanInterval } from "../codes/similarity.ts";
import { randomCodes } from "../codes/symbolNoise.ts";
import type { TokenCounter } from "../codes/symbolTokens.ts";
import type { ClaimContext, MeasuredClaims } from "./ClaimContext.ts";

const SYMBOLS = 16;
/** CJK Unified Ideographs, as Unicode first had them. */
const [FIRST, LAST] = [0x4e00, 0x9fff];
const DRAWN = 200;
const ALPHABETS = { A: ALPHABET_A, B: ALPHABET_B };

/** Tokenizers that the claims speak of. */
const PUBLISHED: readonly string[] = ["qwen3", "o200k", "cl100k", "llama3", "deepseek_v3", "gemma3"];
/** The tokenizer whose counts stand for lengths in tokens. */
const RULER = "o200k";

export function measureTokenCosts({ items, training, tokenizers }: ClaimContext, seed: number): MeasuredClaims {
  const measured: Record<string, MeasuredClaims[string]> = {};
  const singles: ReadonlySet<string>[] = [];
  for (const { name, count } of tokenizers) {
    for (const [letter, { symbols }] of Object.entries(ALPHABETS)) {
      const value = symbols.reduce((sum, symbol) => sum + count(symbol), 0) / symbols.length;
      measured[`hanzi-cost.${letter}.${name}`] = { n: symbols.length, value, low: null, high: null };
    }
    const single = singleHanzi(count);
    measured[`hanzi-single.${name}`] = { n: LAST - FIRST + 1, value: single.size, low: null, high: null };
    if (PUBLISHED.includes(name)) singles.push(single);
  }
  if (singles.length === PUBLISHED.length) {
    const common = singles.reduce((all, one) => all.intersection(one));
    measured["hanzi-single.common"] = { n: LAST - FIRST + 1, value: common.size, low: null, high: null };
  }
  const cost = (alphabet: keyof typeof ALPHABETS, count: TokenCounter["count"]) => {
    const { symbols } = ALPHABETS[alphabet];
    const codes = randomCodes(DRAWN, new Array(SYMBOLS).fill(symbols.length), seed);
    return Array.from({ length: DRAWN }, (_, i) =>
      count(Array.from(codes.subarray(i * SYMBOLS, (i + 1) * SYMBOLS), (index) => symbols[index]).join("")),
    );
  };
  // The observed model's is none of those that the claim was made for.
  const published = tokenizers.filter(({ name }) => PUBLISHED.includes(name));
  if (published.length > 0) {
    const all = published.flatMap(({ count }) => [cost("A", count), cost("B", count)]);
    const means = all.map((costs) => costs.reduce((sum, value) => sum + value, 0) / DRAWN);
    // From the cheapest alphabet and tokenizer to the dearest.
    const [low, high] = [Math.min(...means), Math.max(...means)];
    const value = means.reduce((sum, mean) => sum + mean, 0) / means.length;
    measured["codes.cost"] = { n: means.length, value, low, high };
  }
  const ruler = tokenizers.find(({ name }) => name === RULER);
  if (ruler !== undefined) {
    const hanzi = cost("B", ruler.count).reduce((sum, value) => sum + value, 0) / DRAWN;
    const shrunk = items.map(({ original }) => ruler.count(original) / hanzi);
    const short = training.map((text) => ruler.count(text)).filter((tokens) => tokens >= 7 && tokens <= 15);
    const one = ALPHABET_B.symbols.reduce((sum, symbol) => sum + ruler.count(symbol), 0) / ALPHABET_B.symbols.length;
    const apart = items.map(({ cluster }) => cluster);
    const shorter = meanInterval(
      items.map(({ original }) => ruler.count(original) / one),
      apart,
    );
    measured["vq-codebook.compression"] = { n: items.length, ...shorter, floor: shorter };
    measured["protocol.compression"] = {
      n: items.length,
      ...meanInterval(
        shrunk,
        items.map(({ cluster }) => cluster),
      ),
    };
    measured["codes.expand"] = {
      n: short.length,
      ...meanInterval(
        short.map((tokens) => hanzi / tokens),
        short.map((_, i) => String(i)),
      ),
    };
  }
  // By the published rule entry k is hanzi k mod 56.
  const distinct = new Set(
    Array.from({ length: 128 }, (_, entry) => ALPHABET_B.symbols[entry % ALPHABET_B.symbols.length]),
  );
  measured["vq-codebook.collisions"] = { n: 128, value: distinct.size, low: null, high: null };
  return measured;
}

function singleHanzi(count: TokenCounter["count"]): ReadonlySet<string> {
  const single = new Set<string>();
  for (let code = FIRST; code <= LAST; code++) {
    const symbol = String.fromCodePoint(code);
    if (count(symbol) === 1) single.add(symbol);
  }
  return single;
}
