/** What can go wrong with the Python process, and what to do about it. */
import { EXIT, ExpectedError } from "../../errors.ts";

export const PYTHON_VARIABLE = "ISOGLYPH_PYTHON";

const PACKAGES = "torch transformers safetensors";

/** By the worker's own code of a failure: what to do. */
const HINTS: Readonly<Record<string, (python: string) => string>> = {
  "module-missing": (python) =>
    `install it where this interpreter looks: ${python} -m pip install ${PACKAGES}; or set ${PYTHON_VARIABLE} to the ` +
    "interpreter of an environment that has them",
  "module-broken": (python) => `mend the installation: ${python} -m pip install --force-reinstall ${PACKAGES}`,
  "model-not-loadable": () =>
    "the words are those of transformers; check the folder or the name, and whether this version knows the architecture",
  "model-unsupported": () => "transformers loads it, but its states cannot be told apart; choose another model",
  "device-missing": () => "leave out the device, or install a build of PyTorch for this machine's GPU",
  "out-of-memory": () =>
    "a single text takes more memory than there is: use a smaller dtype (float16, bfloat16), another device, shorter " +
    "items or a smaller model",
};

const FALLBACK = "run it again; if that does not help, report it with the message above";

/** A failure that the worker reported in its own words. */
export function workerFailure(code: string, message: string, python: string, name: string): ExpectedError {
  const hint = Object.hasOwn(HINTS, code) ? HINTS[code]?.(python) : undefined;
  return new ExpectedError({
    code: `python-${code}`,
    message: message.trim() || code,
    where: name,
    hint: hint ?? FALLBACK,
    exit: code === "out-of-memory" ? EXIT.incomplete : EXIT.usage,
  });
}

/** There is no such interpreter, or it may not be run. */
export function pythonMissing(python: string, cause: Error): ExpectedError {
  return new ExpectedError({
    code: "python-missing",
    message: `the Python interpreter ${JSON.stringify(python)} does not start: ${cause.message}`,
    hint: `set ${PYTHON_VARIABLE} to an interpreter that has ${PACKAGES.replaceAll(" ", ", ")}`,
    cause,
  });
}

/** The process ended while it was needed. `ending` says how, `stderr` what it said last. */
export function workerDied(name: string, ending: string, stderr: string): ExpectedError {
  const said = stderr.trim() === "" ? "it said nothing" : `it said last:\n${stderr.trim()}`;
  return new ExpectedError({
    code: "python-worker-died",
    message: `the Python process ended (${ending}); ${said}`,
    where: name,
    hint: ending.includes("SIGKILL")
      ? "the system probably ran out of memory: use a smaller dtype or a smaller model"
      : FALLBACK,
    exit: EXIT.incomplete,
  });
}

export function answerMalformed(name: string, what: string): ExpectedError {
  return new ExpectedError({
    code: "python-answer-malformed",
    message: `the Python process gave an answer that is none: ${what}`,
    where: name,
    hint: "something else may write to its output, such as a sitecustomize module; try a fresh environment",
    exit: EXIT.incomplete,
  });
}

export function workerSilent(name: string, seconds: number, python: string, stderr: string): ExpectedError {
  return new ExpectedError({
    code: "python-worker-silent",
    message: `${python} did not report within ${seconds} s that it has loaded PyTorch${stderr && `: ${stderr.trim()}`}`,
    where: name,
    hint: `try \`${python} -c "import torch, transformers"\`, which should take seconds`,
  });
}

export function workerStopped(name: string): ExpectedError {
  return new ExpectedError({
    code: "python-worker-stopped",
    message: "the Python process was stopped, by an earlier cancellation or because the model was closed",
    where: name,
    hint: "open the model again",
  });
}
