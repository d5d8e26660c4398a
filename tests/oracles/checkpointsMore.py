"""More of fixtures/models, beside checkpoints.py and checkpointsGguf.py: what their sizes leave out.

- qwen2-yarn-ramp: in qwen2-yarn every frequency lies at an end of YaRN's ramp, so a wrong ramp would not show.
- llama-wide-kquants-gguf: rows of two superblocks (512) in Q4_K, Q3_K, Q6_K, IQ4_XS and IQ4_NL, where rows of
  llama-kquants-gguf are one superblock each.
- phi3-window0-gguf: the keys that llama.cpp's converter writes for a Phi without a window (0) and without longrope.
- xlm-roberta-gguf: architecture `bert`, position table without the rows of padding, tokenizer `t5`.

Usage: python checkpointsMore.py [NAME...]; without names the first two. The names are those of the list, less `-gguf`.
"""

import shutil
import sys

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGUFWriter, PoolingType
from safetensors.torch import save_file
from transformers import LlamaConfig, Qwen2Config

import checkpoints
import checkpointsGguf
from checkpoints import BASE, CONFIGS, MODELS, VOCABULARY, build, expected
from checkpointsGguf import HALVES, Type, decoded, gguf_name, stored

# At base 100 and 256 original positions the four frequencies of a head lie at 0, 1/4, 1/2 and 3/4 of the ramp.
RAMP = dict(rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=256)
CHECKPOINTS = {
    "qwen2-yarn-ramp": Qwen2Config(**{**BASE, "max_position_embeddings": 1024}, rope_parameters=RAMP),
}
# Sixteen heads of 16: small attention matrices with long rows.
WIDE = LlamaConfig(**{**BASE, "hidden_size": 512, "intermediate_size": 256, "num_attention_heads": 16}, head_dim=16,
                   tie_word_embeddings=True)
GGUF = {
    "llama-wide-kquants": ("llama", WIDE, None),
    "phi3-window0": ("phi3", CONFIGS["phi3"], Type.Q8_0),
}
#: Keys that the converter writes and checkpointsGguf.metadata leaves out.
EXTRA = {
    "llama-wide-kquants": lambda writer: (writer.add_key_length(16), writer.add_value_length(16)),
    "phi3-window0": lambda writer: (writer.add_sliding_window(0), writer.add_rope_scaling_orig_ctx_len(128)),
}


def write_gguf(name: str) -> None:
    """checkpointsGguf.write with the extra keys."""
    metadata, random_blocks = checkpointsGguf.metadata, checkpointsGguf.random_blocks

    def extended(writer, *rest) -> None:
        metadata(writer, *rest)
        EXTRA.get(name, lambda _: None)(writer)

    def gentler(kind, shape, rng):
        """Rows twice as long double the gain, and with it float32's noise: so a spread of 0.03 and less."""
        blocks = random_blocks(kind, shape, rng)
        per_row = blocks.reshape(-1, GGML_QUANT_SIZES[kind][1])
        for offset in HALVES[kind]:
            halves = np.ascontiguousarray(per_row[:, offset:offset + 2]).view(np.float16)
            per_row[:, offset:offset + 2] = (halves * np.float16(0.5)).view(np.uint8)
        return per_row.reshape(shape[0], -1)

    checkpointsGguf.VARIANTS[name] = GGUF[name]
    checkpointsGguf.random_blocks = gentler
    checkpointsGguf.metadata = extended
    try:
        checkpointsGguf.write(name)
    finally:
        checkpointsGguf.metadata, checkpointsGguf.random_blocks = metadata, random_blocks


def unigram(writer: GGUFWriter) -> None:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    words = [*special, *(f"\u2581w{i}" for i in range(VOCABULARY - 5)), "<mask>"]
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * 4 + [-float(i) / 10 for i in range(VOCABULARY - 4)])
    writer.add_token_types([3, 3, 3, 2, *[1] * (VOCABULARY - 5), 3])
    writer.add_add_space_prefix(True)
    writer.add_token_type_count(1)
    writer.add_remove_extra_whitespaces(True)
    writer.add_bos_token_id(0)
    writer.add_pad_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_sep_token_id(2)
    writer.add_mask_token_id(VOCABULARY - 1)


def write_xlm_roberta() -> None:
    folder = MODELS / "xlm-roberta-gguf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = CONFIGS["xlm-roberta"]
    offset = config.pad_token_id + 1
    rng = np.random.default_rng(0)
    model = build("xlm-roberta", config)
    writer = GGUFWriter(str(folder / "model.gguf"), "bert")
    writer.add_name("tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings - offset)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)
    unigram(writer)
    for key, parameter in model.named_parameters():
        values = parameter.detach().numpy()
        target = gguf_name(key, "bert")
        if parameter.dim() == 1 or target.startswith(("position_embd", "token_types")):
            rows = values[offset:] if target.startswith("position_embd") else values
            writer.add_tensor(target, np.ascontiguousarray(rows))
            continue
        data = stored(values, Type.Q8_0, rng)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(decoded(data, Type.Q8_0)))
        writer.add_tensor(target, data, raw_dtype=Type.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected(model, "xlm-roberta-gguf"), folder / "expected.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:] or ["qwen2-yarn-ramp", "llama-wide-kquants"]:
        if wanted in CHECKPOINTS:
            checkpoints.CONFIGS[wanted] = CHECKPOINTS[wanted]
            checkpoints.write(wanted)
        elif wanted in GGUF:
            write_gguf(wanted)
        else:
            write_xlm_roberta()
