/** A real Ollama server for tests: on this machine alone, with a store of its own, ended by its process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileDigest } from "../../providers/embedded/sources/fileDigest.ts";
import { freePort } from "./freePort.ts";

/** Folders and variants that no model of this server needs: the hash of the weights is taken of these. */
const MODEL_FILES = /\.(json|safetensors|txt)$/;

export class OllamaServer {
  readonly base: string;
  /** Its OLLAMA_MODELS. */
  readonly store: string;
  private readonly folder: string;
  private readonly process: ChildProcess;

  private constructor(base: string, folder: string, process: ChildProcess) {
    this.base = base;
    this.folder = folder;
    this.store = join(folder, "models");
    this.process = process;
  }

  static async start(binary: string): Promise<OllamaServer> {
    const folder = mkdtempSync(join(tmpdir(), "isoglyph-ollama-"));
    const host = `127.0.0.1:${await freePort()}`;
    const log = openSync(join(folder, "log"), "a");
    const child = spawn(binary, ["serve"], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: folder,
        OLLAMA_HOST: host,
        OLLAMA_MODELS: join(folder, "models"),
        OLLAMA_NO_CLOUD: "1",
      },
      stdio: ["ignore", log, log],
    });
    const server = new OllamaServer(`http://${host}`, folder, child);
    for (let tries = 0; tries < 300; tries++) {
      if (child.exitCode !== null) break;
      if (
        await fetch(`${server.base}/api/version`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return server;
      await new Promise((done) => setTimeout(done, 100));
    }
    const said = readFileSync(join(folder, "log"), "utf8").slice(-2000);
    await server.close();
    throw new Error(`the Ollama server did not start: ${said}`);
  }

  /** One thread: two are many times slower where others compute too. */
  async create(model: string, files: Readonly<Record<string, string>>): Promise<void> {
    const digests: Record<string, string> = {};
    for (const [name, path] of Object.entries(files)) digests[name] = await this.upload(path);
    const body = JSON.stringify({ model, files: digests, parameters: { num_thread: 1 } });
    const answer = await fetch(`${this.base}/api/create`, { method: "POST", body });
    const said = await answer.text();
    // A failure may come with status 200, as a line of its own.
    if (!answer.ok || !said.includes('"success"')) throw new Error(`${model} was not created: ${said}`);
  }

  /** A folder as sentence-transformers writes it; its modules lie in folders of their own. */
  createFromFolder(model: string, folder: string): Promise<void> {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => MODEL_FILES.test(name));
    return this.create(model, Object.fromEntries(names.map((name) => [name, join(folder, name)])));
  }

  private async upload(path: string): Promise<string> {
    const digest = `sha256:${await fileDigest(path)}`;
    const url = `${this.base}/api/blobs/${digest}`;
    if ((await fetch(url, { method: "HEAD" })).ok) return digest;
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
    const answer = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
    if (!answer.ok) throw new Error(`${path} was not taken: ${await answer.text()}`);
    return digest;
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
