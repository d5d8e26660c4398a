/** Help for a name that does not exist: the nearest one that does. */
import { distance } from "fastest-levenshtein";

/** Spelling that people vary without meaning another name. */
const folded = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, "");

/** The nearest of the valid names, or undefined where none is near: a third of the letters may differ, two in short names. */
export function nearest(name: string, valid: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(name.length / 3));
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of valid) {
    const edits = distance(folded(name), folded(candidate));
    // Two edits turn any two-letter name into any other: a suggestion must keep something of what was written.
    if (edits > limit || edits >= Math.max(name.length, candidate.length)) continue;
    if (best === undefined || edits < best.edits) best = { candidate, edits };
  }
  return best?.candidate;
}

/** A hint for an unknown name: `did you mean …?`, or else the names there are. */
export function suggest(name: string, valid: readonly string[]): string {
  const near = nearest(name, valid);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return valid.length === 0 ? "there are none to choose from" : `there are: ${valid.join(", ")}`;
}
