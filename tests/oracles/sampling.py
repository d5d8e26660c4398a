"""Writes fixtures/sampling.json: which tokens top-k and top-p keep, by transformers' logits warpers.

Usage: python sampling.py
"""

import json
from pathlib import Path

import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper


def case(seed: int, temperature: float, top_k: int | None, top_p: float | None) -> dict:
    logits = (torch.randn(1, 40, generator=torch.Generator().manual_seed(seed)) * 3).to(torch.float32)
    scores = TemperatureLogitsWarper(temperature)(None, logits)
    if top_k is not None:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if top_p is not None:
        scores = TopPLogitsWarper(top_p)(None, scores)
    kept = torch.isfinite(scores[0]).nonzero().flatten().tolist()
    return {"logits": logits[0].tolist(), "temperature": temperature, "topK": top_k, "topP": top_p, "kept": kept}


if __name__ == "__main__":
    settings = [(1.0, 5, None), (1.0, None, 0.9), (0.7, None, 0.5), (1.3, 10, 0.8), (0.5, 1, None), (1.0, None, 0.01),
                (2.0, 40, 0.999), (1.0, 100, 1.0), (0.8, 3, 0.3)]
    cases = [case(seed, *setting) for seed, setting in enumerate(settings)]
    (Path(__file__).parent / "fixtures" / "sampling.json").write_text(json.dumps({"cases": cases}) + "\n")
