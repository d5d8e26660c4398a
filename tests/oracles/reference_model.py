"""The reference model and tokenizer, read from a GGUF file without transformers' own GGUF loader.

Sources:
- file format, metadata keys and dequantisation: the `gguf` package of llama.cpp;
- q/k row order: `LlamaModel.permute` in llama.cpp's convert_hf_to_gguf.py, inverted here;
- forward pass: `transformers` LlamaForCausalLM, float32, eager attention;
- pre-tokenizer `smollm`: tokenizer.json of HuggingFaceTB/SmolLM2-135M
  (Digits one by one, then ByteLevel with GPT-2's pattern).
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTROL = 3  # token_type of control tokens, which are the special ones

NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def open_gguf(path: Path) -> GGUFReader:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{path}: sha256 is {digest}, expected {SHA256}")
    return GGUFReader(path)


def value(reader: GGUFReader, key: str):
    return reader.fields[key].contents()


def config_of(reader: GGUFReader) -> LlamaConfig:
    if value(reader, "general.architecture") != "llama":
        raise SystemExit("only the llama architecture is known here")
    names = {t.name for t in reader.tensors}
    if "rope_freqs.weight" in names:
        raise SystemExit("scaled rope frequencies are not known here")
    width, heads = value(reader, "llama.embedding_length"), value(reader, "llama.attention.head_count")
    if value(reader, "llama.rope.dimension_count") != width // heads:
        raise SystemExit("partial rope is not known here")
    return LlamaConfig(
        vocab_size=len(value(reader, "tokenizer.ggml.tokens")),
        hidden_size=width,
        intermediate_size=value(reader, "llama.feed_forward_length"),
        num_hidden_layers=value(reader, "llama.block_count"),
        num_attention_heads=heads,
        num_key_value_heads=value(reader, "llama.attention.head_count_kv"),
        max_position_embeddings=value(reader, "llama.context_length"),
        rms_norm_eps=value(reader, "llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": value(reader, "llama.rope.freq_base")},
        bos_token_id=value(reader, "tokenizer.ggml.bos_token_id"),
        eos_token_id=value(reader, "tokenizer.ggml.eos_token_id"),
        tie_word_embeddings="output.weight" not in names,
        attn_implementation="eager",
        dtype=torch.float32,
    )


def unpermute(rows: np.ndarray, heads: int) -> np.ndarray:
    """GGUF interleaves the two rotary halves of a head (0, d/2, 1, d/2 + 1, ...); put the halves back."""
    out, width = rows.shape
    return rows.reshape(heads, out // heads // 2, 2, width).swapaxes(1, 2).reshape(out, width)


def tensor_name(name: str) -> str:
    roots = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    stem, _, kind = name.rpartition(".")
    if stem in roots:
        return f"{roots[stem]}.{kind}"
    block, layer, part = stem.split(".")
    if block != "blk":
        raise SystemExit(f"unknown tensor {name}")
    return f"model.layers.{layer}.{NAMES[part]}.{kind}"


def load_model(reader: GGUFReader) -> LlamaForCausalLM:
    config = config_of(reader)
    weights = {}
    for tensor in reader.tensors:
        data = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=True)
        if tensor.name.endswith("attn_q.weight"):
            data = unpermute(data, config.num_attention_heads)
        if tensor.name.endswith("attn_k.weight"):
            data = unpermute(data, config.num_key_value_heads)
        weights[tensor_name(tensor.name)] = torch.from_numpy(np.ascontiguousarray(data))
    model = LlamaForCausalLM(config).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False, assign=True)
    model.tie_weights()
    if unexpected or missing != (["lm_head.weight"] if config.tie_word_embeddings else []):
        raise SystemExit(f"missing {missing}, unexpected {unexpected}")
    if config.tie_word_embeddings:
        assert model.lm_head.weight is model.model.embed_tokens.weight
    return model.requires_grad_(False)


def load_tokenizer(reader: GGUFReader, special: bool) -> Tokenizer:
    """Byte-level BPE; with `special`, control tokens in the text are parsed, else they are plain text."""
    if value(reader, "tokenizer.ggml.model") != "gpt2" or value(reader, "tokenizer.ggml.pre") != "smollm":
        raise SystemExit("only the smollm pre-tokenizer is known here")
    tokens = value(reader, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in value(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    if special:
        types = value(reader, "tokenizer.ggml.token_type")
        control = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL]
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer


class Reference:
    """The model with both tokenizers."""

    def __init__(self, path: Path):
        self.reader = open_gguf(path)
        self.plain = load_tokenizer(self.reader, special=False)
        self.parsed = load_tokenizer(self.reader, special=True)
        assert self.plain.get_vocab_size() == self.parsed.get_vocab_size()
        self.model = load_model(self.reader)

    def ids(self, text: str, special: bool = False) -> list[int]:
        return (self.parsed if special else self.plain).encode(text).ids

    def logits(self, ids: list[int]) -> np.ndarray:
        """float32 logits [tokens, vocabulary]."""
        return self.model(torch.tensor([ids])).logits[0].numpy()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """In float64, from float32 logits."""
    x = logits.astype(np.float64)
    x -= x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
