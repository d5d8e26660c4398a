/** A protocol's findings: a block for each pair of models, a line for each code. */
import type { ProtocolSuccess, ProtocolVerdict } from "../harness/analysis/protocol.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

export interface ProtocolPair {
  readonly sender: string;
  readonly receiver: string;
  readonly verdicts: readonly ProtocolVerdict[];
}

const between = (low: number | null, high: number | null) =>
  low === null || high === null ? "" : ` [${readableNumber(low)}, ${readableNumber(high)}]`;
const share = ({ mean, low, high }: ProtocolSuccess) => `${readableNumber(mean)}${between(low, high)}`;

function ratioText({ ratio }: ProtocolVerdict): string {
  if (ratio === null || ratio.ratio === null) return "no ratio of tokens";
  return `${readableNumber(ratio.ratio)}${ratio.defined ? between(ratio.low, ratio.high) : ""} times fewer tokens`;
}

export function protocolText(pairs: readonly ProtocolPair[], width: number): string {
  return pairs
    .map(({ sender, receiver, verdicts }) => {
      const [first] = verdicts;
      if (first === undefined) return `${sender} to ${receiver}: the suite has no candidate`;
      const { text, absent } = first.success;
      const head = `${sender} to ${receiver}: right answers ${share(text)} from the text, ${share(absent)} without a message`;
      const lines = verdicts.map((verdict) => {
        const why = verdict.reasons.length === 0 ? "" : ` (${verdict.reasons.join("; ")})`;
        return `  ${verdict.code}: ${share(verdict.success.code)} right, ${ratioText(verdict)}; "10–20× fewer tokens, same answer": ${verdict.verdict}${why}`;
      });
      return [head, ...lines].map((line) => wrapText(line, width, line.startsWith("  ") ? "    " : "  ")).join("\n");
    })
    .join("\n\n");
}
