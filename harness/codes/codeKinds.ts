/** The codes that table A compares: all quantisers, and how each is given its bits. */
import { QUANTISER_KINDS, type QuantiserKind } from "../../codecs/quantisers/kinds.ts";

export interface CodeShape {
  readonly places: number;
  /** Entries a place chooses from. */
  readonly entries: number;
}

export interface CodeKind extends QuantiserKind {
  readonly name: string;
  /** A code of the seed systems with its published defects, the same idea done right, or a known method. */
  readonly form: "as published" | "repaired" | "reference";
  /** Entries a place; 256 unless given. */
  readonly entries?: number;
}

type Traits = Pick<CodeKind, "form" | "entries">;

const ENTRIES = 256;

/** What is not a reference method of 256 entries a place. */
const TRAITS: Readonly<Record<string, Traits>> = {
  // Few cells and many projections: each projection tells of one direction only.
  scalar: { form: "repaired", entries: 4 },
  vq: { form: "repaired" },
  entropy: { form: "repaired" },
  "vq-published": { form: "as published" },
  "entropy-published": { form: "as published" },
};

export const CODE_KINDS: readonly CodeKind[] = Object.entries(QUANTISER_KINDS).map(([name, kind]) => ({
  name,
  ...kind,
  ...(TRAITS[name] ?? { form: "reference" as const }),
}));

/** Places and entries that make `bits` a vector, as nearly as whole places can; published sizes whatever the bits. */
export function codeShape({ fixed, entries = ENTRIES }: CodeKind, bits: number): CodeShape {
  return fixed ?? { places: Math.max(1, Math.floor(bits / Math.log2(entries))), entries };
}
