"""Writes fixtures/quants.json: random valid stored tensors and their reference dequantised values.

Sources of the values: `gguf.quants.dequantize` (llama.cpp's Python reference, float32) for GGUF's types, torch
for the 8-bit floats of safetensors. A block is random bytes whose float16 fields are finite: those of even blocks
are ordinary weights' scales, those of odd ones any finite float16 (subnormals and both zeros included). The 8-bit
floats are all 256 of them, NaN and infinities included. Usage: python quants.py
"""

import base64
import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

# Byte offsets of the float16 fields of one block (ggml-common.h).
HALF_FIELDS = {
    "F16": [0],
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
    "IQ4_NL": [0],
    "IQ4_XS": [0],
}
FLOAT8 = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}


def random_halves(rng: np.random.Generator, count: int) -> np.ndarray:
    usual = (rng.standard_normal(count) * 0.02).astype(np.float16)
    sign, exponent, mantissa = (rng.integers(0, n, count) for n in (2, 31, 1024))  # exponent 31 is inf or NaN
    any_finite = (sign << 15 | exponent << 10 | mantissa).astype(np.uint16).view(np.float16)
    halves = np.where(np.arange(count) % 2 == 0, usual, any_finite)
    halves[[1, 3, 5, 7]] = np.array([0.0, -0.0, 2.0**-24, 65504.0], dtype=np.float16)
    return halves


def case(name: str, blocks: np.ndarray, elements: int, values: np.ndarray) -> dict:
    values = values.astype("<f4")
    assert values.size == len(blocks) * elements
    return {
        "type": name,
        "blocks": len(blocks),
        "blockBytes": blocks.shape[1],
        "blockElements": elements,
        "bytes": base64.b64encode(blocks.tobytes()).decode(),
        "values": base64.b64encode(values.tobytes()).decode(),
    }


def of_gguf(name: str, blocks: np.ndarray) -> dict:
    kind = GGMLQuantizationType[name]
    values = dequantize(blocks.reshape(1, -1), kind)
    assert np.isfinite(values).all()
    return case(name, blocks, GGML_QUANT_SIZES[kind][0], values)


def random_blocks(name: str, rng: np.random.Generator) -> np.ndarray:
    elements, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    count = 12 if elements == 256 else 64
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in HALF_FIELDS[name]:
        blocks[:, offset : offset + 2] = random_halves(rng, count).view(np.uint8).reshape(count, 2)
    return blocks


def random_floats(size: int, rng: np.random.Generator) -> np.ndarray:
    """Finite float32 of any exponent, or their upper halves, which are bfloat16."""
    bits = rng.integers(0, 2**32, 64, dtype=np.uint32)
    bits[(bits >> 23) & 255 == 255] &= 0xBFFFFFFF
    return bits.view(np.uint8).reshape(64, 4)[:, 4 - size :]


def of_torch(name: str) -> dict:
    patterns = torch.arange(256, dtype=torch.uint8)
    return case(name, patterns.numpy().reshape(256, 1), 1, patterns.view(FLOAT8[name]).float().numpy())


def write(path: Path) -> None:
    rng = np.random.default_rng(20261122)
    cases = [of_gguf(name, random_blocks(name, rng)) for name in HALF_FIELDS]
    cases += [of_gguf(name, np.ascontiguousarray(random_floats(size, rng))) for name, size in (("F32", 4), ("BF16", 2))]
    cases += [of_torch(name) for name in FLOAT8]
    content = {"encoding": "base64 of bytes; values are little-endian float32", "cases": cases}
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(__file__).parent / "fixtures" / "quants.json")
