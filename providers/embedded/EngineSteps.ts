import { readFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { basename } from "node:path";
import type { ModelIdentity, Steps } from "../contract.ts";
import { refuseTooLong } from "../refuseTooLong.ts";
import type { Engine } from "./Engine.ts";
import type { Exclusive } from "./Exclusive.ts";

/**
 * Follows a text with the engine's cache, one token a step, by the same graph at the same shapes each time: so that
 * a second reading adds up the same numbers in the same order.
 */
export class EngineSteps implements Steps {
  private readonly identity: ModelIdentity;
  private readonly engine: Engine;
  private readonly cache: Exclusive;

  constructor(identity: ModelIdentity, engine: Engine, cache: Exclusive) {
    this.identity = identity;
    this.engine = engine;
    this.cache = cache;
  }

  get kernel(): string {
    const { identity, engine } = this;
    const policy = identity.weights.split(" ")[0];
    // The graph's hash: another version of this project may compute the same in another order.
    const graph = basename(engine.graphFile("generate"), ".onnx");
    return `${identity.engine}, ${graph}, ${policy} weights, ${engine.threads} threads, node ${process.version} ${platform()} ${arch()} ${instructionSet()}`;
  }

  follow<T>(read: (next: (id: number) => Promise<Float32Array>) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.cache.run(async () => {
      const cache = await this.engine.startCache();
      let length = 0;
      return read(async (id) => {
        signal?.throwIfAborted();
        length += 1;
        refuseTooLong(this.identity, length);
        return length === 1 ? cache.start([[id]]) : cache.append([id]);
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
