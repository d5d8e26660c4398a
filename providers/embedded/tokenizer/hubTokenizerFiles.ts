/** The files of a Hugging Face folder that concern its tokenizer. Nothing in them is believed. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../../errors.ts";
import { malformed, read } from "./tokenizerFields.ts";

/** The largest known, with 256,000 tokens, takes 34 MB. */
const MAX_TOKENIZER = 64 << 20;
const MAX_OTHER = 16 << 20;

const NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] as const;
type Name = (typeof NAMES)[number];

const content = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
const token = content.nullish();
const tokensSchema = z.object({
  bos_token: token,
  eos_token: token,
  unk_token: token,
  sep_token: token,
  pad_token: token,
  cls_token: token,
  mask_token: token,
  additional_special_tokens: z.array(content).nullish(),
  extra_special_tokens: z
    .union([z.array(content), z.record(z.string(), content).transform(Object.values<string>)])
    .nullish(),
});
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const configSchema = tokensSchema.extend({
  add_bos_token: flag,
  add_eos_token: flag,
  added_tokens_decoder: z.unknown().optional(),
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});
const endSchema = z.object({
  eos_token_id: z.union([z.number().int().min(0), z.array(z.number().int().min(0)).max(1000)]).nullish(),
});
const templateSchema = z.object({ chat_template: z.string().nullish() });

export interface HubFiles {
  readonly tokenizerFile: string;
  readonly tokenizerDigest: string;
  /** A JSON object. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly configFile: string;
  readonly config: z.infer<typeof configSchema>;
  /** Special tokens by the name that chat templates use. */
  readonly named: Readonly<Partial<Record<Name, string>>>;
  /** All that the configuration calls special. */
  readonly specialContents: readonly string[];
  /** What ends a generation, where generation_config.json says so. */
  readonly endIds: readonly number[] | null;
  readonly chat: { readonly source: string; readonly file: string } | null;
}

/** The text of a file, or null where there is none. */
function readText(file: string, limit: number): string | null {
  if (!existsSync(file)) return null;
  const stats = statSync(file);
  if (!stats.isFile()) malformed({ file, key: "" }, "a folder", "not a file");
  if (stats.size > limit)
    malformed({ file, key: "" }, `${stats.size} bytes`, `more than the ${limit} that it may take`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) malformed({ file, key: "" }, "damaged", "no UTF-8 text", error);
    throw error;
  }
}

function parse(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return malformed({ file, key: "" }, "damaged", `no JSON: ${(error as Error).message.slice(0, 200)}`, error);
  }
  return read(z.record(z.string(), z.unknown()), value, { file, key: "" });
}

/** @throws ExpectedError `tokenizer-missing`, `tokenizer-malformed`. */
export function readHubFiles(folder: string): HubFiles {
  const tokenizerFile = join(folder, "tokenizer.json");
  const text = readText(tokenizerFile, MAX_TOKENIZER);
  if (text === null) {
    throw new ExpectedError({
      code: "tokenizer-missing",
      message: "the model's folder has no tokenizer.json",
      where: folder,
      hint: "fetch it with the model; transformers writes one with `AutoTokenizer.from_pretrained(…).save_pretrained(…)`",
    });
  }
  const other = <T>(name: string, schema: z.ZodType<T>): T => {
    const file = join(folder, name);
    const found = readText(file, MAX_OTHER);
    return read(schema, found === null ? {} : parse(found, file), { file, key: "" });
  };
  const configFile = join(folder, "tokenizer_config.json");
  const config = other("tokenizer_config.json", configSchema);
  const map = other("special_tokens_map.json", tokensSchema);
  const named: Partial<Record<Name, string>> = {};
  for (const name of NAMES) {
    const token = config[name] ?? map[name];
    if (typeof token === "string") named[name] = token;
  }
  const more = [config, map].flatMap((one) => [
    ...(one.additional_special_tokens ?? []),
    ...(one.extra_special_tokens ?? []),
  ]);
  const { eos_token_id: ends } = other("generation_config.json", endSchema);
  return {
    tokenizerFile,
    tokenizerDigest: createHash("sha256").update(text).digest("hex"),
    tokenizer: parse(text, tokenizerFile),
    configFile,
    config,
    named,
    specialContents: [...Object.values(named), ...more],
    endIds: ends === undefined || ends === null ? null : [ends].flat(),
    chat: chatTemplate(folder, config.chat_template ?? null, configFile, other("chat_template.json", templateSchema)),
  };
}

/** In the order of transformers: a file of its own, then the configuration; of several, the one called `default`. */
function chatTemplate(
  folder: string,
  configured: string | readonly { name: string; template: string }[] | null,
  configFile: string,
  { chat_template: old }: z.infer<typeof templateSchema>,
): HubFiles["chat"] {
  const file = join(folder, "chat_template.jinja");
  const source = readText(file, MAX_OTHER);
  if (source !== null) return { source, file };
  if (typeof old === "string") return { source: old, file: join(folder, "chat_template.json") };
  const template =
    typeof configured === "string" ? configured : configured?.find(({ name }) => name === "default")?.template;
  return template === undefined ? null : { source: template, file: configFile };
}
