/** Sets of symbols that encodings are written in: data, with where each comes from. */

export interface Alphabet {
  /** Distinct symbols, one Unicode character each; a code's indices count from 0 in this order. */
  readonly symbols: readonly string[];
  readonly source: string;
}

/** An alphabet with what it was made for, as `isoglyph tokens --alphabet` writes it. */
export interface AlphabetFile {
  /** The symbols in order, without anything between them. */
  readonly symbols: string;
  readonly source: string;
  /** Each symbol is one token of these; sha256 of each, hexadecimal. */
  readonly tokenizers: readonly { readonly name: string; readonly digest: string }[];
  /** Whether some strings of n symbols cost fewer than n tokens. */
  readonly merges: boolean;
}

/** 49 hanzi. */
export const ALPHABET_A: Alphabet = {
  symbols: [..."丂丏丬乜亍仂仉冇冏刂勹匚卩叱吒囗圯夬奡宀尢屮巛幺彐忄扌攵旡牜疒礻糸耂艹虍衤覀訁豕辶酉釒阝隹雨靣飠黽"],
  source: "the proposal for an “AI-only hanzi language”: symbols of its random-projection code",
};

/** 56 hanzi. */
export const ALPHABET_B: Alphabet = {
  symbols: [
    ..."亖仜冫凞劦卝叄圡堃夋奣妏孚寍巤巭帛庬彡戔昜枼栬歰氼洸琓瓛疉硻禤穱繤羴翋聶艸虋蠰覡證譶赟轝邍醽釂鏻隮霝靐顗驫鱻鸞黵",
  ],
  source: "the proposal for an “AI-only hanzi language”: symbols of its sentence-embedding and codebook codes",
};
