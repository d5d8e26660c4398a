/** What goes wrong with a Python process, played by one without PyTorch. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { ExpectedError } from "../../../errors.ts";
import type { ModelIdentity, Tokenizer } from "../../../providers/contract.ts";
import { openTransformers } from "../../../providers/transformers/openTransformers.ts";
import { PythonWorker } from "../../../providers/transformers/PythonWorker.ts";
import { TransformersProvider } from "../../../providers/transformers/TransformersProvider.ts";

const FAKE = fileURLToPath(new URL("./fakeWorker.py", import.meta.url));
const CHECK = fileURLToPath(new URL("./batching_check.py", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../../providers/transformers", import.meta.url));
const there = spawnSync("python3", ["--version"]).status === 0;

async function failureOf(promise: Promise<unknown>): Promise<ExpectedError> {
  const error = await promise.then(
    () => "it worked",
    (reason: unknown) => reason,
  );
  if (error instanceof ExpectedError) return error;
  throw new Error(`no ExpectedError: ${String(error)}`);
}

describe("without Python", () => {
  it("names the interpreter and the variable", async () => {
    const error = await failureOf(openTransformers("transformers:owner/name", { python: "/nowhere/python3" }));
    expect(error.code).toBe("python-missing");
    expect(error.message).toContain("/nowhere/python3");
    expect(error.hint).toContain("ISOGLYPH_PYTHON");
  });

  it.each(["hf:owner/name", "transformers:", "transformers:no/such/folder", "transformers:-x", "transformers:a/b@"])(
    "refuses the reference %s",
    async (reference) => {
      const error = await failureOf(openTransformers(reference, { python: "/nowhere/python3" }));
      expect(error.code).toBe("model-reference-malformed");
      expect(error.message).toContain(JSON.stringify(reference));
    },
  );
});

describe.skipIf(!there)("with a plain python3, where there is one", () => {
  const workers: PythonWorker[] = [];
  const folders: string[] = [];
  const changed = ["FAKE_WORKER", "PYTHONPATH"] as const;
  const before = changed.map((name) => process.env[name]);
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
    changed.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });

  async function start(options: { helloMs?: number; signal?: AbortSignal } = {}): Promise<PythonWorker> {
    const { worker } = await PythonWorker.start({ name: "model-x", python: "python3", script: FAKE, ...options });
    workers.push(worker);
    return worker;
  }

  /** The real worker, where the first module that it imports is `source`. */
  async function realWorker(source: string): Promise<ExpectedError> {
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-modules-"));
    folders.push(folder);
    writeFileSync(join(folder, "safetensors.py"), source);
    process.env.PYTHONPATH = folder;
    return failureOf(PythonWorker.start({ name: "model-x", python: "python3" }));
  }

  it("names the pip command for a module that is missing", async () => {
    const error = await realWorker('raise ModuleNotFoundError("No module named \'torch\'", name="torch")');
    expect(error).toMatchObject({
      code: "python-module-missing",
      message: "No module named 'torch'",
      where: "model-x",
    });
    expect(error.hint).toContain("python3 -m pip install torch transformers safetensors");
  });

  it("passes on why a module is broken, whatever it prints", async () => {
    const error = await realWorker('print("{}")\nprint("a banner")\nraise ImportError("libcudart.so.12: not found")');
    expect(error.code).toBe("python-module-broken");
    expect(error.message).toBe("ImportError: libcudart.so.12: not found");
  });

  it("ends with its input, and takes its folder with it", () => {
    const modules = mkdtempSync(join(tmpdir(), "isoglyph-modules-"));
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-python-"));
    folders.push(modules);
    const stub = '__version__ = "9"\nset_float32_matmul_precision = print\n';
    for (const name of ["safetensors", "torch", "transformers"]) writeFileSync(join(modules, `${name}.py`), stub);
    const env = { ...process.env, PYTHONPATH: modules };
    const { stdout, status } = spawnSync("python3", ["-B", join(SOURCES, "worker.py"), folder], { input: "", env });
    expect(JSON.parse(stdout.toString())).toMatchObject({ number: 0, result: { torch: "9", transformers: "9" } });
    expect(status).toBe(0);
    expect(existsSync(folder)).toBe(false);
  });

  it("says how it died and its last words", async () => {
    const worker = await start();
    const error = await failureOf(worker.ask({ do: "die" }));
    expect(error).toMatchObject({ code: "python-worker-died", exit: 4 });
    expect(error.message).toContain("exit code 7");
    expect(error.message).toContain("last words");
    expect(error.message).not.toContain("first words");
    expect(error.message.split("\n").length).toBeLessThan(25);
    expect((await failureOf(worker.ask({ do: "echo" }))).code).toBe("python-worker-died");
  });

  it("suspects the memory behind a SIGKILL", async () => {
    const worker = await start();
    const error = await failureOf(worker.ask({ do: "killed" }));
    expect(error.message).toContain("signal SIGKILL");
    expect(error.hint).toContain("memory");
  });

  it.each(["no-json", "no-answer", "other-number"])("refuses an answer that is none: %s", async (kind) => {
    const worker = await start();
    expect((await failureOf(worker.ask({ do: kind }))).code).toBe("python-answer-malformed");
    expect((await failureOf(worker.ask({ do: "echo" }))).code).toBe("python-answer-malformed");
  });

  it("does not wait for a silent one", async () => {
    process.env.FAKE_WORKER = "silent";
    expect((await failureOf(start({ helloMs: 300 }))).code).toBe("python-worker-silent");
  });

  it("goes on after a text that did not fit", async () => {
    const worker = await start();
    const error = await failureOf(worker.ask({ do: "memory" }));
    expect(error).toMatchObject({ code: "python-out-of-memory", message: "tried to allocate 9 GiB", exit: 4 });
    expect(error.hint).toContain("dtype");
    expect((await worker.ask({ do: "echo" })).result.pid).toBeGreaterThan(1);
  });

  it("is cancelled while it works, and says so afterwards", async () => {
    const worker = await start();
    const { pid } = (await worker.ask({ do: "echo" })).result;
    const controller = new AbortController();
    const asked = worker.ask({ do: "hang" }, controller.signal);
    const other = worker.ask({ do: "echo" });
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    expect((await failureOf(other)).code).toBe("python-worker-stopped");
    expect((await failureOf(worker.ask({ do: "echo" }))).code).toBe("python-worker-stopped");
    await worker.close();
    expect(() => process.kill(pid as number, 0)).toThrow("ESRCH");
  });

  it("is cancelled while it starts", async () => {
    process.env.FAKE_WORKER = "silent";
    const signal = AbortSignal.timeout(200);
    await expect(start({ signal })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("takes its folder with it", async () => {
    const worker = await start();
    expect(existsSync(worker.folder)).toBe(true);
    await worker.close();
    await worker.close();
    expect(existsSync(worker.folder)).toBe(false);
  });

  describe("a provider", () => {
    const identity = { name: "model-x", architecture: "x", layers: 0, width: 2, contextLength: 3, weights: "float16" };
    async function read(mode: string, ids = [1]) {
      process.env.FAKE_WORKER = mode;
      const worker = await start();
      const view = { heads: 1, positions: false, attention: "it is a fake" };
      const provider = new TransformersProvider(identity as ModelIdentity, {} as Tokenizer, worker, view);
      const request = { rows: [[{ ids, parent: null }]], states: [{ row: 0, segment: 0 }], pools: [], scores: [] };
      const result = provider.read({ ...request, comparisons: [] });
      return { provider, request, worker, result };
    }

    it("takes the numbers of the file, which is gone then", async () => {
      const { result, worker } = await read("fine");
      expect([...(await result).states]).toEqual([0.5, 2]);
      expect(existsSync(join(worker.folder, "1.safetensors"))).toBe(false);
    });

    it.each([
      ["no-tensors", "python-answer-malformed"],
      ["short", "python-answer-malformed"],
      ["integers", "python-answer-malformed"],
      ["nan", "not-finite"],
    ])("refuses %s", async (mode, code) => {
      expect((await failureOf((await read(mode)).result)).code).toBe(code);
    });

    it("refuses what is too long, and attention that it can't show", async () => {
      const { provider, request, result } = await read("fine", [1, 2, 3, 4]);
      expect((await failureOf(result)).code).toBe("input-too-long");
      expect(provider.capabilities.attention).toBe(false);
      const error = await failureOf(
        provider.read({ ...request, rows: [], states: [], comparisons: [], attention: [] }),
      );
      expect(error.message).toContain("it is a fake");
      const moved = [[{ ids: [1], parent: null, start: 1 }]];
      const refused = await failureOf(provider.read({ ...request, rows: moved, comparisons: [] }));
      expect(refused.message).toContain("positions");
      expect((await failureOf(provider.embed())).code).toBe("capability-missing");
    });
  });

  it("cuts batches, and halves those that do not fit", () => {
    const { stdout, stderr } = spawnSync("python3", ["-B", CHECK, SOURCES], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("ok");
  });
});
