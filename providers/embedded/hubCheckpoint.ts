import { ExpectedError } from "../../errors.ts";
import { ARCHITECTURES } from "./architectures/registry.ts";
import { arrangeWeights } from "./arrangeWeights.ts";
import type { Checkpoint, StoredTensor } from "./Checkpoint.ts";
import { ConfigFields } from "./ConfigFields.ts";
import { planWeights } from "./planWeights.ts";
import { architectureUnsupported, readConfig } from "./readConfig.ts";
import { hubRope } from "./rope.ts";
import type { HubFolder } from "./sources/hubFolder.ts";

/** Prefixes that wrap the text model: by the class that saved it, and by models that also see images. */
const PREFIXES = ["language_model.", "model.language_model.", "transformer.", "bert.", "roberta."];
/** What sees images; a text never reaches it. */
const OTHER_SENSES = /^(model\.)?(vision_tower|multi_modal_projector|vision_model)\./;

/** The graph's name of a tensor in the folder; null where `names` has no place for it. */
function graphName(name: string, names: Readonly<Record<string, string>>): string | null {
  const [, stem = name, end = ""] = /^(.*?)(\.weight|\.bias)?$/.exec(name) ?? [];
  const numbers = stem.match(/(?<=\.)\d+(?=\.|$)/g) ?? [];
  let letter = 0;
  const pattern = stem.replace(/(?<=\.)\d+(?=\.|$)/g, () => (letter++ === 0 ? "N" : "E"));
  if (!Object.hasOwn(names, pattern)) return null;
  const target = names[pattern] as string;
  return `${target.replace(/\bN\b/, numbers[0] ?? "N").replace(/\bE\b/, numbers[1] ?? "E")}${end}`;
}

function stripPrefix(name: string): string {
  const prefix = PREFIXES.find((one) => name.startsWith(one));
  if (prefix === undefined) return name;
  const rest = name.slice(prefix.length);
  // Gemma's image models keep "model." inside, or leave it out together with the outer one.
  return prefix === "model.language_model." ? `model.${rest}` : rest;
}

/** Two prefixes of one name: either could be the one that was trained. */
function twice(one: string, other: string, target: string, path: string): ExpectedError {
  return new ExpectedError({
    code: "tensor-ambiguous",
    message: `tensors ${one} and ${other} are both ${target}`,
    where: path,
    hint: "the folder mixes two models or two ways of saving one; fetch the model again",
  });
}

/**
 * A Hugging Face folder as a checkpoint.
 * @throws ExpectedError `architecture-unsupported`, `config-field`, `config-unsupported`, `tensor-missing`,
 *   `tensor-shape`, `tensor-ambiguous`
 */
export function hubCheckpoint(folder: HubFolder): Checkpoint {
  const { path } = folder;
  // Models of several senses keep the text model's fields apart.
  const text = folder.config.text_config;
  const values =
    typeof text === "object" && text !== null
      ? { ...folder.config, ...(text as Record<string, unknown>) }
      : folder.config;
  const type = values.model_type;
  const architecture = ARCHITECTURES.find((one) => one.hubTypes.some((known) => known === type));
  if (architecture === undefined) throw architectureUnsupported(type, path, "safetensors");
  const fields = new ConfigFields("safetensors", path, "", (key) => values[key]);

  const stored = new Map<string, StoredTensor>();
  for (const [full, tensor] of folder.tensors) {
    if (OTHER_SENSES.test(full)) continue;
    const name = stripPrefix(full);
    if (architecture.hubUnused?.some((unused) => unused.test(name))) continue;
    // What has no place keeps its name, and is refused by it.
    const target = graphName(name, architecture.hubNames) ?? full;
    const other = stored.get(target);
    if (other) throw twice(other.name, full, target, path);
    stored.set(target, tensor);
  }
  const tied = values.tie_word_embeddings === true || !stored.has("output.weight");
  if (tied) stored.delete("output.weight");
  const config = readConfig(
    architecture,
    fields,
    stored.get("token_embd.weight"),
    tied ? "token_embd.weight" : "output.weight",
    () => {
      const parameters = values.rope_parameters as Record<string, unknown> | undefined;
      const scaling = (parameters?.full_attention ?? parameters ?? values.rope_scaling ?? {}) as Record<
        string,
        unknown
      >;
      // Spread, anything else would say nothing in silence.
      if (typeof scaling !== "object" || Array.isArray(scaling)) fields.fail("rope_scaling", scaling, "not an object");
      const original = values.original_max_position_embeddings;
      return hubRope(fields, fields.positive("ropeBase", 10_000), {
        ...(typeof original === "number" && { original_max_position_embeddings: original }),
        ...scaling,
      });
    },
  );
  const { pooling, normalize } = folder;
  const checkpoint: Checkpoint = {
    path,
    format: "safetensors",
    config: config.causal ? config : { ...config, pooling, normalize },
    weights: arrangeWeights(architecture, stored, config, "safetensors", path),
  };
  planWeights(checkpoint).refuseUnused();
  return checkpoint;
}
