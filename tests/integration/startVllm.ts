import { execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "./ServerProcess.ts";

const EXPORT = fileURLToPath(new URL("./exportGguf.py", import.meta.url));

/**
 * A real vLLM on one processor core, with the weights of a GGUF file in float32.
 * @param python the interpreter that has vllm; the weights are written beside its environment, once.
 * @param shows texts and log-probabilities, or the states at every token.
 */
export function startVllm(python: string, model: string, shows: "texts" | "states"): Promise<ServerProcess> {
  const folder = join(dirname(python), "..", "..", "smollm2");
  if (!existsSync(folder)) {
    const half = `${folder}.half`;
    rmSync(half, { recursive: true, force: true });
    execFileSync(python, [EXPORT, model, half], { stdio: ["ignore", "ignore", "pipe"], env: offline() });
    renameSync(half, folder);
  }
  const states = ["--runner", "pooling", "--pooler-config.task", "token_embed"];
  return ServerProcess.start("vLLM", (port, home) => ({
    command: python,
    args: [
      ...["-m", "vllm.entrypoints.openai.api_server", "--model", folder, "--served-model-name", "smollm2"],
      ...["--host", "127.0.0.1", "--port", String(port), "--dtype", "float32", "--max-model-len", "512"],
      ...["--enforce-eager", ...(shows === "states" ? states : ["--enable-prompt-embeds"])],
    ],
    env: {
      ...offline(),
      HOME: home,
      TMPDIR: home,
      VLLM_CPU_KVCACHE_SPACE: "1",
      VLLM_CPU_OMP_THREADS_BIND: "nobind",
      OMP_NUM_THREADS: "1",
      VLLM_NO_USAGE_STATS: "1",
    },
    ready: "/v1/models",
  }));
}

const offline = () => ({ ...(process.env as Record<string, string>), HF_HUB_OFFLINE: "1" });
