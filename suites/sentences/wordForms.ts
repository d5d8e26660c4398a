/** English word forms, as far as the lexicon needs them. */
const IRREGULAR: Readonly<Record<string, string>> = {
  deer: "deer",
  goose: "geese",
  moose: "moose",
  mouse: "mice",
  sheep: "sheep",
  wolf: "wolves",
  bison: "bison",
  spokeswoman: "spokeswomen",
  midwife: "midwives",
  wife: "wives",
  moss: "mosses",
  cactus: "cacti",
  heather: "heather",
  clover: "clover",
  bamboo: "bamboo",
  mistletoe: "mistletoe",
  ivy: "ivy",
};

export function plural(noun: string): string {
  const known = IRREGULAR[noun];
  if (known !== undefined) return known;
  const [head, ...rest] = noun.split(/(?= of )/);
  if (rest.length > 0) return `${plural(head as string)}${rest.join("")}`;
  if (/(s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}

/** "a" before a vowel sound becomes "an". */
export function article(text: string): string {
  return text.replace(/\ba (?=(?!(?:uni|eu|us|uku|ura|ute|one))[aeiou]|hour|honest|heir|X)/gi, (a) => `${a.trim()}n `);
}
