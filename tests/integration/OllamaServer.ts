/** A real Ollama server for tests: on this machine alone, with a store of its own, ended by its process id. */
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileDigest } from "../../providers/embedded/sources/fileDigest.ts";
import { ServerProcess } from "./ServerProcess.ts";

/** Folders and variants that no model of this server needs: the hash of the weights is taken of these. */
const MODEL_FILES = /\.(json|safetensors|txt)$/;

const storeIn = (folder: string) => join(folder, "models");

export class OllamaServer {
  /** Its OLLAMA_MODELS. */
  readonly store: string;
  private readonly server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.server = server;
    this.store = storeIn(server.folder);
  }

  get base(): string {
    return this.server.base;
  }

  static async start(binary: string): Promise<OllamaServer> {
    const server = await ServerProcess.start("Ollama", (port, folder) => ({
      command: binary,
      args: ["serve"],
      env: {
        PATH: process.env.PATH ?? "",
        HOME: folder,
        OLLAMA_HOST: `127.0.0.1:${port}`,
        OLLAMA_MODELS: storeIn(folder),
        OLLAMA_NO_CLOUD: "1",
      },
      ready: "/api/version",
    }));
    return new OllamaServer(server);
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

  close(): Promise<void> {
    return this.server.close();
  }
}
