/** `npm run bench -- --requests`: requests to servers, beside a bare fetch pool, OpenAI's own package and promptfoo. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunWriter } from "../../harness/RunRecord.ts";
import { openOpenAi } from "../../providers/openai/openOpenAi.ts";
import type { TableRow } from "../sections.ts";
import { alternate, best, median, ratio } from "../timing.ts";
import { prompts } from "./prompts.ts";
import { bareFetch, provider, sdk } from "./subjects.ts";

const here = import.meta.dirname;
const PROMPTFOO_VERSION = "0.123.0";
const ROWS = 200;
const ROUNDS = 9;
const times = (value: number) => `${value.toFixed(2)}×`;
const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

class Server {
  readonly base: string;
  private readonly child: ChildProcess;

  private constructor(base: string, child: ChildProcess) {
    this.base = base;
    this.child = child;
  }

  static async start(): Promise<Server> {
    const child = fork(join(here, "server.ts"));
    const port = await new Promise((done) => child.once("message", done));
    return new Server(`http://127.0.0.1:${port}`, child);
  }

  /** Sets it, and says what it counted since it was set before. */
  async set({ delay = 0, rate = 0 } = {}): Promise<{ requests: number; rejected: number }> {
    return (await fetch(`${this.base}/settings?delay=${delay}&rate=${rate}`)).json() as never;
  }

  close(): void {
    this.child.kill();
  }
}

/** promptfoo's modules, installed once in the cache folder. */
function promptfooModules(folder: string): string {
  const place = join(folder, "promptfoo");
  const modules = join(place, "node_modules");
  if (existsSync(join(modules, "promptfoo"))) return modules;
  process.stderr.write("installing promptfoo for the comparison, once\n");
  const temporary = `${place}.tmp`;
  const options = ["--prefix", temporary, "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"];
  const install = ["install", ...options, `promptfoo@${PROMPTFOO_VERSION}`];
  execFileSync("npm", install, { stdio: ["ignore", "ignore", "inherit"] });
  renameSync(temporary, place);
  return modules;
}

/** Milliseconds of promptfoo's rounds. */
function promptfoo(folder: string, base: string, rounds: number, kind = ""): number[] {
  const home = mkdtempSync(join(tmpdir(), "isoglyph-promptfoo-"));
  try {
    const args = [join(here, "promptfooRows.mjs"), promptfooModules(folder), base, String(ROWS), String(rounds), kind];
    const quiet = { PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1", PROMPTFOO_CONFIG_DIR: home };
    const env = { ...process.env, ...quiet, PROMPTFOO_DISABLE_REMOTE_GENERATION: "1" };
    const said = execFileSync(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] }).toString();
    return JSON.parse(said.trim().split("\n").at(-1) ?? "") as number[];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Consumption {
  readonly cpu: number;
  readonly resident: number;
  readonly live: number;
}

function consumption(name: string, base: string, rows: number): Consumption {
  const args = ["--expose-gc", join(here, "consumption.ts"), name, base, String(rows)];
  return JSON.parse(execFileSync(process.execPath, args).toString()) as Consumption;
}

/** An instant server, with every answer written to a journal. */
async function instant(server: Server, folder: string): Promise<TableRow[]> {
  const journals = mkdtempSync(join(tmpdir(), "isoglyph-journal-"));
  const writer = new RunWriter(join(journals, "run"));
  writer.writeManifest({} as never);
  const bare = bareFetch(server.base);
  const library = sdk(server.base);
  const ours = await provider(server.base);
  const journalled = async () => {
    const requests = prompts(ROWS);
    const answers = await ours(requests);
    for (const [i, text] of answers.entries()) writer.append({ request: requests[i], text } as never);
  };
  const timings = await alternate(
    [
      { name: "bare", run: () => bare(prompts(ROWS)) },
      { name: "ours", run: journalled },
      { name: "sdk", run: () => library(prompts(ROWS)) },
    ],
    ROUNDS,
  );
  writer.close();
  rmSync(journals, { recursive: true });
  const rest = promptfoo(folder, server.base, ROUNDS);
  const own = `${best(timings, "ours").toFixed(0)} ms against ${best(timings, "bare").toFixed(0)} ms`;
  return [
    {
      what: `${ROWS} prompts to an instant server, journal on, against a bare fetch pool`,
      value: times(ratio(timings, "ours", "bare")),
      budget: "≤ 2×",
      note: own,
    },
    {
      what: "the same by OpenAI's own package alone, which fetches",
      value: times(ratio(timings, "sdk", "bare")),
      budget: "",
      note: `${best(timings, "sdk").toFixed(0)} ms`,
    },
    {
      what: "the same by promptfoo",
      value: times(median(rest) / best(timings, "bare")),
      budget: "",
      note: `${median(rest).toFixed(0)} ms (promptfoo ${PROMPTFOO_VERSION}, in process, warm)`,
    },
  ];
}

async function embeddings(server: Server, folder: string): Promise<TableRow[]> {
  const embedder = await openOpenAi(`openai:embedder@${server.base}/v1`, { env: {} });
  await server.set();
  await embedder.embed(Array.from({ length: ROWS }, (_, i) => `sentence number ${i}`));
  const ours = await server.set();
  promptfoo(folder, server.base, 1, "similar");
  const theirs = await server.set();
  // Two rounds (the first warms up), whose answers were asked for too.
  const each = theirs.requests / 2 - ROWS;
  return [
    {
      what: `requests for ${ROWS} embeddings`,
      value: String(ours.requests),
      budget: "≤ 7",
      note: `promptfoo's \`similar\`: ${each}`,
    },
  ];
}

async function slow(server: Server): Promise<TableRow[]> {
  await server.set({ delay: 100 });
  const fresh = await openOpenAi(`openai:model@${server.base}/v1`, { env: {} });
  const took: number[] = [];
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    await fresh.generate(prompts(ROWS));
    took.push(performance.now() - start);
  }
  await server.set();
  return [
    {
      what: `${ROWS} prompts at 100 ms, concurrency 20`,
      value: seconds(took[0] ?? 0),
      budget: "≤ 1.5 s",
      note: `from 4 at once at the start; once warm ${seconds(took[1] ?? 0)}`,
    },
  ];
}

async function limited(server: Server): Promise<TableRow[]> {
  const rate = 20;
  const ideal = ((ROWS - 1) / rate) * 1000;
  const found: { took: number; rejected: number }[] = [];
  for (let round = 0; round < 3; round++) {
    const fresh = await openOpenAi(`openai:model@${server.base}/v1`, { env: {} });
    await server.set({ rate });
    const start = performance.now();
    await fresh.generate(prompts(ROWS));
    found.push({ took: performance.now() - start, ...(await server.set()) });
  }
  const middle = median(found.map(({ took }) => took));
  const rejected = Math.max(...found.map((one) => one.rejected));
  return [
    {
      what: `a server that allows ${rate} requests/s, ${ROWS} prompts, against the ideal time`,
      value: times(middle / ideal),
      budget: "≤ 1.2×",
      note: `${seconds(middle)}, median of 3`,
    },
    { what: "rejected there", value: `${rejected} of ${ROWS}`, budget: "≤ 20", note: "most of 3" },
  ];
}

function resources(server: Server): TableRow[] {
  const rows = 3000;
  const take = (name: string) => consumption(name, server.base, rows);
  const [bare, alone, floor, ours] = [take("fetch"), take("sdk"), take("sdk-over-request"), take("provider")];
  return [
    {
      what: "processor time a row above OpenAI's own package over the same `request`",
      value: `${(ours.cpu - floor.cpu).toFixed(2)} ms`,
      budget: "≤ 1 ms",
      note: `${ours.cpu.toFixed(2)} against ${floor.cpu.toFixed(2)} ms; as it comes, with fetch, ${alone.cpu.toFixed(2)} ms (bare fetch ${bare.cpu.toFixed(2)} ms)`,
    },
    {
      what: `memory that ${rows} answers hold`,
      value: megabytes(ours.live),
      budget: "≤ 150 MB",
      note: `most resident ${megabytes(ours.resident)}, OpenAI's package alone ${megabytes(alone.resident)}, bare fetch ${megabytes(bare.resident)}`,
    },
  ];
}

/** @param folder where promptfoo is kept between runs. */
export async function requests(folder: string): Promise<TableRow[]> {
  const server = await Server.start();
  try {
    return [
      ...(await instant(server, folder)),
      ...(await slow(server)),
      ...(await limited(server)),
      ...(await embeddings(server, folder)),
      ...resources(server),
    ];
  } finally {
    server.close();
  }
}
