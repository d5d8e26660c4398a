"""A GGUF file of the default model as a folder that vLLM reads: weights in float32, and the tokenizer.

    python exportGguf.py MODEL.gguf FOLDER
"""
import os
import sys

import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer

source, target = sys.argv[1:]
folder, name = os.path.split(source)
read = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
del read.config.quantization_config
model = type(read)(read.config)
model.load_state_dict(read.state_dict())
model.save_pretrained(target)

tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
# transformers' reader of GGUF files leaves the first of these two out.
tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
)
assert tokenizer("  12345")["input_ids"] == [256, 33, 34, 35, 36, 37]
tokenizer.save_pretrained(target)
