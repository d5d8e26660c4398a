/** Preparing a model once, whoever else does the same, and whatever the disk says. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT } from "../../../errors.ts";
import { withEntryLock } from "../../../providers/embedded/entryLock.ts";
import { readGguf } from "../../../providers/embedded/formats/gguf.ts";
import { ggufCheckpoint } from "../../../providers/embedded/ggufCheckpoint.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { chooseWeights } from "../../../providers/embedded/planMemory.ts";
import { planWeights } from "../../../providers/embedded/planWeights.ts";
import { prepareModel } from "../../../providers/embedded/prepareModel.ts";
import { writeTinyGguf } from "../openModelTinyGguf.ts";

/** The disk: how many bytes it takes until it is full, what happens at a write, how many weights files were begun. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY, begun: 0, onWrite: () => {} }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const use = (bytes: number) => {
    disk.onWrite();
    disk.room -= bytes;
    if (disk.room >= 0) return;
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
      errno: -28,
    });
  };
  return {
    ...fs,
    openSync: (path: string, flags: string) => {
      if (flags === "w") disk.begun++;
      return fs.openSync(path, flags);
    },
    writeSync: (file: number, bytes: Uint8Array, offset?: number) => {
      use(bytes.length - (offset ?? 0));
      return fs.writeSync(file, bytes, offset);
    },
    writeFileSync: (path: string, data: string | Uint8Array) => {
      use(data.length);
      fs.writeFileSync(path, data);
    },
  };
});

const DIGEST = "0123456789abcdef".repeat(4);
let root: string;
let folder: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "isoglyph-prepare-"));
  folder = join(root, "prepared");
  home = join(folder, `${DIGEST.slice(0, 32)}-packed-2`);
  writeTinyGguf(join(root, "Tiny.gguf"));
  disk.begun = 0;
});
afterEach(() => {
  disk.room = Number.POSITIVE_INFINITY;
  disk.onWrite = () => {};
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});
const prepare = (signal?: AbortSignal) => {
  const checkpoint = ggufCheckpoint(readGguf(join(root, "Tiny.gguf")));
  return prepareModel(checkpoint, planWeights(checkpoint), DIGEST, "packed", folder, signal);
};

describe("prepareModel", () => {
  it("writes weights and index once, and graphs as they are asked for", async () => {
    const prepared = await prepare();
    expect(readdirSync(folder)).toEqual([basename(home)]);
    expect(readdirSync(home).sort()).toEqual(["weights.bin", "weights.json"]);
    const graph = prepared.graphFile("read");
    expect(dirname(graph)).toBe(home);
    expect((await prepare()).graphFile("read")).toBe(graph);
    expect(readdirSync(home)).toHaveLength(3);
    expect(disk.begun).toBe(1);
  });

  it("is done by one of those who want it at once", async () => {
    const prepared = await Promise.all([prepare(), prepare(), prepare()]);
    expect(new Set(prepared.map((one) => one.graphFile("trace"))).size).toBe(1);
    expect(disk.begun).toBe(1);
    expect(readdirSync(folder)).toEqual([basename(home)]);
  });

  it("waits for another process, and takes what that one made", async () => {
    mkdirSync(folder, { recursive: true });
    let finish = () => {};
    const other = withEntryLock(
      home,
      { signal: new AbortController().signal, onWait: () => {} },
      () => new Promise<void>((done) => (finish = done)),
    );
    const waiting = prepare();
    await new Promise((done) => setTimeout(done, 300));
    expect(readdirSync(folder)).toEqual([`${basename(home)}.lock`]);
    mkdirSync(home);
    writeFileSync(join(home, "weights.bin"), "");
    writeFileSync(join(home, "weights.json"), JSON.stringify({ initializers: [], linear: {} }));
    finish();
    await other;
    await waiting;
    expect(disk.begun).toBe(0);
    expect(readFileSync(join(home, "weights.bin"), "utf8")).toBe("");
  });

  it("leaves alone what another process put in place after all", async () => {
    disk.onWrite = () => {
      mkdirSync(home, { recursive: true });
      writeFileSyncQuietly(join(home, "weights.bin"), "");
      writeFileSyncQuietly(join(home, "weights.json"), '{"initializers":[],"linear":{},"from":"another"}');
    };
    await prepare();
    expect(readFileSync(join(home, "weights.json"), "utf8")).toContain("another");
    expect(readdirSync(folder)).toEqual([basename(home)]);
  });

  it("replaces a folder without an index, and removes what a killed process left", async () => {
    mkdirSync(join(folder, `${basename(home)}.dead.tmp`), { recursive: true });
    mkdirSync(home);
    writeFileSync(join(home, "weights.bin"), "half");
    await prepare();
    expect(readdirSync(folder)).toEqual([basename(home)]);
    expect(readdirSync(home)).toContain("weights.json");
  });

  it.each(["weights.bin", "weights.json"])("makes %s again where it was cut", async (name) => {
    const path = (await prepare()).graphFile("read");
    const before = readdirSync(home).map((file) => [file, readFileSync(join(home, file))]);
    truncateSync(join(home, name), statSync(join(home, name)).size - 1);
    expect((await prepare()).graphFile("read")).toBe(path);
    expect(readdirSync(home).map((file) => [file, readFileSync(join(home, file))])).toEqual(before);
    expect(disk.begun).toBe(2);
  });

  it("writes a graph again where it was damaged", async () => {
    const path = (await prepare()).graphFile("read");
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(1));
    expect((await prepare()).graphFile("read")).toBe(path);
    expect(readFileSync(path).equals(whole)).toBe(true);
    expect(disk.begun).toBe(1);
  });

  it.each([0, 5000, 40_000])(
    "says that the disk is full after %d bytes, leaves nothing there, and can begin again",
    async (room) => {
      disk.room = room;
      await expect(prepare()).rejects.toMatchObject({
        name: "ExpectedError",
        code: "disk-full",
        exit: EXIT.incomplete,
        where: home,
      });
      expect(readdirSync(folder)).toEqual([]);
      disk.room = Number.POSITIVE_INFINITY;
      await prepare();
      expect(readdirSync(folder)).toEqual([basename(home)]);
    },
  );

  it("says that the disk is full when a graph has no room", async () => {
    const prepared = await prepare();
    disk.room = 100;
    expect(() => prepared.graphFile("read")).toThrow(
      expect.objectContaining({ code: "disk-full", exit: EXIT.incomplete }),
    );
    expect(readdirSync(home).sort()).toEqual(["weights.bin", "weights.json"]);
  });

  it("says which folder can't be used", async () => {
    writeFileSync(folder, "a file");
    await expect(prepare()).rejects.toMatchObject({ name: "ExpectedError", code: "prepare-failed", where: home });
  });

  it("stops when aborted, and leaves nothing", async () => {
    const abort = new AbortController();
    disk.onWrite = () => abort.abort(new Error("enough"));
    await expect(prepare(abort.signal)).rejects.toThrow("enough");
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** Past the mock, which calls `onWrite`. */
function writeFileSyncQuietly(path: string, text: string): void {
  const { onWrite } = disk;
  disk.onWrite = () => {};
  writeFileSync(path, text);
  disk.onWrite = onWrite;
}

describe("a file without matrices that can stay packed", () => {
  it("is float32, whatever was asked for", () => {
    for (const asked of ["packed", "auto", "float32"] as const) {
      expect(chooseWeights(asked, "latency", { float32: 1, packed: null }, 1e9)).toEqual({
        policy: "float32",
        reason: "the file has no matrix in blocks that can stay packed",
      });
    }
  });

  /** The tiny model with matrices in F16 (type 1), all zeros, behind the rest. */
  function writeTinyF16(path: string): void {
    const bytes = readFileSync(path);
    const { tensors } = readGguf(path);
    const start = Math.min(...[...tensors.values()].map(({ offset }) => offset));
    let end = bytes.length;
    for (const { name, type, shape } of tensors.values()) {
      if (type !== "Q4_1") continue;
      const at = bytes.indexOf(name) + name.length;
      bytes.writeUInt32LE(1, at + 20);
      bytes.writeBigUInt64LE(BigInt(end - start), at + 24);
      end += shape.reduce((a, b) => a * b) * 2;
    }
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(end - bytes.length)]));
  }

  it.each(["f16", "q4"] as const)("says what it is: %s", async (kind) => {
    vi.stubEnv("ISOGLYPH_CACHE", join(root, "cache"));
    const path = join(root, "Tiny.gguf");
    if (kind === "f16") writeTinyF16(path);
    const provider = await openModel(path, { weights: "packed", purpose: "batch", threads: 1 });
    await provider.close();
    expect(provider.identity.weights.split(" ")[0]).toBe(kind === "f16" ? "float32" : "packed");
    expect(provider.identity.quantisation).toBe(kind === "f16" ? "F16" : "Q4_1");
  });
});
