/** The comparisons, each of which gives rows of the table. */
import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EmbeddedProvider } from "../providers/embedded/EmbeddedProvider.ts";
import { allStates, type BatchShape, barePeak, flops, idsOf, plainForward } from "./engineSubjects.ts";
import { asSafetensors, LineServer, llamaModules, pythonWithTorch, timeToFirstLine } from "./outsiders.ts";
import { QWEN2_7B, writeRandomGguf } from "./randomGguf.ts";
import { alternate, best, median, ratio } from "./timing.ts";

export interface TableRow {
  readonly what: string;
  readonly value: string;
  readonly budget: string;
  readonly note: string;
}
export interface Bench {
  /** Where the comparison's own files live. */
  readonly folder: string;
  readonly model: string;
  readonly threads: number;
  readonly float32: EmbeddedProvider;
  readonly packed: EmbeddedProvider;
}

const here = import.meta.dirname;
const SHAPES: readonly BatchShape[] = [
  { rows: 1, tokens: 16 },
  { rows: 1, tokens: 64 },
  { rows: 1, tokens: 256 },
  { rows: 32, tokens: 32 },
];
const ROUNDS = 7;
const TEXT = "The old lighthouse keeper counted three small boats before the big storm arrived.";

const times = (value: number) => `${value.toFixed(2)}×`;
const ms = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const named = ({ rows, tokens }: BatchShape) => `${rows}×${tokens}`;

/** States out against none, PyTorch, packed weights, and the peak. */
export async function forwardPasses({ folder, model, threads, float32, packed }: Bench): Promise<TableRow[]> {
  const python = pythonWithTorch(folder);
  const server = new LineServer(python, [
    join(here, "pytorch.py"),
    "serve",
    asSafetensors(python, model, folder),
    String(threads),
  ]);
  const versions = await server.answer();
  const rows: TableRow[] = [];
  for (const shape of SHAPES) {
    const ids = idsOf(shape);
    const subjects = [
      { name: "states", run: allStates(float32, shape) },
      { name: "plain", run: plainForward(float32, shape) },
      { name: "packed", run: allStates(packed, shape) },
      { name: "pytorch", run: () => server.ask({ ids }) },
    ];
    const peak = named(shape) === "1×256" ? await barePeak(folder, threads) : null;
    if (peak) subjects.push({ name: "peak", run: peak.run as () => Promise<Record<string, unknown>> });
    const timings = await alternate(subjects, ROUNDS);
    const at = (name: string) => ms(best(timings, name));
    rows.push(
      {
        what: `all hidden states / plain forward, ${named(shape)}`,
        value: times(ratio(timings, "states", "plain")),
        budget: "≤ 1.10×",
        note: `${at("states")} / ${at("plain")}`,
      },
      {
        what: `tokens/s against PyTorch, ${named(shape)}`,
        value: times(ratio(timings, "pytorch", "states")),
        budget: "≥ 2×",
        note: `${at("states")} against ${at("pytorch")} (torch ${versions.torch}, transformers ${versions.transformers})`,
      },
      {
        what: `time with packed / float32 weights, ${named(shape)}`,
        value: times(ratio(timings, "packed", "states")),
        budget: "",
        note: `${at("packed")} / ${at("states")}`,
      },
    );
    if (peak === null) continue;
    const rate = (name: string, work: number) => work / best(timings, name) / 1e6;
    const own = rate("states", flops(float32, shape));
    const bare = rate("peak", peak.flops);
    rows.push({
      what: "share of the peak, 1×256",
      value: `${((100 * own) / bare).toFixed(0)} %`,
      budget: "≥ 80 %",
      note: `${own.toFixed(0)} of ${bare.toFixed(0)} GFLOP/s`,
    });
  }
  server.close();
  return rows;
}

/** From the start of a process to the states of one sentence, and the parts of it. */
export async function startUp({
  folder,
  model,
  threads,
}: Pick<Bench, "folder" | "model" | "threads">): Promise<TableRow[]> {
  const python = pythonWithTorch(folder);
  const weights = asSafetensors(python, model, folder);
  const cli = join(here, "..", "harness", "cli.ts");
  const starts = {
    ours: () => timeToFirstLine(process.execPath, [join(here, "firstStates.ts"), "auto", TEXT]),
    float32: () => timeToFirstLine(process.execPath, [join(here, "firstStates.ts"), "float32", TEXT]),
    states: () =>
      timeToFirstLine(process.execPath, [
        cli,
        ...["states", "--model", "smollm2-135m", "--text", TEXT, "--out", join(folder, "states.safetensors")],
      ]),
    help: () => timeToFirstLine(process.execPath, [cli, "--help"]),
    pytorch: () => timeToFirstLine(python, [join(here, "pytorch.py"), "first", weights, String(threads), TEXT]),
  };
  const seen = new Map<string, number[]>(Object.keys(starts).map((name) => [name, []]));
  for (let round = 0; round < 6; round++) {
    // The first round fills the page cache.
    for (const [name, start] of Object.entries(starts)) {
      const took = await start();
      if (round > 0) seen.get(name)?.push(took);
    }
  }
  const bestOf = (name: string) => Math.min(...(seen.get(name) ?? []));
  const against = (name: string) => times(ratio(seen, "pytorch", name));
  const note = (name: string) => `${ms(bestOf(name))} against ${ms(bestOf("pytorch"))}`;
  return [
    { what: "start to first states against PyTorch", value: against("ours"), budget: "≥ 4×", note: note("ours") },
    { what: "the same with float32 weights", value: against("float32"), budget: "", note: note("float32") },
    { what: "`isoglyph states`, file written", value: ms(bestOf("states")), budget: "≤ 2 s", note: "" },
    { what: "`isoglyph --help`", value: ms(bestOf("help")), budget: "≤ 200 ms", note: "" },
  ];
}

/** Opening a prepared model's graph; `open` gives the milliseconds. */
export async function opening(open: (weights: "packed" | "float32") => Promise<number>): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for (const weights of ["packed", "float32"] as const) {
    const took: number[] = [];
    // The first fills the page cache.
    for (let round = 0; round < 8; round++) took.push(await open(weights));
    rows.push({
      what: `opening a prepared model, ${weights}`,
      value: ms(Math.min(...took.slice(1))),
      budget: "≤ 300 ms",
      note: `median ${ms(median(took.slice(1)))}`,
    });
  }
  return rows;
}

/** One sequence, token by token, greedily: this engine and llama.cpp on the same file. */
export async function decoding({ folder, model, threads, packed, float32 }: Bench): Promise<TableRow[]> {
  const tokens = 48;
  const ids = packed.tokenizer.encode("The capital of France is");
  const server = new LineServer(process.execPath, [
    join(here, "llamaDecode.mjs"),
    llamaModules(folder),
    model,
    String(threads),
  ]);
  await server.answer();
  const greedy = (provider: EmbeddedProvider, maxTokens: number) =>
    provider.sample({ prompts: [{ ids, seed: 1 }], samples: 1, maxTokens, temperature: 0 });
  const seen = new Map<string, number[]>([
    ["packed", []],
    ["float32", []],
    ["llama", []],
  ]);
  for (let round = 0; round < 6; round++) {
    for (const [name, provider] of Object.entries({ packed, float32 })) {
      // The prompt is read in both; the difference is the decoding.
      const start = performance.now();
      await greedy(provider, 1);
      const middle = performance.now();
      const drawn = await greedy(provider, tokens + 1);
      const took = performance.now() - middle - (middle - start);
      if (round > 0) seen.get(name)?.push(took / ((drawn[0]?.[0]?.length ?? 0) - 1));
    }
    const { ms: took, said } = await server.ask({ ids, tokens });
    if (round > 0) seen.get("llama")?.push((took as number) / ((said as number[]).length - 1));
  }
  server.close();
  const rate = (name: string) => `${(1e3 / Math.min(...(seen.get(name) ?? []))).toFixed(0)} tokens/s`;
  return (["packed", "float32"] as const).map((name) => ({
    what: `decoding against llama.cpp, ${name}`,
    value: times(ratio(seen, "llama", name)),
    budget: "",
    note: `${rate(name)} against ${rate("llama")}`,
  }));
}

interface LargeResult {
  readonly prepareSeconds: number;
  readonly openSeconds: number;
  readonly points: readonly { tokens: number; seconds: number }[];
  readonly peakBytes: number;
  readonly weights: string;
}

/** A random model of the shape of Qwen2-7B, and shorter ones. Takes 14 GB of disk while it runs. */
export async function large(folder: string): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for (const layers of [7, 14, QWEN2_7B.layers]) {
    const model = join(folder, `random-${layers}.gguf`);
    const cache = join(folder, "large-cache");
    try {
      if (!existsSync(model)) writeRandomGguf(model, { ...QWEN2_7B, layers });
      const run = async (tokens: string) => {
        const { stdout } = await promisify(execFile)(process.execPath, [join(here, "largeStates.ts"), model, tokens], {
          env: { ...process.env, ISOGLYPH_CACHE: cache },
        });
        return JSON.parse(stdout) as LargeResult;
      };
      const first = await run("32");
      // The second process finds the model prepared.
      const { openSeconds, points, peakBytes, weights } = await run(layers === QWEN2_7B.layers ? "8,32,128" : "32");
      rows.push({
        what: `Qwen2-7B's shape, ${layers} of 28 layers, all states of 32 tokens`,
        value: `${(peakBytes / 2 ** 30).toFixed(1)} GiB`,
        budget: "≤ 12 GiB",
        note: [
          `prepared in ${first.prepareSeconds.toFixed(0)} s, opened in ${openSeconds.toFixed(1)} s`,
          ...points.map(({ tokens, seconds }) => `${tokens} tokens ${seconds.toFixed(2)} s`),
          weights,
        ].join("; "),
      });
    } finally {
      rmSync(model, { force: true });
      rmSync(cache, { recursive: true, force: true });
    }
  }
  return rows;
}
