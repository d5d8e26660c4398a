/** Trains a small codebook at the path given, and says each round; for being killed. */
import { trained } from "./trained.ts";

const path = process.argv[2];
if (path === undefined) throw new Error("where to?");
const progress = (round: number) => process.stdout.write(`round ${round}\n`);
await trained({ path, kind: "lsq", progress: (round) => void progress(round) });
