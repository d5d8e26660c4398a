/** Who answers, and where: `PREFIX:MODEL[@BASE_URL]`. */
import { ExpectedError } from "../../errors.ts";

export interface ServerReference {
  readonly model: string;
  /** Without credentials, query or a slash at its end. */
  readonly base: string;
  readonly origin: string;
  /** Whether the server is this machine, where a key is seldom wanted. */
  readonly loopback: boolean;
}

/**
 * @param prefix `openai:`, for example.
 * @param fallback the base URL where the reference gives none; null where it has to give one.
 * @throws ExpectedError `model-reference-malformed`, which shows no credentials.
 */
export function parseServerReference(text: string, prefix: string, fallback: string | null): ServerReference {
  const form = fallback === null ? `${prefix}MODEL@BASE_URL` : `${prefix}MODEL[@BASE_URL]`;
  const wrong = (reason: string) =>
    new ExpectedError({
      code: "model-reference-malformed",
      // The part after the name may hold a password.
      message: `model reference ${JSON.stringify(`${text.split("@")[0]}${text.includes("@") ? "@…" : ""}`)}: ${reason}`,
      hint: `the form is ${form}; keys come from the environment`,
    });
  if (!text.startsWith(prefix)) throw wrong(`it does not begin with ${prefix}`);
  const rest = text.slice(prefix.length);
  const at = /@[a-z][a-z0-9+.-]*:\/\//i.exec(rest)?.index ?? -1;
  const model = at < 0 ? rest : rest.slice(0, at);
  if (model === "" || /[\p{Cc}\s]/u.test(model)) throw wrong("the model's name is empty or holds white space");
  if (at < 0 && fallback === null) throw wrong("it names no server");
  const url = URL.parse(at < 0 ? (fallback ?? "") : rest.slice(at + 1));
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong("the base URL is no http or https address");
  if (url.username !== "" || url.password !== "") throw wrong("the base URL holds credentials");
  if (url.search !== "" || url.hash !== "") throw wrong("the base URL holds a query or a fragment");
  return {
    model,
    base: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    origin: url.origin,
    loopback: /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname),
  };
}

/**
 * The key in `variable` of the environment; null where it is not set.
 * @throws ExpectedError `key-malformed` (without the key) where it cannot stand in a header.
 */
export function readKey(environment: Readonly<Record<string, string | undefined>>, variable: string): string | null {
  const key = environment[variable]?.trim() ?? "";
  if (key === "") return null;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ExpectedError({
    code: "key-malformed",
    message: `the key in ${variable} holds a character that no header can carry`,
    where: variable,
    hint: "copy the key again: it is printable ASCII without spaces",
  });
}
