/**
 * Installs what the integration tests need outside node_modules into the cache folder, once. What cannot be had on
 * this machine is named with the reason, and the rest is installed all the same.
 *
 *   node scripts/setupIntegration.ts [PART]...
 */
import { setPriority } from "node:os";
import { ExpectedError } from "../errors.ts";
import {
  INTEGRATION_PARTS,
  type IntegrationPart,
  installPart,
  integrationFile,
  integrationFolder,
  missingNeeds,
} from "./integrationParts.ts";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !INTEGRATION_PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(", ")}; there are ${INTEGRATION_PARTS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
// Compilers inherit it: the machine stays usable while they run.
setPriority(19);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const missing: string[] = [];
for (const part of INTEGRATION_PARTS) {
  if (wanted.length > 0 && !wanted.includes(part.name)) continue;
  const reason = await install(part);
  if (reason !== null) missing.push(`${part.name} ${part.version}: ${reason}`);
  if (stop.signal.aborted) process.exit(130);
}
for (const line of missing) console.log(`missing   ${line}`);
console.log(
  missing.length === 0 ? "all there: npm run test:integration" : "npm run test:integration skips what needs these",
);

/** Why it is not there; null where it is. */
async function install(part: IntegrationPart): Promise<string | null> {
  const title = `${part.name} ${part.version}`;
  if (integrationFile(part.name) !== null) {
    console.log(`there     ${title}  ${integrationFolder(part)}`);
    return null;
  }
  const needs = missingNeeds(part);
  if (needs.length > 0) return `not on the path: ${needs.join("; ")}`;
  console.log(`making    ${title}: ${part.about}`);
  const start = performance.now();
  try {
    await installPart(part, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return "interrupted";
    if (!(error instanceof ExpectedError)) throw error;
    return `${error.message}${error.where ? `\n          (${error.where})` : ""}`;
  }
  console.log(`made      ${title}  in ${Math.round((performance.now() - start) / 1000)} s`);
  return null;
}
