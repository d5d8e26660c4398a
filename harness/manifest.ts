import { createHash } from "node:crypto";
import { createCodec } from "../codecs/registry.ts";
import type { Suite } from "../suites/Suite.ts";
import { noServices } from "./codecServices.ts";
import type { JudgeDescription } from "./judges/Judge.ts";
import { judgeMeasures } from "./judges/judgeMeasures.ts";
import { describeMeasures, selectMeasures } from "./measures.ts";
import type { Manifest, ModelEntry } from "./RunRecord.ts";
import type { RunOptions } from "./Session.ts";

/** The manifest of a run as far as its models are open, and its judges. */
export function manifest(
  options: RunOptions,
  models: readonly ModelEntry[],
  judges?: Readonly<Record<string, JudgeDescription>>,
): Manifest {
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
    ...candidateIdentities(suite),
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
    measures: [
      ...describeMeasures(selectMeasures(suite.measures, suite.locate(["measures"]))),
      ...judgeMeasures(suite.judges),
    ],
    ...(judges && { judges }),
    plannedModels: options.models.length,
    models,
    environment,
  };
}

/** What a suite file does not tell: the content of files that its candidates name. */
function candidateIdentities(suite: Suite): { readonly identities?: Readonly<Record<string, string>> } {
  const found = Object.entries(suite.candidates).flatMap(([name, spec]) => {
    const where = suite.locate(["candidates", name]);
    const { identity } = createCodec(spec, noServices("only its identity is asked for"), where, suite.folder);
    return identity === undefined ? [] : [[name, identity]];
  });
  return found.length === 0 ? {} : { identities: Object.fromEntries(found) };
}
