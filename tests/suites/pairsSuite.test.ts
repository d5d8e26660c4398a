import { join } from "node:path";
import { expect, test } from "vitest";
import { pairsSuite } from "../../suites/pairsSuite.ts";
import { failure, folderWith } from "./folder.ts";

async function failureOf(content: string | Uint8Array, options = {}) {
  const folder = folderWith({ "pairs.csv": content });
  return failure(pairsSuite(join(folder, "pairs.csv"), options), folder);
}

test("a table of pairs is a suite", async () => {
  const content =
    "original,encoding,paraphrase,paraphrase2,decoy,decoy_paraphrase,question,answer,decoy_answer,topic,cluster\n" +
    '"It rains,\nhere.",雨,Rain.,Wet.,It snows.,Snow.,What?,rain,snow,weather,c\n' +
    "Short.,短,,,,,,,,,\n";
  const beside = folderWith({ "my codes.csv": content });
  const path = join(beside, "my codes.csv");
  const { hash, locate, locateItem, folder, ...suite } = await pairsSuite(path);
  expect(folder).toBe(beside);
  expect(suite).toEqual({
    name: "my codes",
    profile: null,
    items: [
      {
        id: "row-2",
        topic: "weather",
        cluster: "c",
        original: "It rains,\nhere.",
        paraphrases: ["Rain.", "Wet."],
        decoy: { text: "It snows.", paraphrase: "Snow." },
        questions: [{ question: "What?", answer: "rain", decoyAnswer: "snow" }],
        encodings: { pairs: "雨" },
      },
      {
        id: "row-4",
        topic: "all",
        cluster: "row-4",
        original: "Short.",
        paraphrases: [],
        decoy: null,
        questions: [],
        encodings: { pairs: "短" },
      },
    ],
    frames: { restate: { before: "Note: ", after: "\n\nIn other words," } },
    continuations: { samples: 4, controls: 4, tokens: 16, seed: 1 },
    models: ["smollm2-135m"],
    candidates: { encoding: { codec: "authored", parameters: { encoding: "pairs" } } },
    measures: "default",
    judges: {},
    bands: [
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 0.95],
    ],
    margin: 0.8,
    positions: "natural",
    gates: [],
    statistics: { alpha: 0.025, seed: 1 },
  });
  expect(locateItem("row-4")).toBe(`${path}:4`);
  expect(locate(["candidates", "encoding"])).toBe(`${path} (candidates.encoding)`);
  const limited = await pairsSuite(path, { limit: 1 });
  expect(limited.items.map((item) => item.id)).toEqual(["row-2"]);
  expect(limited.hash).not.toBe(hash);
});

test("ids are taken where they are given", async () => {
  const path = join(folderWith({ "p.csv": "id,original,encoding\nfirst,a,b\n,c,d\n" }), "p.csv");
  expect((await pairsSuite(path)).items.map((item) => item.id)).toEqual(["first", "row-3"]);
});

const broken: [title: string, content: string, expected: object][] = [
  [
    "missing column",
    "original,text\na,b",
    {
      code: "pairs-missing-column",
      where: "pairs.csv:1 (encoding)",
      message: "the column `encoding` is missing; found: original, text; needed: original, encoding",
    },
  ],
  [
    "unknown column",
    "original,encoding,paraprase\na,b,c",
    {
      code: "pairs-unknown-column",
      where: "pairs.csv:1 (paraprase)",
      hint: expect.stringContaining("did you mean `paraphrase`?"),
    },
  ],
  ["no encoding", "original,encoding\na,b\nc,", { code: "pairs-no-encoding", where: "pairs.csv:3 (encoding)" }],
  ["blank encoding", "original,encoding\na,  ", { code: "item-invalid-value", where: "pairs.csv:2 (encoding)" }],
  [
    "no original",
    "original,encoding\n,b",
    { code: "item-missing-key", where: "pairs.csv:2 (original)", message: "`original` is missing" },
  ],
  [
    "question without an answer",
    "original,encoding,question,answer\na,b,q,",
    { code: "item-missing-key", where: "pairs.csv:2 (answer)", message: "`answer` is missing" },
  ],
  [
    "same answers",
    "original,encoding,question,answer,decoy_answer\na,b,q,1,1",
    { code: "item-invalid-value", where: "pairs.csv:2 (decoy_answer)" },
  ],
  ["no rows", "original,encoding\n", { code: "pairs-empty", where: "pairs.csv" }],
];

test.each(broken)("%s is an error with its place", async (_, content, expected) => {
  expect(await failureOf(content)).toMatchObject(expected);
});

test("a wrong limit, bytes that are not UTF-8 and a missing file are errors", async () => {
  expect(await failureOf("original,encoding\na,b", { limit: 0 })).toMatchObject({ code: "suite-limit" });
  expect(await failureOf(Buffer.from("original,encoding\n\xff,b", "latin1"))).toMatchObject({
    code: "pairs-not-utf8",
    message: expect.stringContaining("offset 18"),
  });
  const folder = folderWith({});
  expect(await failure(pairsSuite(join(folder, "no.csv")), folder)).toMatchObject({
    code: "pairs-not-found",
    message: "there is no pairs file no.csv",
  });
  expect(await failure(pairsSuite(folder), folder)).toMatchObject({
    code: "pairs-unreadable",
    message: expect.stringContaining("it is a folder"),
  });
});
