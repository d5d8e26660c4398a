/** A real llama-cpp-python server for tests: on this machine alone, one thread, ended by its process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./freePort.ts";

export class LlamaCppServer {
  readonly base: string;
  private readonly folder: string;
  private readonly process: ChildProcess;

  private constructor(base: string, folder: string, process: ChildProcess) {
    this.base = base;
    this.folder = folder;
    this.process = process;
  }

  /**
   * @param python the interpreter that has llama_cpp.
   * @param model path of a GGUF file.
   */
  static async start(python: string, model: string, flags: readonly string[] = []): Promise<LlamaCppServer> {
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-llamacpp-"));
    const port = await freePort();
    const log = openSync(join(folder, "log"), "a");
    const own = ["--host", "127.0.0.1", "--port", String(port), "--n_threads", "1", "--n_threads_batch", "1"];
    const args = [
      "-m",
      "llama_cpp.server",
      "--model",
      model,
      "--n_ctx",
      "512",
      "--logits_all",
      "true",
      ...own,
      ...flags,
    ];
    const child = spawn(python, args, { cwd: folder, stdio: ["ignore", log, log] });
    const server = new LlamaCppServer(`http://127.0.0.1:${port}`, folder, child);
    for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
      if (
        await fetch(`${server.base}/v1/models`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return server;
      await new Promise((done) => setTimeout(done, 100));
    }
    const said = readFileSync(join(folder, "log"), "utf8").slice(-2000);
    await server.close();
    throw new Error(`the llama-cpp-python server did not start: ${said}`);
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((done) => this.process.once("exit", done));
      this.process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
