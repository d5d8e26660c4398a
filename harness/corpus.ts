import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Corpus } from "./Session.ts";

/** The sentences that mean states are taken over: written for this project, disjoint from its suites. */
export function referenceCorpus(): Corpus {
  const bytes = readFileSync(new URL("../suites/reference/sentences.txt", import.meta.url));
  const sentences = bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  return { name: "reference/sentences.txt", sentences, sha256: createHash("sha256").update(bytes).digest("hex") };
}
