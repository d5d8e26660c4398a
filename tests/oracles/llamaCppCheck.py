"""Compares fixtures/models/*-gguf with llama.cpp, a third implementation: the files are written by our own script.

For each decoder it asks for the whole next-token distribution after both prompts, and prints how far it is from
PyTorch's (which expected.safetensors holds). llama.cpp multiplies quantised blocks with quantised activations and
keeps keys and values as float16, so a difference of some 1e-2 is its own; a wrong conversion shows as 1e-1 and more.

Usage: pip install xllamacpp==2026.10.11549; python llamaCppCheck.py [NAME...]
"""

import json
import sys
import urllib.request
from pathlib import Path

import numpy as np
import xllamacpp
from safetensors.numpy import load_file

MODELS = Path(__file__).parent / "fixtures" / "models"


def ask(server: xllamacpp.Server, ids: list[int], count: int) -> dict:
    """It says no probabilities where it happens to draw the end token: then once more."""
    for seed in range(1, 20):
        question = {"prompt": ids, "n_predict": 1, "n_probs": count, "temperature": 1.0, "top_k": 0, "top_p": 1.0,
                    "min_p": 0.0, "cache_prompt": False, "seed": seed}
        request = urllib.request.Request(f"{server.listening_address}/completion", json.dumps(question).encode(),
                                         {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=60))
        if "completion_probabilities" in answer:
            return answer
    raise RuntimeError("no probabilities in 19 answers")


def check(folder: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    vocabulary = expected["0/logits"].shape[1]
    params = xllamacpp.CommonParams()
    params.model.path = str(folder / "model.gguf")
    params.n_ctx = 128
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    for prompt in (0, 1):
        logits = expected[f"{prompt}/logits"][-1].astype(np.float64)
        truth = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        answer = ask(server, expected[f"{prompt}/ids"].tolist(), vocabulary)
        found = answer["completion_probabilities"][0]["top_logprobs"]
        values = {entry["id"]: entry["logprob"] for entry in found}
        ids = sorted(values)
        difference = max(abs(values[i] - truth[i]) for i in ids)
        same = max(values, key=values.get) == int(truth.argmax())
        print(f"{folder.name:20} prompt {prompt}: {len(ids)} of {vocabulary} tokens, largest difference of "
              f"log-probability {difference:.4f}, same most likely token: {same}", flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:] or [path.name for path in sorted(MODELS.glob("*-gguf")) if path.name != "bert-gguf"]
    for name in wanted:
        check(MODELS / name)
