/**
 * `npm run bench [-- --only forward,startup,opening,decoding]`: the engine against PyTorch, llama.cpp and the machine's
 * own peak, in one run; `npm run bench -- --large`: a large model; `npm run bench -- --requests`: servers. Each writes its
 * table into benchmarks/README.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Engine } from "../providers/embedded/Engine.ts";
import { readGguf } from "../providers/embedded/formats/gguf.ts";
import { ggufCheckpoint } from "../providers/embedded/ggufCheckpoint.ts";
import { openModel } from "../providers/embedded/openModel.ts";
import { planWeights } from "../providers/embedded/planWeights.ts";
import { prepareModel } from "../providers/embedded/prepareModel.ts";
import { cacheFolder } from "../providers/embedded/sources/cacheFolder.ts";
import { DEFAULT_MODEL } from "../providers/embedded/sources/knownModels.ts";
import { locateModel } from "../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../providers/embedded/sources/modelReference.ts";
import { hiddenNames, traceFeeds } from "./engineSubjects.ts";
import { profile } from "./profile.ts";
import { requests } from "./requests/requests.ts";
import { type Bench, decoding, forwardPasses, large, opening, startUp, type TableRow } from "./sections.ts";

const README = join(import.meta.dirname, "README.md");
const SECTIONS = ["forward", "startup", "opening", "decoding"];

const { values: options } = parseArgs({
  options: {
    large: { type: "boolean", default: false },
    requests: { type: "boolean", default: false },
    only: { type: "string", default: SECTIONS.join(",") },
  },
});
const only = options.large || options.requests ? [] : options.only.split(",");
const unknown = only.find((name) => !SECTIONS.includes(name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: the sections are ${SECTIONS.join(", ")}`);

const folder = join(cacheFolder(), "bench");
mkdirSync(folder, { recursive: true });
const threads = availableParallelism();
const located = await locateModel(parseModelReference(DEFAULT_MODEL), { progress: () => {} });
const checkpoint = ggufCheckpoint(readGguf(located.path));
const plan = planWeights(checkpoint);
const prepared = (weights: "packed" | "float32") =>
  prepareModel(checkpoint, plan, located.digest ?? "", weights, join(cacheFolder(), "prepared"));

/** Milliseconds until the graph of all taps is open, the engine's thread included. */
async function openOnce(weights: "packed" | "float32"): Promise<number> {
  const model = await prepared(weights);
  const start = performance.now();
  const engine = new Engine(model, threads);
  await engine.open("trace");
  const took = performance.now() - start;
  await engine.close();
  return took;
}

const rows: TableRow[] = [];
/** A part whose programs are missing is named, and the rest goes on. */
async function section(name: string, work: () => Promise<readonly TableRow[]>): Promise<void> {
  process.stderr.write(`${name} …\n`);
  try {
    rows.push(...(await work()));
  } catch (error) {
    const note = (error as Error).message.split("\n")[0] ?? "";
    rows.push({ what: name, value: "skipped", budget: "", note });
  }
}

const loadBefore = loadavg()[0] ?? 0;
const shares: string[] = [];
if (only.includes("opening")) await section("opening", () => opening(openOnce));
if (only.includes("forward") || only.includes("decoding") || only.includes("startup")) {
  const open = (weights: "packed" | "float32") => openModel(DEFAULT_MODEL, { weights, purpose: "batch", threads });
  if (only.includes("startup")) await section("startup", () => startUp({ folder, model: located.path, threads }));
  const bench: Bench = {
    folder,
    model: located.path,
    threads,
    float32: await open("float32"),
    packed: await open("packed"),
  };
  if (only.includes("forward")) {
    await section("forward", () => forwardPasses(bench));
    for (const shape of [
      { rows: 1, tokens: 16 },
      { rows: 1, tokens: 256 },
    ]) {
      const graph = (await prepared("float32")).graphFile("trace");
      const found = await profile(graph, threads, traceFeeds(bench.float32, shape), hiddenNames(bench.float32));
      const listed = found.slice(0, 9).map(([op, share]) => `${op} ${(100 * share).toFixed(1)} %`);
      shares.push(`- 1×${shape.tokens}: ${listed.join(", ")}`);
    }
  }
  if (only.includes("decoding")) await section("decoding", () => decoding(bench));
  await bench.float32.close();
  await bench.packed.close();
}
if (options.large) await section("large", () => large(folder));
if (options.requests) await section("requests", () => requests(folder));

const table = [
  "| what | value | budget | |",
  "|---|---|---|---|",
  ...rows.map(({ what, value, budget, note }) => `| ${what} | ${value} | ${budget} | ${note} |`),
].join("\n");
const machine = [
  `${cpus()[0]?.model.trim()}, ${threads} threads, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  `load before ${loadBefore.toFixed(1)}, after ${(loadavg()[0] ?? 0).toFixed(1)}`,
].join("; ");
process.stdout.write(`${machine}\n\n${table}\n\n${shares.join("\n")}\n`);

const readme = readFileSync(README, "utf8");
const name = options.large ? "large" : options.requests ? "requests" : "results";
const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
const from = readme.indexOf(start) + start.length;
const text = [machine, table, ...(shares.length > 0 ? ["Time by operator, float32:", shares.join("\n")] : [])];
writeFileSync(README, `${readme.slice(0, from)}\n${text.join("\n\n")}\n${readme.slice(readme.indexOf(end))}`);
process.exit(0);
