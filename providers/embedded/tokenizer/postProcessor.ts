/** The `post_processor` of a tokenizer.json: the tokens that stand before and after every text. */
import { z } from "zod";
import { builderOf, inside, MAX_NESTING, malformed, type Place, read } from "./tokenizerFields.ts";

export interface AroundText {
  readonly begin: readonly number[];
  readonly finish: readonly number[];
}

type Builder = (config: unknown, place: Place, maxId: number, depth: number) => AroundText;

const NOTHING: AroundText = { begin: [], finish: [] };
const idSchema = (maxId: number) => z.number().int().min(0).max(maxId);

const pair: Builder = (config, place, maxId) => {
  const token = z.tuple([z.string(), idSchema(maxId)]);
  const { cls, sep } = read(z.object({ cls: token, sep: token }), config, place);
  return { begin: [cls[1]], finish: [sep[1]] };
};

const BUILDERS: Readonly<Record<string, Builder>> = {
  ByteLevel: () => NOTHING,
  BertProcessing: pair,
  RobertaProcessing: pair,
  TemplateProcessing: (config, place, maxId) => {
    const id = z.object({ id: z.string() });
    const part = z.union([z.strictObject({ SpecialToken: id }), z.strictObject({ Sequence: id })]);
    const schema = z.object({
      single: z.array(part).max(100),
      special_tokens: z.record(z.string(), z.object({ ids: z.array(idSchema(maxId)).max(100) })),
    });
    const { single, special_tokens: tokens } = read(schema, config, place);
    const at = single.findIndex((one) => "Sequence" in one);
    const others = single.filter((one) => "Sequence" in one).length;
    if (others !== 1) malformed(inside(place, "single"), `a template with ${others} texts`, "not one");
    const idsOf = (parts: typeof single) =>
      parts.flatMap((one) => {
        if (!("SpecialToken" in one)) return [];
        const name = one.SpecialToken.id;
        const found = Object.hasOwn(tokens, name) ? tokens[name] : undefined;
        return (
          found?.ids ?? malformed(inside(place, "special_tokens"), name, "not one of them, though the template uses it")
        );
      });
    return { begin: idsOf(single.slice(0, at)), finish: idsOf(single.slice(at + 1)) };
  },
  Sequence: (config, place, maxId, depth) => {
    if (depth === MAX_NESTING) malformed(place, config, `nested more than ${MAX_NESTING} deep`);
    const { processors } = read(z.object({ processors: z.array(z.unknown()).max(100) }), config, place);
    return processors
      .map((one, i) => build(one, inside(inside(place, "processors"), i), maxId, depth + 1))
      .reduce((all, one) => ({ begin: [...one.begin, ...all.begin], finish: [...all.finish, ...one.finish] }), NOTHING);
  },
};

function build(config: unknown, place: Place, maxId: number, depth: number): AroundText {
  return builderOf(BUILDERS, config, place)(config, place, maxId, depth);
}

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function aroundText(config: unknown, place: Place, maxId: number): AroundText {
  return config === null || config === undefined ? NOTHING : build(config, place, maxId, 0);
}
