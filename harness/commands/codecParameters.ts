import { resolve } from "node:path";
import { usage } from "./stateInputs.ts";

/** Parameters of a codec from `--parameter key=value` (JSON where it is JSON, else a string) and `--codebook`. */
export function codecParameters(options: {
  readonly codec: string;
  readonly codebook?: string;
  readonly parameter: readonly string[];
}): Readonly<Record<string, unknown>> {
  const { codec, codebook, parameter } = options;
  const parameters: Record<string, unknown> = {};
  for (const given of parameter) {
    const at = given.indexOf("=");
    if (at < 1)
      throw usage(`--parameter ${given} names no value`, "--parameter key=value, such as --parameter symbols=8");
    const [key, text] = [given.slice(0, at), given.slice(at + 1)];
    if (Object.hasOwn(parameters, key)) throw usage(`--parameter ${key} is given twice`, "give each parameter once");
    parameters[key] = parsed(text);
  }
  if (codebook === undefined) return parameters;
  if (codec !== "codebook") throw usage(`--codebook goes with --codec codebook, not ${codec}`, "leave one of them out");
  return { ...parameters, file: resolve(codebook) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // What is no JSON is a string: quotes on a command line are a nuisance.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
