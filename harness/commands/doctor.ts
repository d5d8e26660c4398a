import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { promisify } from "node:util";
import { EXIT, ExpectedError } from "../../errors.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { listModels } from "../../providers/embedded/sources/listModels.ts";
import { version } from "./terminal.ts";

type State = "ok" | "warn" | "FAIL";
export interface Check {
  readonly name: string;
  readonly state: State;
  readonly detail: string;
}

/** Room for the default model's file and its prepared weights. */
const NEEDED_BYTES = 1.2e9;
/** Largest difference of log-probabilities between a text read alone and among others that we call healthy. */
const NOISE_LIMIT = 1e-3;

async function python(): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)("python3", ["-m", "pip", "--version"], { timeout: 15_000 });
    return { name: "python3 with pip", state: "ok", detail: stdout.trim().split(" from ")[0] ?? "" };
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    return {
      name: "python3 with pip",
      state: "warn",
      detail: `${reason}; it is only needed to fetch the default model where the Hub cannot be reached`,
    };
  }
}

function cache(): Check {
  const folder = cacheFolder();
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const state = free < NEEDED_BYTES ? "warn" : "ok";
    return {
      name: "cache folder",
      state,
      detail: `${folder}, ${(free / 1e9).toFixed(1)} GB free${state === "warn" ? `; the default model takes ${NEEDED_BYTES / 1e9} GB` : ""}`,
    };
  } catch (error) {
    return {
      name: "cache folder",
      state: "FAIL",
      detail: `${folder}: ${(error as Error).message}; ISOGLYPH_CACHE names another`,
    };
  }
}

/** Reads a known text: greedy answer, and the same row alone and among others. */
async function engine(signal: AbortSignal): Promise<Check[]> {
  const model = listModels().find(({ name }) => name === DEFAULT_MODEL);
  if (!model?.cached)
    return [
      {
        name: "model",
        state: "warn",
        detail: `${DEFAULT_MODEL} is not fetched yet; \`isoglyph models pull ${DEFAULT_MODEL}\` does it`,
      },
    ];
  try {
    const started = performance.now();
    const provider = await openModel(DEFAULT_MODEL, { weights: "auto", purpose: "latency", signal });
    try {
      const ids = provider.tokenizer.encode("The capital of France is");
      const drawn = await provider.sample(
        { prompts: [{ ids, seed: 1 }], samples: 1, maxTokens: 2, temperature: 0 },
        signal,
      );
      const said = provider.tokenizer.decode(drawn[0]?.[0] ?? []);
      const answer = [
        { ids, parent: null },
        { ids: provider.tokenizer.encode(" Paris."), parent: 0 },
      ];
      const other = [
        { ids: provider.tokenizer.encode("Something else that is rather longer than the first text."), parent: null },
      ];
      const read = async (rows: (typeof answer)[]) =>
        (
          await provider.read(
            { rows, states: [], pools: [], scores: [{ row: 0, segment: 1 }], comparisons: [] },
            signal,
          )
        ).scores[0] as readonly number[];
      const [alone, among] = [await read([answer]), await read([answer, other, other])];
      const noise = Math.max(...alone.map((value, i) => Math.abs(value - (among[i] as number))));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      return [
        {
          name: "model",
          state: "ok",
          detail: `${provider.identity.name}, ${provider.identity.quantisation}, ${provider.identity.weights}`,
        },
        {
          name: "engine",
          state: said === " Paris." ? "ok" : "FAIL",
          detail: `greedy answer ${JSON.stringify(said)}, opened and asked in ${seconds} s`,
        },
        {
          name: "noise floor",
          state: noise < NOISE_LIMIT ? "ok" : "FAIL",
          detail: `log-probabilities alone and in a batch differ by at most ${noise.toExponential(1)}`,
        },
      ];
    } finally {
      await provider.close();
    }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return [{ name: "engine", state: "FAIL", detail: `${error.message}${error.hint ? `; ${error.hint}` : ""}` }];
  }
}

export interface DoctorCommandOptions {
  readonly provider?: string;
  readonly json?: boolean;
}

/** A provider that cannot be opened is a finding like any other. */
async function provider(reference: string, signal: AbortSignal): Promise<Check[]> {
  try {
    const { providerChecks } = await import("./providerCheck.ts");
    return await providerChecks(reference, signal);
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.exit === EXIT.interrupted) throw error;
    return [{ name: "provider", state: "FAIL", detail: `${error.message}${error.hint ? `; ${error.hint}` : ""}` }];
  }
}

export async function doctorCommand(options: DoctorCommandOptions, signal: AbortSignal): Promise<void> {
  const { json } = options;
  const memory = process.availableMemory();
  const offline = process.env.ISOGLYPH_OFFLINE === "1" || process.env.HF_HUB_OFFLINE === "1";
  const checks: Check[] = [
    {
      name: "isoglyph",
      state: "ok",
      detail: `${version()} on Node ${process.versions.node}, ${process.platform}-${process.arch}`,
    },
    { name: "processor", state: "ok", detail: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} threads` },
    { name: "memory", state: memory < 2e9 ? "warn" : "ok", detail: `${(memory / 1e9).toFixed(1)} GB available` },
    cache(),
    await python(),
    {
      name: "network",
      state: "ok",
      detail: offline
        ? "offline: nobody is asked (ISOGLYPH_OFFLINE or HF_HUB_OFFLINE)"
        : `models come from ${process.env.HF_ENDPOINT ?? "the Hugging Face Hub"}, else from pip`,
    },
    ...(options.provider !== undefined
      ? await provider(options.provider, signal)
      : existsSync(cacheFolder())
        ? await engine(signal)
        : []),
  ];
  if (json) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  else
    for (const { name, state, detail } of checks)
      process.stdout.write(`${state.padEnd(5)} ${name.padEnd(17)} ${detail}\n`);
  if (checks.some(({ state }) => state === "FAIL")) process.exitCode = EXIT.instrument;
}
