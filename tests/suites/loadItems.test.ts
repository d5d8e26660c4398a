import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonErrorOffset } from "../../suites/jsonErrorOffset.ts";
import { loadItems } from "../../suites/loadItems.ts";
import { failure, folderWith } from "./folder.ts";

async function itemsIn(name: string, content: string | Uint8Array) {
  const { list } = await loadItems(join(folderWith({ [name]: content }), name), "suite.yaml:2:1 (items)");
  return list;
}

async function failureIn(name: string, content: string | Uint8Array) {
  const folder = folderWith({ [name]: content });
  return failure(loadItems(join(folder, name), "suite.yaml:2:1 (items)"), folder);
}

const full = {
  id: "a",
  topic: "weather",
  cluster: "c1",
  original: 'It "rains",\nin Paris.',
  paraphrases: ["Rain falls in Paris.", "Paris is wet."],
  decoy: { text: "It rains in Rome.", paraphrase: "Rome is wet.", kind: "entity", encodings: { zh: "罗马下雨" } },
  questions: [
    { question: "Where?", answer: "Paris", decoyAnswer: "Rome" },
    { question: "What?", answer: "Rain", decoyAnswer: undefined },
  ],
  encodings: { zh: "巴黎下雨", "v1.2": "雨", constructor: "巴" },
};

test("JSON Lines and CSV give equal items", async () => {
  const columns = {
    id: ["a", "b"],
    topic: ["weather", ""],
    cluster: ["c1", ""],
    original: [full.original, "Short."],
    "paraphrases.0": ["Rain falls in Paris.", ""],
    "paraphrases.1": ["Paris is wet.", ""],
    "decoy.text": ["It rains in Rome.", ""],
    "decoy.paraphrase": ["Rome is wet.", ""],
    "decoy.kind": ["entity", ""],
    "decoy.encodings.zh": ["罗马下雨", ""],
    "questions.0.question": ["Where?", ""],
    "questions.0.answer": ["Paris", ""],
    "questions.0.decoyAnswer": ["Rome", ""],
    "questions.1.question": ["What?", ""],
    "questions.1.answer": ["Rain", ""],
    "encodings.zh": ["巴黎下雨", ""],
    "encodings.v1.2": ["雨", ""],
    "encodings.constructor": ["巴", ""],
  };
  const rows = [Object.keys(columns), ...[0, 1].map((i) => Object.values(columns).map((cells) => cells[i]))];
  const csv = await itemsIn("items.csv", stringify(rows, { record_delimiter: "windows", bom: true }));
  const short = {
    id: "b",
    original: "Short.",
    topic: null,
    cluster: null,
    paraphrases: null,
    decoy: null,
    questions: null,
    encodings: null,
  };
  const jsonl = await itemsIn("items.jsonl", `\uFEFF${JSON.stringify(full)}\r\n\r\n${JSON.stringify(short)}`);
  expect(jsonl.items[0]).toEqual(full);
  expect(jsonl.items[1]).toEqual({
    ...short,
    topic: "all",
    cluster: "b",
    paraphrases: [],
    questions: [],
    encodings: {},
  });
  expect(csv.items).toEqual(jsonl.items);
  expect(jsonl.place("b")).toMatch(/items\.jsonl:3$/);
  // The header is line 1, and the first original takes lines 2 and 3.
  expect(csv.place("a")).toMatch(/items\.csv:2$/);
  expect(csv.place("b")).toMatch(/items\.csv:4$/);
});

const text = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          '"',
          "\\",
          "\n",
          "\r",
          "\r\n",
          ",",
          "\u2028",
          "\u2029",
          "\u0000",
          "\uFEFF",
          "😀",
          "שלום",
          "\u202E",
          "سلام",
          "a",
        ),
      )
      .map((parts) => parts.join("")),
  )
  .filter((value) => value.trim() !== "");
const encodings = fc.dictionary(
  text.filter((name) => name !== "__proto__"),
  text,
  { noNullPrototype: true },
);
const anyItem = fc
  .record({
    topic: text,
    cluster: text,
    original: text,
    paraphrases: fc.array(text, { maxLength: 3 }),
    questions: fc.array(
      fc.record({
        question: text,
        answer: text.map((t) => `${t}.`),
        decoyAnswer: fc.option(
          text.map((t) => `${t}!`),
          { nil: undefined },
        ),
      }),
      { maxLength: 2 },
    ),
    decoy: fc.option(
      fc.record({
        text: text.map((t) => `decoy ${t}`),
        paraphrase: text,
        kind: fc.constantFrom("number", "negation"),
        encodings,
      }),
      { nil: null },
    ),
    encodings,
  })
  .filter(({ original, decoy }) => original !== decoy?.text);

test("any text comes back out of JSON Lines as it went in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyItem, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("\n", "\r\n"),
      async (data, end) => {
        const written = data.map((item, i) => ({ id: `${i}`, ...item }));
        const list = await itemsIn("items.jsonl", written.map((item) => JSON.stringify(item) + end).join(""));
        expect(list.items).toEqual(written);
      },
    ),
    { numRuns: 100 },
  );
});

test("any text comes back out of CSV, and rows know their lines", async () => {
  const end = fc.constantFrom("unix", "windows");
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), end, async (originals, record_delimiter) => {
      const rows = originals.map((original, i) => [`${i}`, original]);
      const list = await itemsIn(
        "items.csv",
        stringify([["id", "original"], ...rows], { quoted: true, record_delimiter }),
      );
      expect(list.items.map((item) => item.original)).toEqual(originals);
      let line = 2;
      for (const [i, original] of originals.entries()) {
        expect(list.place(`${i}`)?.replace(/.*:/, "")).toBe(`${line}`);
        line += original.split("\n").length;
      }
    }),
    { numRuns: 60 },
  );
});

const ok = '{"id":"a","original":"x"}\n';
const broken: [
  title: string,
  line: string,
  expected: { code: string; where: string; message?: string; hint?: string },
][] = [
  [
    "no original",
    '{"id":"b"}',
    {
      code: "item-missing-key",
      where: "items.jsonl:2 (original)",
      message: "`original` is missing",
      hint: "encodings stand for",
    },
  ],
  ["no id", '{"original":"x"}', { code: "item-missing-key", where: "items.jsonl:2 (id)" }],
  [
    "unknown field",
    '{"id":"b","original":"x","paraphrase":["y"]}',
    { code: "item-unknown-key", where: "items.jsonl:2 (paraphrase)", hint: "did you mean `paraphrases`?" },
  ],
  [
    "misspelt field",
    '{"id":"b","orignal":"x"}',
    {
      code: "item-unknown-key",
      where: "items.jsonl:2 (orignal)",
      message: "`orignal` is not a key here",
      hint: "did you mean `original`?",
    },
  ],
  [
    "unknown field of a decoy",
    '{"id":"b","original":"x","decoy":{"text":"y","type":"number"}}',
    {
      code: "item-unknown-key",
      where: "items.jsonl:2 (decoy.type)",
      hint: "there are: text, paraphrase, kind, encodings",
    },
  ],
  [
    "empty original",
    '{"id":"b","original":""}',
    { code: "item-invalid-value", where: "items.jsonl:2 (original)", message: "must not be empty" },
  ],
  [
    "blank original",
    '{"id":"b","original":" \\n\\t "}',
    { code: "item-invalid-value", where: "items.jsonl:2 (original)", message: "only white space" },
  ],
  [
    "half a pair",
    '{"id":"b","original":"\\ud83d"}',
    { code: "item-invalid-value", where: "items.jsonl:2 (original)", message: "surrogate" },
  ],
  [
    "number for an id",
    '{"id":7,"original":"x"}',
    {
      code: "item-invalid-value",
      where: "items.jsonl:2 (id)",
      message: "`id` must be text, got 7",
      hint: "put it in quotes",
    },
  ],
  [
    "id twice",
    '{"id":"a","original":"y"}',
    {
      code: "items-duplicate-id",
      where: "items.jsonl:2 (id)",
      message: "two items have the id `a`: items.jsonl:1 and items.jsonl:2",
    },
  ],
  [
    "decoy of a wrong kind",
    '{"id":"b","original":"x","decoy":{"text":"y","kind":"entitty"}}',
    {
      code: "item-invalid-value",
      where: "items.jsonl:2 (decoy.kind)",
      message: "`number` or `entity`",
      hint: "did you mean `entity`?",
    },
  ],
  [
    "decoy that is the original",
    '{"id":"b","original":"x","decoy":{"text":"x"}}',
    { code: "item-invalid-value", where: "items.jsonl:2 (decoy.text)", message: "differ from the original" },
  ],
  [
    "decoy's answer that is the answer",
    '{"id":"b","original":"x","questions":[{"question":"q","answer":"5"},{"question":"q","answer":"5","decoyAnswer":"5 "}]}',
    {
      code: "item-invalid-value",
      where: "items.jsonl:2 (questions[1].decoyAnswer)",
      message: "must differ from the answer",
      hint: "leave decoyAnswer out",
    },
  ],
  [
    "question without an answer",
    '{"id":"b","original":"x","questions":[{"question":"q"}]}',
    { code: "item-missing-key", where: "items.jsonl:2 (questions[0].answer)" },
  ],
  [
    "null in a list",
    '{"id":"b","original":"x","paraphrases":[null]}',
    { code: "item-invalid-value", where: "items.jsonl:2 (paraphrases[0])", message: "must be text, got nothing" },
  ],
  [
    "encoding that objects inherit",
    '{"id":"b","original":"x","encodings":{"__proto__":"y"}}',
    { code: "item-unknown-key", where: "items.jsonl:2 (encodings.__proto__)" },
  ],
  [
    "a list",
    "[1]",
    { code: "item-invalid-value", where: "items.jsonl:2", message: "the item must be a mapping, got a list" },
  ],
  [
    "bad JSON",
    '{"id":"b","original":x}',
    {
      code: "items-json",
      where: "items.jsonl:2:22",
      message: 'unexpected "x" in column 22',
      hint: "one JSON object on a line",
    },
  ],
  [
    "half an object before CRLF",
    '{"id":"b",\r',
    { code: "items-json", where: "items.jsonl:2:11", message: "ends too early in column 11" },
  ],
  [
    "half an object",
    '{"id":"b",',
    { code: "items-json", where: "items.jsonl:2:11", message: "ends too early in column 11" },
  ],
  [
    "two problems",
    '{"id":"","original":"","topc":"x"}',
    { code: "item-invalid-value", where: "items.jsonl:2 (id)", message: "(and 2 more in this item)" },
  ],
];

test.each(broken)(
  "JSON Lines: %s is an error with its line",
  async (_, line, { code, where, message = "", hint = "" }) => {
    expect(await failureIn("items.jsonl", `${ok}${line}\n`)).toEqual({
      code,
      where,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  },
);

const brokenCsv: typeof broken = [
  [
    "no column original",
    "id,text\na,b",
    { code: "items-missing-column", where: "items.csv:1 (original)", message: "found: id, text; needed: id, original" },
  ],
  [
    "semicolons",
    "id;original\na;b",
    {
      code: "items-missing-column",
      where: "items.csv:1 (id)",
      message: "found: id;original",
      hint: "separated by commas",
    },
  ],
  [
    "unknown column",
    "id,original,decoy.txt\na,b,c",
    { code: "items-unknown-column", where: "items.csv:1 (decoy.txt)", hint: "did you mean `decoy.text`?" },
  ],
  [
    "encoding without a name",
    "id,original,encodings.\na,b,c",
    { code: "items-unknown-column", where: "items.csv:1 (encodings.)" },
  ],
  [
    "encoding that objects inherit",
    "id,original,encodings.__proto__\na,b,c",
    { code: "items-unknown-column", where: "items.csv:1 (encodings.__proto__)" },
  ],
  [
    "far list index",
    "id,original,paraphrases.4000000000\na,b,c",
    { code: "items-unknown-column", where: "items.csv:1 (paraphrases.4000000000)" },
  ],
  ["column twice", "id,original,id\na,b,c", { code: "items-duplicate-column", where: "items.csv:1 (id)" }],
  [
    "empty original",
    'id,original\na,"b\n"\n\nc,',
    { code: "item-missing-key", where: "items.csv:5 (original)", message: "`original` is missing" },
  ],
  [
    "second paraphrase without a first",
    "id,original,paraphrases.0,paraphrases.1\na,b,,c",
    { code: "item-missing-key", where: "items.csv:2 (paraphrases.0)" },
  ],
  [
    "kind without a decoy",
    "id,original,decoy.kind\na,b,number",
    { code: "item-missing-key", where: "items.csv:2 (decoy.text)" },
  ],
  [
    "wrong kind",
    "id,original,decoy.text,decoy.kind\na,b,c,digit",
    { code: "item-invalid-value", where: "items.csv:2 (decoy.kind)" },
  ],
  [
    "same answers",
    "id,original,questions.0.question,questions.0.answer,questions.0.decoyAnswer\na,b,q,1,1",
    { code: "item-invalid-value", where: "items.csv:2 (questions.0.decoyAnswer)" },
  ],
  [
    "id twice",
    "id,original\na,b\na,c",
    { code: "items-duplicate-id", where: "items.csv:3 (id)", message: "items.csv:2 and items.csv:3" },
  ],
  ["short row", 'id,original\na,"b\nb"\nc\nd,e', { code: "items-csv", where: "items.csv:4", message: "has 1 cells" }],
  ["open quote", 'id,original\na,b\nc,"d\ne,f\n', { code: "items-csv", where: "items.csv:3", message: "never closed" }],
  ["quote within a cell", 'id,original\na,b\nc,d"e\n', { code: "items-csv", where: "items.csv:3", hint: '""' }],
];

test.each(brokenCsv)(
  "CSV: %s is an error with its line",
  async (_, content, { code, where, message = "", hint = "" }) => {
    expect(await failureIn("items.csv", content)).toEqual({
      code,
      where,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  },
);

test.each([
  ["items.jsonl", ""],
  ["items.jsonl", "\n \r\n"],
  ["items.csv", "id,original\n"],
  ["items.csv", ""],
])("no items in %s is an error (%j)", async (name, content) => {
  expect(await failureIn(name, content)).toMatchObject({ code: "items-empty", where: "suite.yaml:2:1 (items)" });
});

test("a file that is not UTF-8 is an error with the offset in the file", async () => {
  const wrong = (bytes: number[]) =>
    Buffer.concat([Buffer.from(`\uFEFF${ok}{"id":"é`), Buffer.from(bytes), Buffer.from('"}\n')]);
  // 3 bytes of the mark, 26 of the first line, 7 up to é, 2 of é.
  for (const bytes of [[0xff], [0xc3, 0x28], [0xef, 0xbf, 0x41], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80]]) {
    expect(await failureIn("items.jsonl", wrong(bytes))).toMatchObject({
      code: "items-not-utf8",
      message: `the file is not UTF-8: byte 0x${bytes[0]?.toString(16)} at offset 38`,
      where: "items.jsonl",
    });
  }
  expect(await failureIn("items.csv", Buffer.from("id,original\na,caf\xe9\n", "latin1"))).toMatchObject({
    code: "items-not-utf8",
    message: "the file is not UTF-8: byte 0xe9 at offset 17",
  });
});

test("lines longer than a read and many of them come through whole", async () => {
  const originals = Array.from({ length: 300 }, (_, i) => "é€😀".repeat(i * 7 + 1));
  const lines = originals.map((original, i) => JSON.stringify({ id: `${i}`, original }));
  const list = await itemsIn("items.jsonl", lines.join("\n"));
  expect(list.items.map((item) => item.original)).toEqual(originals);
  expect(list.place("299")).toMatch(/:300$/);
});

test("jsonErrorOffset agrees with JSON.parse on what JSON is, and on the place where that names one", () => {
  const mutated = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.nat(2),
      fc.constantFrom('"', "{", "}", "[", "]", ",", ":", "\\", "0", "-", ".", "e", "t", " ", "\n", "\u0001"),
    )
    .map(([json, at, cut, put]) => {
      const i = at % (json.length + 1);
      return json.slice(0, i) + put + json.slice(i + cut);
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), mutated), (source) => {
      let message: string | undefined;
      try {
        JSON.parse(source);
      } catch (error) {
        message = (error as Error).message;
      }
      const offset = jsonErrorOffset(source);
      expect(offset === -1).toBe(message === undefined);
      const named = /^(?:Expected|Unexpected non|Bad control).* at position (\d+)/.exec(message ?? "")?.[1];
      if (named !== undefined) expect(offset).toBe(Number(named));
    }),
    { numRuns: 500 },
  );
});
