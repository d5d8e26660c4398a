/** Which model on which Ollama server: `ollama-api:NAME[:TAG][@BASE_URL]`. */
import { ExpectedError } from "../../errors.ts";
import { parseServerReference, type ServerReference } from "../remote/serverReference.ts";

const OLLAMA_PREFIX = "ollama-api:";

const DEFAULT_PORT = "11434";

/**
 * @param env `OLLAMA_HOST` is where the server is that the reference does not name; else 127.0.0.1:11434.
 * @throws ExpectedError `model-reference-malformed`, `ollama-host-malformed`.
 */
export function parseOllamaReference(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServerReference {
  return parseServerReference(text, OLLAMA_PREFIX, ollamaBase(env.OLLAMA_HOST ?? ""));
}

/**
 * The base URL that Ollama's own client reads out of OLLAMA_HOST: scheme, host and port may each be missing. A server
 * that listens on all addresses is asked on this machine's own.
 */
export function ollamaBase(host: string): string {
  const text = host.trim().replace(/^["']|["']$/g, "");
  const scheme = /^https?:\/\//i.exec(text)?.[0];
  const rest = text.slice(scheme?.length ?? 0);
  const url = URL.parse(`${scheme ?? "http://"}${/^(:|\/|$)/.test(rest) ? "127.0.0.1" : ""}${rest}`);
  if (url === null || url.username !== "" || url.password !== "") {
    throw new ExpectedError({
      code: "ollama-host-malformed",
      message: "OLLAMA_HOST is no address of a server",
      where: "OLLAMA_HOST",
      hint: "the form is HOST:PORT or http://HOST:PORT, without credentials",
    });
  }
  // With a scheme, an absent port is the scheme's own.
  if (url.port === "" && scheme === undefined) url.port = DEFAULT_PORT;
  if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = "127.0.0.1";
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
