/**
 * A run's folder. `run.json` says what was to be done; `journal.jsonl` holds one checksummed line for each batch
 * that was done. Both are only ever added to, and every report is made from them alone.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../errors.ts";
import type { ModelIdentity } from "../providers/contract.ts";
import type { CandidateSpec, Gate, Item } from "../suites/Suite.ts";
import { unwritable, writeWhole } from "../writeWhole.ts";
import { checkedLine, readCheckedLine } from "./checkedLines.ts";
import type { Role } from "./conditions.ts";
import type { ConditionRecord, RecordedValue } from "./evaluate.ts";
import type { Positions } from "./ItemRequest.ts";
import type { JudgeDescription } from "./judges/Judge.ts";
import { type Ratings, readRatings } from "./judges/ratingsFile.ts";
import type { NoiseDifference } from "./noise.ts";
import type { Band } from "./Reading.ts";

export const RECORD_FORMAT = 1;

export interface MeasureDescription {
  readonly name: string;
  readonly definition: string;
  readonly unit: string;
  readonly range: readonly [number | null, number | null];
  readonly better: "lower" | "higher";
  readonly reference: string;
  readonly perLayer: boolean;
  /** Not a quality: it gets no score. */
  readonly descriptive: boolean;
}

export interface RecordedCondition {
  readonly name: string;
  readonly role: Role;
  readonly of: string | null;
  /** Of a candidate whose code knows the item's first question: all was asked by the others. */
  readonly knowsQuestion?: true;
  /** What stood in the context, by item; null where there was nothing. Of candidates, ceilings and foils. */
  readonly texts?: readonly (string | null)[];
}

export interface ModelEntry {
  readonly identity: ModelIdentity;
  /** The text around the context, as rendered. */
  readonly frames: Readonly<Record<string, { readonly before: string; readonly after: string }>>;
  /** Where they are not the suite's: a server that is given text places its tokens itself. */
  readonly positions?: readonly Positions[];
  readonly bands: readonly Band[];
  readonly headlineBand: string;
  readonly conditions: readonly RecordedCondition[];
  /** Where the mean states come from. */
  readonly corpus: { readonly name: string; readonly sentences: number; readonly sha256: string };
  /** Measures that the provider cannot show, and why. */
  readonly unobservable: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly format: typeof RECORD_FORMAT;
  readonly signature: string;
  readonly version: string;
  readonly suite: {
    readonly name: string;
    readonly profile: string | null;
    readonly hash: string;
    readonly margin: number;
    readonly alpha: number;
    readonly seed: number;
    readonly positions: readonly Positions[];
    readonly continuations: {
      readonly samples: number;
      readonly controls: number;
      readonly tokens: number;
      readonly seed: number;
    };
    readonly candidates: Readonly<Record<string, CandidateSpec>>;
    readonly gates: readonly Gate[];
    /** Content hashes of what candidates read from files of their own, such as codebooks; absent where none does. */
    readonly identities?: Readonly<Record<string, string>>;
  };
  readonly items: readonly RecordedItem[];
  readonly measures: readonly MeasureDescription[];
  /** Who judged what was said, by name; absent where nobody did. */
  readonly judges?: Readonly<Record<string, JudgeDescription>>;
  /** How many models the run was to read; `models` holds those that were opened. */
  readonly plannedModels: number;
  readonly models: readonly ModelEntry[];
  /** What reports must not depend on: when, where, how fast. */
  readonly environment: Readonly<Record<string, string | number>>;
}

/** One item in one frame under one position policy, under all its conditions. */
export interface Batch {
  readonly model: string;
  readonly frame: string;
  readonly positions: Positions;
  readonly item: string;
  readonly seamDiffers: boolean;
  readonly conditions: Readonly<Record<string, ConditionRecord>>;
  /** Conditions that the item does not have, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** How far values move when nothing changed, by measure and layer, where this item was read again. */
  readonly noise: readonly NoiseDifference[] | null;
}

export interface RecordedItem extends Pick<Item, "id" | "topic" | "cluster" | "original"> {
  /** sha256 of its paraphrases, decoy and questions, hexadecimal; records of older versions have none. */
  readonly controls?: string;
}

/** Values of one item that could only be computed once all items were read. */
export interface LateBatch {
  readonly model: string;
  readonly frame: string;
  readonly positions: Positions;
  readonly item: string;
  /** By condition. */
  readonly overAllItems: Readonly<Record<string, readonly RecordedValue[]>>;
}

export type JournalEntry = Batch | LateBatch;

export interface RunRecord {
  readonly manifest: Manifest;
  readonly batches: readonly Batch[];
  /** What judges said, where the suite has judges. */
  readonly ratings?: Ratings;
}

export class RunWriter {
  readonly folder: string;
  private journal: number | null = null;
  /** Bytes of whole lines. */
  private written = 0;

  /**
   * Checks the folder; it is made when the first entry is written.
   * @throws ExpectedError `run-folder-not-empty`.
   */
  constructor(folder: string) {
    this.folder = folder;
    if (existsSync(folder) && !isEmptyFolder(folder)) {
      throw new ExpectedError({
        code: "run-folder-not-empty",
        message: `the run folder ${folder} exists and is not an empty folder`,
        hint: "name another with --out, or remove it; a record is never overwritten",
      });
    }
  }

  /** @throws ExpectedError `folder-unwritable`, `disk-full`. */
  writeManifest(manifest: Manifest): void {
    try {
      mkdirSync(join(this.folder, "states"), { recursive: true });
      this.journal ??= openSync(join(this.folder, "journal.jsonl"), "ax");
    } catch (error) {
      throw unwritable(this.folder, error);
    }
    writeWhole(join(this.folder, "run.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  }

  append(entry: JournalEntry): void {
    if (this.journal === null) throw new Error("the manifest comes first");
    const line = Buffer.from(checkedLine("batch", entry));
    try {
      appendFileSync(this.journal, line);
      this.written += line.length;
    } catch (error) {
      // Half a line would look like damage.
      ftruncateSync(this.journal, this.written);
      throw unwritable(this.folder, error);
    }
  }

  close(): void {
    if (this.journal === null) return;
    fsyncSync(this.journal);
    closeSync(this.journal);
  }

  /** Takes back what was written of a run that did not finish. */
  discard(): void {
    if (this.journal === null) return;
    closeSync(this.journal);
    for (const name of ["run.json", "journal.jsonl", "ratings.jsonl", "states"])
      rmSync(join(this.folder, name), { recursive: true, force: true });
    if (isEmptyFolder(this.folder)) rmdirSync(this.folder);
  }
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}

/** Where a model's readouts stand. */
export function positionsOf({ suite }: Manifest, { positions }: ModelEntry): readonly Positions[] {
  return positions ?? suite.positions;
}

/** What of the planned work the record does not hold yet. */
export function missingBatches({ manifest, batches }: RunRecord): {
  readonly missing: number;
  readonly planned: number;
} {
  const { models, suite, items, plannedModels } = manifest;
  // Every model is read in the same frames.
  const frames = Object.keys(models[0]?.frames ?? {}).length;
  const opened = models.map((model) => positionsOf(manifest, model).length);
  const policies = opened.reduce((sum, one) => sum + one, (plannedModels - models.length) * suite.positions.length);
  const planned = frames * policies * items.length;
  return { missing: planned - batches.length, planned };
}

function damaged(where: string, what: string): ExpectedError {
  return new ExpectedError({
    code: "run-damaged",
    message: `the run's record is damaged: ${what}`,
    where,
    hint: "run the suite again; reports are only made from an intact record",
  });
}

/** Batches with the values that were computed later. */
function joined(entries: readonly JournalEntry[]): Batch[] {
  const key = ({ model, frame, positions, item }: JournalEntry) => JSON.stringify([model, frame, positions, item]);
  const late = Map.groupBy(
    entries.filter((entry) => "overAllItems" in entry),
    key,
  );
  return entries.flatMap((entry) => {
    if ("overAllItems" in entry) return [];
    const extra = late.get(key(entry)) ?? [];
    const conditions = Object.entries(entry.conditions).map(([name, record]) => {
      const added = extra.flatMap(({ overAllItems }) => overAllItems[name] ?? []);
      return [name, { ...record, values: [...record.values, ...added] }] as const;
    });
    return [{ ...entry, conditions: Object.fromEntries(conditions) }];
  });
}

/** @throws ExpectedError `run-missing`, `run-format`, `run-damaged`. */
export function readRun(folder: string): RunRecord {
  const manifestPath = join(folder, "run.json");
  if (!existsSync(manifestPath)) {
    throw new ExpectedError({
      code: "run-missing",
      message: `${folder} is not the folder of a run: it has no run.json`,
      hint: "name the folder that `isoglyph run` printed (runs/<suite>-<time> unless --out was given)",
    });
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
  } catch (error) {
    throw damaged(manifestPath, (error as Error).message);
  }
  if (manifest?.format !== RECORD_FORMAT) {
    throw new ExpectedError({
      code: "run-format",
      message: `the record has format ${String(manifest?.format)}, and this version reads format ${RECORD_FORMAT}`,
      where: manifestPath,
      hint: "use the version of isoglyph that made it",
    });
  }
  const journalPath = join(folder, "journal.jsonl");
  if (!existsSync(journalPath)) throw damaged(journalPath, "the journal is missing");
  const lines = readFileSync(journalPath, "utf8").split("\n");
  // A run that was killed may leave half a line at the end; that batch simply was not done.
  const torn = lines.pop();
  if (torn !== "" && torn !== undefined)
    process.stderr.write(`note: the last line of ${journalPath} is incomplete and was left out\n`);
  const entries = lines.map((line, i) => {
    const read = readCheckedLine(line);
    if (read?.name !== "batch") {
      throw damaged(`${journalPath}, line ${i + 1}`, "a line does not match its checksum");
    }
    return read.value as JournalEntry;
  });
  const ratings = readRatings(folder);
  return { manifest, batches: joined(entries), ...(ratings && { ratings }) };
}
