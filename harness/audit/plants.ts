/**
 * Codes whose worth is known: made from a run's own items, with one property set exactly.
 *
 * Whole clusters of the run are drawn with replacement, so the run is the population, and a mean over its items is the
 * truth (plasmode simulation: Franklin et al. 2014, Comput Stat Data Anal 72:219–226). A code "at the margin" of a part
 * is made so that the mean of that part's contrast over the run's items is 0, by one factor on the distances of a real
 * text: its skewness, and how it goes with the item's controls, stay those of the run. Then a claim is an error.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { bestFloor, DISTRIBUTION, FACT, STATES } from "../analysis/losses.ts";
import { type Column, combine, type Table } from "../analysis/Table.ts";
import type { Values } from "./ItemValues.ts";

export interface Plant {
  /** Values of one copy of an item; `random` for what is drawn anew for each copy. */
  readonly draw: (item: number, random: RandomGenerator) => Values;
  /** K of a foil that is made for this code alone. */
  readonly rival?: (item: number) => Values;
}

/** What is known of the population: the run, each item once. */
export interface Truth {
  readonly table: Table;
  readonly margin: number;
  readonly layer: string;
  /** Paraphrases' own share of good items, less what part D allows. */
  readonly leastGood: number;
}

/** `A kl`, `A states`, `B fact`, `C foil`, `D tail`: on the margin of that part. */
export function plants(truth: Truth) {
  const { table, margin, layer, leastGood } = truth;
  const at = (condition: string, measure: string) => table.column(condition, measure, measure === STATES ? layer : "");
  const [original, decoy, paraphrase] = ["original", "decoy", "paraphrase"].map((name) => at(name, FACT)) as Three;
  const between = (level: number, low: Column, high: Column): Column =>
    low.map((value, i) => map2(value, high[i] ?? null, (a, b) => (1 - level) * a + level * b));

  // Both are distances from the original, of which a multiple makes sense: K, and 1 − state.explained.
  const divergence = (condition: string) => at(condition, DISTRIBUTION);
  const distance = (condition: string) => minus(1, at(condition, STATES));
  const floorOf = (name: string, better: "lower" | "higher") =>
    bestFloor(table, "", { name, better }, name === STATES ? layer : "")?.column ?? [];
  const farthest = floorOf(STATES, "higher").map((loss) => (loss === null ? null : 1 + loss));
  const kl = (level: number, donor: string) =>
    scaled(table, divergence(donor), between(level, floorOf(DISTRIBUTION, "lower"), divergence("paraphrase")));
  const explained = (level: number, donor: string) =>
    minus(1, scaled(table, distance(donor), between(level, farthest, distance("paraphrase"))));
  /** Keeps one share of each item's distance between the decoy and the original. */
  const fact = (level: number) => {
    const whole = difference(original, decoy);
    return scaled(table, whole, times(level, difference(paraphrase, decoy))).map((value, i) =>
      map2(decoy[i] ?? null, value, (a, b) => a + b),
    );
  };

  /** A quarter of a paraphrase's distance, the fact kept: every part holds easily. */
  const easy = {
    kl: times(0.25, divergence("paraphrase")),
    explained: minus(1, times(0.25, distance("paraphrase"))),
    fact: original,
  };
  const plant = (columns: Record<keyof Values, Column>): Plant => ({ draw: (i) => row(columns, i) });
  const heavy = (columns: Record<keyof Values, Column>): Plant => ({
    draw: (i, random) => {
      const values = row(columns, i);
      return { ...values, kl: values.kl === null ? null : values.kl * logNormal(random) };
    },
  });
  const record = (condition: string) => ({
    kl: divergence(condition),
    explained: at(condition, STATES),
    fact: at(condition, FACT),
  });

  const beyond = 1.01 * Math.max(...["paraphrase-near", "paraphrase-far"].flatMap((name) => present(divergence(name))));
  const wrongText = record("mismatch-1");
  // Without a text about the item: what the model says of the fact unasked.
  const unasked = present(at("filler", FACT)).length > 0 ? at("filler", FACT) : decoy;
  const rival = scaled(table, divergence("first-half"), easy.kl);
  const halfway = (1 + margin) / 2;
  return {
    easy: plant(easy),
    "A kl": plant({ ...easy, kl: kl(margin, "first-half") }),
    "A states": plant({ ...easy, explained: explained(margin, "first-half") }),
    "B fact": plant({ ...easy, fact: fact(margin) }),
    "C foil": { ...plant(easy), rival: (i: number) => row({ ...easy, kl: rival }, i) },
    "D tail": {
      // Bad in one of two ways: K beyond every paraphrase's, or Λ just on the decoy's side of the middle.
      draw: (i, random) => {
        const values = row(easy, i);
        if (uniformFloat64(random) < leastGood) return values;
        if (uniformFloat64(random) < 0.5) return { ...values, kl: beyond };
        return { ...values, fact: map2(original[i] ?? null, decoy[i] ?? null, (x, d) => d + 0.49 * (x - d)) };
      },
    } satisfies Plant,
    "A kl, heavy tails": heavy({ ...easy, kl: kl(margin, "first-half") }),
    "85 % perfect": {
      draw: (i, random) =>
        uniformFloat64(random) < 0.85 ? row(record("original"), i) : row({ ...wrongText, fact: unasked }, i),
    } satisfies Plant,
    // A copy with the fact changed: as near as can be, and wrong.
    "15 % decoys": {
      draw: (i, random) => (uniformFloat64(random) < 0.85 ? row(record("original"), i) : row(record("decoy"), i)),
    } satisfies Plant,
    "25 % decoys": {
      draw: (i, random) => (uniformFloat64(random) < 0.75 ? row(record("original"), i) : row(record("decoy"), i)),
    } satisfies Plant,
    // With the fact kept, so that it is for closeness to refuse it.
    "topic only": plant({ ...wrongText, fact: original }),
    halfway: plant({
      kl: kl(halfway, "paraphrase"),
      explained: explained(halfway, "paraphrase"),
      fact: fact(halfway),
    }),
    paraphrase: plant({ kl: kl(1, "paraphrase-near"), explained: explained(1, "paraphrase-near"), fact: fact(1) }),
  } as const satisfies Record<string, Plant>;
}

export type PlantName = keyof ReturnType<typeof plants>;

type Three = [Column, Column, Column];

const present = (column: Column) => column.filter((value): value is number => value !== null);
const map2 = (a: number | null, b: number | null, by: (a: number, b: number) => number) =>
  a === null || b === null ? null : by(a, b);
const minus = (from: number, column: Column) => column.map((value) => (value === null ? null : from - value));
const times = (factor: number, column: Column) => column.map((value) => (value === null ? null : factor * value));
const difference = (a: Column, b: Column): Column => a.map((value, i) => map2(value, b[i] ?? null, (x, y) => x - y));
const row = ({ kl, explained, fact }: Record<keyof Values, Column>, i: number): Values => ({
  kl: kl[i] ?? null,
  explained: explained[i] ?? null,
  fact: fact[i] ?? null,
});

/** The donor's values times the factor that gives them the target's mean, over items that have both. */
function scaled(table: Table, donor: Column, target: Column): Column {
  const { values } = combine(table.clusters, [donor, target], (own) => own);
  const { values: asked } = combine(table.clusters, [donor, target], (_, other) => other);
  const total = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const factor = total(asked) / total(values);
  if (!(factor > 0)) throw new RangeError(`no factor takes a mean of ${total(values)} to one of ${total(asked)}`);
  return times(factor, donor);
}

/** e^{Z − ½} for normal Z (Box & Muller 1958): mean 1, skewness 6.2. */
function logNormal(random: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
  return Math.exp(radius * Math.cos(2 * Math.PI * uniformFloat64(random)) - 0.5);
}
