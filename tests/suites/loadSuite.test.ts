import { createHash } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSuite } from "../../suites/loadSuite.ts";
import { DOCUMENTED, failure, folderWith, ITEM, SUITE } from "./folder.ts";

async function load(suite: string | Uint8Array, options = {}, items: string = ITEM) {
  const folder = folderWith({ "suite.yaml": suite, "items.jsonl": items });
  return loadSuite(folder, options);
}

async function failureOf(suite: string | Uint8Array, options = {}) {
  const folder = folderWith({ "suite.yaml": suite, "items.jsonl": ITEM });
  return failure(loadSuite(folder, options), folder);
}

test("a suite gets the defaults of what it leaves out", async () => {
  const { hash, locate, locateItem, folder, ...suite } = await load(SUITE);
  expect(suite).toEqual({
    name: "small",
    profile: null,
    items: [
      {
        id: "a",
        topic: "all",
        cluster: "a",
        original: "It rains in Paris.",
        paraphrases: [],
        decoy: null,
        questions: [],
        encodings: {},
      },
    ],
    frames: {
      restate: { before: "Note: ", after: " In other words," },
      chat: { template: true, user: "Read {context}" },
    },
    continuations: { samples: 8, controls: 8, tokens: 16, seed: 1 },
    models: ["smollm2-135m"],
    candidates: {
      chinese: { codec: "authored", parameters: { encoding: "zh" } },
      "no-articles": { codec: "drop-words", parameters: { list: "articles" } },
    },
    measures: "default",
    judges: {},
    bands: [
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 0.95],
    ],
    margin: 0.8,
    positions: "both",
    gates: [{ candidate: "chinese", require: "different" }],
    statistics: { alpha: 0.025, seed: 1 },
  });
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(locateItem("a")).toBe(`${join(folder, "items.jsonl")}:1`);
});

test("the suite of the documentation loads", async () => {
  const suite = await load(DOCUMENTED, { profile: "quick" });
  expect(suite.candidates["rare-hanzi"]).toEqual({ codec: "minilm-projection", parameters: { symbols: 16 } });
  expect(suite.frames).toEqual({ restate: { before: "Note: ", after: "\n\nIn other words," } });
  expect(suite.continuations.samples).toBe(4);
});

test("a suite keeps what it sets", async () => {
  const suite = await load(
    `${SUITE}continuations: { samples: 6, tokens: 9, seed: 5, controls: 2 }\nmodels: [x, y]\nmeasures: [kl]\nbands: [[0, 1]]\nmargin: 0.5\npositions: natural\nstatistics: { alpha: 0.05 }\n`,
  );
  expect(suite).toMatchObject({
    continuations: { samples: 6, tokens: 9, seed: 5, controls: 2 },
    models: ["x", "y"],
    measures: ["kl"],
    bands: [[0, 1]],
    margin: 0.5,
    positions: "natural",
    statistics: { alpha: 0.05, seed: 1 },
  });
});

test("judges are named with their models, and have defaults", async () => {
  const named = (judge: string) => `${SUITE}\njudges:\n  small: ${judge}\n`;
  const { judges } = await load(named("{ kind: chat, model: smollm2-135m }"));
  expect(judges).toEqual({ small: { kind: "chat", model: "smollm2-135m", repeats: 2, calls: 20_000 } });
  for (const wrong of ["{ kind: oracle, model: x }", "{ kind: chat, model: x, repeats: 0 }", "{ kind: chat }"]) {
    const error = await failureOf(named(wrong));
    expect(error.code, wrong).toMatch(/^suite-(invalid-value|missing-key)$/);
    expect(error.where, wrong).toMatch(/judges\.small/);
  }
});

test("a profile replaces settings, and keeps the frames and candidates that it names with their gates", async () => {
  const quick = await load(SUITE, { profile: "quick" });
  expect(quick.profile).toBe("quick");
  expect(Object.keys(quick.frames)).toEqual(["restate"]);
  expect(quick.continuations).toEqual({ samples: 4, controls: 4, tokens: 16, seed: 1 });
  expect(quick.positions).toBe("natural");
  expect(quick.gates).toHaveLength(1);
  const one = await load(SUITE.replace("frames: [restate]", "candidates: [no-articles]"), { profile: "quick" });
  expect(Object.keys(one.candidates)).toEqual(["no-articles"]);
  expect(Object.keys(one.frames)).toEqual(["restate", "chat"]);
  expect(one.gates).toEqual([]);
});

test("a limit takes the place of the profile's number of items", async () => {
  const items = ["a", "b", "c", "d"].map((id) => `{"id":"${id}","original":"x"}\n`).join("");
  const ids = async (options: object) => (await load(SUITE, options, items)).items.map((item) => item.id);
  expect(await ids({})).toEqual(["a", "b", "c", "d"]);
  expect(await ids({ profile: "quick" })).toEqual(["a", "b"]);
  expect(await ids({ profile: "quick", limit: 3 })).toEqual(["a", "b", "c"]);
  expect(await ids({ limit: 100 })).toEqual(["a", "b", "c", "d"]);
});

test.each([0, -1, 1.5, Number.NaN])("a limit of %s is refused", async (limit) => {
  expect(await failureOf(SUITE, { limit })).toMatchObject({
    code: "suite-limit",
    message: expect.stringContaining(String(limit)),
  });
});

test("inline items are items, with places in the suite", async () => {
  const suite = await load(
    SUITE.replace("items.jsonl", '[{ id: a, original: "One.", topic: }, { id: b, original: Two. }]'),
  );
  expect(suite.items.map(({ id, topic }) => [id, topic])).toEqual([
    ["a", "all"],
    ["b", "all"],
  ]);
  expect(suite.locateItem("b")).toMatch(/suite\.yaml:2$/);
});

test("locate finds keys, entries, what aliases repeat, and else the nearest ancestor", async () => {
  const suite = await load(`# comment\n${SUITE}x-models: 1\n`.replace("x-models: 1", "models: [one, two]"));
  const place = (...key: (string | number)[]) => suite.locate(key).replace(/^.*\//, "");
  expect(place()).toBe("suite.yaml:2:1");
  expect(place("frames", "restate")).toBe("suite.yaml:5:3 (frames.restate)");
  expect(place("gates", 0, "require")).toBe("suite.yaml:11:27 (gates[0].require)");
  expect(place("models", 1)).toBe("suite.yaml:14:15 (models[1])");
  expect(place("candidates", "chinese", "symbols")).toBe("suite.yaml:8:3 (candidates.chinese.symbols)");
  expect(place("margin")).toBe("suite.yaml:2:1 (margin)");
  const aliased = await load(
    SUITE.replace("chinese: {", "chinese: &c {").replace("  no-articles: {", "  again: *c\n  no-articles: {"),
  );
  expect(aliased.candidates.again).toEqual(aliased.candidates.chinese);
  expect(aliased.locate(["candidates", "again", "encoding"])).toMatch(/:7:34 \(candidates\.again\.encoding\)$/);
});

/** Where a text stands: `after: (frames.restate)` is the place of `after:`, with the key behind it. */
function placeOf(marked: string, text: string): string {
  const [, marker = "", key = ""] = /^(.*?)( \([^()]*\))?$/s.exec(marked) ?? [];
  const before = text.slice(0, text.indexOf(marker));
  return `suite.yaml:${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}${key}`;
}

const edits: [
  title: string,
  from: string | RegExp,
  to: string,
  expected: { code: string; at: string; message?: string; hint?: string },
][] = [
  [
    "unknown key",
    "frames:\n",
    "fraems:\n",
    {
      code: "suite-unknown-key",
      at: "fraems: (fraems)",
      message: "`fraems` is not a key here",
      hint: "did you mean `frames`?",
    },
  ],
  [
    "unknown key far from any",
    "gates:",
    "zzzzzzzzzz:",
    { code: "suite-unknown-key", at: "zzzzzzzzzz (zzzzzzzzzz)", hint: "there are: name, items, frames" },
  ],
  [
    "unknown key in a frame",
    "after:",
    "aftr:",
    { code: "suite-unknown-key", at: "aftr (frames.restate.aftr)", message: "here", hint: "did you mean `after`?" },
  ],
  [
    "unknown key in a profile",
    "positions: natural",
    "position: natural",
    { code: "suite-unknown-key", at: "position: (profiles.quick.position)", hint: "did you mean `positions`?" },
  ],
  [
    "unknown key in continuations",
    "{ samples: 4 }",
    "{ smaples: 4 }",
    {
      code: "suite-unknown-key",
      at: "smaples (profiles.quick.continuations.smaples)",
      hint: "did you mean `samples`?",
    },
  ],
  [
    "misspelt codec key",
    "codec: authored",
    "codecs: authored",
    {
      code: "suite-missing-key",
      at: "chinese: (candidates.chinese.codec)",
      hint: "`codecs` stands there: did you mean `codec`?",
    },
  ],
  [
    "missing key",
    "name: small\n",
    "",
    { code: "suite-missing-key", at: "items: (name)", message: "`name` is missing", hint: "The suite's name" },
  ],
  [
    "key without a value",
    "name: small",
    "name:",
    { code: "suite-invalid-value", at: "name: (name)", message: "must be text, got nothing" },
  ],
  [
    "number for a text",
    "name: small",
    "name: 2024",
    {
      code: "suite-invalid-value",
      at: "name: (name)",
      message: "`name` must be text, got 2024",
      hint: "put it in quotes",
    },
  ],
  [
    "name that is a path",
    "name: small",
    "name: ../up",
    {
      code: "suite-invalid-value",
      at: "name: (name)",
      message: 'must be a name: letters, digits, spaces and ._+()-, a letter or digit first, got "../up"',
    },
  ],
  [
    "candidate's name",
    "  chinese:",
    "  a/b:",
    {
      code: "suite-invalid-value",
      at: "a/b (candidates.a/b)",
      message: 'must be a name: letters, digits, spaces and ._+()-, a letter or digit first, got "a/b"',
    },
  ],
  [
    "name that objects inherit",
    "  no-articles:",
    "  __proto__:",
    { code: "suite-unknown-key", at: "__proto__ (candidates.__proto__)", message: "cannot be used as a name" },
  ],
  [
    "empty before",
    '"Note: "',
    '""',
    { code: "suite-invalid-value", at: "before (frames.restate.before)", message: "must not be empty" },
  ],
  [
    "before with a slot",
    '"Note: "',
    '"{context}"',
    { code: "suite-invalid-value", at: "before (frames.restate.before)", message: "must not contain {context}" },
  ],
  [
    "chat without context",
    "Read {context}",
    "Read this",
    { code: "suite-invalid-value", at: "user (frames.chat.user)", message: "must contain {context}" },
  ],
  [
    "chat with two contexts",
    "Read {context}",
    "{context} {context}",
    { code: "suite-invalid-value", at: "user (frames.chat.user)", message: "once only" },
  ],
  [
    "frame of neither kind",
    /restate: \{.*\}/,
    "restate: text",
    { code: "suite-invalid-value", at: "restate: (frames.restate)", message: 'must be a mapping, got "text"' },
  ],
  [
    "no candidates",
    /candidates:\n.*\n.*\n/,
    "candidates: {}\n",
    { code: "suite-invalid-value", at: "candidates: (candidates)", message: "must have at least one entry" },
  ],
  [
    "unknown verdict",
    "require: different",
    "require: diferent",
    { code: "suite-invalid-value", at: "require (gates[0].require)", hint: "did you mean `different`?" },
  ],
  [
    "gate on an unknown candidate",
    "candidate: chinese",
    "candidate: chinesse",
    {
      code: "suite-unknown-candidate",
      at: "candidate: chinesse (gates[0].candidate)",
      message: "no candidate `chinesse`",
      hint: "did you mean `chinese`?",
    },
  ],
  [
    "gate on what objects inherit",
    "candidate: chinese",
    "candidate: constructor",
    {
      code: "suite-unknown-candidate",
      at: "candidate: constructor (gates[0].candidate)",
      hint: "there are: chinese, no-articles",
    },
  ],
  [
    "two gates on a candidate",
    "profiles:",
    "  - { candidate: chinese, require: equivalent }\nprofiles:",
    { code: "suite-duplicate-gate", at: "candidate: chinese, require: equivalent (gates[1].candidate)" },
  ],
  [
    "profile with an unknown frame",
    "[restate]",
    "[chat, restat]",
    { code: "suite-unknown-frame", at: "restat] (profiles.quick.frames[1])", hint: "did you mean `restate`?" },
  ],
  [
    "profile with an unknown candidate",
    "frames: [restate]",
    "candidates: [chinees]",
    { code: "suite-unknown-candidate", at: "chinees (profiles.quick.candidates[0])", hint: "did you mean `chinese`?" },
  ],
  [
    "more controls than samples",
    "{ samples: 4 }",
    "{ samples: 4, controls: 5 }",
    {
      code: "suite-invalid-value",
      at: "controls: 5 (profiles.quick.continuations.controls)",
      message: "at most `samples` (4), got 5",
    },
  ],
  [
    "more controls than samples in the suite",
    "gates:",
    "continuations: { controls: 9 }\ngates:",
    {
      code: "suite-invalid-value",
      at: "controls: 9 (continuations.controls)",
      message: "at most `samples` (8), got 9",
    },
  ],
  [
    "band backwards",
    "gates:",
    "bands: [[0.5, 0.25]]\ngates:",
    { code: "suite-invalid-value", at: "[0.5 (bands[0])", message: "the smaller first" },
  ],
  [
    "band of one number",
    "gates:",
    "bands: [[0.5]]\ngates:",
    { code: "suite-invalid-value", at: "[0.5 (bands[0])", message: "must have at least 2 entries, got a list of 1" },
  ],
  [
    "margin of 1",
    "gates:",
    "margin: 1\ngates:",
    { code: "suite-invalid-value", at: "margin (margin)", message: "must be less than 1, got 1" },
  ],
  [
    "65 tokens",
    "gates:",
    "continuations: { tokens: 65 }\ngates:",
    { code: "suite-invalid-value", at: "tokens (continuations.tokens)", message: "must be at most 64, got 65" },
  ],
  [
    "half a sample",
    "gates:",
    "continuations: { samples: 1.5 }\ngates:",
    {
      code: "suite-invalid-value",
      at: "samples: 1.5 (continuations.samples)",
      message: "must be a whole number, got 1.5",
    },
  ],
  [
    "a measure twice",
    "gates:",
    "measures: [kl, kl]\ngates:",
    { code: "suite-invalid-value", at: "measures (measures)", message: "must not name anything twice" },
  ],
  [
    "positions",
    "positions: natural",
    "positions: naturl",
    { code: "suite-invalid-value", at: "positions: (profiles.quick.positions)", hint: "did you mean `natural`?" },
  ],
  [
    "items of another format",
    "items.jsonl",
    "items.txt",
    { code: "items-format", at: "items: (items)", hint: ".jsonl" },
  ],
  [
    "items that are not there",
    "items.jsonl",
    "itmes.jsonl",
    {
      code: "items-not-found",
      at: "items: (items)",
      message: "no items file itmes.jsonl",
      hint: "folder of the file that names it",
    },
  ],
  [
    "inline item with an unknown key",
    "items.jsonl",
    "[{ id: a, original: b, decoys: { text: c } }]",
    { code: "suite-unknown-key", at: "decoys (items[0].decoys)", hint: "did you mean `decoy`?" },
  ],
  ["syntax", 'before: "Note: "', 'before: "Note: ', { code: "suite-yaml", at: "In other", message: "not valid YAML" }],
  [
    "a key twice",
    "gates:",
    "name: again\ngates:",
    { code: "suite-yaml", at: "name: again", message: "Map keys must be unique" },
  ],
  ["an unknown tag", "name: small", "name: !shout small", { code: "suite-yaml", at: "!shout", message: "!shout" }],
  [
    "an anchor inside itself",
    "chinese: {",
    "chinese: &c { again: *c,",
    { code: "suite-yaml", at: "*c", message: "*c stands inside what it repeats" },
  ],
  ["an alias of nothing", "name: small", "name: *nobody", { code: "suite-yaml", at: "*nobody", message: "nobody" }],
];

test.each(edits)("%s is an error with its place", async (_, from, to, { code, at, message = "", hint = "" }) => {
  const changed = SUITE.replace(from, to);
  expect(changed).not.toBe(SUITE);
  expect(await failureOf(changed)).toEqual({
    code,
    where: placeOf(at, changed),
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

test("two inline items with one id are an error that names both lines", async () => {
  const suite = SUITE.replace("items.jsonl", "\n  - { id: a, original: b }\n  - { id: a, original: c }");
  expect(await failureOf(suite)).toMatchObject({
    code: "items-duplicate-id",
    where: "suite.yaml:4 (id)",
    message: "two items have the id `a`: suite.yaml:3 and suite.yaml:4",
  });
});

test("a profile with fewer samples than the suite's controls is an error", async () => {
  expect(await failureOf(`${SUITE}continuations: { controls: 6 }\n`)).toMatchObject({
    code: "suite-invalid-value",
    message: "`controls` must be at most `samples` (4), got 6",
    where: expect.stringMatching(/^suite\.yaml:12:\d+ \(profiles\.quick\.continuations\.controls\)$/),
  });
});

test("of several errors the first in the file is told, and how many more there are", async () => {
  const suite = SUITE.replace("name: small", "nam: small")
    .replace("require: different", "require: x")
    .replace("samples: 4", "samples: 0");
  expect(await failureOf(suite)).toMatchObject({
    message: "`nam` is not a key here (and 2 more)",
    where: "suite.yaml:1:1 (nam)",
  });
});

test("an unknown profile gets the nearest one", async () => {
  expect(await failureOf(SUITE, { profile: "qick" })).toEqual({
    code: "suite-unknown-profile",
    message: "the suite has no profile `qick`",
    where: "suite.yaml:11:1 (profiles)",
    hint: "did you mean `quick`?",
  });
  expect(await failureOf(SUITE, { profile: "toString" })).toMatchObject({
    code: "suite-unknown-profile",
    hint: "there are: quick",
  });
});

test("an empty file, a list and aliases that multiply are errors", async () => {
  expect(await failureOf("")).toMatchObject({
    code: "suite-invalid-value",
    message: "the suite must be a mapping, got nothing",
  });
  expect(await failureOf("- 1\n")).toMatchObject({ code: "suite-invalid-value", where: "suite.yaml:1:1" });
  const bomb = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (const [from, to] of ["ab", "bc", "cd", "de"])
    bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(", ")}]`);
  expect(await failureOf(bomb.join("\n"))).toMatchObject({
    code: "suite-yaml",
    message: expect.stringContaining("alias"),
  });
  for (const nested of ["[", "- ", "{a: ", "? "]) {
    expect(await failureOf(nested.repeat(3_000))).toMatchObject({ code: "suite-yaml" });
  }
});

test("a file that is not UTF-8 is an error with the offset of the byte", async () => {
  expect(await failureOf(Buffer.from("name: caf\xe9\n", "latin1"))).toEqual({
    code: "suite-not-utf8",
    message: "the file is not UTF-8: byte 0xe9 at offset 9",
    where: "suite.yaml",
    hint: "save the file as UTF-8",
  });
});

test("a suite is a file or a folder; a byte order mark does no harm", async () => {
  const folder = folderWith({ "other.yml": `\uFEFF${SUITE}`, "items.jsonl": ITEM });
  const suite = await loadSuite(join(folder, "other.yml"));
  expect(suite.locate(["name"])).toBe(`${join(folder, "other.yml")}:1:1 (name)`);
  expect(await failure(loadSuite(folder), folder)).toMatchObject({
    code: "suite-not-found",
    message: "there is no suite file suite.yaml",
  });
  expect(await failure(loadSuite(join(folder, "no.yaml")), folder)).toMatchObject({ code: "suite-not-found" });
});

test("the hash covers both files, the profile and the limit", async () => {
  const folder = folderWith({ "suite.yaml": SUITE, "items.jsonl": ITEM });
  const hash = async (options = {}) => (await loadSuite(folder, options)).hash;
  const first = await hash();
  expect(await hash()).toBe(first);
  const digest = (text: string) => createHash("sha256").update(text).digest("hex");
  expect(first).toBe(digest(JSON.stringify([digest(SUITE), digest(ITEM), null, null])));
  const others = [
    await hash({ profile: "quick" }),
    await hash({ limit: 2 }),
    await hash({ profile: "quick", limit: 2 }),
  ];
  appendFileSync(join(folder, "items.jsonl"), "\n");
  others.push(await hash());
  writeFileSync(join(folder, "items.jsonl"), ITEM);
  appendFileSync(join(folder, "suite.yaml"), "# a comment\n");
  others.push(await hash());
  expect(new Set([first, ...others]).size).toBe(6);
});
