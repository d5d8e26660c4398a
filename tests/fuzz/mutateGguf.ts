/** Changes a GGUF file field by field: lengths, counts, types, values, names, places. */
import type { Chance } from "./Chance.ts";
import {
  ARRAY,
  copyItem,
  type GgufDocument,
  type GgufItem,
  type GgufTensor,
  openGgufDocument,
  STRING,
  u32,
  u64,
  writeGgufDocument,
} from "./GgufDocument.ts";
import { mutateBytes } from "./mutateBytes.ts";
import { PROTOTYPE_NAMES } from "./mutateJson.ts";

const LENGTHS = [0n, 1n, 2n, 3n, 31n, 33n, 1024n, 65_537n, 1n << 20n, 60_000_000n, 1n << 31n, 1n << 32n, 1n << 53n];
const HUGE = [(1n << 62n) + 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
const WORDS = ["", "llama", "bert", "yarn", "none", "longrope", "su", "gelu", "\u001b[2J", "[", "x".repeat(100_000)];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  3,
  7,
  255,
  999,
  1000,
  1001,
  4096,
  65_536,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  1e-45,
];
const REALS = [...NUMBERS, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.5, 1e-320];
const KEYS = [
  "general.architecture",
  "general.alignment",
  "llama.block_count",
  "llama.attention.key_length",
  "llama.attention.value_length",
  "llama.rope.dimension_count",
  "llama.rope.freq_base",
  "llama.rope.scaling.type",
  "llama.rope.scaling.factor",
  "llama.rope.scaling.original_context_length",
  "llama.hidden_act",
  "llama.rope_parameters",
  "llama.pooling_type",
  "tokenizer.ggml.tokens",
  "tokenizer.ggml.scores",
  "tokenizer.ggml.add_bos_token",
  "tokenizer.ggml.precompiled_charsmap",
  "tokenizer.chat_template",
];
const EXTRA_TENSORS = ["rope_freqs.weight", "rope_factors_short.weight", "output.weight", "blk.0.attn_q.bias"];

function real(value: number, bytes: 4 | 8): Buffer {
  const out = Buffer.alloc(bytes);
  if (bytes === 4) out.writeFloatLE(value);
  else out.writeDoubleLE(value);
  return out;
}

const text = (value: string): GgufItem => ({ type: STRING, text: Buffer.from(value) });

function whole(value: number): bigint {
  return BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 63)), 2 ** 63)));
}

/** A value that has little to do with what stood there. */
function oddItem(chance: Chance, depth = 0): GgufItem {
  const type = chance.one([0, 4, 4, 4, 5, 6, 6, 7, STRING, STRING, ARRAY, 10, 11, 12]);
  if (type === STRING) return text(chance.one([...WORDS, ...PROTOTYPE_NAMES]));
  if (type === ARRAY) {
    const item = depth < chance.below(7) ? oddItem(chance, depth + 1) : text("a");
    return { type: ARRAY, element: item.type, items: new Array<GgufItem>(chance.one([0, 1, 2, 300])).fill(item) };
  }
  if (type === 6) return { type, bytes: real(chance.one(REALS), 4) };
  if (type === 12) return { type, bytes: real(chance.one(REALS), 8) };
  const value = chance.one(NUMBERS);
  if (type === 0 || type === 7) return { type, bytes: Buffer.of(value & 0xff) };
  return { type, bytes: type >= 10 ? u64(whole(value)) : u32(Number(BigInt.asUintN(32, whole(value)))) };
}

const length = (chance: Chance) => chance.one(chance.once(3) ? HUGE : LENGTHS);

/** Changes `item` where it stands. */
function changeItem(item: GgufItem, chance: Chance): void {
  if ("text" in item) {
    if (chance.once(2)) item.declared = length(chance);
    else item.text = mutateBytes(item.text, chance);
  } else if ("items" in item) {
    const kind = chance.below(5);
    if (kind === 0) item.declared = length(chance);
    else if (kind === 1) item.element = chance.one([0, 4, 6, 7, STRING, ARRAY, 10, 12, 13, 99, 2 ** 32 - 1]);
    else if (kind === 2) item.items = item.items.slice(0, chance.below(item.items.length + 1));
    else if (kind === 3) item.items = [...item.items, ...item.items];
    else if (item.items.length > 0) changeItem(chance.one(item.items), chance);
  } else item.bytes = mutateBytes(item.bytes, chance);
}

function changeValue({ metadata }: GgufDocument, chance: Chance): void {
  const entry = chance.one(metadata);
  entry.value = copyItem(entry.value);
  changeItem(entry.value, chance);
}

function changeTensor(tensor: GgufTensor, chance: Chance): void {
  const at = chance.below(tensor.dims.length);
  const size = tensor.dims[at] as bigint;
  chance.one<() => void>([
    () => {
      tensor.dims[at] = length(chance);
    },
    () => {
      tensor.dims[at] = chance.one([size + 1n, size - 1n, size * 2n, size / 2n, size * 32n]);
    },
    () => tensor.dims.reverse(),
    () => tensor.dims.push(chance.one([1n, 2n])),
    () => {
      tensor.declaredDims = chance.one([0, 1, 3, 5, 2 ** 31, 2 ** 32 - 1]);
    },
    () => {
      tensor.type = chance.one([0, 1, 2, 3, 6, 7, 8, 10, 12, 14, 20, 23, 24, 30, 39, 99, 2 ** 32 - 1]);
    },
    () => {
      tensor.offset = chance.one([...LENGTHS, ...HUGE, tensor.offset + 1n, tensor.offset + 32n]);
    },
  ])();
}

const CHANGES: readonly ((document: GgufDocument, chance: Chance) => void)[] = [
  (document, chance) => {
    chance.one<() => void>([
      () => {
        document.magic = chance.one(["GGML", "FUGG", "PK\u0003\u0004", "\0\0\0\0"]);
      },
      () => {
        document.version = chance.one([0, 1, 2, 4, 0x03000000, 2 ** 32 - 1]);
      },
      () => {
        document.tensorCount = length(chance);
      },
      () => {
        document.entryCount = length(chance);
      },
      () => {
        document.alignment = chance.one([1, 8, 64, 4096]);
      },
      () => {
        document.data = chance.once(3) ? Buffer.alloc(document.data.length, 0xff) : mutateBytes(document.data, chance);
      },
    ])();
  },
  ({ metadata }, chance) => {
    const entry = chance.one(metadata);
    entry.value = oddItem(chance);
  },
  ({ metadata }, chance) => {
    // What shapes the model: few fields, easily lost among the tokenizer's.
    const shape = metadata.filter(({ key }) => !/^(tokenizer|general)\./.test(key.toString()));
    chance.one(shape.length > 0 ? shape : metadata).value = oddItem(chance);
  },
  changeValue,
  ({ metadata }, chance) => {
    metadata.splice(chance.below(metadata.length), 1);
  },
  ({ metadata }, chance) => {
    const entry = chance.one(metadata);
    if (chance.once(2)) entry.key = Buffer.from(chance.one([...KEYS, ...PROTOTYPE_NAMES, "", "x".repeat(300_000)]));
    else entry.declared = length(chance);
  },
  ({ metadata }, chance) => {
    const architecture = metadata.find(({ key }) => key.toString() === "general.architecture")?.value;
    const name = architecture && "text" in architecture ? architecture.text.toString() : "llama";
    const value = chance.once(2) ? oddItem(chance) : text(chance.one(WORDS));
    metadata.push({ key: Buffer.from(chance.one(KEYS).replace("llama", name)), value });
  },
  ({ tensors }, chance) => changeTensor(chance.one(tensors), chance),
  ({ tensors }, chance) => {
    chance.one(tensors).type = chance.one([4, 5, 9, 15, 24, 39, 99, 2 ** 32 - 1]);
  },
  ({ tensors }, chance) => {
    const tensor = chance.one(tensors);
    const name = chance.one<() => string>([
      () => chance.one(tensors).name.toString(),
      () => chance.one([...PROTOTYPE_NAMES, ...EXTRA_TENSORS, "", "\u001b[2J", "x".repeat(300_000)]),
      () => tensor.name.toString().replace(/\d+/, String(chance.one([1, 9, 999, 1e21]))),
    ])();
    if (chance.once(2)) tensors.push({ ...tensor, dims: [...tensor.dims], name: Buffer.from(name) });
    else tensor.name = Buffer.from(name);
  },
  ({ tensors }, chance) => {
    tensors.splice(chance.below(tensors.length), 1);
  },
  ({ tensors }, chance) => {
    const [one, other] = [chance.one(tensors), chance.one(tensors)];
    [one.name, other.name] = [other.name, one.name];
  },
];

/** @param bytes a valid file of version 3 */
export function mutateGguf(bytes: Buffer, chance: Chance): Buffer {
  if (chance.once(6)) return mutateBytes(bytes, chance);
  const document = openGgufDocument(bytes);
  for (let changes = 1 + chance.below(3); changes > 0; changes--) {
    const change = chance.one(CHANGES);
    if (document.tensors.length > 0 && document.metadata.length > 0) change(document, chance);
    else changeValue(document, chance);
  }
  const out = writeGgufDocument(document);
  return chance.once(20) ? mutateBytes(out, chance) : out;
}
