import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { readSafetensors } from "../embedded/formats/safetensorsFile.ts";
import { answerMalformed } from "./workerErrors.ts";

/** Node reads less than 2 GiB at once. */
const MAX_READ = 1 << 30;

/** The tensors of an answer; the file is gone once they are read. */
export class TensorFile {
  private readonly tensors: ReadonlyMap<string, Float32Array>;
  private readonly name: string;

  /**
   * @param name the model's, for messages
   * @throws ExpectedError `python-answer-malformed`, `safetensors-malformed`
   */
  constructor(path: string, name: string) {
    this.name = name;
    try {
      this.tensors = readFloats(path, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw answerMalformed(name, "its tensors are not there");
      throw error;
    } finally {
      rmSync(path, { force: true });
    }
  }

  /** @throws ExpectedError `python-answer-malformed` unless there are `length` numbers. */
  floats(tensor: string, length: number): Float32Array {
    const found = this.tensors.get(tensor);
    if (found?.length === length) return found;
    throw answerMalformed(this.name, `${tensor} has ${found?.length ?? "no"} numbers, ${length} were asked for`);
  }

  /** @throws ExpectedError `python-answer-malformed` unless there are the same number of numbers for each of `count`. */
  rows(tensor: string, count: number): Float32Array {
    const length = this.tensors.get(tensor)?.length ?? 0;
    return this.floats(tensor, count * Math.floor(length / Math.max(1, count)));
  }
}

function readFloats(path: string, name: string): Map<string, Float32Array> {
  const { tensors } = readSafetensors(path);
  const descriptor = openSync(path, "r");
  try {
    return new Map(
      [...tensors.values()].map((tensor) => {
        if (tensor.type !== "F32") throw answerMalformed(name, `${tensor.name} is ${tensor.type}, not F32`);
        const bytes = new Uint8Array(tensor.bytes);
        for (let done = 0; done < bytes.length; ) {
          const length = Math.min(MAX_READ, bytes.length - done);
          const got = readSync(descriptor, bytes, done, length, tensor.offset + done);
          if (got === 0) throw answerMalformed(name, `${tensor.name} is cut short`);
          done += got;
        }
        return [tensor.name, new Float32Array(bytes.buffer)];
      }),
    );
  } finally {
    closeSync(descriptor);
  }
}
