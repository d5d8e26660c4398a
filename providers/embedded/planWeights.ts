import type { Checkpoint } from "./Checkpoint.ts";
import { forwardPass, headLogits } from "./engineGraphs.ts";
import { Graph } from "./graph.ts";
import { WeightPlan } from "./weights.ts";

/** The weights that a model's graphs use, found by going through its forward pass. @throws ExpectedError of WeightPlan. */
export function planWeights(checkpoint: Checkpoint): WeightPlan {
  const plan = new WeightPlan(checkpoint);
  const graph = new Graph();
  const { config } = checkpoint;
  const { final } = forwardPass(graph, plan, config, { cached: false, from: "ids" });
  if (config.output !== null) headLogits(graph, plan, config, final);
  return plan;
}
