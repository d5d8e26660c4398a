/** Brings a model of the Hugging Face Hub into the cache: a GGUF file, or a folder of safetensors. */
import { createHash } from "node:crypto";
import { copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withEntryLock } from "../entryLock.ts";
import { cacheError, isDiskFull } from "./fetchErrors.ts";
import type { Progress } from "./fetchModel.ts";
import { fileDigest } from "./fileDigest.ts";
import { hubFileAddress, hubHost, offline } from "./hubAccess.ts";
import { discardPart, downloadFromHub } from "./hubDownload.ts";
import { hubFailure, hubOffline, noWeights, splitFile, unknownFile } from "./hubErrors.ts";
import { pickled, readWeightMap, WEIGHTS_FILE, WEIGHTS_INDEX } from "./hubFolder.ts";
import { type HubFile, type HubListing, hubFile, hubListing } from "./hubListing.ts";
import {
  type CachedHubModel,
  isThere,
  modelOf,
  otherRecords,
  readRecord,
  repositoryFolder,
  type SnapshotRecord,
  snapshotFolder,
  writeRecord,
  writeRef,
} from "./hubSnapshot.ts";
import { type HubReference, hubReferenceText } from "./modelReference.ts";
import { SourceFailed } from "./modelSource.ts";

export interface HubOptions {
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Time for the Hub to answer a request, milliseconds. */
  readonly connectMs?: number;
}

/** What a safetensors model is made of besides its weights; of these, whatever the repository has. */
const FOLDER_FILES =
  /^(config\.json|generation_config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|chat_template\.jinja|chat_template\.json|modules\.json|sentence_bert_config\.json|\d+_Pooling\/config\.json)$/;

/**
 * Asks the Hub for the model at its revision, and fetches what is not in the cache yet. Sizes and hashes are
 * verified; transfers go on from where they broke; processes that want the same repository wait for each other.
 * @throws ExpectedError `model-unavailable`, `model-unknown`, `model-pickle`, `model-file-needed`,
 *   `model-folder-malformed`, `disk-full`, `cache-unusable`.
 */
export async function fetchFromHub(reference: HubReference, options: HubOptions = {}): Promise<CachedHubModel> {
  const { progress = () => {}, signal = new AbortController().signal, connectMs = 10_000 } = options;
  const forbidding = offline();
  if (forbidding) throw hubOffline(reference, forbidding);
  const folder = repositoryFolder(reference.repository);
  const name = hubReferenceText(reference);
  try {
    await mkdir(folder, { recursive: true });
    const onWait = () => progress({ label: `${name}: another process is fetching it`, done: 0, total: 0 });
    return await withEntryLock(join(folder, "fetch"), { signal, onWait }, (held) =>
      new Fetch(reference, { progress, signal: held, connectMs }).run(),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailed) throw hubFailure(error, reference);
    throw cacheError(error, name, folder);
  }
}

/** One pass over a repository, with its lock held. */
class Fetch {
  private readonly reference: HubReference;
  private readonly options: Required<HubOptions>;
  private listing: HubListing = { commit: "", files: new Map() };
  private record: SnapshotRecord = { repository: "", commit: "", weights: null, files: {} };
  /** Bytes of the files that are done, and of all that are known to be needed. */
  private done = 0;
  private total = 0;

  constructor(reference: HubReference, options: Required<HubOptions>) {
    this.reference = reference;
    this.options = options;
  }

  async run(): Promise<CachedHubModel> {
    const { repository, revision, file } = this.reference;
    const { signal, connectMs } = this.options;
    this.listing = await hubListing(repository, revision, signal, connectMs);
    const { commit, files } = this.listing;
    this.record = readRecord(repository, commit);
    if (file === null) await this.takeFolder();
    else if (/-\d{5}-of-\d{5}\.gguf$/i.test(file)) throw splitFile(this.reference);
    else if (files.has(file)) await this.take([file]);
    else throw unknownFile(this.reference, [...files.keys()]);
    writeRef(repository, revision, commit);
    const model = modelOf(this.record, file);
    if (model === null) throw new Error(`${hubReferenceText(this.reference)} was fetched, and is not there`);
    return model;
  }

  private async takeFolder(): Promise<void> {
    const { repository } = this.reference;
    const names = [...this.listing.files.keys()];
    const sharded = names.includes(WEIGHTS_INDEX);
    if (!names.includes("config.json") || !(sharded || names.includes(WEIGHTS_FILE))) {
      const pickle = names.find((name) => /^pytorch_model.*\.bin$/.test(name));
      if (pickle !== undefined) throw pickled(`hf:${repository}`, pickle);
      throw noWeights(this.reference, names);
    }
    await this.take([...names.filter((name) => FOLDER_FILES.test(name)), ...(sharded ? [WEIGHTS_INDEX] : [])]);
    const folder = snapshotFolder(repository, this.listing.commit);
    const weights = sharded ? [...new Set(readWeightMap(folder)?.values())].sort() : [WEIGHTS_FILE];
    const missing = weights.find((name) => !names.includes(name));
    if (missing !== undefined) throw new SourceFailed(`${WEIGHTS_INDEX} names ${missing}, which the repository lacks`);
    await this.take(weights);
    this.record = { ...this.record, weights };
    writeRecord(this.record);
  }

  /** Sees to it that these files of the repository are there. */
  private async take(names: readonly string[]): Promise<void> {
    const { repository } = this.reference;
    const { signal, connectMs } = this.options;
    const wanted: HubFile[] = [];
    for (const name of names) {
      if (isThere(this.record, name)) continue;
      wanted.push(
        this.listing.files.get(name) ?? (await hubFile(repository, this.listing.commit, name, signal, connectMs)),
      );
    }
    this.total += wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const file of wanted) {
      await this.takeOne(file);
      this.done += file.bytes;
    }
  }

  private async takeOne(file: HubFile): Promise<void> {
    const { repository } = this.reference;
    const { commit } = this.listing;
    const path = join(snapshotFolder(repository, commit), file.name);
    await mkdir(dirname(path), { recursive: true });
    const sha256 = (await this.linkOther(file, path)) ?? (await this.download(file, path));
    const files = { ...this.record.files, [file.name]: { bytes: file.bytes, sha256 } };
    this.record = { ...this.record, repository, commit, files };
    writeRecord(this.record);
  }

  /** The same file from another commit, or null. Returns its sha256. */
  private async linkOther({ hash }: HubFile, path: string): Promise<string | null> {
    const { repository } = this.reference;
    for (const other of hash?.length === 64 ? otherRecords(repository, this.listing.commit) : []) {
      const name = Object.keys(other.files).find((key) => other.files[key]?.sha256 === hash && isThere(other, key));
      if (name === undefined) continue;
      const source = join(snapshotFolder(repository, other.commit), name);
      await rm(path, { force: true });
      // Not every file system has hard links.
      await link(source, path).catch(() => copyFile(source, path));
      return hash;
    }
    return null;
  }

  /** Returns the file's sha256. */
  private async download(file: HubFile, path: string): Promise<string> {
    const { repository } = this.reference;
    const { signal, connectMs } = this.options;
    const address = hubFileAddress(repository, this.listing.commit, file.name);
    // Named by its content, so that another version of the file never goes on from it.
    const key = file.hash ?? createHash("sha1").update(`${this.listing.commit}/${file.name}`).digest("hex");
    const part = join(repositoryFolder(repository), `${key}.part`);
    const label = `${repository} (Hugging Face Hub, ${hubHost()})`;
    const progress = (text: string) => (bytes: number) =>
      this.options.progress({ label: text, done: this.done + bytes, total: this.total });
    let arrived = 0;
    const onBytes = (bytes: number) => {
      arrived = bytes;
      progress(label)(bytes);
    };
    onBytes(0);
    try {
      for (let before = -1; ; ) {
        try {
          await downloadFromHub({ address, bytes: file.bytes, signal, onBytes, connectMs }, part);
          break;
        } catch (error) {
          // A cut transfer is gone on with as long as each attempt brings something.
          if (!(error instanceof SourceFailed) || error.response !== null || arrived <= Math.max(before, 0))
            throw error;
          before = arrived;
        }
      }
      const sha256 = await verified(file, part, signal, progress(`${repository}: checksum of ${file.name}`));
      await rename(part, path);
      return sha256;
    } catch (error) {
      // On a full disk the part is in the way; otherwise it is kept, to go on from.
      if (isDiskFull(error)) await discardPart(part);
      if (error instanceof SourceFailed) throw new SourceFailed(`${file.name}: ${error.message}`, error.response);
      throw error;
    }
  }
}

/** sha256 of what came. @throws SourceFailed where it is not the file that the Hub lists; it is removed then. */
async function verified(
  { bytes, hash }: HubFile,
  part: string,
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<string> {
  const sha256 = await fileDigest(part, signal, onBytes);
  // Git's name of a blob (git-hash-object): a header, then the content.
  const git = () => fileDigest(part, signal, undefined, createHash("sha1").update(`blob ${bytes}\0`));
  const found = hash?.length === 40 ? await git() : sha256;
  if (hash === null || found === hash) return sha256;
  await discardPart(part);
  throw new SourceFailed(
    `what came is not the file (${hash.length === 40 ? "git blob" : "sha256"} ${found}, expected ${hash}); removed`,
  );
}
