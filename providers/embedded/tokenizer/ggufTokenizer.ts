/** A tokenizer from the metadata of a GGUF file. */
import { createHash } from "node:crypto";
import type { Tokenizer } from "../../contract.ts";
import type { Gguf } from "../formats/gguf.ts";
import { chatRenderer } from "./chatTemplate.ts";
import { endTokens } from "./endTokens.ts";
import { damaged, flag, tokenId, unsupportedField } from "./ggufFields.ts";
import { GGUF_MODELS } from "./ggufModels.ts";
import { ggufVocabulary } from "./ggufVocabulary.ts";
import { tokenizerPipeline } from "./tokenizerPipeline.ts";

/**
 * Text becomes the ids that transformers gives it with the tokenizer that the file was converted from. Where llama.cpp
 * departs from that (it normalises no BPE text to NFC, and cuts by rewritten expressions), this does not follow.
 * @throws ExpectedError `tokenizer-unsupported`, `tokenizer-malformed`, `gguf-field`.
 */
export function ggufTokenizer(gguf: Gguf): { tokenizer: Tokenizer; digest: string } {
  const name = gguf.metadata.get("tokenizer.ggml.model");
  const build = typeof name === "string" && Object.hasOwn(GGUF_MODELS, name) ? GGUF_MODELS[name] : undefined;
  if (build === undefined) unsupportedField("tokenizer model", name, Object.keys(GGUF_MODELS), gguf.path);
  const vocabulary = ggufVocabulary(gguf);
  const { puts, digested, ...definition } = build(gguf, vocabulary);
  const { encode, decode } = tokenizerPipeline({ ...definition, file: gguf.path });

  const { tokens, ids } = vocabulary;
  const idOf = (key: string) => tokenId(gguf, key, tokens.length);
  /** The token `key`, where the flag `asked` or the kind of tokenizer puts it around every text. */
  const around = (asked: string, byDefault: boolean, ...keys: readonly string[]): number[] => {
    const wanted = flag(gguf, asked);
    if (!(wanted ?? byDefault)) return [];
    const id = keys.map(idOf).find((found) => found !== undefined);
    if (id === undefined && wanted === true)
      damaged(gguf.path, `tokenizer.ggml.${keys[0]}`, "missing", `though ${asked} asks for it around every text`);
    return id === undefined ? [] : [id];
  };
  const begin = around("add_bos_token", puts.bos, "bos_token_id", "cls_token_id");
  const finish = [
    ...around("add_eos_token", puts.eos, "eos_token_id"),
    ...around("add_sep_token", puts.sep, "seperator_token_id"),
  ];
  const declared = ["eos_token_id", "eot_token_id", "eom_token_id"].flatMap((key) => idOf(key) ?? []);
  const named = Object.fromEntries(
    (["bos", "eos"] as const).flatMap((kind) => {
      const id = idOf(`${kind}_token_id`);
      return id === undefined ? [] : [[`${kind}_token`, tokens[id] as string]];
    }),
  );
  const template = gguf.metadata.get("tokenizer.chat_template");
  const tokenizer: Tokenizer = {
    encode,
    decode,
    begin,
    finish,
    end: endTokens(declared, (token) => ids.get(token)),
    chat: typeof template === "string" ? chatRenderer(template, named, gguf.path) : null,
  };
  const digest = createHash("sha256").update(JSON.stringify(digested)).digest("hex");
  return { tokenizer, digest };
}
