"""What PyTorch says to the texts that real servers were asked about (tests/providers/openai/recordedCases.ts).

    python served.py FOLDER      a folder as tests/integration/exportGguf.py writes it
"""
import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)

question = [{"role": "user", "content": "What is the capital of France?"}]
chat = tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
note = "Note:\n渡轮九点开。\n\nIn other words,"
scored = [
    ("The capital of France is", " Paris."),
    (note, " 船在九点离开。"),
    (chat, "The capital of France is Paris."),
]
ends = ["The capital of France is", note, chat]


def ids(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def score(before, said):
    first, all_ids = ids(before), ids(before + said)
    assert all_ids[: len(first)] == first
    with torch.no_grad():
        logs = model(torch.tensor([all_ids])).logits[0].log_softmax(-1)
    return [logs[i - 1, all_ids[i]].item() for i in range(len(first), len(all_ids))]


def state(text):
    with torch.no_grad():
        return model(torch.tensor([ids(text)]), output_hidden_states=True).hidden_states[-1][0, -1].tolist()


def rounded(values):
    return [float(f"{value:.6g}") for value in values]


truth = {"scores": [rounded(score(*one)) for one in scored], "states": [rounded(state(one)) for one in ends]}
target = pathlib.Path(__file__).parent.parent / "providers" / "openai" / "fixtures" / "truth.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(truth) + "\n")
