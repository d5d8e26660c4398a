import { gatedMlp, type Pass, residualBlocks, rmsNorm, selfAttention } from "../blocks.ts";
import { matrixOf, rowsOf, type Weight } from "../Checkpoint.ts";
import type { Value } from "../graph.ts";
import type { ModelConfig } from "../ModelConfig.ts";
import type { Architecture } from "./Architecture.ts";
import { qwen3 } from "./qwen3.ts";

type Experts = NonNullable<ModelConfig["experts"]>;

/**
 * Each token's best experts by a softmax over all of them (Shazeer et al. 2017, arXiv 1701.06538). An expert sees
 * the rows that chose it and no other, so that what is computed is what a token uses.
 */
function mixture(pass: Pass, config: ModelConfig, experts: Experts, layer: number, x: Value): Value {
  const { graph, weights } = pass;
  const name = (part: string) => `blk.${layer}.${part}`;
  const rows = graph.reshape(x, [-1, config.width], name("moe.rows"));
  const grid = weights.linear(x, name("ffn_gate_inp"), experts.count, config.width, name("moe.grid"));
  const scores = graph.reshape(grid, [-1, experts.count], name("moe.scores"));
  const best = graph.topK(graph.softmax(scores, name("moe.shares")), experts.used, name("moe.best"));
  const share = experts.normalise
    ? graph.div(best.values, graph.sum(best.values, 1, name("moe.total"), true), name("moe.weights"))
    : best.values;
  const added: Value[] = [];
  const places: Value[] = [];
  for (let expert = 0; expert < experts.count; expert++) {
    const at = (part: string) => `${name(part)}.${expert}`;
    const chosen = graph.equal(best.indices, graph.ints([expert]), at("moe.chosen"));
    const own = graph.sum(graph.mul(share, graph.toFloat(chosen, at("moe.mask")), at("moe.own")), 1, at("moe.share"));
    const place = graph.reshape(graph.nonZero(own, at("moe.found")), [-1], at("moe.places"));
    const seen = graph.unsqueeze(graph.gather(rows, place, at("moe.seen")), 0, at("moe.in"));
    const out = graph.reshape(
      gatedMlp(pass, config, layer, seen, experts.hidden, `.${expert}`),
      [-1, config.width],
      at("moe.rows"),
    );
    const weight = graph.unsqueeze(graph.gather(own, place, at("moe.share.row")), -1, at("moe.share.column"));
    added.push(graph.mul(out, weight, at("moe.out")));
    places.push(place);
  }
  const zero = graph.mul(rows, graph.scalar(0), name("moe.zero"));
  const where = graph.unsqueeze(graph.concat(places, 0, name("moe.where")), -1, name("moe.index"));
  const sum = graph.scatterAdd(zero, where, graph.concat(added, 0, name("moe.parts")), name("moe.sum"));
  return graph.reshapeTo(sum, graph.shape(x, name("moe.shape")), name("mlp_out"));
}

/** Qwen3 with a mixture of experts in place of the MLP (arXiv 2505.09388, section 2). */
export const qwen3moe: Architecture = {
  ...qwen3,
  name: "qwen3moe",
  hubTypes: ["qwen3_moe"],
  traits(fields, base) {
    const dense = fields.raw("mlp_only_layers");
    const step = Number(fields.raw("decoder_sparse_step") ?? 1);
    return {
      ...qwen3.traits(fields, base),
      experts: {
        count: fields.count("experts"),
        used: fields.count("expertsUsed"),
        hidden: fields.count("expertHidden"),
        // llama.cpp always does for this architecture, and so do all published models.
        normalise: fields.format === "gguf" || fields.raw("norm_topk_prob") === true,
        layers: Array.from(
          { length: base.layers },
          (_, layer) => (layer + 1) % step === 0 && !(Array.isArray(dense) && dense.includes(layer)),
        ),
      },
    };
  },
  hubNames: {
    ...qwen3.hubNames,
    "model.layers.N.mlp.gate": "blk.N.ffn_gate_inp",
    "model.layers.N.mlp.experts.E.gate_proj": "blk.N.ffn_gate.E",
    "model.layers.N.mlp.experts.E.up_proj": "blk.N.ffn_up.E",
    "model.layers.N.mlp.experts.E.down_proj": "blk.N.ffn_down.E",
    "model.layers.N.mlp.experts.gate_up_proj": "blk.N.ffn_gate_up_exps",
    "model.layers.N.mlp.experts.down_proj": "blk.N.ffn_down_exps",
  },
  arrange(stored, { experts }) {
    const weights = new Map<string, Weight>();
    for (const [name, weight] of stored) {
      const [, block, part] = /^(blk\.\d+\.ffn_)(gate|up|down|gate_up)_exps(?:\.weight)?$/.exec(name) ?? [];
      if (part === undefined || experts === null) {
        weights.set(name, weight);
        continue;
      }
      for (let expert = 0; expert < (weight.shape[0] ?? 0); expert++) {
        const matrix = matrixOf(weight, expert);
        if (part === "gate_up") {
          weights.set(`${block}gate.${expert}.weight`, rowsOf(matrix, 0, experts.hidden));
          weights.set(`${block}up.${expert}.weight`, rowsOf(matrix, experts.hidden, experts.hidden));
        } else weights.set(`${block}${part}.${expert}.weight`, matrix);
      }
    }
    return weights;
  },
  forward(pass, config, embedding) {
    const { experts } = config;
    const norm = (layer: number, x: Value, part: string) =>
      rmsNorm(pass, config, x, `blk.${layer}.${part}`, config.width, `blk.${layer}.${part}`);
    const resid = residualBlocks(
      pass,
      config,
      embedding,
      (layer, x) => selfAttention(pass, config, layer, norm(layer, x, "attn_norm")),
      (layer, x) => {
        const y = norm(layer, x, "ffn_norm");
        return experts?.layers[layer] ? mixture(pass, config, experts, layer, y) : gatedMlp(pass, config, layer, y);
      },
    );
    return rmsNorm(pass, config, resid, "output_norm", config.width, "final_norm");
  },
};
