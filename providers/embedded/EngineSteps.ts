import { readFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import type { ModelIdentity, Steps } from "../contract.ts";
import { refuseTooLong } from "../refuseTooLong.ts";
import type { Engine } from "./Engine.ts";
import type { Exclusive } from "./Exclusive.ts";
import { floatsOf } from "./Sessions.ts";

/**
 * Follows a text with the engine's cache, one token a step, by the same two graphs at the same shapes each time: so that
 * a second reading adds up the same numbers in the same order.
 */
export class EngineSteps implements Steps {
  readonly kernel: string;
  private readonly identity: ModelIdentity;
  private readonly engine: Engine;
  private readonly cache: Exclusive;

  constructor(identity: ModelIdentity, engine: Engine, cache: Exclusive) {
    this.identity = identity;
    this.engine = engine;
    this.cache = cache;
    const policy = identity.weights.split(" ")[0];
    this.kernel = `${identity.engine}, ${policy} weights, ${engine.threads} threads, node ${process.version} ${platform()} ${arch()} ${instructionSet()}`;
  }

  follow<T>(read: (next: (id: number) => Promise<Float32Array>) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.cache.run(async () => {
      const cache = await this.engine.startCache();
      let length = 0;
      return read(async (id) => {
        signal?.throwIfAborted();
        length += 1;
        refuseTooLong(this.identity, length);
        const h = await cache.append([[id]]);
        const outputs = await this.engine.run("logits", {
          h: { type: "float32", data: h, dims: [1, this.engine.config.width] },
        });
        return floatsOf(outputs, "logits");
      });
    });
  }
}

/** Extensions by which ONNX Runtime's kernels differ. */
const EXTENSIONS =
  /\b(avx2|fma|f16c|avx512f|avx512bw|avx512_vnni|avx_vnni|avx512_bf16|amx_tile|asimddp|i8mm|sve|bf16)\b/g;

/** The processor's extensions, where the system says them, else its model. */
function instructionSet(): string {
  const model = cpus()[0]?.model ?? "unknown";
  if (platform() !== "linux") return model;
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
  return flags === undefined ? model : [...new Set(flags.match(EXTENSIONS))].sort().join("+") || model;
}
