/**
 * Any text as LaTeX that prints it: special characters escaped, mathematical signs as commands, what is not Latin
 * inside `\isohanzi{…}` (a font with hanzi, kana, hangul, Greek and Cyrillic). A character that no such font has is
 * printed as its code point, U+05E9: a glyph that is missing would vanish without a word.
 */

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  "'": "\\textquotesingle{}",
  "`": "\\textasciigrave{}",
  // Ligatures would make one dash of several hyphens.
  "-": "-{}",
  "−": "$-$",
  "–": "\\textendash{}",
  "—": "\\textemdash{}",
  "…": "\\ldots{}",
  "×": "$\\times$",
  "±": "$\\pm$",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
  "→": "$\\rightarrow$",
  "·": "$\\cdot$",
  α: "$\\alpha$",
  Δ: "$\\Delta$",
  Λ: "$\\Lambda$",
  "“": "\\textquotedblleft{}",
  "”": "\\textquotedblright{}",
  "‘": "\\textquoteleft{}",
  "’": "\\textquoteright{}",
};

const PLAIN = /[ -~\u00a1-\u00ac\u00ae-\u017f]/u;
const OTHER_SCRIPT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Greek}\p{Script=Cyrillic}\u3000-\u303f\uff01-\uff65]/u;

function character(text: string): { text: string; other: boolean } {
  const special = SPECIAL[text];
  if (special !== undefined) return { text: special, other: false };
  if (/\s/u.test(text)) return { text: " ", other: false };
  if (PLAIN.test(text)) return { text, other: false };
  if (OTHER_SCRIPT.test(text)) return { text, other: true };
  const code = (text.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return { text: `U+${code}`, other: false };
}

export function latexText(text: string): string {
  const runs: { text: string; other: boolean }[] = [];
  for (const next of [...text].map(character)) {
    const last = runs.at(-1);
    if (last?.other === next.other) last.text += next.text;
    else runs.push({ ...next });
  }
  return runs.map((run) => (run.other ? `\\isohanzi{${run.text}}` : run.text)).join("");
}
