/** The programs that the engine is compared with: where they are, how they are started and asked. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const REQUIREMENTS = join(here, "..", "tests", "oracles", "requirements.txt");
const LLAMA_VERSION = "3.22.1";

/** A Python with PyTorch: `ISOGLYPH_BENCH_PYTHON`, else a virtual environment that is made in `folder`. */
export function pythonWithTorch(folder: string): string {
  const given = process.env.ISOGLYPH_BENCH_PYTHON;
  if (given) return given;
  const place = join(folder, "python");
  const python = join(place, "bin", "python");
  if (existsSync(join(place, "complete"))) return python;
  process.stderr.write("installing PyTorch for the comparison, once\n");
  execFileSync("python3", ["-m", "venv", place]);
  execFileSync(python, ["-m", "pip", "install", "-q", "-r", REQUIREMENTS], { stdio: ["ignore", "ignore", "inherit"] });
  mkdirSync(join(place, "complete"));
  return python;
}

/** The model as float32 safetensors, which PyTorch opens faster than GGUF. */
export function asSafetensors(python: string, model: string, folder: string): string {
  const place = join(folder, "safetensors");
  if (existsSync(place)) return place;
  process.stderr.write("converting the model for PyTorch, once\n");
  const temporary = `${place}.tmp`;
  execFileSync(python, [join(here, "pytorch.py"), "convert", model, temporary], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  renameSync(temporary, place);
  return place;
}

/** The folder of node-llama-cpp's modules, which come with llama.cpp built. */
export function llamaModules(folder: string): string {
  const place = join(folder, "llama");
  const modules = join(place, "node_modules");
  if (existsSync(join(modules, "node-llama-cpp"))) return modules;
  process.stderr.write("installing llama.cpp for the comparison, once\n");
  const temporary = `${place}.tmp`;
  mkdirSync(temporary, { recursive: true });
  const platform = `@node-llama-cpp/${process.platform === "darwin" ? "mac" : process.platform}-${process.arch}`;
  const packages = [`node-llama-cpp@${LLAMA_VERSION}`, `${platform}@${LLAMA_VERSION}`];
  const options = ["--prefix", temporary, "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...options, ...packages], { stdio: ["ignore", "ignore", "inherit"] });
  renameSync(temporary, place);
  return modules;
}

/** A program that answers each line of JSON with one. */
export class LineServer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    if (this.child.stdout === null) throw new Error(`${command} has no output`);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.child.spawnfile} ended with code ${this.child.exitCode}`);
    return JSON.parse(value) as Record<string, unknown>;
  }

  ask(question: unknown): Promise<Record<string, unknown>> {
    this.child.stdin?.write(`${JSON.stringify(question)}\n`);
    return this.answer();
  }

  close(): void {
    this.child.stdin?.end();
  }
}

/** Milliseconds from the start of a process to the first line that it writes. */
export function timeToFirstLine(command: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let first: number | null = null;
    child.stdout.on("data", () => {
      first ??= performance.now() - start;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (first === null) reject(new Error(`${command} ${args.join(" ")} ended with code ${code} and wrote nothing`));
      else resolve(first);
    });
  });
}
