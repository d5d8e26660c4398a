"""Writes the fixtures of SmolLM2-135M-Instruct (Q4_1): states, branches, greedy, tokenizer, quants.

Source: PyTorch transformers in float32 on the dequantised weights; see reference_model.py.
States are taken by forward hooks, because the last entry of transformers' `hidden_states` is
after the final norm: hidden.0 = embedding output, hidden.(L+1) = after block L.
Usage: python smollm2.py MODEL.gguf
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from safetensors.numpy import save_file

import quants
import tokenizer_cases
from reference_model import SHA256, Reference, log_softmax

FIXTURES = Path(__file__).parent / "fixtures"

TEXTS = [
    {"text": "The old lighthouse keeper counted three small boats before the big storm arrived.", "special": False},
    {"text": "人工智能 and 42 cats 🐱 like 中国 food.", "special": False},
    {
        "text": "<|im_start|>system\nAnswer in one short sentence.<|im_end|>\n<|im_start|>user\nName a colour.<|im_end|>\n"
        "<|im_start|>assistant\n",
        "special": True,
    },
]
ATTENTION_LAYERS = [0, 15, 29]
BEFORE, AFTER = "Note: ", "\n\nIn other words,"
CONTEXT, OTHER_CONTEXT = "The red bus leaves the station at nine.", "The bus leaves at ten."
CONTINUATIONS = [" the bus departs at 9", " a red train arrives"]
GREEDY_PROMPT, GREEDY_STEPS = "The capital of France is", 12


def observe(reference: Reference, ids: list[int]) -> dict[str, np.ndarray]:
    """One forward pass; every tensor is [tokens, width], attention.L is [heads, tokens, tokens]."""
    taps: dict[str, np.ndarray] = {}
    inner = reference.model.model

    def keep(name: str):
        def hook(_module, _inputs, output):
            taps[name] = (output[0] if isinstance(output, tuple) else output)[0].numpy().copy()

        return hook

    hooks = [inner.embed_tokens.register_forward_hook(keep("hidden.0"))]
    hooks += [layer.register_forward_hook(keep(f"hidden.{i + 1}")) for i, layer in enumerate(inner.layers)]
    hooks += [inner.norm.register_forward_hook(keep("final_norm"))]
    out = reference.model(torch.tensor([ids]), output_attentions=True)
    for hook in hooks:
        hook.remove()
    taps["logits"] = out.logits[0].numpy()
    for layer in ATTENTION_LAYERS:
        taps[f"attention.{layer}"] = out.attentions[layer][0].numpy()
    return taps


def states(reference: Reference) -> None:
    tensors: dict[str, np.ndarray] = {}
    described = []
    for index, case in enumerate(TEXTS):
        ids = reference.ids(**case)
        taps = observe(reference, ids)
        positions = list(range(len(ids))) if index == 0 else [0, len(ids) // 2, len(ids) - 1]
        tensors[f"{index}/ids"] = np.array(ids, dtype=np.int64)
        tensors[f"{index}/logits"] = taps["logits"][-1]
        for name, tap in taps.items():
            if name.startswith("hidden.") or name == "final_norm":
                tensors[f"{index}/{name}"] = tap[positions]
            if name.startswith("attention.") and index == 0:
                tensors[f"{index}/{name}"] = tap
        logp = log_softmax(taps["logits"])
        top = np.argsort(-logp, axis=-1, kind="stable")[:, :5]
        described.append({
            **case,
            "prefix": f"{index}/",
            "ids": ids,
            "positions": positions,
            "top5": top.tolist(),
            "top5LogSoftmax": np.take_along_axis(logp, top, axis=-1).tolist(),
            "nextLogSoftmax": [logp[t, ids[t + 1]] for t in range(len(ids) - 1)],
        })
    path = FIXTURES / "smollm2-states.safetensors"
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path)
    path.chmod(0o644)
    config = reference.model.config
    write("smollm2-states.json", {
        "sha256": SHA256,
        "blocks": config.num_hidden_layers,
        "width": config.hidden_size,
        "vocabulary": config.vocab_size,
        "attentionLayers": ATTENTION_LAYERS,
        "texts": described,
    })


def branches(reference: Reference) -> None:
    """KL(P || P') in nats, P given the context and P' given the other one, at each continuation token."""
    prefix, other = (
        [i for piece in (BEFORE, context, AFTER) for i in reference.ids(piece)] for context in (CONTEXT, OTHER_CONTEXT)
    )
    described = []
    for text in CONTINUATIONS:
        ids = reference.ids(text)
        # Row t is the distribution that predicts ids[t].
        p, q = (
            log_softmax(reference.logits(start + ids)[len(start) - 1 : -1]) for start in (prefix, other)
        )
        rows = np.arange(len(ids))
        described.append({
            "text": text,
            "ids": ids,
            "logSoftmax": p[rows, ids].tolist(),
            "otherLogSoftmax": q[rows, ids].tolist(),
            "kl": (np.exp(p) * (p - q)).sum(axis=-1).tolist(),
            "klReverse": (np.exp(q) * (q - p)).sum(axis=-1).tolist(),
        })
    last = reference.model.config.num_hidden_layers
    write("smollm2-branches.json", {
        "sha256": SHA256,
        "prefix": {"pieces": [BEFORE, CONTEXT, AFTER], "ids": prefix},
        "otherPrefix": {"pieces": [BEFORE, OTHER_CONTEXT, AFTER], "ids": other},
        "continuations": described,
        "lastPrefixState": {"tap": f"hidden.{last}", "values": observe(reference, prefix)[f"hidden.{last}"][-1].tolist()},
    })


def greedy(reference: Reference) -> None:
    prompt = reference.ids(GREEDY_PROMPT)
    ids, margins = list(prompt), []
    for _ in range(GREEDY_STEPS):
        logits = reference.logits(ids)[-1]
        second, first = np.sort(logits)[-2:]
        margins.append(float(first - second))
        ids.append(int(logits.argmax()))
    answer = ids[len(prompt) :]
    write("smollm2-greedy.json", {
        "sha256": SHA256,
        "prompt": GREEDY_PROMPT,
        "promptIds": prompt,
        "ids": answer,
        "text": reference.plain.decode(answer, skip_special_tokens=False),
        "margins": margins,
    })


def write(name: str, content: dict) -> None:
    """One top-level key a line."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(part)}" for key, part in content.items())
    (FIXTURES / name).write_text(f"{{\n{lines}\n}}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gguf", type=Path)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    FIXTURES.mkdir(exist_ok=True)
    reference = Reference(parser.parse_args().gguf)
    tokenizer_cases.write(reference.plain, reference.parsed, FIXTURES / "tokenizer.json")
    states(reference)
    branches(reference)
    greedy(reference)
    quants.write(FIXTURES / "quants.json")


if __name__ == "__main__":
    main()
