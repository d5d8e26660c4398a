/** Changes a safetensors file: its header's entries, its header as JSON, its length, its bytes. */
import type { Chance } from "./Chance.ts";
import { mutateBytes } from "./mutateBytes.ts";
import { mutateJson, PROTOTYPE_NAMES } from "./mutateJson.ts";

interface Entry {
  dtype: unknown;
  shape: unknown[];
  data_offsets: unknown[];
}

const TYPES = [
  "F32",
  "F16",
  "BF16",
  "F64",
  "I64",
  "I8",
  "BOOL",
  "F8_E4M3",
  "F8_E5M2",
  "F4",
  "C64",
  "Q4_K",
  "",
  7,
  null,
];
const LENGTHS = [0, 1, -1, 0.5, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300, "1", null, []];

function changeEntry(header: Record<string, Entry>, chance: Chance): void {
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  if (names.length === 0) return;
  const name = chance.one(names);
  const entry = header[name] as Entry;
  chance.one<() => void>([
    () => {
      entry.dtype = chance.one(TYPES);
    },
    () => {
      entry.shape[chance.below(entry.shape.length + 1)] = chance.one(LENGTHS);
    },
    () => entry.shape.reverse(),
    () => {
      // As many bytes in another shape.
      entry.shape = chance.once(2) ? [1, ...entry.shape] : [...entry.shape, 1];
    },
    () => {
      entry.data_offsets[chance.below(2)] = chance.one(LENGTHS);
    },
    () => {
      entry.data_offsets = structuredClone((header[chance.one(names)] as Entry).data_offsets);
    },
    () => {
      delete header[name];
    },
    () => {
      const other = chance.one([
        ...PROTOTYPE_NAMES,
        "",
        "lm_head.weight",
        "model.layers.999.self_attn.q_proj.weight",
        name.replace(/\d+/, "7"),
        `${name.replace(/\.weight$/, "")}.bias`,
      ]);
      Object.defineProperty(header, other, { value: entry, enumerable: true, configurable: true, writable: true });
      if (other !== name) delete header[name];
    },
    () => {
      const other = chance.one(names);
      [header[name], header[other]] = [header[other] as Entry, entry];
    },
  ])();
}

/** @param bytes a valid file */
export function mutateSafetensors(bytes: Buffer, chance: Chance): Buffer {
  if (chance.once(6)) return mutateBytes(bytes, chance);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, end)) as Record<string, Entry>;
  let data = bytes.subarray(end);
  for (let changes = chance.below(3); changes > 0; changes--) changeEntry(header, chance);
  const text = JSON.stringify(header);
  const json = chance.once(3) && text !== "{}" ? mutateJson(text, chance) : Buffer.from(text);
  if (chance.once(8)) data = chance.once(2) ? Buffer.alloc(data.length, 0xff) : mutateBytes(data, chance);
  const length = Buffer.alloc(8);
  const wrong = [0n, 1n, 2n, BigInt(json.length + 1), BigInt(end + data.length), 1n << 32n, (1n << 64n) - 1n];
  length.writeBigUInt64LE(chance.once(15) ? chance.one(wrong) : BigInt(json.length));
  return Buffer.concat([length, json, data]);
}
