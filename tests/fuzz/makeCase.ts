/** From a seed to the damaged files of a model, or to a text. */
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeText, TEXT_FILE } from "./arithmeticCase.ts";
import { Chance } from "./Chance.ts";
import { mutateBytes } from "./mutateBytes.ts";
import { mutateGguf } from "./mutateGguf.ts";
import { mutateJson } from "./mutateJson.ts";
import { mutateSafetensors } from "./mutateSafetensors.ts";

export const KINDS = ["gguf", "safetensors", "folder", "tokenizer", "engine", "arithmetic"] as const;
export type Kind = (typeof KINDS)[number];

/** Files by name, and how long the weight file pretends to be (with a hole at its end). */
interface ModelFiles {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly size?: { readonly file: string; readonly bytes: number };
}

export const GGUF_FILE = "model.gguf";
const FIXTURES = fileURLToPath(new URL("../oracles/fixtures/", import.meta.url));
const folders = (name: string) => readdirSync(join(FIXTURES, name), { withFileTypes: true });
const MODELS = folders("models").map(({ name }) => join("models", name));
const TOKENIZERS = folders("tokenizers")
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => join("tokenizers", name));
const GGUF_MODELS = MODELS.filter((name) => name.endsWith("-gguf")).map((name) => join(name, GGUF_FILE));
const GGUF_TOKENIZERS = folders("tokenizers").flatMap(({ name }) =>
  name.endsWith(".gguf") ? [join("tokenizers", name)] : [],
);
const HUB_MODELS = MODELS.filter((name) => !name.endsWith("-gguf"));

const known = new Map<string, Buffer>();
function fixture(name: string): Buffer {
  const bytes = known.get(name) ?? readFileSync(join(FIXTURES, name));
  known.set(name, bytes);
  return bytes;
}

/** @param all with the tokenizer's files, which the readers of weights do not open */
function folderFiles(name: string, all: boolean): Map<string, Buffer> {
  const left = all ? /^expected/ : /^expected|^tokenizer/;
  const names = readdirSync(join(FIXTURES, name)).filter((file) => !left.test(file));
  return new Map(names.map((file) => [file, fixture(join(name, file))]));
}

/** Files that the fixtures lack, as real folders have them. */
const POOLING = {
  "modules.json": JSON.stringify([
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" },
  ]),
  "1_Pooling/config.json": JSON.stringify({ pooling_mode_cls_token: false, pooling_mode_mean_tokens: true }),
};
const AROUND = {
  "special_tokens_map.json": JSON.stringify({ eos_token: { content: "</s>" }, additional_special_tokens: ["<a>"] }),
  "generation_config.json": JSON.stringify({ eos_token_id: [1, 2] }),
  "chat_template.json": JSON.stringify({ chat_template: "{% for m in messages %}{{ m.content }}{% endfor %}" }),
};

const TEMPLATE =
  "{% for m in messages %}{% if loop.first and m.role != 'user' %}{{ raise_exception('no') }}{% endif %}" +
  "{{ bos_token + m.content | trim }}{% endfor %}{{ strftime_now('%d %b %Y') }}{{ range(3) | length }}";

function add(files: Map<string, Buffer>, more: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(more)) files.set(name, Buffer.from(text));
}

function changeJson(files: Map<string, Buffer>, name: string, chance: Chance): void {
  files.set(name, mutateJson((files.get(name) as Buffer).toString(), chance));
}

function safetensorsCase(chance: Chance, all = false): ModelFiles {
  const files = folderFiles(chance.one(HUB_MODELS), all);
  const name = chance.one([...files.keys()].filter((file) => file.endsWith(".safetensors")));
  files.set(name, mutateSafetensors(files.get(name) as Buffer, chance));
  return { files, ...(chance.once(60) && { size: { file: name, bytes: chance.one([2 ** 28, 2 ** 32]) } }) };
}

function folderCase(chance: Chance, all = false): ModelFiles {
  const files = folderFiles(chance.one(HUB_MODELS), all);
  if (chance.once(3)) add(files, POOLING);
  const index = "model.safetensors.index.json";
  const others = [...(files.has(index) ? [index, index] : []), ...Object.keys(POOLING).filter((one) => files.has(one))];
  const name = others.length > 0 && chance.once(2) ? chance.one(others) : "config.json";
  if (chance.once(25)) files.delete(chance.one([...files.keys()]));
  if (files.has(name)) changeJson(files, name, chance);
  return { files };
}

function tokenizerCase(chance: Chance, folders: readonly string[]): ModelFiles {
  const files = folderFiles(chance.one(folders), true);
  if (chance.once(3)) add(files, AROUND);
  const config = "tokenizer_config.json";
  const others = [config, ...Object.keys(AROUND)].filter((name) => files.has(name));
  changeJson(files, chance.once(4) ? chance.one(others) : "tokenizer.json", chance);
  if (chance.once(40)) files.delete("tokenizer.json");
  if (chance.once(12)) files.set("chat_template.jinja", mutateBytes(Buffer.from(TEMPLATE), chance));
  if (chance.once(12)) thinOut(files, chance);
  return { files };
}

/** Leaves half of the vocabulary, so that texts hold characters without a token. */
function thinOut(files: Map<string, Buffer>, chance: Chance): void {
  const text = fixture(join(chance.one(TOKENIZERS), "tokenizer.json")).toString();
  const json = JSON.parse(text) as { model: { vocab: object; merges?: unknown[] } };
  const kept = Object.entries(json.model.vocab).filter(() => chance.once(2));
  json.model.vocab = Array.isArray(json.model.vocab) ? kept.map(([, piece]) => piece) : Object.fromEntries(kept);
  if (json.model.merges) json.model.merges = [];
  files.set("tokenizer.json", Buffer.from(JSON.stringify(json)));
}

function ggufCase(chance: Chance, models: readonly string[]): ModelFiles {
  const bytes = mutateGguf(fixture(chance.one(models)), chance);
  const files = new Map([[GGUF_FILE, bytes]]);
  // A hole lets lengths and counts be large that the file itself would refuse.
  return { files, ...(chance.once(40) && { size: { file: GGUF_FILE, bytes: chance.one([2 ** 28, 2 ** 32]) } }) };
}

const CASES: Readonly<Record<Kind, (chance: Chance) => ModelFiles>> = {
  gguf: (chance) => ggufCase(chance, chance.once(4) ? GGUF_TOKENIZERS : GGUF_MODELS),
  safetensors: (chance) => safetensorsCase(chance),
  folder: (chance) => folderCase(chance),
  tokenizer: (chance) => tokenizerCase(chance, TOKENIZERS),
  engine: (chance) => {
    const kind = chance.below(4);
    if (kind === 0) return { files: safetensorsCase(chance, true).files };
    if (kind === 1) return chance.once(2) ? folderCase(chance, true) : tokenizerCase(chance, HUB_MODELS);
    return { files: ggufCase(chance, GGUF_MODELS).files };
  },
  arithmetic: (chance) => ({ files: new Map([[TEXT_FILE, Buffer.from(JSON.stringify(makeText(chance)))]]) }),
};

/**
 * Writes the files of case `seed` of `kind` to `folder`, which is emptied before.
 * @returns bytes that the files take, holes included
 */
export function makeCase(kind: Kind, seed: number, folder: string): number {
  const { files, size } = CASES[kind](new Chance(seed));
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  mkdirSync(folder, { recursive: true });
  if (size) truncateSync(join(folder, size.file), size.bytes);
  return [...files].reduce((sum, [name, { length }]) => sum + (name === size?.file ? size.bytes : length), 0);
}
