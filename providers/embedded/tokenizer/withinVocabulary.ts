import { ExpectedError } from "../../../errors.ts";
import type { Tokenizer } from "../../contract.ts";

/**
 * A tokenizer whose tokens all have a row in the model's embedding. Some folders' tokenizers know tokens that were
 * added and never trained: a text that becomes one is refused, and a tokenizer that puts one around every text.
 * @param rows of the embedding
 * @throws ExpectedError `text-unencodable`
 */
export function withinVocabulary(tokenizer: Tokenizer, rows: number, path: string): Tokenizer {
  const check = (ids: readonly number[]) => {
    const beyond = ids.find((id) => id >= rows);
    if (beyond === undefined) return;
    throw new ExpectedError({
      code: "text-unencodable",
      message: `the tokenizer gives token ${beyond}, and the model's embedding has only ${rows} rows`,
      where: `tokenizer of ${path}`,
      hint: "leave out the special token that it stands for, or use the tokenizer that the model was trained with",
    });
  };
  check([...tokenizer.begin, ...tokenizer.finish]);
  return {
    ...tokenizer,
    encode: (text, options) => {
      const ids = tokenizer.encode(text, options);
      check(ids);
      return ids;
    },
  };
}
