/** Workflow commands of GitHub Actions: one error a gate that fails, beside the suite in a pull request. */
import type { Analysis } from "../harness/analysis/analyze.ts";

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
const escapeData = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

function command(level: "error" | "warning", title: string, message: string, file: string | null): string {
  const properties = [...(file === null ? [] : [`file=${escapeProperty(file)}`]), `title=${escapeProperty(title)}`];
  return `::${level} ${properties.join(",")}::${escapeData(message)}`;
}

/**
 * @param file the suite, relative to the repository; null where there is none
 * @param regressions as for the step summary
 */
export function annotations(
  { gates, models }: Analysis,
  file: string | null,
  regressions: readonly string[] = [],
): string[] {
  const failing = gates.filter(({ holds }) => !holds);
  return [
    ...failing.map(({ gate, model, verdict }) => {
      const reasons = models
        .find((entry) => entry.model.identity.reference === model)
        ?.candidates.find(({ condition }) => condition === gate.candidate)?.reasons;
      const found = `demanded ${gate.require}, found ${verdict}`;
      const message = [found, ...(reasons ?? [])].join("\n");
      return command("error", `Isoglyph: ${gate.candidate} on ${model}`, message, file);
    }),
    ...models.flatMap(({ model, passedFoils }) =>
      passedFoils.map((foil) =>
        command(
          "error",
          `Isoglyph: ${model.identity.reference}`,
          `the instrument failed: the foil ${foil} came out equivalent`,
          file,
        ),
      ),
    ),
    ...regressions.map((message) => command("error", "Isoglyph: worse than the baseline", message, file)),
  ];
}
