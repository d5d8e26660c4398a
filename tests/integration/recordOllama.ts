/**
 * Asks a real Ollama what the tests of the provider ask, and writes its answers to tests/providers/ollama/fixtures.
 *
 *   node tests/integration/recordOllama.ts      after npm run setup:integration
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openOllama } from "../../providers/ollama/openOllama.ts";
import { integrationFile } from "../../scripts/integrationParts.ts";
import { CASES, LONG_TEXT, SHORT_CONTEXT, TEXTS, TOO_LONG } from "../providers/ollama/cases.ts";
import { defaultModelFile } from "./defaultModelFile.ts";
import { OllamaServer } from "./OllamaServer.ts";
import { RecordingProxy } from "./RecordingProxy.ts";

const [binary, encoder, model] = [integrationFile("ollama"), integrationFile("minilm"), defaultModelFile()];
if (binary === null || encoder === null || model === null) {
  throw new Error("run `npm run setup:integration` first, and `isoglyph models pull smollm2-135m`");
}
const target = fileURLToPath(new URL("../providers/ollama/fixtures/exchanges.json", import.meta.url));
const server = await OllamaServer.start(binary);
const proxy = await RecordingProxy.start(server.base, withoutPlace);
try {
  await server.create("smollm2", { "smollm2.gguf": model });
  await server.createFromFolder("minilm", encoder);
  const open = (name: string, env = {}) => openOllama(`ollama-api:${name}@${proxy.base}`, { env });
  const chat = await open("smollm2");
  await chat.generate(Object.values(CASES));
  const short = await open("smollm2", SHORT_CONTEXT);
  for (const request of Object.values(TOO_LONG)) await short.generate([request]).catch(() => {});
  const minilm = await open("minilm");
  await minilm.embed(TEXTS);
  await minilm.embed([LONG_TEXT]).catch(() => {});
  await open("smolm2").catch(() => {});
} finally {
  await proxy.close();
  await server.close();
}
writeFileSync(target, `${JSON.stringify(proxy.exchanges, null, 1)}\n`);
console.log(`${proxy.exchanges.length} exchanges in ${target}`);

/** Less where the store lay, what nobody reads, and the times. */
function withoutPlace(answer: unknown): unknown {
  for (const key of ["license", "tensors", "created_at", "modified_at"])
    delete (answer as Record<string, unknown>)[key];
  return JSON.parse(JSON.stringify(answer).replaceAll(join(server.store), "/var/lib/ollama"));
}
