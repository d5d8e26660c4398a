import type { CodecServices } from "../codecs/contract.ts";
import { createCodec } from "../codecs/registry.ts";
import { ExpectedError } from "../errors.ts";
import type { Tokenizer } from "../providers/contract.ts";
import type { Suite } from "../suites/Suite.ts";
import { type Candidate, type Condition, conditions } from "./conditions.ts";
import { seedFor } from "./random.ts";
import { derangement } from "./statistics/derangement.ts";

/** How many other originals each item is read with; the first also gives the swapped encoding. */
const DRAWS = 2;

/** Encodes all items with all candidates and lays out every condition. */
export async function prepareConditions(
  suite: Suite,
  tokenizer: Tokenizer,
  services: CodecServices,
): Promise<Condition[]> {
  const { items, statistics } = suite;
  refuseUnreadable(suite, tokenizer);
  const candidates: Candidate[] = [];
  for (const [name, spec] of Object.entries(suite.candidates)) {
    const codec = createCodec(spec, services, suite.locate(["candidates", name]), suite.folder);
    const encodings = await codec.encode(items).catch((error: unknown) => {
      throw blamed(error, `candidate ${name}`, suite.locate(["candidates", name]));
    });
    encodings.forEach((encoding, i) => {
      if ("text" in encoding)
        checkText(encoding.text, `candidate ${name} of item ${items[i]?.id}`, suite, items[i]?.id ?? "", tokenizer);
    });
    if (encodings.every((encoding) => "missing" in encoding)) {
      const [first] = encodings;
      throw new ExpectedError({
        code: "candidate-empty",
        message: `candidate ${name} encodes none of the ${items.length} items: ${first && "missing" in first ? first.missing : "no items"}`,
        where: suite.locate(["candidates", name]),
        hint: "check the encoding's name and the items' `encodings`",
      });
    }
    candidates.push({ name, codec, encodings });
  }
  const partners = derangement(
    items.map((item) => ({ id: item.id, stratum: item.topic, length: tokenizer.encode(item.original).length })),
    DRAWS,
    seedFor(statistics.seed, "derangement"),
  );
  const indexOf = new Map(items.map((item, i) => [item.id, i]));
  const draws = Array.from({ length: DRAWS }, (_, draw) =>
    partners.map((entry) => (draw < entry.distinct ? (indexOf.get(entry.partners[draw] ?? "") ?? null) : null)),
  );
  const others = draws.filter((draw, d) => d === 0 || draw.some((index) => index !== null));
  return conditions({ items, candidates, tokenizer, others, seed: statistics.seed });
}

/** Every text of every item is tokenised once before anything is computed, so that a bad one costs no time. */
function refuseUnreadable(suite: Suite, tokenizer: Tokenizer): void {
  for (const item of suite.items) {
    const texts = [item.original, ...item.paraphrases, item.decoy?.text, item.decoy?.paraphrase];
    const asked = item.questions.flatMap(({ question, answer, decoyAnswer }) => [question, answer, decoyAnswer]);
    for (const text of [...texts, ...asked]) {
      if (text !== undefined) checkText(text, `item ${item.id}`, suite, item.id, tokenizer);
    }
  }
}

function checkText(text: string, what: string, suite: Suite, id: string, tokenizer: Tokenizer): void {
  try {
    tokenizer.encode(text);
  } catch (error) {
    throw blamed(error, what, `${suite.locateItem(id)}; ${error instanceof ExpectedError ? (error.where ?? "") : ""}`);
  }
}

/** An expected error, with who asked for what failed. */
function blamed(error: unknown, what: string, where: string): unknown {
  if (!(error instanceof ExpectedError)) return error;
  return new ExpectedError({
    code: error.code,
    message: `${what}: ${error.message}`,
    where,
    ...(error.hint && { hint: error.hint }),
    exit: error.exit,
    cause: error,
  });
}
