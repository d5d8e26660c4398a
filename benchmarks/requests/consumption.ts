/**
 * What one subject takes in a process of its own. Arguments: `fetch`, `sdk`, `sdk-over-request` or `provider`, base URL, rows. Prints
 * `{cpu, resident, live}`: milliseconds of processor time a row, once warm; most bytes resident; bytes of the heap that
 * the answers hold.
 */
import { prompts } from "./prompts.ts";
import { subject } from "./subjects.ts";

const [name = "", base = "", rows = "0"] = process.argv.slice(2);
const ask = await subject(name, base);
await ask(prompts(300));
const requests = prompts(Number(rows));
globalThis.gc?.();
const heap = process.memoryUsage().heapUsed;
const start = process.cpuUsage();
const answers = await ask(requests);
const { user, system } = process.cpuUsage(start);
const resident = process.resourceUsage().maxRSS * 1024;
globalThis.gc?.();
const live = process.memoryUsage().heapUsed - heap;
if (answers.length !== requests.length) throw new Error(`${answers.length} answers`);
process.stdout.write(`${JSON.stringify({ cpu: (user + system) / 1000 / requests.length, resident, live })}\n`);
process.exit(0);
