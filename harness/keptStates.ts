/** Reads back what saveStates.ts keeps, within bounds: the file may be cut or damaged. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../errors.ts";
import type { ModelIdentity } from "../providers/contract.ts";
import { parseFloatTensors } from "../safetensors.ts";

export interface KeptStates {
  /** Model, frame and position policy, as the file is named. */
  readonly name: string;
  /** Index of each kept state: 0 the embedding, N the one after block N; or `final_norm`, after the last norm. */
  readonly states: readonly (number | string)[];
  readonly width: number;
  /** [items, states, width] by condition, with the items' ids. */
  readonly conditions: Readonly<Record<string, { readonly items: readonly string[]; readonly data: Float32Array }>>;
}

/** How the names of a model's files begin. A server that tells no digest is known by its reference. */
export function statesPrefix({ name, digest, reference }: ModelIdentity): string {
  const tag = digest === "" ? createHash("sha256").update(reference).digest("hex") : digest;
  return `${name.replace(/[^\w.-]+/g, "-")}-${tag.slice(0, 8)}-`;
}

function damaged(path: string, what: string, cause?: unknown): ExpectedError {
  return new ExpectedError({
    code: "states-damaged",
    message: `the kept states are damaged: ${what}`,
    where: path,
    hint: "run the suite again; figures are only made from intact states",
    cause,
  });
}

/** A list that the writer put into the metadata. */
function listed(text: string | undefined, path: string, name: string): unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    if (Array.isArray(list)) return list;
  } catch (error) {
    throw damaged(path, `its list ${name}: ${(error as Error).message}`, error);
  }
  throw damaged(path, `${name} is no list`);
}

/** All files of states in a run's folder, in order of their names. @throws ExpectedError `states-damaged`, `tensors-damaged`. */
export function keptStates(folder: string): KeptStates[] {
  const place = join(folder, "states");
  if (!existsSync(place)) return [];
  const files = readdirSync(place).filter((name) => name.endsWith(".safetensors"));
  return files.sort().map((file) => readOne(join(place, file), file.slice(0, -".safetensors".length)));
}

function readOne(path: string, name: string): KeptStates {
  const { tensors, metadata } = parseFloatTensors(readFileSync(path), path);
  const states = listed(metadata.states, path, "states") as (number | string)[];
  let width = 0;
  const conditions = Object.fromEntries(
    Object.entries(tensors).map(([condition, { shape, data }]) => {
      const items = listed(metadata[`${condition}.items`], path, `${condition}.items`) as string[];
      if (shape.length !== 3 || shape[0] !== items.length || shape[1] !== states.length) {
        throw damaged(path, `${condition} is [${shape}], for ${items.length} items and ${states.length} states`);
      }
      width = shape[2] as number;
      return [condition, { items, data }];
    }),
  );
  return { name, states, width, conditions };
}
