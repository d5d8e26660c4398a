"""Writes fixtures/quants.json: random valid GGUF blocks and their reference dequantised values.

Source of the values: `gguf.quants.dequantize` (llama.cpp's Python reference, float32).
A block is random bytes whose float16 fields are finite: half of them ordinary weights' scales,
the rest any finite float16 (subnormals and both zeros included). Usage: python quants.py
"""

import base64
import json
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

BLOCKS = 64
# Byte offsets of the float16 fields of one block (ggml-common.h).
HALF_FIELDS = {"F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q8_0": [0], "Q6_K": [208]}


def random_halves(rng: np.random.Generator) -> np.ndarray:
    usual = (rng.standard_normal(BLOCKS) * 0.02).astype(np.float16)
    sign, exponent, mantissa = (rng.integers(0, n, BLOCKS) for n in (2, 31, 1024))  # exponent 31 is inf or NaN
    any_finite = (sign << 15 | exponent << 10 | mantissa).astype(np.uint16).view(np.float16)
    halves = np.where(np.arange(BLOCKS) % 2 == 0, usual, any_finite)
    halves[[1, 3, 5, 7]] = np.array([0.0, -0.0, 2.0**-24, 65504.0], dtype=np.float16)
    return halves


def case(name: str, rng: np.random.Generator) -> dict:
    kind = GGMLQuantizationType[name]
    elements, size = GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    for offset in HALF_FIELDS[name]:
        blocks[:, offset : offset + 2] = random_halves(rng).view(np.uint8).reshape(BLOCKS, 2)
    values = dequantize(blocks.reshape(1, -1), kind).astype("<f4")
    assert values.size == BLOCKS * elements and np.isfinite(values).all()
    return {
        "type": name,
        "typeId": int(kind),
        "blocks": BLOCKS,
        "blockBytes": size,
        "blockElements": elements,
        "bytes": base64.b64encode(blocks.tobytes()).decode(),
        "values": base64.b64encode(values.tobytes()).decode(),
    }


def write(path: Path) -> None:
    rng = np.random.default_rng(20261122)
    cases = [case(name, rng) for name in HALF_FIELDS]
    content = {"encoding": "base64 of bytes; values are little-endian float32", "cases": cases}
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(__file__).parent / "fixtures" / "quants.json")
