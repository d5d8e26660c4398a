import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT, ExpectedError } from "../../errors.ts";
import { fetchFromHub } from "../../providers/embedded/sources/hubRepository.ts";
import { cachedHubModel, cachedHubModels } from "../../providers/embedded/sources/hubSnapshot.ts";
import { locateAtHand, locateModel } from "../../providers/embedded/sources/locateModel.ts";
import { type HubReference, parseModelReference } from "../../providers/embedded/sources/modelReference.ts";
import { serveFile } from "./fetchHub.ts";
import { gitBlob, type HubServer, sha256, startHubServer } from "./hubServer.ts";
import { vectors } from "./safetensorsBytes.ts";

const FIRST = "1".repeat(40);
const SECOND = "2".repeat(40);
const text = (content: string | object) => Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
const config = text({ model_type: "llama" });
const tokenizer = text({ version: "1.0" });
const weights = vectors("a", "b");
const gguf = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24));

let folder: string;
let hub: HubServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-hub-"));
  hub = await startHubServer();
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HOME", join(folder, "huggingface"));
  for (const name of [
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "ISOGLYPH_OFFLINE",
    "HF_HUB_OFFLINE",
  ])
    vi.stubEnv(name, "");
  hub.repositories["owner/tiny"] = {
    refs: { main: FIRST },
    commits: {
      [FIRST]: {
        "README.md": text("hi"),
        "config.json": config,
        "tokenizer.json": tokenizer,
        "model.safetensors": weights,
      },
    },
  };
  hub.repositories["owner/tiny-GGUF"] = {
    refs: { main: FIRST },
    commits: { [FIRST]: { "README.md": text("hi"), "tiny.Q4_0.gguf": gguf, "big/tiny.F16.gguf": text("other") } },
  };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

function reference(written: string): HubReference {
  const parsed = parseModelReference(written);
  if (parsed.kind !== "hub") throw new Error(`${written} is no Hub reference`);
  return parsed;
}
const pull = (written: string) => fetchFromHub(reference(written));
const cache = (...parts: string[]) => join(folder, "cache", "models", "hub", ...parts);

async function failure(promise: Promise<unknown>): Promise<ExpectedError> {
  const error = await promise.then(
    () => new Error("nothing failed"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ExpectedError);
  return error as ExpectedError;
}

/** The storage host breaks connections after so many bytes, this many times. */
function cutStorage(bytes: number, times: number): void {
  let left = times;
  const whole = hub.storage.handler;
  hub.storage.handler = (request, response) => {
    if (left-- <= 0) return whole(request, response);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const range = from > 0 ? { "content-range": `bytes ${from}-${gguf.length - 1}/${gguf.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": gguf.length - from, etag: '"s3"', ...range });
    response.write(gguf.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 30));
  };
}

describe("a folder", () => {
  it("is fetched whole, without what nobody reads, and then found in the cache", async () => {
    const model = await pull("hf:owner/tiny");
    expect(model).toEqual({
      kind: "folder",
      path: cache("owner--tiny", FIRST),
      digest: sha256(`${sha256(config)}  config.json\n${sha256(weights)}  model.safetensors\n`),
    });
    expect(readdirSync(model.path).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(readFileSync(join(model.path, "model.safetensors")).equals(weights)).toBe(true);
    expect(hub.requests[0]?.url).toBe("/api/models/owner/tiny/revision/main?blobs=true");
    expect(hub.files()).toEqual(
      ["config.json", "tokenizer.json", "model.safetensors"].map((name) => `/owner/tiny/resolve/${FIRST}/${name}`),
    );
    const asked = hub.requests.length;
    const name = "owner/tiny";
    expect(locateAtHand(parseModelReference("hf:owner/tiny"))).toEqual({ ...model, name });
    expect(await locateModel(parseModelReference("hf:owner/tiny"))).toEqual({ ...model, name });
    expect(hub.requests).toHaveLength(asked);
    await pull("hf:owner/tiny");
    expect(hub.requests).toHaveLength(asked + 1);
    expect(readdirSync(cache("owner--tiny")).sort()).toEqual([FIRST, `${FIRST}.json`, "refs"]);
  });

  it("has all shards of its index, and what sentence-transformers needs", async () => {
    const files = {
      "config.json": config,
      "modules.json": text([]),
      "1_Pooling/config.json": text({ pooling_mode: "mean" }),
      "2_Dense/model.safetensors": weights,
      "model.safetensors.index.json": text({ weight_map: { a: "model-1.safetensors", b: "part/model-2.safetensors" } }),
      "model-1.safetensors": vectors("a"),
      "part/model-2.safetensors": vectors("b"),
      "extra.safetensors": weights,
    };
    hub.repositories["owner/tiny"] = { refs: { main: FIRST }, commits: { [FIRST]: files } };
    const { path, digest } = await pull("hf:owner/tiny");
    expect(readdirSync(path, { recursive: true }).sort()).toEqual([
      "1_Pooling",
      "1_Pooling/config.json",
      "config.json",
      "model-1.safetensors",
      "model.safetensors.index.json",
      "modules.json",
      "part",
      "part/model-2.safetensors",
    ]);
    expect(digest).toBe(
      sha256(
        ["config.json", "model-1.safetensors", "part/model-2.safetensors"]
          .map((name) => `${sha256(files[name as keyof typeof files])}  ${name}\n`)
          .join(""),
      ),
    );
  });

  it("moves with its branch only when asked again, and fetches only what changed", async () => {
    await pull("hf:owner/tiny");
    const repository = hub.repositories["owner/tiny"] as (typeof hub.repositories)[string];
    const changed = text({ model_type: "qwen2" });
    repository.commits[SECOND] = { ...repository.commits[FIRST], "config.json": changed };
    repository.refs.main = SECOND;
    expect(cachedHubModel(reference("hf:owner/tiny"))?.path).toBe(cache("owner--tiny", FIRST));
    const before = hub.storage.requests.length;
    const { path } = await pull("hf:owner/tiny");
    expect(path).toBe(cache("owner--tiny", SECOND));
    expect(readFileSync(join(path, "config.json")).equals(changed)).toBe(true);
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    expect(hub.storage.requests).toHaveLength(before);
    expect(cachedHubModel(reference("hf:owner/tiny"))?.path).toBe(path);
    expect(cachedHubModel(reference(`hf:owner/tiny@${FIRST}`))?.path).toBe(cache("owner--tiny", FIRST));
    expect(cachedHubModels().map(({ reference: { revision }, bytes }) => [revision, bytes])).toEqual([
      [FIRST, config.length + tokenizer.length + weights.length],
      ["main", changed.length + tokenizer.length + weights.length],
    ]);
  });

  it("is taken at a branch, a tag or a commit", async () => {
    const repository = hub.repositories["owner/tiny"] as (typeof hub.repositories)[string];
    repository.refs["refs/pr/1"] = FIRST;
    expect((await pull("hf:owner/tiny@refs/pr/1")).path).toBe(cache("owner--tiny", FIRST));
    expect(cachedHubModel(reference("hf:owner/tiny@refs/pr/1"))).not.toBeNull();
    expect(cachedHubModel(reference("hf:owner/tiny"))).toBeNull();
    expect(await failure(pull("hf:owner/tiny@v2"))).toMatchObject({
      code: "model-unknown",
      exit: EXIT.usage,
      message: expect.stringContaining('owner/tiny has no revision "v2"'),
    });
  });

  it("is fetched again where a file of it is gone or cut", async () => {
    const { path } = await pull("hf:owner/tiny");
    truncateSync(join(path, "model.safetensors"), 5);
    expect(locateAtHand(parseModelReference("hf:owner/tiny"))).toBeNull();
    await locateModel(parseModelReference("hf:owner/tiny"));
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    writeFileSync(cache("owner--tiny", `${FIRST}.json`), "{");
    expect(locateAtHand(parseModelReference("hf:owner/tiny"))).toBeNull();
    await locateModel(parseModelReference("hf:owner/tiny"));
    expect(locateAtHand(parseModelReference("hf:owner/tiny"))).not.toBeNull();
  });

  it.each<[string, Record<string, Buffer>, string, RegExp]>([
    [
      "GGUF files only",
      { "README.md": text(""), "b.gguf": gguf, "x/a.gguf": gguf },
      "model-file-needed",
      /one of: hf:owner\/tiny\/b\.gguf@v1, hf:owner\/tiny\/x\/a\.gguf@v1$/,
    ],
    ["a pickle only", { "config.json": config, "pytorch_model.bin": gguf }, "model-pickle", /safe_serialization=True/],
    ["nothing of use", { "README.md": text("") }, "model-folder-incomplete", /its files: README\.md/],
    [
      "an index that leads outside",
      { "config.json": config, "model.safetensors.index.json": text({ weight_map: { a: "../../../a.safetensors" } }) },
      "model-folder-malformed",
      /fetch the model again/,
    ],
  ])("of %s is an error that helps", async (_, files, code, hint) => {
    hub.repositories["owner/tiny"] = { refs: { v1: FIRST }, commits: { [FIRST]: files } };
    expect(await failure(pull("hf:owner/tiny@v1"))).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(cachedHubModel(reference("hf:owner/tiny@v1"))).toBeNull();
  });
});

describe("a file", () => {
  it("is fetched alone, from a folder too", async () => {
    const model = await pull("hf:owner/tiny-GGUF/big/tiny.F16.gguf");
    expect(model).toEqual({
      kind: "gguf",
      path: cache("owner--tiny-GGUF", FIRST, "big", "tiny.F16.gguf"),
      digest: sha256("other"),
    });
    expect(locateAtHand(parseModelReference("hf:owner/tiny-GGUF/big/tiny.F16.gguf"))?.name).toBe("tiny.F16");
    expect(locateAtHand(parseModelReference("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"))).toBeNull();
  });

  it("that is not there is an error that names the nearest", async () => {
    expect(await failure(pull("hf:owner/tiny-GGUF/tiny.Q4_1.gguf"))).toMatchObject({
      code: "model-unknown",
      hint: expect.stringContaining("did you mean hf:owner/tiny-GGUF/tiny.Q4_0.gguf?"),
    });
  });

  it("that is one of several parts is refused", async () => {
    const files = { "tiny-00001-of-00002.gguf": gguf };
    hub.repositories["owner/tiny-GGUF"] = { refs: { main: FIRST }, commits: { [FIRST]: files } };
    expect(await failure(pull("hf:owner/tiny-GGUF/tiny-00001-of-00002.gguf"))).toMatchObject({ code: "model-split" });
  });

  it("goes on by itself after cuts, as long as something comes", async () => {
    cutStorage(100_000, 2);
    const { path } = await pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf");
    expect(readFileSync(path).equals(gguf)).toBe(true);
    expect(hub.storage.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      "bytes=100000-",
      "bytes=200000-",
    ]);
    expect(hub.storage.requests[1]?.headers["if-range"]).toBe('"s3"');
    expect(readdirSync(cache("owner--tiny-GGUF")).sort()).toEqual([FIRST, `${FIRST}.json`, "refs"]);
  });

  it("keeps its part for the next time where nothing more comes", async () => {
    cutStorage(100_000, 1);
    hub.before = (request, response) => {
      const again = hub.files().length > 1 && !request.url?.startsWith("/api/");
      if (again) response.writeHead(503).end();
      return again;
    };
    const error = await failure(pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"));
    expect(error).toMatchObject({ code: "model-unavailable", exit: EXIT.incomplete });
    expect(error.message).toContain("tiny.Q4_0.gguf: HTTP 503");
    expect(statSync(cache("owner--tiny-GGUF", `${sha256(gguf)}.part`)).size).toBe(100_000);
    hub.before = () => false;
    const { path } = await pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf");
    expect(readFileSync(path).equals(gguf)).toBe(true);
    expect(hub.storage.requests.at(-1)?.headers.range).toBe("bytes=100000-");
  });

  it("begins anew when the ETag says that it is another file by now", async () => {
    cutStorage(100_000, 1);
    const whole = hub.storage.handler;
    let answers = 0;
    hub.storage.handler = (request, response) => {
      if (answers++ === 0) return whole(request, response);
      // A server that knows If-Range sends all of the new file.
      expect(request.headers["if-range"]).toBe('"s3"');
      response.writeHead(200, { "content-length": gguf.length, etag: '"new"' }).end(gguf);
    };
    expect(readFileSync((await pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf")).path).equals(gguf)).toBe(true);
  });

  it("is not put together from two files by a server that does not know If-Range", async () => {
    cutStorage(100_000, 1);
    const whole = hub.storage.handler;
    let answers = 0;
    hub.storage.handler = (request, response) => {
      if (answers++ > 0) response.setHeader("etag", '"new"');
      whole(request, response);
    };
    const error = await failure(pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"));
    expect(error.message).toContain("the file there has changed; the next attempt begins anew");
    expect(readdirSync(cache("owner--tiny-GGUF")).filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("is refused and removed where its hash is wrong", async () => {
    const other = Buffer.from(gguf);
    other[7] = (other[7] as number) ^ 1;
    hub.storage.handler = serveFile(other);
    const error = await failure(pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"));
    expect(error).toMatchObject({ code: "model-unavailable" });
    expect(error.message).toContain(`not the file (sha256 ${sha256(other)}, expected ${sha256(gguf)}); removed`);
    expect(existsSync(cache("owner--tiny-GGUF", FIRST, "tiny.Q4_0.gguf"))).toBe(false);
    expect(readdirSync(cache("owner--tiny-GGUF")).filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("of git's own is verified by its blob id", async () => {
    const wrong = text(config.toString().replace("llama", "lllma"));
    hub.before = (request, response) => {
      const isConfig = request.url?.endsWith("/config.json") === true;
      if (isConfig) serveFile(wrong)(request, response);
      return isConfig;
    };
    const error = await failure(pull("hf:owner/tiny"));
    expect(error.message).toContain(
      `config.json: what came is not the file (git blob ${gitBlob(wrong)}, expected ${gitBlob(config)})`,
    );
  });

  it("is verified where a mirror tells sizes and hashes file by file only", async () => {
    hub.blobs = false;
    await pull("hf:owner/tiny");
    expect(hub.requests.filter(({ method }) => method === "HEAD")).toHaveLength(3);
    hub.storage.handler = serveFile(Buffer.alloc(gguf.length));
    expect((await failure(pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"))).message).toContain(`expected ${sha256(gguf)}`);
  });

  it("comes once, whoever asks for it at the same time", async () => {
    const written = "hf:owner/tiny-GGUF/tiny.Q4_0.gguf";
    const both = await Promise.all([pull(written), pull(written)]);
    expect(both[0]).toEqual(both[1]);
    expect(hub.storage.requests).toHaveLength(1);
  });

  it("reports how far it is, and stops when aborted", async () => {
    hub.storage.handler = (_, response) => {
      response.writeHead(200, { "content-length": gguf.length });
      response.write(gguf.subarray(0, 100_000));
    };
    const abort = new AbortController();
    const labels = new Set<string>();
    const fetching = fetchFromHub(reference("hf:owner/tiny-GGUF/tiny.Q4_0.gguf"), {
      signal: abort.signal,
      progress: ({ label, done, total }) => {
        labels.add(label);
        expect(total).toBe(300_000);
        if (done >= 100_000) abort.abort(new Error("enough"));
      },
    });
    await expect(fetching).rejects.toThrow("enough");
    expect([...labels]).toEqual([`owner/tiny-GGUF (Hugging Face Hub, ${new URL(hub.endpoint).host})`]);
    expect(existsSync(cache("owner--tiny-GGUF", "fetch.lock"))).toBe(false);
  });
});

describe("the key", () => {
  const asked = () => hub.requests.map(({ headers }) => headers.authorization);
  const elsewhere = () => hub.storage.requests.map(({ headers }) => headers.authorization);

  it("goes to the Hub, and not to the host that it sends us to", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    await pull("hf:owner/tiny-GGUF/tiny.Q4_0.gguf");
    expect(asked()).toEqual(["Bearer hf_secret", "Bearer hf_secret"]);
    expect(elsewhere()).toEqual([undefined]);
  });

  it("does not follow the listing to another host, nor the sizes", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    hub.before = (_, response) => {
      response.writeHead(307, { location: `${hub.storage.endpoint}/stolen` }).end();
      return true;
    };
    await failure(pull("hf:owner/tiny"));
    expect(elsewhere()).toEqual([undefined]);
    hub.blobs = false;
    hub.before = (request, response) => {
      const size = request.method === "HEAD";
      if (size) response.writeHead(307, { location: `${hub.storage.endpoint}/stolen` }).end();
      return size;
    };
    expect((await failure(pull("hf:owner/tiny"))).message).toContain("config.json: the server does not tell its size");
    expect(elsewhere()).toEqual([undefined]);
  });

  it("is the one that hf auth login saved, unless there is another or it is not wanted", async () => {
    mkdirSync(join(folder, "huggingface"));
    writeFileSync(join(folder, "huggingface", "token"), "hf_saved\n");
    await pull("hf:owner/tiny");
    vi.stubEnv("HF_TOKEN", "hf_given");
    await pull("hf:owner/tiny");
    vi.stubEnv("HF_TOKEN", "");
    vi.stubEnv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
    await pull("hf:owner/tiny");
    expect(new Set(asked().slice(0, 4))).toEqual(new Set(["Bearer hf_saved"]));
    expect(asked().slice(4)).toEqual(["Bearer hf_given", undefined]);
  });

  it("is shown in no error", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    hub.before = (_, response) => {
      response.writeHead(403, { "x-error-code": "GatedRepo" }).end();
      return true;
    };
    const { message, hint } = await failure(pull("hf:owner/tiny"));
    expect(message).toContain("its owner gives access on request only");
    expect(message).toContain("HF_TOKEN may be wrong or expired, or lack access");
    expect(hint).toContain("https://huggingface.co/owner/tiny");
    expect(`${message} ${hint}`).not.toContain("hf_secret");
  });
});

describe("a Hub that does not give it", () => {
  const answer = (write: (request: IncomingMessage, response: ServerResponse) => void) => {
    hub.before = (request, response) => {
      write(request, response);
      return true;
    };
  };

  it.each<[string, number, Record<string, string>, string, string, RegExp, RegExp]>([
    [
      "no such repository",
      404,
      { "x-error-code": "RepoNotFound" },
      "",
      "model-unknown",
      /there is no owner\/tiny/,
      /look it up/,
    ],
    [
      "a private one",
      401,
      { "x-error-code": "RepoNotFound" },
      "",
      "model-unavailable",
      /does not exist, or is not open .* access may need HF_TOKEN/,
      /set HF_TOKEN/,
    ],
    [
      "too many requests",
      429,
      { "retry-after": "37" },
      "",
      "model-unavailable",
      /HTTP 429 .*it asks to wait 37 s/,
      /try again later/,
    ],
    ["a broken server", 502, {}, "", "model-unavailable", /HTTP 502/, /try again later/],
    ["a page", 200, {}, "<h1>Sign in</h1>", "model-unavailable", /its answer is no JSON/, /another mirror/],
    ["no commit", 200, {}, "{}", "model-unavailable", /its answer names no commit/, /another mirror/],
    [
      "no list",
      200,
      {},
      JSON.stringify({ sha: FIRST }),
      "model-unavailable",
      /its answer lists no files/,
      /another mirror/,
    ],
    ["null", 200, {}, "null", "model-unavailable", /its answer names no commit/, /another mirror/],
    [
      "a commit that leads outside",
      200,
      {},
      JSON.stringify({ sha: "../..", siblings: [] }),
      "model-unavailable",
      /names no commit/,
      /another mirror/,
    ],
  ])("%s", async (_, status, headers, body, code, message, hint) => {
    answer((__, response) => response.writeHead(status, headers).end(body));
    const error = await failure(pull("hf:owner/tiny"));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    expect(error.exit).toBe(code === "model-unknown" ? EXIT.usage : EXIT.incomplete);
  });

  it("because it is not there", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
    expect((await failure(pull("hf:owner/tiny"))).message).toMatch(/127\.0\.0\.1:1\): (connect ECONNREFUSED|bad port)/);
  });

  it("because it says nothing", async () => {
    answer(() => {});
    const error = await failure(fetchFromHub(reference("hf:owner/tiny"), { connectMs: 100 }));
    expect(error.message).toContain("no answer within 0.1 s");
  });

  it.each(["ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"])("because %s forbids to ask it", async (name) => {
    vi.stubEnv(name, "1");
    const error = await failure(locateModel(parseModelReference("hf:owner/tiny")));
    expect(error).toMatchObject({ code: "model-unavailable", exit: EXIT.incomplete });
    expect(error.message).toContain(`${name} is set, so nobody was asked`);
    expect(hub.requests).toHaveLength(0);
    vi.stubEnv(name, "0");
    await pull("hf:owner/tiny");
    vi.stubEnv(name, "1");
    expect(await locateModel(parseModelReference("hf:owner/tiny"))).toMatchObject({ kind: "folder" });
  });

  it("because the cache cannot be used", async () => {
    writeFileSync(join(folder, "cache"), "a file");
    expect(await failure(pull("hf:owner/tiny"))).toMatchObject({ code: "cache-unusable", where: cache("owner--tiny") });
  });
});
