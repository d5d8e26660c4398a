/**
 * Asks real servers what the tests of `openai:` and its declared kinds ask, and writes their answers to
 * tests/providers/openai/fixtures.
 *
 *   node tests/integration/recordOpenAi.ts      after npm run setup:integration
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openOpenAi } from "../../providers/openai/openOpenAi.ts";
import { integrationFile } from "../../scripts/integrationParts.ts";
import { EMBEDDED, ENDS, GENERATED, type RecordedServer, SCORED } from "../providers/openai/recordedCases.ts";
import { defaultModelFile } from "./defaultModelFile.ts";
import { RecordingProxy } from "./RecordingProxy.ts";
import type { ServerProcess } from "./ServerProcess.ts";
import { startLlamaCpp } from "./startLlamaCpp.ts";
import { startLlamaServer } from "./startLlamaServer.ts";
import { startVllm } from "./startVllm.ts";

const needed = (found: string | null): string => {
  if (found === null) throw new Error("run `npm run setup:integration` first, and `isoglyph models pull smollm2-135m`");
  return found;
};
const model = needed(defaultModelFile());
const servers: Readonly<Record<RecordedServer, readonly [prefix: string, start: () => Promise<ServerProcess>]>> = {
  vllm: ["vllm:", () => startVllm(needed(integrationFile("vllm")), model, "texts")],
  "vllm-states": ["vllm:", () => startVllm(needed(integrationFile("vllm")), model, "states")],
  "llama-server": ["llama-server:", () => startLlamaServer(needed(integrationFile("llama-server")), model)],
  "llama-cpp-python": ["openai:", () => startLlamaCpp(needed(integrationFile("llama-cpp-python")), model)],
};

for (const [name, [prefix, start]] of Object.entries(servers)) {
  const server = await start();
  const proxy = await RecordingProxy.start(server.base, withoutPlace);
  try {
    const provider = await openOpenAi(`${prefix}smollm2@${proxy.base}/v1`, { env: {} });
    const { generation, scores, finalStates } = provider.text;
    if (generation) await provider.generate(Object.values(GENERATED));
    if (scores !== "none") await provider.score(SCORED);
    if (name === "vllm") await provider.generateFrom([EMBEDDED]);
    if (finalStates !== null) await provider.finalStates(ENDS);
  } finally {
    await proxy.close();
    await server.close();
  }
  const target = fileURLToPath(new URL(`../providers/openai/fixtures/${name}.json`, import.meta.url));
  const lines = proxy.exchanges.map((exchange) => JSON.stringify(exchange));
  writeFileSync(target, `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${lines.length} exchanges in ${target}`);
}

/** Less where model and server lay, and of states, one a token, all but the last two. */
function withoutPlace(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (_, part: unknown) => {
    if (typeof part === "string") {
      return part
        .replace(/^(\/[^/]+)+\/([^/]+)$/, "/models/$2")
        .replaceAll(/(\/[\w.-]+)+\/site-packages/g, "site-packages");
    }
    return Array.isArray(part) && Array.isArray(part[0]) && part[0].length > 100 ? part.slice(-2) : part;
  });
}
