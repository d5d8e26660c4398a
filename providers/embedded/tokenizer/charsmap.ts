/**
 * SentencePiece's precompiled character map: replacements of short byte strings, kept in a double-array trie
 * (https://github.com/google/sentencepiece, normalizer.cc; Yata et al. 2007, darts-clone).
 *
 * Layout: uint32 size of the trie in bytes, the trie (uint32 units, little-endian), the replacements, each ended by
 * a zero byte.
 */
import { malformed, type Place } from "./tokenizerFields.ts";

const LABEL = 0x800000ff;
const VALUE = 0x7fffffff;
/** Longer clusters are replaced character by character; so does the reference (tokenizers, precompiled.rs). */
const LONGEST_CLUSTER = 5;

/** @throws ExpectedError `tokenizer-malformed`. */
export function charsmap(bytes: Uint8Array, place: Place): (text: string) => string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) malformed(place, `${bytes.length} bytes`, "shorter than its header");
  const trieBytes = view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || trieBytes === 0 || trieBytes + 4 > bytes.length)
    malformed(place, `a trie of ${trieBytes} bytes`, `not a multiple of 4 within the map's ${bytes.length} bytes`);
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const encoder = new TextEncoder();
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

  const replacement = (from: number): string => {
    if (from > replacements.length)
      malformed(place, `a replacement at ${from}`, `beyond its ${replacements.length} bytes`);
    const end = replacements.indexOf(0, from);
    try {
      return decoder.decode(replacements.subarray(from, end < 0 ? replacements.length : end));
    } catch (error) {
      return malformed(place, `a replacement at ${from}`, "not UTF-8", error);
    }
  };
  const offset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  /** The replacement of the shortest entry that begins `key`; like the reference's, it stands for the whole key. */
  const lookUp = (key: Uint8Array): string | null => {
    let at = offset(trie[0] as number);
    for (const byte of key) {
      at = (at ^ byte) >>> 0;
      const unit = trie[at];
      if (byte === 0 || unit === undefined || (unit & LABEL) >>> 0 !== byte) return null;
      at = (at ^ offset(unit)) >>> 0;
      if (((unit >>> 8) & 1) === 1) {
        const leaf = trie[at];
        return leaf === undefined ? null : replacement(leaf & VALUE);
      }
    }
    return null;
  };
  const replaced = (part: string): string | null => lookUp(encoder.encode(part));

  return (text) => {
    let out = "";
    for (const { segment } of segmenter.segment(text)) {
      const whole = Buffer.byteLength(segment) <= LONGEST_CLUSTER ? replaced(segment) : null;
      out += whole ?? [...segment].map((character) => replaced(character) ?? character).join("");
    }
    return out;
  };
}
