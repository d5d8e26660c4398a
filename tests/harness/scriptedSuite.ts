/** A suite of made-up sentences that the scripted provider understands: 24 clusters unless asked for others. */
import type { Corpus } from "../../harness/Session.ts";
import type { Item, Suite } from "../../suites/Suite.ts";

const PICK = {
  day: ["Monday", "Tuesday", "Thursday", "Saturday", "Sunday"],
  person: ["Maria", "Oskar", "Ines", "Bruno", "Leila", "Tomas", "Greta"],
  number: ["three", "seven", "eleven", "forty", "ninety"],
  colour: ["green", "heavy", "fragile", "wooden", "sealed", "painted", "empty", "broken"],
  thing: ["boxes", "lamps", "chairs", "barrels", "books", "carpets", "bottles", "mirrors", "drums"],
  from: ["Lyon", "Porto", "Ghent", "Turin", "Cork", "Basel", "Riga"],
  to: ["Oslo", "Vienna", "Seville", "Krakow", "Athens"],
} as const;

export const SYNONYMS = { carried: "brought", transported: "brought", shipped: "sent", dispatched: "sent" };

function madeItem(i: number): Item {
  const [day, person, number, colour, thing, from, to] = Object.values(PICK).map(
    (list) => list[(i * 5 + Math.floor(i / list.length)) % list.length] as string,
  );
  const [verb, near, far] = i % 2 === 0 ? ["brought", "carried", "transported"] : ["sent", "shipped", "dispatched"];
  const changed = PICK.number[(PICK.number.indexOf(number as never) + 2) % PICK.number.length] as string;
  const told = (count: string) => `On ${day} ${person} ${verb} the ${count} ${colour} ${thing} from ${from} to ${to}.`;
  const again = (count: string, verb: string | undefined) =>
    `${person} ${verb} the ${count} ${colour} ${thing} from ${from} to ${to} on ${day}.`;
  return {
    id: `item-${i}`,
    topic: i % 2 === 0 ? "carriers" : "senders",
    cluster: `cluster-${i}`,
    original: told(number as string),
    paraphrases: [
      again(number as string, near),
      `From ${from}, ${person} ${far} ${number} ${colour} ${thing} to ${to} on a ${day}.`,
    ],
    decoy: { text: told(changed), paraphrase: again(changed, near), kind: "number" },
    questions: [{ question: `How many ${thing}?`, answer: number as string, decoyAnswer: changed }],
    encodings: {},
  };
}

export function scriptedItems(count: number): Item[] {
  const items = Array.from({ length: count }, (_, i) => madeItem(i));
  // As an encoding, what another item of the same topic says.
  return items.map((item, i) => ({ ...item, encodings: { other: (items[(i + 4) % count] as Item).original } }));
}

export function scriptedSuite(parts: Partial<Suite> = {}, count = 24): Suite {
  return {
    name: "scripted",
    profile: null,
    items: scriptedItems(count),
    frames: { restate: { before: "Note: ", after: "\n\nIn other words," } },
    continuations: { samples: 4, controls: 2, tokens: 10, seed: 1 },
    models: ["scripted"],
    candidates: {
      same: { codec: "identity", parameters: {} },
      "no-articles": { codec: "drop-words", parameters: { list: "articles" } },
      other: { codec: "authored", parameters: { encoding: "other" } },
    },
    measures: "default",
    judges: {},
    bands: [
      [0.25, 0.5],
      [0.5, 0.75],
    ],
    margin: 0.8,
    positions: "natural",
    gates: [],
    statistics: { alpha: 0.025, seed: 1 },
    hash: "0".repeat(64),
    locate: (key) => `suite (${key.join(".")})`,
    folder: ".",
    locateItem: (id) => `items (${id})`,
    ...parts,
  };
}

export const CORPUS: Corpus = {
  name: "corpus",
  sentences: scriptedItems(60)
    .slice(40)
    .flatMap(({ original }) => original),
  sha256: "1".repeat(64),
};
