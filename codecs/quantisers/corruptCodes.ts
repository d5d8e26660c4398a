import type { SeededRandom } from "./SeededRandom.ts";

/** Replaces each index by any of the others with probability `share`, in place. */
export function corruptCodes(codes: Uint16Array, entries: number, share: number, random: SeededRandom): void {
  if (share === 0) return;
  for (let i = 0; i < codes.length; i++) {
    if (random.uniform() >= share) continue;
    const other = random.below(entries - 1);
    codes[i] = other < (codes[i] as number) ? other : other + 1;
  }
}
