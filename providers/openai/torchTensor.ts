/**
 * A float32 matrix as PyTorch's `torch.load` reads it (`weights_only=True` too), which is what vLLM takes for prompt
 * embeddings: a zip archive of stored files, of which `data.pkl` says how the bytes in `data/0` become a tensor.
 */
import { zipSync } from "fflate";

/** The first day that a zip archive can tell: equal matrices are equal bytes. */
const MTIME = "1980-01-01T12:00:00";

/** @param rows float32 [rows][width], at least one, each finite and as long as the others. */
export function torchTensor(rows: readonly Float32Array[]): Uint8Array {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(row, i * width);
  });
  const text = (content: string) => new TextEncoder().encode(content);
  const files = {
    "archive/data.pkl": pickled(rows.length, width),
    "archive/byteorder": text("little"),
    "archive/data/0": new Uint8Array(data.buffer),
    "archive/version": text("3\n"),
  };
  return zipSync(files, { level: 0, mtime: MTIME });
}

/**
 * `torch._utils._rebuild_tensor_v2((storage "0", CPU, float32), offset 0, [rows, width], strides [width, 1], no gradient,
 * no hooks)` in protocol 2 of Python's pickle; the codes are those of CPython's `pickletools`.
 */
function pickled(rows: number, width: number): Uint8Array {
  const bytes: number[] = [];
  const ascii = (text: string) => bytes.push(...Buffer.from(text, "latin1"));
  const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`);
  const word = (text: string) => bytes.push(0x58, text.length, 0, 0, 0, ...Buffer.from(text, "latin1"));
  const integer = (value: number) => {
    const little = Buffer.alloc(4);
    little.writeInt32LE(value);
    bytes.push(0x4a, ...little);
  };
  const [MARK, TUPLE, PAIR, PERSISTENT, EMPTY, REDUCE, FALSE, STOP] = [0x28, 0x74, 0x86, 0x51, 0x29, 0x52, 0x89, 0x2e];
  bytes.push(0x80, 2);
  global("torch._utils", "_rebuild_tensor_v2");
  bytes.push(MARK, MARK);
  word("storage");
  global("torch", "FloatStorage");
  word("0");
  word("cpu");
  integer(rows * width);
  bytes.push(TUPLE, PERSISTENT);
  integer(0);
  for (const pair of [
    [rows, width],
    [width, 1],
  ]) {
    pair.forEach(integer);
    bytes.push(PAIR);
  }
  bytes.push(FALSE);
  global("collections", "OrderedDict");
  bytes.push(EMPTY, REDUCE, TUPLE, REDUCE, STOP);
  return Uint8Array.from(bytes);
}
