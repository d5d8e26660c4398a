import { ServerProcess } from "./ServerProcess.ts";

/**
 * llama.cpp's own server with one thread, which shows a state a token.
 * @param model path of a GGUF file.
 */
export function startLlamaServer(binary: string, model: string): Promise<ServerProcess> {
  return ServerProcess.start("llama-server", (port) => ({
    command: binary,
    args: [
      ...["-m", model, "--alias", "smollm2", "--host", "127.0.0.1", "--port", String(port)],
      ...["-t", "1", "-c", "512", "-np", "1", "--embeddings", "--pooling", "none"],
    ],
    ready: "/health",
  }));
}
