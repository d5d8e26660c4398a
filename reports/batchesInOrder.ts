/** A record's batches in the manifest's order, whatever the order in which they were done. */
import { type Batch, type ModelEntry, positionsOf, type RunRecord } from "../harness/RunRecord.ts";

export interface Place {
  readonly model: ModelEntry;
  /** The frame's name, with `@matched` where positions were matched. */
  readonly frame: string;
  /** One for each item of the manifest; undefined where it was not read. */
  readonly batches: readonly (Batch | undefined)[];
}

/** One place a model, frame and position policy. */
export function batchesInOrder({ manifest, batches }: RunRecord): Place[] {
  const key = (parts: readonly string[]) => JSON.stringify(parts);
  const known = new Map(batches.map((batch) => [key([batch.model, batch.frame, batch.positions, batch.item]), batch]));
  return manifest.models.flatMap((model) =>
    Object.keys(model.frames).flatMap((frame) =>
      positionsOf(manifest, model).map((positions) => ({
        model,
        frame: positions === "matched" ? `${frame}@matched` : frame,
        batches: manifest.items.map(({ id }) => known.get(key([model.identity.reference, frame, positions, id]))),
      })),
    ),
  );
}
