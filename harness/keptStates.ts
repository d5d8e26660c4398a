/** Reads back what saveStates.ts keeps, within bounds: the file may be cut or damaged. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../errors.ts";

export interface KeptStates {
  /** Model, frame and position policy, as the file is named. */
  readonly name: string;
  /** Index of each kept state: 0 the embedding, N the one after block N. */
  readonly states: readonly number[];
  readonly width: number;
  /** Float16 [items, states, width] by condition, with the items' ids. */
  readonly conditions: Readonly<Record<string, { readonly items: readonly string[]; readonly data: Float16Array }>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
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

/** All files of states in a run's folder, in order of their names. @throws ExpectedError `states-damaged`. */
export function keptStates(folder: string): KeptStates[] {
  const place = join(folder, "states");
  if (!existsSync(place)) return [];
  const files = readdirSync(place).filter((name) => name.endsWith(".safetensors"));
  return files.sort().map((file) => readOne(join(place, file), file.slice(0, -".safetensors".length)));
}

function readOne(path: string, name: string): KeptStates {
  const bytes = readFileSync(path);
  if (bytes.length < 8) throw damaged(path, `${bytes.length} bytes`);
  const length = Number(bytes.readBigUInt64LE());
  if (length > bytes.length - 8) throw damaged(path, `a header of ${length} bytes in a file of ${bytes.length}`);
  let header: Record<string, Entry> & { __metadata__?: Record<string, string> };
  try {
    header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8")) as typeof header;
  } catch (error) {
    throw damaged(path, (error as Error).message, error);
  }
  const { __metadata__: metadata = {}, ...entries } = header;
  const states = JSON.parse(metadata.states ?? "[]") as number[];
  let width = 0;
  const conditions = Object.fromEntries(
    Object.entries(entries).map(
      ([
        condition,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const items = JSON.parse(metadata[`${condition}.items`] ?? "[]") as string[];
        const count = shape.reduce((product, size) => product * size, 1);
        const fits = dtype === "F16" && shape.length === 3 && shape[0] === items.length && shape[1] === states.length;
        if (!fits || to - from !== 2 * count || 8 + length + to > bytes.length) {
          throw damaged(path, `tensor ${condition} is ${dtype} [${shape}] at ${from} to ${to}`);
        }
        width = shape[2] as number;
        const own = Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to));
        return [condition, { items, data: new Float16Array(own.buffer) }];
      },
    ),
  );
  return { name, states, width, conditions };
}
