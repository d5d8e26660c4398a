/**
 * promptfoo over the same rows, in its own process, warm. Arguments: its node_modules, base URL, rows, rounds,
 * `similar` for the similarity of answers by embeddings. Prints milliseconds a round, one JSON list.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, base, rows, rounds, kind = ""] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { default: promptfoo } = await import(pathToFileURL(require.resolve("promptfoo")).href);
const config = { apiBaseUrl: `${base}/v1`, apiKey: "none" };
let serial = 0;
const tests = () =>
  Array.from({ length: Number(rows) }, () => ({
    vars: { country: String(serial++) },
    ...(kind === "similar" && {
      assert: [
        {
          type: "similar",
          value: `Paris, number ${serial}`,
          threshold: 0,
          provider: { id: "openai:embedding:embedder", config },
        },
      ],
    }),
  }));
const times = [];
for (let round = 0; round <= Number(rounds); round++) {
  const suite = {
    prompts: ["What is the capital of country {{country}}?"],
    providers: [{ id: "openai:chat:model", config: { ...config, max_tokens: 16, temperature: 0 } }],
    tests: tests(),
    writeLatestResults: false,
  };
  const start = performance.now();
  await promptfoo.evaluate(suite, { maxConcurrency: 20, cache: false, showProgressBar: false });
  // The first round warms up.
  if (round > 0) times.push(performance.now() - start);
}
process.stdout.write(`\n${JSON.stringify(times)}\n`);
process.exit(0);
