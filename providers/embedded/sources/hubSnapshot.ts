/**
 * What has been fetched from the Hub. For each repository there is `models/hub/OWNER--NAME/` in the cache folder:
 * `COMMIT/` holds files under their own names, so that it is a folder like any other; `COMMIT.json` says which of
 * them are whole, with size and sha256; `refs/REVISION` holds the commit that a branch or tag stood at.
 * A file counts only if it is in the record, which is written after the file has been verified.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../writeWhole.ts";
import { cacheFolder } from "./cacheFolder.ts";
import { digestOfFiles } from "./hubFolder.ts";
import { isInnerPath } from "./innerPath.ts";
import type { HubReference } from "./modelReference.ts";

export interface SnapshotFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface SnapshotRecord {
  readonly repository: string;
  readonly commit: string;
  /** The weight files of the safetensors model, once all that it needs is there; null before. */
  readonly weights: readonly string[] | null;
  readonly files: Readonly<Record<string, SnapshotFile>>;
}

/** A model of the Hub that is in the cache. */
export interface CachedHubModel {
  readonly kind: "gguf" | "folder";
  readonly path: string;
  /** sha256 of the GGUF file, or digestOfFiles of config.json and the weight files. */
  readonly digest: string;
}

export function isCommit(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

const hubCache = () => join(cacheFolder(), "models", "hub");

/** The Hub allows no `--` in names, so no two repositories share a folder. */
export function repositoryFolder(repository: string): string {
  return join(hubCache(), repository.replace("/", "--"));
}

export function snapshotFolder(repository: string, commit: string): string {
  return join(repositoryFolder(repository), commit);
}

function refFile(repository: string, revision: string): string {
  return join(repositoryFolder(repository), "refs", encodeURIComponent(revision));
}

/** The commit that `revision` stood at when it was last asked for; null where it never was. */
function commitOf(repository: string, revision: string): string | null {
  if (isCommit(revision)) return revision;
  const text = readText(refFile(repository, revision))?.trim() ?? "";
  return isCommit(text) ? text : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** What is there of a commit; empty where there is nothing, or where the record is no longer what we wrote. */
export function readRecord(repository: string, commit: string): SnapshotRecord {
  const nothing = { repository, commit, weights: null, files: {} };
  const text = readText(`${snapshotFolder(repository, commit)}.json`);
  if (text === null) return nothing;
  try {
    const record = JSON.parse(text) as SnapshotRecord;
    const named = Object.entries(record.files);
    const whole = named.every(
      ([name, { bytes, sha256 }]) => isInnerPath(name) && Number.isSafeInteger(bytes) && /^[0-9a-f]{64}$/.test(sha256),
    );
    const weights = record.weights === null || record.weights.every((name) => Object.hasOwn(record.files, name));
    return whole && weights && record.commit === commit && record.repository === repository ? record : nothing;
  } catch (error) {
    // Altered by hand or by a broken disk: its files are fetched and verified again.
    if (error instanceof SyntaxError || error instanceof TypeError) return nothing;
    throw error;
  }
}

export function writeRecord(record: SnapshotRecord): void {
  writeWhole(`${snapshotFolder(record.repository, record.commit)}.json`, `${JSON.stringify(record, null, 2)}\n`);
}

export function writeRef(repository: string, revision: string, commit: string): void {
  if (!isCommit(revision)) writeWhole(refFile(repository, revision), `${commit}\n`);
}

/** Whether a recorded file lies there in its size. Its hash was checked when it came. */
export function isThere({ repository, commit, files }: SnapshotRecord, name: string): boolean {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  const path = join(snapshotFolder(repository, commit), name);
  return file !== undefined && statSync(path, { throwIfNoEntry: false })?.size === file.bytes;
}

/** The model, if all of it is in the cache, at the commit that its revision was last resolved to. */
export function cachedHubModel({ repository, file, revision }: HubReference): CachedHubModel | null {
  const commit = commitOf(repository, revision);
  return commit === null ? null : modelOf(readRecord(repository, commit), file);
}

export function modelOf(record: SnapshotRecord, file: string | null): CachedHubModel | null {
  const folder = snapshotFolder(record.repository, record.commit);
  if (file !== null) {
    return isThere(record, file)
      ? { kind: "gguf", path: join(folder, file), digest: (record.files[file] as SnapshotFile).sha256 }
      : null;
  }
  if (
    record.weights === null ||
    !Object.keys(record.files).every((name) => /\.gguf$/i.test(name) || isThere(record, name))
  )
    return null;
  const identifying = ["config.json", ...record.weights];
  const digests = new Map(identifying.map((name) => [name, (record.files[name] as SnapshotFile).sha256]));
  return { kind: "folder", path: folder, digest: digestOfFiles(digests) };
}

/** What is there of the repository's other commits. */
export function otherRecords(repository: string, commit: string): SnapshotRecord[] {
  const commits = foldersIn(repositoryFolder(repository)).filter((name) => isCommit(name) && name !== commit);
  return commits.map((name) => readRecord(repository, name));
}

/** All models of the Hub that are in the cache, with the bytes that each takes. */
export function cachedHubModels(): { reference: HubReference; path: string; bytes: number }[] {
  return foldersIn(hubCache()).flatMap((folder) => {
    const repository = folder.replace("--", "/");
    const commits = foldersIn(join(hubCache(), folder)).filter(isCommit);
    const refs = namesIn(join(hubCache(), folder, "refs")).map(decodeURIComponent);
    return commits.flatMap((commit) => {
      const record = readRecord(repository, commit);
      const names = refs.filter((ref) => commitOf(repository, ref) === commit);
      const revision = names.includes("main") ? "main" : (names[0] ?? commit);
      const ggufs = Object.keys(record.files).filter((name) => /\.gguf$/i.test(name));
      return [null, ...ggufs].flatMap((file) => {
        const model = modelOf(record, file);
        if (model === null) return [];
        const own = Object.entries(record.files).filter(([name]) =>
          file === null ? !ggufs.includes(name) : name === file,
        );
        const bytes = own.reduce((sum, [, { bytes }]) => sum + bytes, 0);
        return [{ reference: { repository, file, revision }, path: model.path, bytes }];
      });
    });
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.endsWith(".tmp"))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const foldersIn = (folder: string) =>
  namesIn(folder).filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory());
