/** A server that tests start: on this machine alone, with a folder of its own, ended by its process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./freePort.ts";

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answers as soon as the server is ready. */
  readonly ready: string;
}

/** Three minutes: vLLM takes one where the machine is busy. */
const TRIES = 1800;
const PAUSE_MS = 100;

export class ServerProcess {
  readonly base: string;
  /** Removed with the server. */
  readonly folder: string;
  private readonly process: ChildProcess;

  private constructor(base: string, folder: string, process: ChildProcess) {
    this.base = base;
    this.folder = folder;
    this.process = process;
  }

  /** @param describe the command for a port and a folder. */
  static async start(name: string, describe: (port: number, folder: string) => ServerCommand): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-server-"));
    const port = await freePort();
    const { command, args, env, ready } = describe(port, folder);
    const log = openSync(join(folder, "log"), "a");
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", log, log], ...(env && { env }) });
    const server = new ServerProcess(`http://127.0.0.1:${port}`, folder, child);
    const answers = () =>
      fetch(`${server.base}${ready}`)
        .then(({ ok }) => ok)
        .catch(() => false);
    for (let tries = 0; tries < TRIES && child.exitCode === null; tries++) {
      if (await answers()) return server;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
    const said = readFileSync(join(folder, "log"), "utf8").slice(-2000);
    await server.close();
    throw new Error(`the ${name} server did not start: ${said}`);
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
