/**
 * What a LaTeX cell reads as: the inverse of latexText.ts, and forgiving towards what people add when they paste a table
 * into a paper (bold, colours, sizes, footnotes, other spaces, subscripts for intervals).
 */
import { plainText } from "./FoundTable.ts";

const SYMBOLS: Readonly<Record<string, string>> = {
  textbackslash: "\\",
  textasciicircum: "^",
  textasciitilde: "~",
  textasciigrave: "`",
  textless: "<",
  textgreater: ">",
  textbar: "|",
  textquotedbl: '"',
  textquotesingle: "'",
  textquotedblleft: "“",
  textquotedblright: "”",
  textquoteleft: "‘",
  textquoteright: "’",
  textendash: "–",
  textemdash: "—",
  textminus: "-",
  ldots: "…",
  dots: "…",
  times: "×",
  pm: "±",
  geq: "≥",
  ge: "≥",
  leq: "≤",
  le: "≤",
  rightarrow: "→",
  to: "→",
  cdot: "·",
  alpha: "α",
  Delta: "Δ",
  Lambda: "Λ",
};
/** Commands whose first arguments are no text, by how many. */
const SETTINGS: Readonly<Record<string, number>> = {
  isonote: 1,
  textsuperscript: 1,
  tnote: 1,
  footnote: 1,
  footnotemark: 0,
  label: 1,
  color: 1,
  cellcolor: 1,
  rowcolor: 1,
  textcolor: 1,
  multicolumn: 2,
  multirow: 2,
  rule: 2,
};
/** Commands that may have a setting in brackets, which other commands may not: their bracket is an interval's. */
const BRACKETED = new Set([
  "shortstack",
  "makecell",
  "footnotemark",
  "color",
  "textcolor",
  "cellcolor",
  "multirow",
  "\\",
]);

class LatexReader {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** To the end, or to the brace that closes the group that was opened before. */
  read(inGroup = false): string {
    let text = "";
    while (this.at < this.source.length) {
      const character = this.source[this.at] as string;
      if (character === "}") {
        this.at += 1;
        if (inGroup) return text;
      } else if (character === "{") {
        this.at += 1;
        text += this.read(true);
      } else if (character === "\\") text += this.command();
      else if (character === "^") {
        this.at += 1;
        this.argument();
      } else if (character === "-") text += this.dashes();
      else {
        this.at += 1;
        text += character === "$" || character === "_" ? "" : character === "~" ? " " : character;
      }
    }
    return text;
  }

  /** `--` is one sign, unless braces stand between. */
  private dashes(): string {
    const run = /^-{1,3}/.exec(this.source.slice(this.at))?.[0] ?? "-";
    this.at += run.length;
    return ["-", "–", "—"][run.length - 1] as string;
  }

  private command(): string {
    const name = /^\\([a-zA-Z@]+\*?|[\s\S]?)/.exec(this.source.slice(this.at))?.[1] ?? "";
    this.at += 1 + name.length;
    const word = /^[a-zA-Z]/.test(name);
    if (word) this.skip(/^\s*/);
    if (BRACKETED.has(name)) this.skip(/^\s*\[[^\]]*\]/);
    const symbol = Object.hasOwn(SYMBOLS, name) ? SYMBOLS[name] : undefined;
    if (symbol !== undefined) {
      this.skip(/^\{\}/);
      return symbol;
    }
    if (name === "isointerval") return `${this.argument()} [${this.argument()}, ${this.argument()}]`;
    if (Object.hasOwn(SETTINGS, name)) {
      for (let i = 0; i < (SETTINGS[name] ?? 0); i++) this.argument();
      return "";
    }
    if (word) return "";
    return /[%&#_${}]/.test(name) ? name : " ";
  }

  /** A group, a command with its own, or a single character. */
  private argument(): string {
    this.skip(/^\s*/);
    const next = this.source[this.at];
    if (next === undefined) return "";
    if (next === "\\") return this.command();
    this.at += 1;
    return next === "{" ? this.read(true) : next;
  }

  private skip(pattern: RegExp): void {
    this.at += pattern.exec(this.source.slice(this.at))?.[0].length ?? 0;
  }
}

export function latexPlain(source: string): string {
  return plainText(new LatexReader(source).read());
}
