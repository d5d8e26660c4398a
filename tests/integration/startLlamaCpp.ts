import { ServerProcess } from "./ServerProcess.ts";

/**
 * A real llama-cpp-python server, one thread.
 * @param python the interpreter that has llama_cpp.
 * @param model path of a GGUF file.
 */
export function startLlamaCpp(python: string, model: string, flags: readonly string[] = []): Promise<ServerProcess> {
  return ServerProcess.start("llama-cpp-python", (port) => ({
    command: python,
    args: [
      ...["-m", "llama_cpp.server", "--model", model, "--n_ctx", "512", "--logits_all", "true"],
      ...["--host", "127.0.0.1", "--port", String(port), "--n_threads", "1", "--n_threads_batch", "1"],
      ...flags,
    ],
    ready: "/v1/models",
  }));
}
