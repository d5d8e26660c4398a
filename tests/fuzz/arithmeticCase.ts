/** Any text at all through arithmetic coding and back, and a damaged code, which has to be refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Codec } from "../../codecs/contract.ts";
import { ExpectedError } from "../../errors.ts";
import type { Chance } from "./Chance.ts";

export const TEXT_FILE = "text.json";

/** Ranges of code points: what is written, what is not, and halves of surrogate pairs. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0x20, 0x7e],
  [0x61, 0x7a],
  [0x00, 0x1f],
  [0x80, 0x7ff],
  [0x300, 0x36f],
  [0x4e00, 0x9fff],
  [0x2000, 0x206f],
  [0xe000, 0xffff],
  [0x1f300, 0x1faff],
  [0x10000, 0x10ffff],
];
const HALVES = [0xd800, 0xdfff] as const;

export function makeText(chance: Chance): string {
  const length = chance.below(chance.one([2, 8, 24, 48]));
  const mixed = chance.once(2);
  const own = chance.one(RANGES);
  const halves = chance.once(40);
  return Array.from({ length }, () => {
    const [from, to] = halves && chance.once(4) ? HALVES : mixed ? chance.one(RANGES) : own;
    return String.fromCodePoint(from + chance.below(to - from + 1));
  }).join("");
}

const ALPHABETS = ["hanzi-512", "hanzi-161", "hanzi-smollm2"];
let codecs: Promise<readonly Codec[]> | null = null;

/** @returns `valid`, and the code of the error that the damaged code met; or that of a text that is refused. */
export async function readTextCase(folder: string, chance: Chance): Promise<string[]> {
  // The runtime is loaded where it is used: it takes longer than a thousand headers.
  const { codecOn, encodedTexts, openTinyModel } = await import("../codecs/text/tinyModel.ts");
  codecs ??= openTinyModel().then((model) => ALPHABETS.map((alphabet) => codecOn(model, "arithmetic", { alphabet })));
  const codec = chance.one(await codecs);
  const text = JSON.parse(readFileSync(join(folder, TEXT_FILE), "utf8")) as string;
  try {
    const [code = ""] = await encodedTexts(codec, [text]);
    if (!text.isWellFormed()) throw new Error(`encoded what is no UTF-8: ${JSON.stringify(text)}`);
    const [back] = (await codec.decode?.([code])) ?? [];
    if (back !== text) throw new Error(`${JSON.stringify(text)} came back as ${JSON.stringify(back)}`);
    const symbols = [...code];
    const place = chance.below(symbols.length);
    const other = chance.one((codec.alphabet ?? []).filter((symbol) => symbol !== symbols[place]));
    const damaged = symbols.with(place, other).join("");
    const wrong = await codec.decode?.([damaged]).catch((error: unknown) => {
      if (!(error instanceof ExpectedError)) throw error;
      return error.code;
    });
    if (wrong !== "code-damaged") throw new Error(`${damaged} decoded to ${JSON.stringify(wrong)}`);
    return ["valid", wrong];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return [error.code];
  }
}
