import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ExpectedError } from "../../errors.ts";
import {
  answerMalformed,
  pythonMissing,
  workerDied,
  workerFailure,
  workerSilent,
  workerStopped,
} from "./workerErrors.ts";

const SCRIPT = fileURLToPath(new URL("./worker.py", import.meta.url));
/** PyTorch takes some seconds to import, from a cold network drive a minute. */
const HELLO_MS = 120_000;
/** Characters of an answer: sampled ids are the longest. */
const MAX_ANSWER = 1 << 27;
const STDERR_LINES = 20;
const STDERR_CHARACTERS = 4000;

const answerSchema = z.union([
  z.object({ number: z.number().int().min(0), result: z.record(z.string(), z.unknown()) }),
  z.object({ number: z.number().int().min(0), error: z.object({ code: z.string(), message: z.string() }) }),
]);

type Answer = z.infer<typeof answerSchema>;

export type WorkerResult = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly resolve: (result: WorkerResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkerOptions {
  /** What the model is called in messages. */
  readonly name: string;
  readonly python: string;
  readonly script?: string;
  readonly helloMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A Python process that serves one model: a JSON line a request and a line an answer, in order. Tensors come as
 * `NUMBER.safetensors` in `folder`, which is private and ends with the process.
 */
export class PythonWorker {
  readonly folder = mkdtempSync(join(tmpdir(), "isoglyph-python-"));
  private readonly options: WorkerOptions;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<void>;
  private numbers = 0;
  private stderr = "";
  /** Parts of a line that has not ended yet. */
  private parts: string[] = [];
  private partLength = 0;
  /** Why no request can be answered any more. */
  private failure: ExpectedError | null = null;

  private constructor(options: WorkerOptions) {
    this.options = options;
    this.child = spawn(options.python, ["-B", "-X", "utf8", options.script ?? SCRIPT, this.folder], {
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
      env: {
        ...process.env,
        HF_HUB_DISABLE_PROGRESS_BARS: "1",
        TRANSFORMERS_VERBOSITY: "error",
        // It would ask the Hub to convert models whose weights are pickled.
        DISABLE_SAFETENSORS_CONVERSION: "1",
        ...(process.env.ISOGLYPH_OFFLINE === "1" && { HF_HUB_OFFLINE: "1" }),
      },
    });
    const { stdin, stdout, stderr } = this.child;
    stdout?.setEncoding("utf8").on("data", (text: string) => this.hear(text));
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_CHARACTERS);
    });
    // A process that died closes its input; how it died is said by its end.
    stdin?.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.fail(pythonMissing(options.python, error));
        this.discard();
        resolve();
      });
      this.child.on("close", (code, signal) => {
        const ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
        this.fail(workerDied(options.name, ending, this.lastWords()));
        this.discard();
        resolve();
      });
    });
  }

  /**
   * Starts the interpreter; resolves with its versions once it has imported what it needs.
   * @throws ExpectedError `python-missing`, `python-module-missing`, `python-module-broken`, `python-worker-silent`,
   *   `python-worker-died`, `python-answer-malformed`
   */
  static async start(options: WorkerOptions): Promise<{ worker: PythonWorker; hello: WorkerResult }> {
    options.signal?.throwIfAborted();
    const worker = new PythonWorker(options);
    const { name, python, helloMs = HELLO_MS } = options;
    const timer = setTimeout(
      () => worker.stop(workerSilent(name, helloMs / 1000, python, worker.lastWords())),
      helloMs,
    );
    try {
      // The hello is the answer to a request that nobody sends.
      return { worker, hello: await worker.answerTo(worker.numbers++, options.signal) };
    } catch (error) {
      await worker.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request; `number` is what its file is called by. Cancelling ends the process. */
  async ask(request: Readonly<Record<string, unknown>>, signal?: AbortSignal) {
    signal?.throwIfAborted();
    if (this.failure) throw this.failure;
    const number = this.numbers++;
    this.child.stdin?.write(`${JSON.stringify({ ...request, number })}\n`);
    const result = await this.answerTo(number, signal);
    return { result, file: join(this.folder, `${number}.safetensors`) };
  }

  private async answerTo(number: number, signal: AbortSignal | undefined): Promise<WorkerResult> {
    const onAbort = () => {
      this.waiting.get(number)?.reject(signal?.reason);
      this.stop(workerStopped(this.options.name));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
    } finally {
      this.waiting.delete(number);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  private hear(text: string): void {
    const [first = "", ...rest] = text.split("\n");
    this.parts.push(first);
    this.partLength += first.length;
    for (const next of rest) {
      const line = this.parts.join("");
      this.parts = [next];
      this.partLength = next.length;
      this.take(line);
    }
    if (this.partLength > MAX_ANSWER) this.malformed(`a line of more than ${MAX_ANSWER} characters`);
  }

  private take(line: string): void {
    if (this.failure) return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      this.malformed(`${JSON.stringify(line.slice(0, 200))} is no JSON`);
      return;
    }
    const parsed = answerSchema.safeParse(value);
    if (parsed.success) this.deliver(parsed.data);
    else this.malformed(`${JSON.stringify(line.slice(0, 200))} has neither result nor error`);
  }

  private deliver(answer: Answer): void {
    const waiting = this.waiting.get(answer.number);
    const { python, name } = this.options;
    if (waiting === undefined) this.malformed(`it answers request ${answer.number}, which does not wait`);
    else if ("result" in answer) waiting.resolve(answer.result);
    else waiting.reject(workerFailure(answer.error.code, answer.error.message, python, name));
  }

  private malformed(what: string): void {
    this.stop(answerMalformed(this.options.name, what));
  }

  /** The first failure counts; those that follow are its consequences. */
  private fail(error: ExpectedError): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
  }

  private stop(error: ExpectedError): void {
    this.fail(error);
    this.child.kill("SIGKILL");
  }

  private lastWords(): string {
    return this.stderr.split("\n").slice(-STDERR_LINES).join("\n");
  }

  private discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends the process, whatever it does. */
  async close(): Promise<void> {
    this.stop(workerStopped(this.options.name));
    await this.ended;
  }
}
