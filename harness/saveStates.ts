import { join } from "node:path";
import { writeSafetensors } from "../safetensors.ts";
import type { FrameReader } from "./FrameReader.ts";
import type { StatesByCondition } from "./frameStates.ts";
import type { Positions } from "./ItemRequest.ts";
import { statesPrefix } from "./keptStates.ts";
import { bandStates } from "./Reading.ts";
import type { Session } from "./Session.ts";

/**
 * Keeps what a later step may need: states of originals and decoys, or of all conditions where the run keeps them, at
 * the last token of `after`, in the declared bands, as float16 [items, states, width]; items without a decoy are left out of its tensor.
 */
export function saveStates(
  { options, entry }: Session,
  frame: FrameReader,
  positions: Positions,
  states: StatesByCondition,
): void {
  const indices = bandStates(entry.bands);
  const { width, layers } = entry.identity;
  const metadata: Record<string, string> = { states: JSON.stringify(layers === 0 ? ["final_norm"] : indices) };
  const names = options.keepStates === "all" ? [...states.keys()] : ["original", "decoy"];
  const tensors = names.flatMap((name) => {
    const present = (states.get(name) ?? []).flatMap((all, i) =>
      all ? [{ all, id: options.suite.items[i]?.id ?? "" }] : [],
    );
    if (present.length === 0) return [];
    const data = new Float16Array(present.length * indices.length * width);
    present.forEach(({ all }, i) => {
      indices.forEach((_, k) => {
        data.set(all[k] as Float32Array, (i * indices.length + k) * width);
      });
    });
    metadata[`${name}.items`] = JSON.stringify(present.map(({ id }) => id));
    return [{ name, shape: [present.length, indices.length, width], data }];
  });
  const file = `${statesPrefix(entry.identity)}${frame.name}-${positions}.safetensors`;
  writeSafetensors(join(options.folder, "states", file), tensors, metadata);
}
