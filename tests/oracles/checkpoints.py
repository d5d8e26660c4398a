"""Writes fixtures/models/NAME: tiny random checkpoints of every architecture, and what PyTorch transformers makes of them.

Each folder holds a Hugging Face checkpoint as `save_pretrained` writes it, and expected.safetensors: for two prompts
their ids, every hidden state (`hidden.0` enters the first block; `hidden.N` leaves the last, before the final norm),
what attention and MLP add (`attn_out.L`, `mlp_out.L`), the attention maps, `final_norm` and the logits of all tokens;
for some also twelve greedy tokens after the second prompt. Weights are rounded to the stored type first, and all is
computed in float32 by the eager implementation. GGUF files come from checkpointsGguf.py.

Usage: python checkpoints.py [NAME...]
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModel, AutoModelForCausalLM, BertConfig, Gemma2Config, Gemma3TextConfig, GPT2Config, LlamaConfig,
    MistralConfig, Phi3Config, PreTrainedTokenizerFast, Qwen2Config, Qwen3Config, Qwen3MoeConfig, XLMRobertaConfig,
)

MODELS = Path(__file__).parent / "fixtures" / "models"
VOCABULARY = 288
PROMPTS = (18, 6)
BASE = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=128)
ENCODER = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
               num_attention_heads=4)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
LONGROPE = dict(rope_type="longrope", rope_theta=10000.0, original_max_position_embeddings=12,
                short_factor=[1.0, 1.2, 1.4], long_factor=[1.0, 3.0, 6.0])

CONFIGS = {
    "llama": LlamaConfig(**BASE, tie_word_embeddings=False),
    "llama-bias": LlamaConfig(**BASE, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "llama3": LlamaConfig(**{**BASE, "max_position_embeddings": 512}, rope_parameters=LLAMA3),
    "llama-linear": LlamaConfig(**BASE, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
    "qwen2": Qwen2Config(**BASE, tie_word_embeddings=True),
    "qwen2-yarn": Qwen2Config(**BASE, rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0,
                                                           original_max_position_embeddings=32)),
    "qwen3": Qwen3Config(**BASE, head_dim=24, tie_word_embeddings=True),
    "mistral": MistralConfig(**BASE, sliding_window=8),
    "phi3": Phi3Config(**BASE, pad_token_id=0, sliding_window=None),
    # The first prompt reaches beyond the original context, the second does not.
    "phi3-longrope": Phi3Config(**BASE, pad_token_id=0, original_max_position_embeddings=12,
                                partial_rotary_factor=0.75,
                                rope_parameters={**LONGROPE, "partial_rotary_factor": 0.75}),
    "gemma2": Gemma2Config(**BASE, head_dim=24, query_pre_attn_scalar=20, sliding_window=8),
    "gemma3": Gemma3TextConfig(**{**BASE, "num_hidden_layers": 3}, head_dim=24, query_pre_attn_scalar=20,
                               sliding_window=8,
                               layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    "gpt2": GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=128),
    "qwen3moe": Qwen3MoeConfig(**{**BASE, "num_hidden_layers": 3}, head_dim=24, num_experts=8, num_experts_per_tok=2,
                               moe_intermediate_size=32, norm_topk_prob=True, mlp_only_layers=[1]),
    "bert": BertConfig(**ENCODER, max_position_embeddings=128),
    "xlm-roberta": XLMRobertaConfig(**ENCODER, max_position_embeddings=130, pad_token_id=1, type_vocab_size=1),
}
STORED = {"llama": torch.float32, "qwen2": torch.float16}
SHARDED = {"qwen3"}
FLOAT8 = {"llama-linear"}
OLD_SPELLING = {"llama3", "phi3-longrope", "gemma3"}
GREEDY = {"llama", "qwen2", "gpt2", "gemma3", "phi3"}
ENCODERS = {"bert", "xlm-roberta"}


def randomise(model: torch.nn.Module, name: str) -> None:
    """Norms around 1, biases around 0, matrices small: nothing is 0, 1 or symmetric."""
    generator = torch.Generator().manual_seed(sum(name.encode()))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            # Gemma stores w − 1.
            centre = 0 if "gemma" in name else 1
            is_norm = parameter.dim() == 1 and key.endswith("weight")
            parameter.copy_(noise * (0.3 if parameter.dim() == 1 else 0.2) + (centre if is_norm else 0))


def build(name: str, config) -> torch.nn.Module:
    kind = AutoModel if name.split("/")[0] in ENCODERS else AutoModelForCausalLM
    extra = {"add_pooling_layer": False} if kind is AutoModel else {}
    model = kind.from_config(config, attn_implementation="eager", **extra).eval().float()
    randomise(model, name)
    return model


def round_to(model: torch.nn.Module, dtype: torch.dtype) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(dtype).to(torch.float32))


def blocks_of(model: torch.nn.Module):
    base = getattr(model, "transformer", None) or getattr(model, "model", None) or model
    for path in ("h", "layers", "encoder.layer"):
        found = base
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return base, found
    raise ValueError("no blocks")


def parts_of(block: torch.nn.Module):
    """The modules whose outputs are added to the residual stream."""
    if hasattr(block, "post_feedforward_layernorm"):
        return block.post_attention_layernorm, block.post_feedforward_layernorm
    if hasattr(block, "intermediate"):
        return block.attention.output.dense, block.output.dense
    return getattr(block, "self_attn", None) or block.attn, block.mlp


def observe(model: torch.nn.Module, ids: torch.Tensor, taps: bool) -> dict[str, torch.Tensor]:
    first = lambda value: (value[0] if isinstance(value, tuple) else value)[0].detach().clone().contiguous()
    out: dict[str, torch.Tensor] = {"ids": ids[0].clone()}
    _, blocks = blocks_of(model)
    hooks = []

    def enter(_, args, kwargs):
        value = args[0] if args else kwargs["hidden_states"]
        out["hidden.0"] = value[0].detach().clone().contiguous()

    hooks.append(blocks[0].register_forward_pre_hook(enter, with_kwargs=True))
    for layer, block in enumerate(blocks):
        hooks.append(block.register_forward_hook(
            lambda _, __, value, layer=layer: out.__setitem__(f"hidden.{layer + 1}", first(value))))
        if taps:
            for part, module in zip(("attn_out", "mlp_out"), parts_of(block)):
                hooks.append(module.register_forward_hook(
                    lambda _, __, value, key=f"{part}.{layer}": out.__setitem__(key, first(value).reshape(ids.shape[1], -1))))
    with torch.no_grad():
        result = model(ids, output_attentions=True, output_hidden_states=True)
    for hook in hooks:
        hook.remove()
    for layer, attention in enumerate(result.attentions):
        out[f"attention.{layer}"] = attention[0].clone().contiguous()
    out["final_norm"] = result.hidden_states[-1][0].clone().contiguous()
    if hasattr(result, "logits"):
        out["logits"] = result.logits[0].clone().contiguous()
    else:
        out["mean"] = out["final_norm"].mean(0)
        out["cls"] = out["final_norm"][0].clone()
    return out


def expected(model: torch.nn.Module, name: str, lengths=PROMPTS) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    out: dict[str, torch.Tensor] = {}
    for i, length in enumerate(lengths):
        ids = torch.randint(5, VOCABULARY, (1, length), generator=generator)
        if hasattr(model.config, "vocab_size"):
            ids = ids % model.config.vocab_size
        seen = observe(model, ids, taps=i == 0)
        out.update({f"{i}/{key}": value for key, value in seen.items()})
        if name in GREEDY and i == 1:
            with torch.no_grad():
                drawn = model.generate(ids, do_sample=False, max_new_tokens=12, eos_token_id=None, pad_token_id=0)
            out["greedy/ids"] = drawn[0, length:].clone()
        if hasattr(model.config, "num_experts"):
            continue  # its kernels have no float64
        double = observe(model.double(), ids, taps=False)
        model.float()
        noise = max(
            (((seen[key] - double[key]).norm(dim=-1) / double[key].norm(dim=-1)).max().item())
            for key in seen if key.startswith("hidden"))
        print(f"{name:16} prompt {i}: float32 against float64, worst row {noise:.1e}")
    return out


def byte_tokenizer() -> PreTrainedTokenizerFast:
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: i for i, symbol in enumerate(["<|end|>", *symbols])}
    merges = []
    for pair in ("th", "he", "in", "er", "an", "re", "on", "at", "en", "nd", "ti", "es", "or", "te", "of", "ed", "is",
                 "it", "al", "ar", "st", "to", "nt", "ng", "se", "ha", "as", "ou", "io", "le", "ve"):
        merges.append((pair[0], pair[1]))
        vocabulary[pair] = len(vocabulary)
    assert len(vocabulary) == VOCABULARY, len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def old_spelling(path: Path) -> None:
    """config.json as transformers 4 wrote it."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    if "sliding_attention" in rope:
        config["rope_theta"] = rope["full_attention"]["rope_theta"]
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    else:
        config["rope_theta"] = rope.pop("rope_theta")
        if "partial_rotary_factor" in rope:
            config["partial_rotary_factor"] = rope.pop("partial_rotary_factor")
        config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    path.write_text(json.dumps(config, indent=2) + "\n")


def write(name: str) -> None:
    folder = MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    model = build(name, CONFIGS[name])
    dtype = STORED.get(name, torch.bfloat16)
    round_to(model, dtype)
    if name in FLOAT8:
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "proj" in key:
                    parameter.copy_(parameter.to(torch.float8_e4m3fn).to(torch.float32))
    save_file_of = expected(model, name)
    model.to(dtype).save_pretrained(folder, **({"max_shard_size": "20KB"} if name in SHARDED else {}))
    if name in FLOAT8:
        path = folder / "model.safetensors"
        tensors = {key: value.to(torch.float8_e4m3fn) if "proj" in key else value
                   for key, value in load_file(path).items()}
        save_file(tensors, path, metadata={"format": "pt"})
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name in OLD_SPELLING:
        old_spelling(folder / "config.json")
    byte_tokenizer().save_pretrained(folder)
    save_file(save_file_of, folder / "expected.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:] or CONFIGS:
        write(wanted)
