import { ExpectedError } from "../errors.ts";
import type { Capabilities, ModelIdentity, ReadRequest } from "./contract.ts";

/** @throws ExpectedError `capability-missing`: the model does not show `what`. */
export function unshown({ reference, architecture }: ModelIdentity, what: string, reason?: string): ExpectedError {
  const kind = architecture === "" ? "" : ` (${architecture})`;
  return new ExpectedError({
    code: "capability-missing",
    message: `${reference}${kind} shows no ${what}${reason === undefined ? "" : `: ${reason}`}`,
    hint: "leave out the measures that need it, or choose a model that shows it: a causal one in the embedded engine (a .gguf file, a folder, hf:, ollama:) or transformers: shows all",
  });
}

/**
 * Holds a request against what was declared, so that no provider answers with less than it was asked for.
 * @throws ExpectedError `capability-missing`.
 */
export function refuseUnshown(identity: ModelIdentity, capabilities: Capabilities, request: ReadRequest): void {
  const { hiddenStates, promptLogits, attention } = capabilities;
  const { states, pools, scores, comparisons, nextTokens = [] } = request;
  const asked: readonly [string, boolean, number][] = [
    ["hidden states", hiddenStates !== "none", states.length],
    ["mean hidden states", hiddenStates === "all", pools.length],
    ["log-probabilities of given tokens", capabilities.scores, scores.length],
    ["next-token distributions", promptLogits === "full", comparisons.flat().length],
    // Whoever shows whole distributions compares them, rather than parts of them.
    ["most likely next tokens", promptLogits === "top-k", nextTokens.length],
    ["attention", attention, request.attention?.length ?? 0],
  ];
  const missing = asked.find(([, shown, count]) => !shown && count > 0);
  if (missing !== undefined) throw unshown(identity, missing[0]);
}
