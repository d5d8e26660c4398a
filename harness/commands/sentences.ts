import { sentences, sentencesDigest, sentencesText } from "../../suites/sentences/sentences.ts";
import { writeWhole } from "../../writeWhole.ts";
import { wholeNumber } from "./terminal.ts";

export interface SentencesCommandOptions {
  readonly count: string;
  readonly seed: string;
  readonly heldOut?: boolean;
  readonly out?: string;
}

/** Training sentences, one a line. */
export function sentencesCommand(options: SentencesCommandOptions): void {
  const lines = sentences(
    wholeNumber("--count", options.count),
    wholeNumber("--seed", options.seed),
    options.heldOut ? "held-out" : "training",
  );
  if (options.out === undefined) {
    process.stdout.write(sentencesText(lines));
    return;
  }
  writeWhole(options.out, sentencesText(lines));
  process.stdout.write(`${options.out}: ${lines.length} sentences, sha256 ${sentencesDigest(lines)}\n`);
}
