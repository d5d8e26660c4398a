import type { Item } from "../suites/Suite.ts";
import type { GalleryEntry } from "./Reading.ts";
import { squaredDistance } from "./vectors.ts";

const SIZE = 50;

/** States of originals and decoys at the frame's last token, by item. */
export interface SurveyEntry {
  readonly item: Item;
  readonly original: readonly Float32Array[];
  readonly decoy: readonly Float32Array[] | null;
}

/**
 * For one item: its own original, its own decoy, then other originals up to 50 in all: those of the topic first,
 * the nearest first by distance at the state in the middle of the headline band.
 */
export function gallery(own: SurveyEntry, all: readonly SurveyEntry[], state: number): GalleryEntry[] {
  const near = (entry: SurveyEntry) => squaredDistance(entry.original[state] as Float32Array, own.original[state] as Float32Array);
  const others = all
    .filter((entry) => entry.item.id !== own.item.id)
    .map((entry) => ({ entry, foreign: entry.item.topic === own.item.topic ? 0 : 1, distance: near(entry) }))
    .sort((a, b) => a.foreign - b.foreign || a.distance - b.distance)
    .map(({ entry }) => ({ owner: entry.item.id, states: entry.original }));
  const first: GalleryEntry[] = [{ owner: own.item.id, states: own.original }];
  if (own.decoy) first.push({ owner: `${own.item.id}, decoy`, states: own.decoy });
  return [...first, ...others].slice(0, SIZE);
}
