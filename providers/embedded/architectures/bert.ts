import { layerNorm, mlp, selfAttention, tokenEmbedding } from "../blocks.ts";
import type { Weight } from "../Checkpoint.ts";
import type { Architecture } from "./Architecture.ts";

/**
 * BERT (arXiv 1810.04805), an encoder: every token sees its whole text, norms stand after the sums, and positions are
 * learned. All tokens are of the first segment. Its last state is not normed again: `final_norm` is that state.
 */
export const bert: Architecture = {
  name: "bert",
  hubTypes: ["bert"],
  traits(fields, { contextLength }) {
    const act = fields.raw("hidden_act") ?? "gelu";
    if (act !== "gelu") fields.unsupported("hidden_act", act, ["gelu"]);
    const kind = fields.raw("position_embedding_type") ?? "absolute";
    if (kind !== "absolute") fields.unsupported("position_embedding_type", kind, ["absolute"]);
    return { causal: false, activation: "gelu", rope: null, output: null, positions: contextLength };
  },
  hubNames: {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "encoder.layer.N.attention.self.query": "blk.N.attn_q",
    "encoder.layer.N.attention.self.key": "blk.N.attn_k",
    "encoder.layer.N.attention.self.value": "blk.N.attn_v",
    "encoder.layer.N.attention.output.dense": "blk.N.attn_output",
    "encoder.layer.N.attention.output.LayerNorm": "blk.N.attn_output_norm",
    "encoder.layer.N.intermediate.dense": "blk.N.ffn_up",
    "encoder.layer.N.output.dense": "blk.N.ffn_down",
    "encoder.layer.N.output.LayerNorm": "blk.N.layer_output_norm",
  },
  // The heads of its training tasks, and a buffer of position numbers.
  hubUnused: [/^pooler\./, /^cls\./, /^lm_head\./, /^classifier\./, /^embeddings\.(position|token_type)_ids$/],
  arrange: (stored) =>
    new Map<string, Weight>(
      [...stored].map(([name, weight]) => {
        // GGUF drops a dimension of length 1.
        const flat = name === "token_types.weight" && weight.shape.length === 1;
        return [name, flat ? { ...weight, shape: [1, ...weight.shape] } : weight];
      }),
    ),
  embed(pass, config, ids) {
    const { graph, weights } = pass;
    const { width } = config;
    const position = graph.gather(
      weights.plain("position_embd.weight", [config.positions, width]),
      pass.positions,
      "embedding.position",
    );
    const type = graph.gather(weights.plain("token_types.weight", [null, width]), graph.ints([0]), "embedding.type");
    const both = graph.add(tokenEmbedding(pass, config, ids, "embedding.token"), type, "embedding.typed");
    return layerNorm(pass, config, graph.add(both, position, "embedding.sum"), "token_embd_norm", "embedding");
  },
  forward(pass, config, embedding) {
    const { graph, tap } = pass;
    let resid = embedding;
    for (let layer = 0; layer < config.layers; layer++) {
      const name = (part: string) => `blk.${layer}.${part}`;
      const normed = (x: string, added: string, weight: string, out: string) =>
        layerNorm(pass, config, graph.add(x, added, name(`${out}.sum`)), name(weight), name(out));
      const attnOut = selfAttention(pass, config, layer, resid);
      tap(`attn_out.${layer}`, attnOut);
      const middle = normed(resid, attnOut, "attn_output_norm", "resid_mid");
      const mlpOut = mlp(pass, config, layer, middle);
      tap(`mlp_out.${layer}`, mlpOut);
      resid = normed(middle, mlpOut, "layer_output_norm", "resid_post");
      tap(`resid_post.${layer}`, resid);
    }
    return resid;
  },
};
