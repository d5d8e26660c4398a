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


def embedded():
    """Rows that are no token's; float32 as JavaScript rounds them."""
    i, j = torch.arange(3, dtype=torch.float64)[:, None], torch.arange(576, dtype=torch.float64)[None]
    rows = (0.2 * torch.sin(0.37 * i + 0.11 * j)).float()
    with torch.no_grad():
        logs = model(inputs_embeds=rows[None]).logits[0, -1].log_softmax(-1)
    top = logs.topk(5)
    return [[tokenizer.decode([k]), float(f"{v:.6g}")] for v, k in zip(top.values.tolist(), top.indices.tolist())]


def rounded(values):
    return [float(f"{value:.6g}") for value in values]


truth = {"scores": [rounded(score(*one)) for one in scored], "states": [rounded(state(one)) for one in ends]}
truth["embedded"] = embedded()
target = pathlib.Path(__file__).parent.parent / "providers" / "openai" / "fixtures" / "truth.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(truth) + "\n")
