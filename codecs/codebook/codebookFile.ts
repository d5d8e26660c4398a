/**
 * A codebook on disk: NAME.json with its description and NAME.safetensors with its tensors. The description holds the
 * sha256 of the tensors and its own content hash, so that half a codebook, or two halves of different ones, is noticed.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import { parseFloatTensors, writeSafetensors } from "../../safetensors.ts";
import { writeWhole } from "../../writeWhole.ts";
import { QUANTISER_KINDS } from "../quantisers/kinds.ts";
import type { Quantiser } from "../quantisers/Quantiser.ts";
import type { Codebook, CodebookDescription } from "./Codebook.ts";
import { canonicalJson } from "./canonicalJson.ts";
import { checkAlphabet } from "./checkAlphabet.ts";

const MOST_DESCRIPTION_BYTES = 1 << 24;
const MOST_TENSOR_BYTES = 2 ** 31;

const count = z.int().min(1).max(1_000_000);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const DESCRIPTION = z.strictObject({
  format: z.literal(1),
  kind: z.string(),
  alphabet: z.strictObject({
    symbols: z.array(z.array(z.string()).min(1).max(65_536)).min(1).max(4096),
    source: z.string(),
    wraps: z.boolean(),
  }),
  embedder: z.strictObject({ reference: z.string(), digest: z.string(), width: count }),
  width: count,
  sizes: z.array(z.int().min(2).max(65_536)).min(1).max(4096),
  training: z.strictObject({
    sha256,
    vectors: count,
    seed: z.int(),
    settings: z.record(z.string(), z.union([z.string(), z.number()])),
    heldOut: z
      .strictObject({ vectors: count, cosine: z.number(), centredCosine: z.number(), errorShare: z.number() })
      .nullable(),
  }),
  tensors: sha256,
  hash: sha256,
});

/** NAME of NAME.json, NAME.safetensors or NAME itself. */
function stem(path: string): string {
  return path.replace(/\.(json|safetensors)$/, "");
}

/**
 * Writes both files, the description last.
 * @param description all but the hash of the tensors, which is found here.
 * @throws ExpectedError `disk-full`, `folder-unwritable`; those of checkAlphabet.
 */
export function writeCodebook(
  path: string,
  description: Omit<CodebookDescription, "tensors">,
  quantiser: Quantiser,
): Codebook {
  checkAlphabet(description.alphabet, description.sizes);
  const tensors = Object.entries(quantiser.tensors).map(([name, { shape, data }]) => ({ name, shape, data }));
  const file = `${stem(path)}.safetensors`;
  writeSafetensors(file, tensors, { format: "isoglyph codebook", kind: quantiser.kind });
  const whole = { ...description, tensors: digest(readFileSync(file)) };
  const identity = digest(canonicalJson(whole));
  writeWhole(`${stem(path)}.json`, `${JSON.stringify({ ...whole, hash: identity }, null, 1)}\n`);
  return { description: whole, quantiser, identity };
}

/**
 * @param path of either file, or without its ending.
 * @throws ExpectedError `codebook-missing`, `codebook-version`, `codebook-damaged`, `tensors-damaged`.
 */
export function readCodebook(path: string): Codebook {
  const file = resolve(`${stem(path)}.json`);
  const { hash, ...description } = parseDescription(bounded(file, MOST_DESCRIPTION_BYTES), file);
  if (digest(canonicalJson(description)) !== hash)
    throw damaged(file, "its content does not have the hash that it names");
  const kind = Object.hasOwn(QUANTISER_KINDS, description.kind) ? QUANTISER_KINDS[description.kind] : undefined;
  if (kind === undefined) {
    throw new ExpectedError({
      code: "codebook-version",
      message: `the codebook is of kind ${JSON.stringify(description.kind)}, which this version does not know`,
      where: file,
      hint: `kinds are ${Object.keys(QUANTISER_KINDS).join(", ")}; a newer isoglyph may know more`,
    });
  }
  checkAlphabet(description.alphabet, description.sizes);
  const tensorFile = resolve(`${stem(path)}.safetensors`);
  const bytes = bounded(tensorFile, MOST_TENSOR_BYTES);
  if (digest(bytes) !== description.tensors)
    throw damaged(tensorFile, `it is not the file that ${basename(file)} was written with`);
  let quantiser: Quantiser;
  try {
    quantiser = kind.open(parseFloatTensors(bytes, tensorFile).tensors);
  } catch (error) {
    throw error instanceof ExpectedError ? error : damaged(tensorFile, (error as Error).message, error);
  }
  const { width, sizes } = quantiser;
  if (width !== description.width || JSON.stringify(sizes) !== JSON.stringify(description.sizes))
    throw damaged(
      file,
      `it says ${description.sizes.length} places and width ${description.width}, its tensors ${sizes.length} and ${width}`,
    );
  return { description, quantiser, identity: hash };
}

function parseDescription(bytes: Buffer, file: string): z.infer<typeof DESCRIPTION> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw damaged(file, (error as Error).message, error);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "number" && format !== 1) {
    throw new ExpectedError({
      code: "codebook-version",
      message: `the codebook has format ${format}; this version reads format 1`,
      where: file,
      hint: "use the isoglyph that wrote it, or train it again",
    });
  }
  const parsed = DESCRIPTION.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(file, `${issue?.path.join(".") || "the file"}: ${issue?.message}`);
}

function bounded(file: string, most: number): Buffer {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    throw new ExpectedError({
      code: "codebook-missing",
      message: `there is no file ${file}`,
      hint: "a codebook is two files, NAME.json and NAME.safetensors: isoglyph train codebook --out NAME makes them",
    });
  }
  if (size > most) throw damaged(file, `it has ${size} bytes, more than ${most}`);
  return readFileSync(file);
}

function damaged(file: string, problem: string, cause?: unknown): ExpectedError {
  return new ExpectedError({
    code: "codebook-damaged",
    message: `this is no whole codebook: ${problem}`,
    where: file,
    hint: "take both files again from where they came from, or train the codebook again",
    cause,
  });
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
