/** A tokenizer from a Hugging Face folder: tokenizer.json, and what its neighbours say of special tokens and chats. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Tokenizer } from "../../contract.ts";
import type { AddedToken } from "./addedTokens.ts";
import { chatRenderer } from "./chatTemplate.ts";
import { endTokens } from "./endTokens.ts";
import { type HubFiles, readHubFiles } from "./hubTokenizerFiles.ts";
import { hubModel, MAX_ID } from "./hubTokenizerModel.ts";
import { aroundText } from "./postProcessor.ts";
import { inside, malformed, type Place, read } from "./tokenizerFields.ts";
import { tokenizerPipeline } from "./tokenizerPipeline.ts";

const flag = z.boolean().default(false);
const addedFields = {
  content: z.string().min(1).max(10_000),
  special: flag,
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
};
const addedSchema = z.object({
  ...addedFields,
  id: z.number().int().min(0).max(MAX_ID),
  normalized: z.boolean().optional(),
});
const decoderSchema = z.record(z.string(), z.object({ ...addedFields, normalized: z.boolean().optional() }));

function addedToken(fields: z.infer<typeof addedSchema>, known: ReadonlyMap<string, number>): AddedToken {
  const { id, content, special, single_word: singleWord, lstrip, rstrip, normalized = !special } = fields;
  // The model's own id counts where it has one; so it is in the reference.
  return { id: known.get(content) ?? id, content, special, normalized, lstrip, rstrip, singleWord };
}

/** Those of tokenizer.json; tokenizer_config.json may add to them, change them, and call them special. */
function addedTokens(files: HubFiles, known: ReadonlyMap<string, number>, place: Place): AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  const listed = files.tokenizer.added_tokens ?? [];
  const at = inside(place, "added_tokens");
  if (!Array.isArray(listed)) malformed(at, listed, "not an array");
  listed.forEach((one: unknown, i) => {
    const token = addedToken(read(addedSchema, one, inside(at, i)), known);
    tokens.set(token.content, token);
  });
  const configured = { file: files.configFile, key: "added_tokens_decoder" };
  for (const [key, fields] of Object.entries(
    read(decoderSchema, files.config.added_tokens_decoder ?? {}, configured),
  )) {
    const id = Number(key);
    if (!/^\d+$/.test(key) || id > MAX_ID) malformed(configured, key, "not the id of a token");
    tokens.set(fields.content, addedToken({ ...fields, id: tokens.get(fields.content)?.id ?? id }, known));
  }
  for (const content of files.specialContents) {
    const token = tokens.get(content);
    const id = token?.id ?? known.get(content);
    if (token?.special || id === undefined) continue;
    const plain = { lstrip: false, rstrip: false, singleWord: false, normalized: false };
    tokens.set(content, { ...(token ?? plain), id, content, special: true });
  }
  return [...tokens.values()];
}

/**
 * Reads the tokenizer of a model's folder.
 *
 * Text becomes the ids that transformers gives it with `split_special_tokens=True`, save that no text becomes a special
 * token by spelling one that a unigram vocabulary holds. Characters that the vocabulary does not know become its unknown
 * token, as in the reference; where there is none, `encode` refuses.
 * @param folder with a tokenizer.json; tokenizer_config.json, special_tokens_map.json, generation_config.json and the
 *   chat template's file are read where they are
 * @throws ExpectedError `tokenizer-missing`, `tokenizer-malformed`, `tokenizer-unsupported`.
 */
export function hubTokenizer(folder: string): { tokenizer: Tokenizer; digest: string } {
  const files = readHubFiles(folder);
  const place: Place = { file: files.tokenizerFile, key: "" };
  const { known, build } = hubModel(files.tokenizer.model, inside(place, "model"));
  const added = addedTokens(files, known, place);
  // A special token of one character may be a letter of the alphabet too.
  const hidden = new Set(
    added.filter(({ special, content }) => special && [...content].length > 1).map((t) => t.content),
  );
  const { model, has } = build(hidden);
  const ids = new Map([...known, ...added.map(({ content, id }) => [content, id] as const)]);
  const { begin, finish } = around(files, ids, place);
  const { encode, decode } = tokenizerPipeline({
    file: files.tokenizerFile,
    normalizer: files.tokenizer.normalizer,
    preTokenizer: files.tokenizer.pre_tokenizer,
    decoder: files.tokenizer.decoder,
    model,
    has,
    added,
    pieces: new Map([...known].map(([token, id]) => [id, token])),
  });
  const eos = files.named.eos_token === undefined ? [] : [ids.get(files.named.eos_token)];
  const declared = (files.endIds ?? eos).filter((id) => id !== undefined);
  const tokenizer: Tokenizer = {
    encode,
    decode,
    begin,
    finish,
    end: endTokens(declared, (token) => ids.get(token)),
    chat: files.chat === null ? null : chatRenderer(files.chat.source, files.named, files.chat.file),
  };
  const digest = createHash("sha256")
    .update(JSON.stringify([files.tokenizerDigest, added, begin, finish]))
    .digest("hex");
  return { tokenizer, digest };
}

/**
 * What stands around a text: by the post-processor. Where that is silent, as tokenizer_config.json says; where both
 * speak, transformers goes by the post-processor too.
 */
function around(files: HubFiles, ids: ReadonlyMap<string, number>, place: Place) {
  const written = aroundText(files.tokenizer.post_processor, inside(place, "post_processor"), MAX_ID);
  if (written.begin.length + written.finish.length > 0) return written;
  const one = (wanted: boolean, name: "bos_token" | "eos_token"): number[] => {
    const token = files.named[name];
    if (!wanted || token === undefined) return [];
    const at = { file: files.configFile, key: name };
    return [ids.get(token) ?? malformed(at, token, "not a token of the vocabulary, though every text gets it")];
  };
  return { begin: one(files.config.add_bos_token, "bos_token"), finish: one(files.config.add_eos_token, "eos_token") };
}
