import type { Chance } from "./Chance.ts";

/** Changes bytes wherever they stand: bits, runs, the end. */
export function mutateBytes(bytes: Buffer, chance: Chance): Buffer {
  if (bytes.length === 0) return bytes;
  const kind = chance.below(8);
  if (kind === 0) return bytes.subarray(0, chance.below(bytes.length));
  if (kind === 1) return Buffer.concat([bytes, Buffer.alloc(1 + chance.below(5000))]);
  const out = Buffer.from(bytes);
  for (let places = 1 + chance.below(4); places > 0; places--) {
    // The front, where lengths and counts stand, more often.
    const at = chance.below(chance.once(2) ? out.length : Math.min(out.length, 2000));
    if (kind < 5) out[at] = (out[at] as number) ^ (1 << chance.below(8));
    else out.fill(chance.one([0, 1, 0x7f, 0x80, 0xff]), at, Math.min(out.length, at + chance.one([1, 2, 4, 8, 64])));
  }
  return out;
}
