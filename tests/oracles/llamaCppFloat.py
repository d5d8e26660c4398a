"""Compares fixtures/models/*-gguf with llama.cpp, a third implementation: the files come from our own script.

llama.cpp multiplies quantised blocks with quantised activations, which moves log-probabilities by up to 0.2 in models
this small and can hide a slight mistake in a conversion. So each file is copied to a temporary folder with every
matrix unpacked to float32 (package gguf), nothing else changed, and run with float32 keys and values and without flash
attention. What is left is float32 noise and llama.cpp's float16 tables.

Encoders are compared by their mean embedding, scaled to length 1.

Usage: pip install xllamacpp==2026.10.11549; python llamaCppFloat.py [NAME...]
"""

import json
import sys
import tempfile
import urllib.request
from pathlib import Path

import gguf
import numpy as np
import xllamacpp
from safetensors.numpy import load_file

MODELS = Path(__file__).parent / "fixtures" / "models"
CONTEXT = 256


def unpacked(source: Path, target: Path, changes=None, edit=None) -> str:
    """Writes `source` with float32 matrices; `changes` replaces metadata, `edit(name, rows)` a tensor. Returns its architecture."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(str(target), architecture)
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        value = (changes or {}).get(key, field.contents())
        writer.add_key_value(key, value, field.types[0], field.types[-1] if len(field.types) > 1 else None)
    for tensor in reader.tensors:
        rows = np.array(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        writer.add_tensor(tensor.name, edit(tensor.name, rows) if edit else rows)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return architecture


def serve(path: Path, encoder: bool) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    if encoder:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return xllamacpp.Server(params)


def post(server: xllamacpp.Server, path: str, question: dict):
    request = urllib.request.Request(server.listening_address + path, json.dumps(question).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))


def log_probabilities(server: xllamacpp.Server, ids: list[int], count: int) -> np.ndarray:
    """It says no probabilities where it happens to draw the end token: then once more."""
    for seed in range(1, 20):
        answer = post(server, "/completion", {
            "prompt": ids, "n_predict": 1, "n_probs": count, "temperature": 1.0, "top_k": 0, "top_p": 1.0,
            "min_p": 0.0, "cache_prompt": False, "seed": seed})
        if "completion_probabilities" in answer:
            found = {entry["id"]: entry["logprob"] for entry in answer["completion_probabilities"][0]["top_logprobs"]}
            return np.array([found[i] for i in range(count)])
    raise RuntimeError("no probabilities in 19 answers")


def difference(path: Path, architecture: str, expected: dict[str, np.ndarray], prompt: int) -> tuple[float, bool]:
    """Largest difference over the vocabulary (or the embedding's coordinates); whether the largest entry is the same."""
    ids = expected[f"{prompt}/ids"].tolist()
    server = serve(path, architecture == "bert")
    if architecture == "bert":
        truth = expected[f"{prompt}/mean"].astype(np.float64)
        truth /= np.linalg.norm(truth)
        found = np.array(post(server, "/embedding", {"content": ids})[0]["embedding"][0])
        found /= np.linalg.norm(found)
    else:
        logits = expected[f"{prompt}/logits"][-1].astype(np.float64)
        truth = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        found = log_probabilities(server, ids, len(truth))
    return float(np.abs(found - truth).max()), int(found.argmax()) == int(truth.argmax())


def check(folder: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    for prompt in (0, 1):
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "model.gguf"
            # llama.cpp takes the long factors wherever its context could exceed the original one, whatever the
            # prompt's length; transformers goes by the length. So a short prompt is asked with a longer original.
            short = folder.name == "phi3-longrope-gguf" and prompt == 1
            architecture = unpacked(folder / "model.gguf", path,
                                    {"phi3.rope.scaling.original_context_length": 2 * CONTEXT} if short else None)
            worst, same = difference(path, architecture, expected, prompt)
            print(f"{folder.name:20} prompt {prompt}: largest difference {worst:.1e}, same largest: {same}", flush=True)


if __name__ == "__main__":
    for name in sys.argv[1:] or [path.name for path in sorted(MODELS.glob("*-gguf"))]:
        check(MODELS / name)
