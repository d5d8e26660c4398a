/** What an Ollama server says about a model before it loads it: `/api/show`. */
import { z } from "zod";
import { malformed } from "../remote/RemoteError.ts";

export interface OllamaServed {
  /** What the model can do, by the server's own names; null where the server is too old to say. */
  readonly capabilities: readonly string[] | null;
  /** sha256 of the GGUF file, hexadecimal; null where the model is more than one file, or is not on that machine. */
  readonly digest: string | null;
  /** Tokens that the model was made for; null where its file does not say. */
  readonly trainedContext: number | null;
  /** `num_ctx` of its Modelfile. */
  readonly setContext: number | null;
  /** Stop strings of its Modelfile, which belong to its chat template. */
  readonly stop: readonly string[];
}

const SHOWN = z.object({
  modelfile: z.string().default(""),
  parameters: z.string().default(""),
  capabilities: z.array(z.string()).nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
});

/** @throws RemoteError `provider-answer-malformed` */
export function readOllamaShow(answer: unknown, origin: string): OllamaServed {
  const parsed = SHOWN.safeParse(answer);
  if (!parsed.success) throw malformed(origin, `/api/show: ${z.prettifyError(parsed.error)}`);
  const { modelfile, parameters, capabilities, model_info: info } = parsed.data;
  const architecture = info?.["general.architecture"];
  const context = typeof architecture === "string" ? info?.[`${architecture}.context_length`] : undefined;
  const lines = parameters.split("\n").map((line) => /^(\S+)\s+(.*?)\s*$/.exec(line));
  const values = (name: string) => lines.flatMap((line) => (line?.[1] === name ? [line[2] ?? ""] : []));
  const set = Number(values("num_ctx").at(-1) ?? Number.NaN);
  return {
    capabilities: capabilities ?? null,
    digest: blobDigest(modelfile),
    trainedContext: isLength(context) ? context : null,
    setContext: isLength(set) ? set : null,
    stop: values("stop").map(unquote),
  };
}

/**
 * The Modelfile names the model's blob, whose name is its sha256. A second FROM is a projector, and an ADAPTER changes
 * the weights: one digest would then not say what computes.
 */
function blobDigest(modelfile: string): string | null {
  const from = [...modelfile.matchAll(/^FROM\s+(.+)$/gm)].map((match) => match[1] ?? "");
  if (from.length !== 1 || /^ADAPTER\s/m.test(modelfile)) return null;
  return /[/\\]sha256-([0-9a-f]{64})"?\s*$/.exec(from[0] ?? "")?.[1] ?? null;
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** As Go's %q writes it, which for what stops a chat is as JSON does. */
function unquote(text: string): string {
  if (!/^".*"$/.test(text)) return text;
  try {
    return JSON.parse(text) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return text.slice(1, -1);
    throw error;
  }
}
