/** Runs cases of scripts/fuzz.ts, one after another, in a process that may be lost. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kind, makeCase } from "../tests/fuzz/makeCase.ts";
import { readCase } from "../tests/fuzz/readCase.ts";

export interface FuzzRequest {
  readonly kind: Kind;
  readonly seed: number;
  /** Whether the case's files stay where they are. */
  readonly keep: boolean;
}

export interface FuzzReply {
  readonly codes: readonly string[];
  /** What went wrong that is no ExpectedError. */
  readonly unexpected: string | null;
  /** Time on the clock or on the processors, whichever is less: neither a busy machine nor many threads count. */
  readonly seconds: number;
  readonly fileBytes: number;
  /** Highest resident memory during the case, over that before it. */
  readonly growth: number;
  readonly folder: string;
}

const home = mkdtempSync(join(tmpdir(), "isoglyph-fuzz-"));
const cache = join(home, "cache");
process.env.ISOGLYPH_CACHE = cache;
const folder = join(home, "case");

/** Highest resident memory since the last call, bytes. Elsewhere than on Linux, since the process began. */
function peak(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  writeFileSync("/proc/self/clear_refs", "5");
  return Number(kilobytes) * 1024;
}

async function run({ kind, seed, keep }: FuzzRequest): Promise<FuzzReply> {
  const fileBytes = makeCase(kind, seed, folder);
  (globalThis as { gc?: () => void }).gc?.();
  peak();
  const before = process.memoryUsage.rss();
  const [start, used] = [performance.now(), process.cpuUsage()];
  let codes: string[] = [];
  let unexpected: string | null = null;
  try {
    codes = await readCase(kind, seed, folder);
  } catch (error) {
    unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(used);
  const seconds = Math.min((performance.now() - start) / 1e3, (user + system) / 1e6);
  const growth = peak() - before;
  rmSync(cache, { recursive: true, force: true });
  if (!keep) rmSync(folder, { recursive: true, force: true });
  return { codes, unexpected, seconds, fileBytes, growth, folder };
}

let kept = false;
process.on("message", async (request: FuzzRequest) => {
  kept ||= request.keep;
  process.send?.(await run(request));
});
process.on("disconnect", () => {
  if (!kept) rmSync(home, { recursive: true, force: true });
  process.exit();
});
