/**
 * Reads damaged model files by the thousand, and codes any text there and back:
 * `npm run fuzz -- [--cases N] [--seed S] [--only KIND]`.
 *
 * Each file is to be read or refused with an ExpectedError; each text has to come back, and its damaged code be refused.
 * A case fails where it ends otherwise, where the process dies, and where it takes, a second time in a fresh process
 * too, more than 2 s or more memory than its bound. Exit code 1 where any fails; each failure comes with the command
 * that repeats it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { KINDS, type Kind } from "../tests/fuzz/makeCase.ts";
import type { FuzzReply, FuzzRequest } from "./fuzzWorker.ts";

const SECONDS = 2;
/** The process is ended after this time or above this size: what hangs or grows does so no further. */
const HANG_SECONDS = 20;
const MEMORY_LIMIT = 3 * 2 ** 30;
/** Resident memory may grow by FACTOR bytes for each of a file's first 64 MiB (no header is longer), and a constant. */
const FACTOR = 16;
const MIB = 1 << 20;
const CONSTANT: Readonly<Record<Kind, number>> = {
  gguf: 64 * MIB,
  safetensors: 64 * MIB,
  folder: 64 * MIB,
  tokenizer: 64 * MIB,
  // With ONNX Runtime's own, of up to two sessions.
  engine: 160 * MIB,
  arithmetic: 64 * MIB,
};
/** Shares of the cases, by kind: the engine takes twenty times as long as the others. */
const SHARES: Readonly<Record<Kind, number>> = {
  gguf: 0.36,
  safetensors: 0.2,
  folder: 0.2,
  tokenizer: 0.16,
  engine: 0.04,
  arithmetic: 0.04,
};

const bound = (kind: Kind, fileBytes: number) => FACTOR * Math.min(fileBytes, 64 * MIB) + CONSTANT[kind];

type Outcome = FuzzReply | { readonly died: string };

/** Runs cases in a process of its own, which is replaced when it is lost. */
class Runner {
  private child: ChildProcess | null = null;

  private start(): ChildProcess {
    const path = fileURLToPath(new URL("fuzzWorker.ts", import.meta.url));
    return fork(path, { execArgv: ["--expose-gc", "--max-old-space-size=1536"] });
  }

  run(request: FuzzRequest): Promise<Outcome> {
    this.child ??= this.start();
    const child = this.child;
    return new Promise((resolve) => {
      const began = performance.now();
      let died = "";
      const watch = setInterval(() => {
        const seconds = (performance.now() - began) / 1000;
        const memory = residentMemory(child.pid as number);
        if (memory > MEMORY_LIMIT) died = `took ${Math.round(memory / MIB)} MiB`;
        else if (seconds > HANG_SECONDS) died = `did not end within ${HANG_SECONDS} s`;
        if (died !== "") child.kill("SIGKILL");
      }, 50);
      const end = (outcome: Outcome) => {
        clearInterval(watch);
        child.removeAllListeners();
        resolve(outcome);
      };
      child.once("message", (reply) => end(reply as FuzzReply));
      child.once("exit", (code, signal) => {
        this.child = null;
        end({ died: died || `the process died with ${signal ?? `code ${code}`}` });
      });
      child.send(request);
    });
  }

  stop(): void {
    this.child?.disconnect();
    this.child = null;
  }
}

/** Bytes; 0 where the system does not say. */
function residentMemory(pid: number): number {
  if (process.platform !== "linux") return 0;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    // It has just ended.
    return 0;
  }
}

function problem(kind: Kind, outcome: Outcome): string | null {
  if ("died" in outcome) return outcome.died;
  const { unexpected, seconds, growth, fileBytes } = outcome;
  if (unexpected !== null) return unexpected;
  if (seconds > SECONDS) return `took ${seconds.toFixed(1)} s, more than ${SECONDS}`;
  const limit = bound(kind, fileBytes);
  if (growth <= limit) return null;
  return `took ${Math.round(growth / MIB)} MiB for ${fileBytes} bytes of files, more than ${Math.round(limit / MIB)}`;
}

/** What is wrong with a case; null where nothing is. A slow or large one is run again: the machine may be busy. */
async function check(runner: Runner, request: FuzzRequest, count: (reply: FuzzReply) => void): Promise<string | null> {
  const first = await runner.run(request);
  if (!("died" in first)) count(first);
  const found = problem(request.kind, first);
  if (found === null || "died" in first || first.unexpected !== null) return found;
  runner.stop();
  // A case that is not damaged loads what is loaded once.
  await runner.run({ ...request, seed: 0 });
  return problem(request.kind, await runner.run(request));
}

async function fuzzKind(kind: Kind, first: number, cases: number): Promise<number> {
  const runner = new Runner();
  const codes = new Map<string, number>();
  let [failures, slowest, largest] = [0, 0, 0];
  const began = performance.now();
  await runner.run({ kind, seed: 0, keep: false });
  for (let seed = first; seed < first + cases; seed++) {
    const found = await check(runner, { kind, seed, keep: cases === 1 }, (reply) => {
      for (const code of reply.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
      slowest = Math.max(slowest, reply.seconds);
      largest = Math.max(largest, reply.growth);
      if (cases === 1) console.log(`files: ${reply.folder}`);
    });
    if (found !== null) {
      failures++;
      console.log(`FAILED ${kind} ${seed}: ${found}\n  npm run fuzz -- --only ${kind} --seed ${seed} --cases 1`);
    }
    if ((seed - first + 1) % 1000 === 0) console.log(`${kind}: ${seed - first + 1} of ${cases}`);
  }
  runner.stop();
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${kind}: ${cases} cases in ${seconds} s, ${failures} failed; ` +
      `slowest ${slowest.toFixed(2)} s, largest growth ${Math.round(largest / MIB)} MiB`,
  );
  for (const [code, times] of [...codes].sort((a, b) => b[1] - a[1])) console.log(`  ${code}: ${times}`);
  return failures;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is ${text}, not a whole number`);
  return Number(text);
}

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const only = KINDS.find((kind) => kind === values.only);
if (values.only !== undefined && only === undefined)
  throw new Error(`--only is ${values.only}, not one of ${KINDS.join(", ")}`);
const [cases, seed] = [whole("cases", values.cases), whole("seed", values.seed)];
let failures = 0;
for (const kind of only ? [only] : KINDS) {
  failures += await fuzzKind(kind, seed, only ? cases : Math.ceil(cases * SHARES[kind]));
}
if (failures > 0) process.exitCode = 1;
