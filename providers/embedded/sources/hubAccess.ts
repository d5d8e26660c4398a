/** Where the Hugging Face Hub is, who may ask it, and with which key: the settings of huggingface_hub. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { SourceFailed } from "./modelSource.ts";

const NO = ["", "0", "false", "no", "off"];

/** @throws SourceFailed where `HF_ENDPOINT` is no address to ask. */
function endpointUrl(path: string): URL {
  const endpoint = process.env.HF_ENDPOINT || "https://huggingface.co";
  const address = URL.parse(`${endpoint.replace(/\/+$/, "")}/${path}`);
  // The value itself is not shown: it may hold a password.
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new SourceFailed("HF_ENDPOINT is not an http(s) address");
  if (address.username || address.password)
    throw new SourceFailed("HF_ENDPOINT must not hold a user name or password; use HF_TOKEN");
  return address;
}

/** Where the Hub serves a file. @throws SourceFailed as endpointUrl. */
export function hubFileAddress(repository: string, revision: string, file: string): URL {
  const name = file.split("/").map(encodeURIComponent).join("/");
  return endpointUrl(`${repository}/resolve/${encodeURIComponent(revision)}/${name}`);
}

/** Where the Hub tells what a revision holds, with sizes and hashes. @throws SourceFailed as endpointUrl. */
export function hubApiAddress(repository: string, revision: string): URL {
  return endpointUrl(`api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`);
}

/** Its name for messages. */
export function hubHost(): string {
  try {
    return endpointUrl("").host;
  } catch (error) {
    if (error instanceof SourceFailed) return "HF_ENDPOINT";
    throw error;
  }
}

/** The variable that forbids asking anybody, or null. */
export function offline(): string | null {
  return ["ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"].find((name) => isSet(name)) ?? null;
}

function isSet(variable: string): boolean {
  return !NO.includes((process.env[variable] ?? "").toLowerCase());
}

/** Where a key may come from, and the key; null where there is none. It must not be shown. */
function hubToken(): { readonly from: string; readonly token: string } | null {
  const given = process.env.HF_TOKEN?.trim();
  const saved = given || isSet("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null : savedToken();
  const found = given ? { from: "HF_TOKEN", token: given } : saved;
  // Such a token would be quoted in the error that fetch throws.
  if (found && !/^[\x21-\x7e]+$/.test(found.token))
    throw new SourceFailed(`${found.from} holds a character that no token has`);
  return found;
}

/** The key that `hf auth login` saved. */
function savedToken(): { from: string; token: string } | null {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const from = HF_TOKEN_PATH || join(home, "token");
  try {
    const token = readFileSync(from, "utf8").trim();
    return token === "" ? null : { from, token };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new SourceFailed(`the saved Hub token cannot be read: ${message}`);
  }
}

/**
 * What every request to the Hub says. The key goes to the Hub's own origin only: fetch drops it when a redirect
 * leads elsewhere (Fetch standard, HTTP-redirect fetch, step 13).
 * @throws SourceFailed for a token that is none.
 */
export function hubHeaders(): Record<string, string> {
  const key = hubToken();
  return { "accept-encoding": "identity", ...(key && { authorization: `Bearer ${key.token}` }) };
}

/** Why an answer is of no use; null where it is of use. */
export function refusal({ status, statusText, headers }: Response): string | null {
  if (status === 200 || status === 206) return null;
  if (status === 401 || status === 403) {
    const key = hubToken();
    const wrong = key ? `; ${key.from} may be wrong or expired, or lack access` : "; access may need HF_TOKEN";
    return `HTTP ${status}${wrong}`;
  }
  const wait = status === 429 ? headers.get("retry-after") : null;
  return `HTTP ${status} ${statusText}`.trim() + (wait ? `; it asks to wait ${wait} s` : "");
}

/** undici hides the reason in `cause`; several addresses tried give an AggregateError without a message. */
export function reasonOf(error: unknown): string {
  const cause = (error instanceof Error && error.cause) || error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
