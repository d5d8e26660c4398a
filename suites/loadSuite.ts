/** A suite file, validated, cut to a profile, with its items. Every error says where it is and what to do. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { ExpectedError } from "../errors.ts";
import { checkNames } from "./checkNames.ts";
import { ItemList } from "./ItemList.ts";
import { loadItems } from "./loadItems.ts";
import { decodeUtf8, rethrowReadFailure } from "./readLines.ts";
import type { Suite } from "./Suite.ts";
import { SuiteDocument } from "./SuiteDocument.ts";
import { check, keyText } from "./schemaProblems.ts";
import { selectItems } from "./selectItems.ts";
import { suggest } from "./suggest.ts";
import { type SuiteFile, suiteSchema } from "./suiteSchema.ts";

export interface SuiteOptions {
  /** A profile of the suite; without one the suite is taken whole. */
  readonly profile?: string | undefined;
  /** At most so many items (see selectItems); takes the place of the profile's number. */
  readonly limit?: number | undefined;
}

/**
 * @param path a suite file, or a folder with a `suite.yaml`
 * @throws ExpectedError `suite-not-found`, `suite-unreadable`, `suite-not-utf8`, `suite-yaml`, `suite-unknown-key`,
 *   `suite-missing-key`, `suite-invalid-value`, `suite-unknown-candidate`, `suite-unknown-frame`,
 *   `suite-unknown-profile`, `suite-duplicate-gate`, `suite-limit`, and what loadItems throws.
 */
export async function loadSuite(path: string, { profile, limit }: SuiteOptions = {}): Promise<Suite> {
  checkLimit(limit);
  const { path: file, bytes } = await readSuiteFile(path);
  const document = new SuiteDocument(file, decodeUtf8(bytes, { path: file, kind: "suite" }));
  const suite = validate(document);
  checkNames(suite, document);
  continuationsOf(suite, {}, undefined, document);
  // A profile that nobody chose may be wrong as well: say so now, not on the day that it is chosen.
  for (const [name, other] of Object.entries(suite.profiles)) continuationsOf(suite, other, name, document);
  const cut = chooseProfile(suite, profile, document);

  const { list, sha256: itemsHash } = await itemsOf(suite, document);
  const count = limit ?? cut.items;
  const items = count === undefined ? list.items : selectItems(list.items, count);

  const candidates = keep(suite.candidates, cut.candidates);
  return {
    name: suite.name,
    profile: profile ?? null,
    items,
    frames: keep(suite.frames, cut.frames),
    continuations: continuationsOf(suite, cut, profile, document),
    models: suite.models,
    candidates: Object.fromEntries(
      Object.entries(candidates).map(([name, { codec, ...parameters }]) => [name, { codec, parameters }]),
    ),
    measures: suite.measures,
    judges: suite.judges,
    bands: suite.bands,
    margin: suite.margin,
    positions: cut.positions ?? suite.positions,
    gates: suite.gates.filter((gate) => Object.hasOwn(candidates, gate.candidate)),
    statistics: suite.statistics,
    folder: dirname(document.path),
    hash: suiteHash(sha256(bytes), itemsHash, profile, limit),
    locate: (key) => document.locate(key),
    locateItem: (id) => list.place(id) ?? file,
  };
}

/** @throws ExpectedError `suite-limit`. */
export function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)) return;
  throw new ExpectedError({
    code: "suite-limit",
    message: `the number of items must be a whole number from 1, got ${limit}`,
    hint: "leave the limit out to take all items",
  });
}

/** Changes whenever the bytes of a file or the choice of items does. */
export function suiteHash(
  file: string,
  items: string | null,
  profile: string | undefined,
  limit: number | undefined,
): string {
  return sha256(JSON.stringify([file, items, profile ?? null, limit ?? null]));
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

async function readSuiteFile(path: string): Promise<{ path: string; bytes: Buffer }> {
  let file = path;
  try {
    if ((await stat(path)).isDirectory()) file = join(path, "suite.yaml");
    return { path: file, bytes: await readFile(file) };
  } catch (error) {
    rethrowReadFailure(error, { path: file, kind: "suite" });
  }
}

function validate(document: SuiteDocument): SuiteFile {
  const checked = check(suiteSchema, document.value);
  if ("value" in checked) return checked.value;
  const [first, ...more] = checked.problems.toSorted((a, b) => document.offset(a.path) - document.offset(b.path));
  if (first === undefined) throw new Error("an invalid suite without a problem");
  const subject = first.path.length === 0 ? "the suite" : `\`${keyText(first.path)}\``;
  throw new ExpectedError({
    code: `suite-${first.kind}`,
    message: `${subject} ${first.message}${more.length === 0 ? "" : ` (and ${more.length} more)`}`,
    where: document.locate(first.path),
    hint: first.hint,
  });
}

type Profile = SuiteFile["profiles"][string];

function chooseProfile(suite: SuiteFile, name: string | undefined, document: SuiteDocument): Profile {
  if (name === undefined) return {};
  const profile = Object.hasOwn(suite.profiles, name) ? suite.profiles[name] : undefined;
  if (profile !== undefined) return profile;
  throw new ExpectedError({
    code: "suite-unknown-profile",
    message: `the suite has no profile \`${name}\``,
    where: document.locate(["profiles"]),
    hint: suggest(name, Object.keys(suite.profiles)),
  });
}

/** The suite's settings, the profile's over them, the defaults under them. */
function continuationsOf(
  suite: SuiteFile,
  cut: Profile,
  profile: string | undefined,
  document: SuiteDocument,
): Suite["continuations"] {
  const { samples = 8, tokens = 16, seed = 1, ...set } = { ...suite.continuations, ...cut.continuations };
  const controls = set.controls ?? samples;
  if (controls > samples) {
    const ofProfile = cut.continuations?.controls !== undefined || cut.continuations?.samples !== undefined;
    const prefix = ofProfile && profile !== undefined ? ["profiles", profile] : [];
    throw new ExpectedError({
      code: "suite-invalid-value",
      message: `\`controls\` must be at most \`samples\` (${samples}), got ${controls}`,
      where: document.locate([...prefix, "continuations", "controls"]),
      hint: "controls are read with some of the sampled continuations, so there cannot be more of them",
    });
  }
  return { samples, controls, tokens, seed };
}

async function itemsOf(suite: SuiteFile, document: SuiteDocument): Promise<{ list: ItemList; sha256: string | null }> {
  if (typeof suite.items === "string") {
    const path = isAbsolute(suite.items) ? suite.items : join(dirname(document.path), suite.items);
    return loadItems(path, document.locate(["items"]));
  }
  const list = new ItemList();
  for (const [i, data] of suite.items.entries()) list.add(data, document.locateLine(["items", i]));
  return { list, sha256: null };
}

/** The named entries, in the suite's order; all of them where no names are given. */
function keep<T>(entries: Readonly<Record<string, T>>, names: readonly string[] | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => names === undefined || names.includes(name)));
}
