/**
 * ggml's block formats as what they all are: small integers q in groups of 16 or 32 that share a scale d and
 * perhaps a minimum m, so that a weight is d·q + m. Layouts: ggml-common.h, `block_*`; ggml-quants.c,
 * `dequantize_row_*`. Every d, m and d·q is exact in float32, so only the sum of d·q and m rounds.
 */
import { half } from "./smallFloats.ts";

/** The contents of one block; a caller uses the same one for all. */
export interface Block {
  readonly q: Int8Array;
  /** One a group. */
  readonly d: Float32Array;
  readonly m: Float32Array;
}

export interface BlockFormat {
  /** Elements and bytes of a block. */
  readonly elements: number;
  readonly bytes: number;
  /** Elements of a group. */
  readonly group: 16 | 32;
  /** Whether the groups have a minimum. */
  readonly minimum: boolean;
  /** Reads the block that begins at byte `at`. */
  readonly read: (bytes: Uint8Array, at: number, block: Block) => void;
}

export function emptyBlock(): Block {
  return { q: new Int8Array(256), d: new Float32Array(16), m: new Float32Array(16) };
}

/** q from `count` bytes: the low nibbles are one run of elements, the high nibbles the next. */
function nibbles(bytes: Uint8Array, from: number, count: number, q: Int8Array, to: number, offset: number): void {
  for (let i = 0; i < count; i++) {
    const pair = bytes[from + i] as number;
    q[to + i] = (pair & 15) - offset;
    q[to + count + i] = (pair >> 4) - offset;
  }
}

/** The fifth bits of 32 elements, one bit each. */
function fifthBits(bytes: Uint8Array, from: number, q: Int8Array): void {
  for (let i = 0; i < 32; i++) q[i] = (q[i] as number) + ((((bytes[from + (i >> 3)] as number) >> (i & 7)) & 1) << 4);
}

/** The two-bit fields of 64 bytes: 32 bytes hold four runs of 32 elements. */
function pairsOfBits(bytes: Uint8Array, from: number, q: Int8Array): void {
  for (let run = 0; run < 8; run++) {
    const start = from + (run >> 2) * 32;
    const shift = (run & 3) * 2;
    for (let i = 0; i < 32; i++) q[run * 32 + i] = ((bytes[start + i] as number) >> shift) & 3;
  }
}

/** Eight scales and eight minima of six bits in the 12 bytes from `at + 4`, after their two factors (Q4_K, Q5_K). */
function sixBitScales(bytes: Uint8Array, at: number, { d, m }: Block): void {
  const scale = half(bytes, at);
  const minimum = half(bytes, at + 2);
  const from = at + 4;
  for (let i = 0; i < 4; i++) {
    const low = bytes[from + i] as number;
    const high = bytes[from + 4 + i] as number;
    const rest = bytes[from + 8 + i] as number;
    d[i] = scale * (low & 63);
    m[i] = -minimum * (high & 63);
    d[i + 4] = scale * ((rest & 15) | ((low >> 2) & 48));
    m[i + 4] = -minimum * ((rest >> 4) | ((high >> 2) & 48));
  }
}

/** The values that IQ4_NL and IQ4_XS index (`kvalues_iq4nl`). */
const IQ4 = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

function looked(q: Int8Array, count: number): void {
  for (let i = 0; i < count; i++) q[i] = IQ4[q[i] as number] as number;
}

const small = { elements: 32, group: 32 } as const;
const large = { elements: 256 } as const;

export const BLOCK_FORMATS: Readonly<Record<string, BlockFormat>> = {
  Q4_0: {
    ...small,
    bytes: 18,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      d[0] = half(bytes, at);
      nibbles(bytes, at + 2, 16, q, 0, 8);
    },
  },
  Q4_1: {
    ...small,
    bytes: 20,
    minimum: true,
    read: (bytes, at, { q, d, m }) => {
      d[0] = half(bytes, at);
      m[0] = half(bytes, at + 2);
      nibbles(bytes, at + 4, 16, q, 0, 0);
    },
  },
  Q5_0: {
    ...small,
    bytes: 22,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      d[0] = half(bytes, at);
      nibbles(bytes, at + 6, 16, q, 0, 16);
      fifthBits(bytes, at + 2, q);
    },
  },
  Q5_1: {
    ...small,
    bytes: 24,
    minimum: true,
    read: (bytes, at, { q, d, m }) => {
      d[0] = half(bytes, at);
      m[0] = half(bytes, at + 2);
      nibbles(bytes, at + 8, 16, q, 0, 0);
      fifthBits(bytes, at + 4, q);
    },
  },
  Q8_0: {
    ...small,
    bytes: 34,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      d[0] = half(bytes, at);
      for (let i = 0; i < 32; i++) q[i] = bytes[at + 2 + i] as number;
    },
  },
  Q2_K: {
    ...large,
    bytes: 84,
    group: 16,
    minimum: true,
    read: (bytes, at, { q, d, m }) => {
      const scale = half(bytes, at + 80);
      const minimum = half(bytes, at + 82);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + i] as number;
        d[i] = scale * (pair & 15);
        m[i] = -minimum * (pair >> 4);
      }
      pairsOfBits(bytes, at + 16, q);
    },
  },
  Q3_K: {
    ...large,
    bytes: 110,
    group: 16,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      pairsOfBits(bytes, at + 32, q);
      // A high bit that is set means an offset of 0, else −4.
      for (let run = 0; run < 8; run++) {
        for (let i = 0; i < 32; i++)
          q[run * 32 + i] = (q[run * 32 + i] as number) - 4 + ((((bytes[at + i] as number) >> run) & 1) << 2);
      }
      const scale = half(bytes, at + 108);
      for (let i = 0; i < 16; i++) {
        const low = ((bytes[at + 96 + (i & 7)] as number) >> (4 * (i >> 3))) & 15;
        const high = ((bytes[at + 104 + (i & 3)] as number) >> (2 * (i >> 2))) & 3;
        d[i] = scale * ((low | (high << 4)) - 32);
      }
    },
  },
  Q4_K: {
    ...large,
    bytes: 144,
    group: 32,
    minimum: true,
    read: (bytes, at, block) => {
      sixBitScales(bytes, at, block);
      for (let run = 0; run < 4; run++) nibbles(bytes, at + 16 + run * 32, 32, block.q, run * 64, 0);
    },
  },
  Q5_K: {
    ...large,
    bytes: 176,
    group: 32,
    minimum: true,
    read: (bytes, at, block) => {
      const { q } = block;
      sixBitScales(bytes, at, block);
      for (let run = 0; run < 4; run++) nibbles(bytes, at + 48 + run * 32, 32, q, run * 64, 0);
      for (let run = 0; run < 8; run++) {
        for (let i = 0; i < 32; i++)
          q[run * 32 + i] = (q[run * 32 + i] as number) | ((((bytes[at + 16 + i] as number) >> run) & 1) << 4);
      }
    },
  },
  Q6_K: {
    ...large,
    bytes: 210,
    group: 16,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      for (let part = 0; part < 2; part++) {
        const to = part * 128;
        nibbles(bytes, at + part * 64, 64, q, to, 32);
        for (let run = 0; run < 4; run++) {
          for (let i = 0; i < 32; i++) {
            const high = ((bytes[at + 128 + part * 32 + i] as number) >> (2 * run)) & 3;
            q[to + run * 32 + i] = (q[to + run * 32 + i] as number) + (high << 4);
          }
        }
      }
      const scale = half(bytes, at + 208);
      for (let i = 0; i < 16; i++) d[i] = scale * (((bytes[at + 192 + i] as number) << 24) >> 24);
    },
  },
  IQ4_NL: {
    ...small,
    bytes: 18,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      d[0] = half(bytes, at);
      nibbles(bytes, at + 2, 16, q, 0, 0);
      looked(q, 32);
    },
  },
  IQ4_XS: {
    ...large,
    bytes: 136,
    group: 32,
    minimum: false,
    read: (bytes, at, { q, d }) => {
      const scale = half(bytes, at);
      for (let i = 0; i < 8; i++) {
        const low = ((bytes[at + 4 + (i >> 1)] as number) >> (4 * (i & 1))) & 15;
        const high = ((bytes[at + 2 + (i >> 2)] as number) >> (2 * (i & 3))) & 3;
        d[i] = scale * ((low | (high << 4)) - 32);
        nibbles(bytes, at + 8 + i * 16, 16, q, i * 32, 0);
      }
      looked(q, 256);
    },
  },
};
