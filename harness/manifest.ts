import { createHash } from "node:crypto";
import { describeMeasures, selectMeasures } from "./measures.ts";
import type { Manifest, ModelEntry } from "./RunRecord.ts";
import type { RunOptions } from "./Session.ts";

/** The manifest of a run as far as its models are open. */
export function manifest(options: RunOptions, models: readonly ModelEntry[]): Manifest {
  const { suite, version, environment } = options;
  const { samples, controls, tokens, seed } = suite.continuations;
  const resolved = {
    name: suite.name,
    profile: suite.profile,
    hash: suite.hash,
    margin: suite.margin,
    alpha: suite.statistics.alpha,
    seed: suite.statistics.seed,
    positions: suite.positions === "both" ? (["natural", "matched"] as const) : (["natural"] as const),
    continuations: { samples, controls, tokens, seed },
    candidates: suite.candidates,
    gates: suite.gates,
  };
  const short = (text: string) => text.slice(0, 12);
  const names = models.map(({ identity }) => `${identity.name}@${short(identity.digest)}`).join(" ");
  const settings = createHash("sha256").update(JSON.stringify(resolved)).digest("hex");
  return {
    format: 1,
    signature: `isoglyph ${version} | ${suite.name}${suite.profile ? `/${suite.profile}` : ""}@${short(suite.hash)} | ${names} | settings ${short(settings)} | n=${suite.items.length}`,
    version,
    suite: resolved,
    items: suite.items.map(({ id, topic, cluster, original, paraphrases, decoy, questions }) => {
      const controls = createHash("sha256").update(JSON.stringify({ paraphrases, decoy, questions })).digest("hex");
      return { id, topic, cluster, original, controls };
    }),
    measures: describeMeasures(selectMeasures(suite.measures, suite.locate(["measures"]))),
    plannedModels: options.models.length,
    models,
    environment,
  };
}
