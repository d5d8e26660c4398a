import { expect, test } from "vitest";
import { codecDefinition, codecNames, createCodec } from "../../codecs/registry.ts";
import { ExpectedError } from "../../errors.ts";
import { noServices } from "../../harness/codecServices.ts";

const WHERE = "suite.yaml:7:3 (candidates.short)";
const SERVICES = noServices("nothing is encoded here");

const failureOf = (run: () => unknown): ExpectedError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

test("the names, each found under its own", () => {
  expect(codecNames()).toEqual([
    "authored",
    "identity",
    "truncate",
    "drop-words",
    "random-drop",
    "self-information-drop",
    "question-aware-drop",
    "arithmetic",
    "random-projection",
    "minilm-projection",
    "codebook",
  ]);
  for (const name of codecNames()) expect(codecDefinition(name, WHERE).name).toBe(name);
});

test.for(["trunkate", "Truncate", "trunc"])("an unknown codec gives the nearest name and the list: %s", (codec) => {
  const error = failureOf(() => createCodec({ codec, parameters: {} }, SERVICES, WHERE));
  expect(error).toMatchObject({ code: "codec-unknown", where: WHERE, exit: 2 });
  expect(error.message).toContain(`"${codec}"`);
  expect(error.hint).toContain('nearest name is "truncate"');
  for (const name of codecNames()) expect(error.hint).toContain(name);
});

test.for<[string, Record<string, unknown>, string, string]>([
  ["truncate", { shar: 0.5 }, 'no parameter "shar"', 'For "shar" the nearest is "share"'],
  ["truncate", { shar: 0.5, wordz: 1 }, 'no parameter "shar", "wordz"', 'For "wordz" the nearest is "words"'],
  ["truncate", { share: 0 }, '"share" is 0', "share, words"],
  ["truncate", { share: 1.1 }, '"share" is 1.1', "share, words"],
  ["truncate", { words: 1.5 }, '"words" is 1.5', "share, words"],
  ["truncate", { words: 2, share: 0.5 }, "not both", "share, words"],
  ["authored", {}, '"encoding" is missing', "encoding"],
  ["authored", { encoding: "" }, '"encoding" is ""', "encoding"],
  ["identity", { share: 1 }, 'no parameter "share"', "takes no parameters"],
  ["drop-words", {}, '"list" is missing', "list"],
  ["drop-words", { list: "article" }, 'expected "articles", "stop-words"', "list"],
  ["drop-words", { list: [] }, '"list" is []', "list"],
  ["drop-words", { list: ["New York"] }, "each must be one word", "list"],
  ["random-projection", { symbols: 0 }, '"symbols" is 0', "symbols"],
  ["minilm-projection", { symbols: "16" }, '"symbols" is "16"', "symbols"],
])("%s %j: %s", ([codec, parameters, message, hint]) => {
  const error = failureOf(() => createCodec({ codec, parameters }, SERVICES, WHERE));
  expect(error).toMatchObject({ code: "codec-parameters", where: WHERE, exit: 2 });
  expect(error.message).toContain(`codec "${codec}"`);
  expect(error.message).toContain(message);
  expect(error.hint).toContain(hint);
});
