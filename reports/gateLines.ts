/** One line a gate: whether it holds, what was demanded, what was found. Empty where the suite has no gate. */
import type { Analysis } from "../harness/analysis/analyze.ts";

export function gateLines({ gates }: Analysis): string {
  const subjects = gates.map(({ gate, model }) => `${gate.candidate} on ${model}`);
  const widest = Math.max(0, ...subjects.map((subject) => subject.length));
  const demanded = Math.max(0, ...gates.map(({ gate }) => gate.require.length));
  return gates
    .map(({ gate, verdict, holds }, i) => {
      const subject = (subjects[i] as string).padEnd(widest);
      return `${holds ? "pass" : "FAIL"}  ${subject}  demanded ${gate.require.padEnd(demanded)}  found ${verdict}`;
    })
    .join("\n");
}
