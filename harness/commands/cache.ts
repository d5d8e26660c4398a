import { rmSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { filesBelow } from "../pruneFolder.ts";

/** What lies in the cache folder, and what losing it costs. */
const PARTS: Readonly<Record<string, string>> = {
  models: "model files: fetched again",
  prepared: "prepared weights: made again in seconds to minutes",
  answers: "what models said and what was measured: computed, or asked and paid for, again",
  vectors: "sentence vectors for codes to be trained on: made again in minutes",
  codes: "codes trained for `bench codes`: trained again",
  bench: "other programs that speed is compared with: installed again",
  integration: "servers for the integration tests: built again",
};

const size = (bytes: number) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(0)} MB`);

export async function listCacheCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const folder = cacheFolder();
  const parts = Object.entries(PARTS).map(([name, what]) => {
    const files = filesBelow(join(folder, name));
    return { name, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), what };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, parts }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${folder}\n`);
  for (const { name, files, bytes, what } of parts) {
    process.stdout.write(`${name.padEnd(12)} ${size(bytes).padStart(8)} ${String(files).padStart(7)} files  ${what}\n`);
  }
}

/** @throws ExpectedError `usage` for a part that there is not. */
export async function clearCacheCommand(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined || names.length === 0) {
    throw new ExpectedError({
      code: "usage",
      message:
        unknown === undefined ? "nothing is named to be cleared" : `the cache has no part ${JSON.stringify(unknown)}`,
      hint: `isoglyph cache clear PART..., of ${Object.keys(PARTS).join(", ")}`,
    });
  }
  for (const name of names) {
    const folder = join(cacheFolder(), name);
    const bytes = filesBelow(folder).reduce((sum, file) => sum + file.bytes, 0);
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(`${name}: ${size(bytes)} removed\n`);
  }
}
