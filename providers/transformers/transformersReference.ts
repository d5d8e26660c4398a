/** `transformers:FOLDER-or-OWNER/NAME[@REVISION][?dtype=…&device=…]`. */
import { statSync } from "node:fs";
import { ExpectedError } from "../../errors.ts";

const DTYPES = ["float32", "float16", "bfloat16"] as const;

export interface TransformersReference {
  /** A folder, or a name on the Hugging Face Hub. */
  readonly name: string;
  /** Null for a folder. */
  readonly revision: string | null;
  /** What the weights become in memory; null where it does not say: float32. */
  readonly dtype: (typeof DTYPES)[number] | null;
  /** As PyTorch names it: `cuda`, `cuda:1`, `cpu`; null where it does not say: CUDA where there is any. */
  readonly device: string | null;
}

const PREFIX = "transformers:";
const FORM = `${PREFIX}FOLDER or ${PREFIX}OWNER/NAME[@REVISION], and after either ?dtype=bfloat16&device=cuda:1`;

/** A folder that is there is a folder; anything else has to be a name of the Hub. @throws ExpectedError `model-reference-malformed`. */
export function parseTransformersReference(reference: string): TransformersReference {
  const wrong = (reason: string) =>
    new ExpectedError({
      code: "model-reference-malformed",
      message: `model reference ${JSON.stringify(reference)}: ${reason}`,
      hint: `the form is ${FORM}`,
    });
  if (!reference.startsWith(PREFIX)) throw wrong(`it does not begin with ${PREFIX}`);
  // The last question mark: a folder's name may hold others.
  const [, text = "", query = ""] = /^(.*?)(?:\?([^?/]*))?$/s.exec(reference.slice(PREFIX.length)) ?? [];
  if (text === "") throw wrong("no folder and no name follows");
  const settings = new URLSearchParams(query);
  const unknown = [...settings.keys()].find((key) => key !== "dtype" && key !== "device");
  if (unknown !== undefined) throw wrong(`there is no setting ${JSON.stringify(unknown)}`);
  const asked = settings.get("dtype");
  const dtype = DTYPES.find((one) => one === asked) ?? null;
  if (asked !== null && dtype === null) throw wrong(`dtype ${JSON.stringify(asked)} is none of ${DTYPES.join(", ")}`);
  const device = settings.get("device");
  if (device !== null && !/^[a-z]+(:\d+)?$/.test(device)) throw wrong(`device ${JSON.stringify(device)} is no device`);
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return { name: text, revision: null, dtype, device };
  const [, name, revision = "main"] =
    /^((?:[A-Za-z0-9_][\w.-]*\/)?[A-Za-z0-9_][\w.-]*)(?:@([\w./+-]+))?$/.exec(text) ?? [];
  if (name === undefined) throw wrong("there is no such folder, and it is no name of the Hugging Face Hub");
  return { name, revision, dtype, device };
}
