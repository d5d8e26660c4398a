"""Writes fixtures/models/NAME-gguf/model.gguf as llama.cpp's convert_hf_to_gguf.py would, and what PyTorch makes of it.

Tensor names, metadata keys and rearrangements follow that script: q and k rows of a llama permuted for rotary pairs of
neighbours, Gemma's norms stored as w (transformers keeps w − 1), GPT-2's matrices transposed, experts stacked.
expected.safetensors is computed from the weights that the quantised blocks decode to (package gguf).
llamaCppFloat.py compares every file with a real llama.cpp.

Usage: python checkpointsGguf.py [NAME...]
"""

import shutil
import sys

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, PoolingType
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file
from transformers import BertConfig, Gemma2Config, Gemma3TextConfig, LlamaConfig, Qwen3MoeConfig

from checkpoints import BASE, CONFIGS, ENCODER, LLAMA3, MODELS, VOCABULARY, build, byte_tokenizer, expected

Type = GGMLQuantizationType
SMALL = dict(BASE, num_hidden_layers=2)
#: name -> (architecture, config, tensor type)
VARIANTS = {
    "llama": ("llama", CONFIGS["llama"], Type.Q4_0),
    "llama-bias": ("llama", CONFIGS["llama-bias"], Type.BF16),
    "llama3": ("llama", LlamaConfig(**{**BASE, "max_position_embeddings": 512}, rope_parameters=LLAMA3), Type.F16),
    "llama-linear": ("llama", CONFIGS["llama-linear"], Type.Q8_0),
    "qwen2": ("qwen2", CONFIGS["qwen2"], Type.Q5_0),
    "qwen3": ("qwen3", CONFIGS["qwen3"], Type.Q4_1),
    "qwen3moe": ("qwen3moe", Qwen3MoeConfig(**SMALL, head_dim=24, num_experts=8, num_experts_per_tok=2,
                                            moe_intermediate_size=32, norm_topk_prob=True), Type.Q8_0),
    "phi3": ("phi3", CONFIGS["phi3"], Type.Q4_1),
    "phi3-longrope": ("phi3", CONFIGS["phi3-longrope"], Type.Q5_0),
    "gemma2": ("gemma2", Gemma2Config(**SMALL, head_dim=24, query_pre_attn_scalar=24, sliding_window=8), Type.Q5_1),
    # llama.cpp knows one pattern: every sixth layer sees everything.
    "gemma3": ("gemma3", Gemma3TextConfig(**{**BASE, "num_hidden_layers": 6}, head_dim=24, query_pre_attn_scalar=24,
                                          sliding_window=8), Type.Q4_0),
    "gpt2": ("gpt2", CONFIGS["gpt2"], Type.Q8_0),
    "bert": ("bert", BertConfig(**ENCODER, max_position_embeddings=128), Type.F16),
    "llama-kquants": ("llama", LlamaConfig(**{**BASE, "hidden_size": 256, "intermediate_size": 256},
                                           tie_word_embeddings=True), None),
}
HALVES = {Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.Q2_K: [80, 82], Type.Q3_K: [108],
          Type.IQ4_NL: [0], Type.IQ4_XS: [0]}
K_MIX = {"attn_q": Type.Q4_K, "attn_k": Type.Q3_K, "attn_v": Type.Q6_K, "attn_output": Type.Q5_K,
         "ffn_gate": Type.IQ4_XS, "ffn_up": Type.IQ4_NL, "ffn_down": Type.Q2_K, "token_embd": Type.Q4_K}

DECODER = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "mlp.gate": "ffn_gate_inp",
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
}
GEMMA = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
         "post_feedforward_layernorm": "post_ffw_norm"}


def gguf_name(key: str, arch: str) -> str:
    stem, end = key.rsplit(".", 1)
    for prefix in ("model.layers.", "transformer.h.", "encoder.layer."):
        if stem.startswith(prefix):
            layer, part = stem[len(prefix):].split(".", 1)
            names = {**DECODER, **(GEMMA if arch.startswith("gemma") else {})}
            return f"blk.{layer}.{names[part]}.{end}"
    return f"{DECODER[stem]}.{end}"


def random_blocks(kind: Type, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Any bytes, with scales such that weights have a spread of 0.06."""
    elements, size = GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (shape[0] * shape[1] // elements, size), dtype=np.uint8)

    def scaled(value: np.ndarray) -> np.ndarray:
        for offset in HALVES[kind]:
            blocks[:, offset:offset + 2] = value.astype(np.float16).view(np.uint8).reshape(-1, 2)
        return blocks

    spread = dequantize(scaled(np.ones(len(blocks))), kind).std()
    scaled(rng.uniform(0.7, 1.3, len(blocks)) * 0.06 / spread)
    return blocks.reshape(shape[0], -1)


def stored(matrix: np.ndarray, kind: Type, rng: np.random.Generator) -> np.ndarray:
    """Rows of bytes, or of numbers where the type is one of numbers."""
    return random_blocks(kind, matrix.shape, rng) if kind in HALVES else quantize(matrix.astype(np.float32), kind)


def decoded(data: np.ndarray, kind: Type) -> np.ndarray:
    return np.asarray(dequantize(data, kind), dtype=np.float32)


def permuted(data: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a head from halves to pairs of neighbours."""
    return data.reshape(heads, 2, data.shape[0] // heads // 2, *data.shape[1:]).swapaxes(1, 2).reshape(data.shape)


def metadata(writer: GGUFWriter, arch: str, config, name: str) -> None:
    writer.add_name("tiny")  # llama.cpp treats names of known models apart
    heads = config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    writer.add_head_count(heads)
    if arch in ("gpt2", "bert"):
        writer.add_layer_norm_eps(getattr(config, "layer_norm_epsilon", None) or config.layer_norm_eps)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        rope = config.rope_parameters
        both = rope.get("full_attention", rope)
        writer.add_rope_freq_base(both["rope_theta"])
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        if arch in ("qwen3", "qwen3moe", "gemma2", "gemma3"):
            writer.add_key_length(size)
            writer.add_value_length(size)
        else:
            writer.add_rope_dimension_count(int(size * rope.get("partial_rotary_factor", 1)))
        if rope.get("rope_type") == "linear":
            writer.add_string(f"{arch}.rope.scaling.type", "linear")
            writer.add_rope_scaling_factor(rope["factor"])
        if rope.get("rope_type") == "longrope":
            original = rope["original_max_position_embeddings"]
            writer.add_rope_scaling_orig_ctx_len(original)
            factor = config.max_position_embeddings / original
            writer.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(factor) / np.log(original))))
    if arch == "qwen3moe":
        writer.add_expert_count(config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if arch.startswith("gemma"):
        writer.add_sliding_window(config.sliding_window)
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if arch == "bert":
        writer.add_causal_attention(False)
        writer.add_pooling_type(PoolingType.MEAN)
    tokenizer(writer, arch)


def tokenizer(writer: GGUFWriter, arch: str) -> None:
    if arch == "bert":
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        words += [f"\u2581w{i}" for i in range(VOCABULARY - len(words))]
        writer.add_tokenizer_model("bert")
        writer.add_token_list(words)
        writer.add_token_types([3] * 5 + [1] * (VOCABULARY - 5))
        writer.add_token_type_count(2)
        writer.add_unk_token_id(1)
        writer.add_cls_token_id(2) if hasattr(writer, "add_cls_token_id") else writer.add_bos_token_id(2)
        writer.add_sep_token_id(3)
        writer.add_pad_token_id(0)
        writer.add_mask_token_id(4)
        return
    backend = byte_tokenizer().backend_tokenizer
    words = [backend.id_to_token(i) for i in range(VOCABULARY)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types([3] + [1] * (VOCABULARY - 1))
    writer.add_token_merges([" ".join(word) for word in words if len(word) == 2])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(False)


def llama3_factors(config) -> np.ndarray:
    rope = config.rope_parameters
    size = config.hidden_size // config.num_attention_heads
    factors = []
    for i in range(0, size, 2):
        wavelength = 2 * np.pi * rope["rope_theta"] ** (i / size)
        low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
        high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
        smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
            rope["high_freq_factor"] - rope["low_freq_factor"])
        factors.append(1 if wavelength < high else rope["factor"] if wavelength > low
                       else 1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def write(name: str) -> None:
    arch, config, kind = VARIANTS[name]
    folder = MODELS / f"{name}-gguf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(sum(name.encode()))
    model = build(f"{name.split('-')[0] if arch == 'bert' else name}", config)
    writer = GGUFWriter(str(folder / "model.gguf"), arch)
    metadata(writer, arch, config, name)

    def add(target: str, data: np.ndarray, data_type: Type) -> None:
        if data_type == Type.BF16 and data.dtype != np.uint8:
            data = data.view(np.uint8)
        writer.add_tensor(target, data, raw_dtype=data_type)

    for key, parameter in model.named_parameters():
        if key == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        values = parameter.detach().numpy()
        with torch.no_grad():
            if parameter.dim() == 3:  # transformers joins experts: gate over up [2f, width], down [width, f]
                layer = key.split(".")[2]
                data = stored(values.reshape(-1, values.shape[-1]), kind, rng)
                parameter.copy_(torch.from_numpy(decoded(data, kind).reshape(values.shape)))
                data = data.reshape(*values.shape[:2], -1)
                half = values.shape[1] // 2
                if key.endswith("gate_up_proj"):
                    add(f"blk.{layer}.ffn_gate_exps.weight", np.ascontiguousarray(data[:, :half]), kind)
                    add(f"blk.{layer}.ffn_up_exps.weight", np.ascontiguousarray(data[:, half:]), kind)
                else:
                    add(f"blk.{layer}.ffn_down_exps.weight", data, kind)
                continue
            target = gguf_name(key, arch)
            part = target.split(".")[-2]
            if parameter.dim() == 1 or part in ("ffn_gate_inp", "position_embd", "token_types"):
                is_gemma_norm = arch.startswith("gemma") and part.endswith("norm")
                data = values + 1 if is_gemma_norm else values
                own = Type.F32
            else:
                own = kind or K_MIX[part]
                turned = arch == "gpt2" and part in ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
                data = stored(np.ascontiguousarray(values.T) if turned else values, own, rng)
                back = decoded(data, own)
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(back.T if turned else back)))
            if arch == "llama" and part in ("attn_q", "attn_k"):
                data = permuted(data, config.num_attention_heads if part == "attn_q" else config.num_key_value_heads)
            add(target, np.ascontiguousarray(data), own)
    if name == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    if name == "phi3-longrope":
        for size in ("long", "short"):
            factors = np.array(config.rope_parameters[f"{size}_factor"], dtype=np.float32)
            writer.add_tensor(f"rope_factors_{size}.weight", factors)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    keep = expected(model, f"{name}-gguf")
    save_file({key: value for key, value in keep.items() if not key.endswith("ids") or value.numel()},
              folder / "expected.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:] or VARIANTS:
        write(wanted)
