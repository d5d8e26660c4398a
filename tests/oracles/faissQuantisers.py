"""Writes ../codecs/quantisers/fixtures/faiss.json: how well faiss codes vectors that it has not seen.

Train and held-out vectors come from a seeded hash that syntheticVectors.ts repeats. The centred cosine is that of
x - mean and decoded - mean, mean over held-out vectors, `mean` of the training vectors; `firstVector` shows that both
languages make the same vectors. Given a safetensors file with `train` and `heldOut` (float32 [rows, width]), prints the
cosines of 16 places with 256 entries on them instead.
Usage: python faissQuantisers.py [FILE.safetensors]
"""

import json
import sys
import time
from pathlib import Path

import faiss
import numpy as np

SMALL = {"train": 2000, "heldOut": 500, "width": 64, "places": 8, "entries": 16}


def hashed(stream: int, index: np.ndarray) -> np.ndarray:
    h = np.uint32(stream * 0x9E3779B1 & 0xFFFFFFFF) ^ index.astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def uniform(stream: int, index: np.ndarray) -> np.ndarray:
    return hashed(stream, index).astype(np.float64) / 2**31 - 1


def vectors(rows: int, width: int, start: int) -> np.ndarray:
    basis = uniform(1, np.arange(width * width)).reshape(width, width)
    row, column = np.arange(start, start + rows)[:, None], np.arange(width)[None, :]
    at = row * width + column
    cluster = hashed(2, row) % np.uint32(40)
    noise = uniform(3, at) + uniform(4, at) + uniform(5, at)
    z = (1.0 + column) ** -0.6 * (noise + 1.5 * uniform(6, cluster * np.uint32(width) + column.astype(np.uint32)))
    return (z @ basis).astype(np.float32)


def cosines(train: np.ndarray, held_out: np.ndarray, places: int, entries: int) -> dict[str, float]:
    bits = entries.bit_length() - 1
    width = train.shape[1]
    mean = train.mean(axis=0, dtype=np.float64).astype(np.float32)
    train, held_out = train - mean, held_out - mean

    def cosine(decoded: np.ndarray) -> float:
        dots = (held_out * decoded).sum(axis=1)
        return float((dots / np.linalg.norm(held_out, axis=1) / np.linalg.norm(decoded, axis=1)).mean())

    out = {}
    quantisers = {
        "pq": lambda: faiss.ProductQuantizer(width, places, bits),
        "rq": lambda: faiss.ResidualQuantizer(width, places, bits),
        "lsq": lambda: faiss.LocalSearchQuantizer(width, places, bits),
    }
    for name, make in quantisers.items():
        started = time.perf_counter()
        quantiser = make()
        quantiser.train(train)
        trained = time.perf_counter()
        out[name] = cosine(quantiser.decode(quantiser.compute_codes(held_out)))
        print(f"{name}: {out[name]:.4f}, trained in {trained - started:.1f} s, encoded in {time.perf_counter() - trained:.2f} s")
        if name == "pq":
            turn = faiss.OPQMatrix(width, places)
            turn.pq = faiss.ProductQuantizer(width, places, bits)
            turn.train(train)
            inner = faiss.ProductQuantizer(width, places, bits)
            inner.train(turn.apply(train))
            decoded = inner.decode(inner.compute_codes(turn.apply(held_out)))
            out["opq"] = cosine(turn.reverse_transform(decoded))
            print(f"opq: {out['opq']:.4f}, {time.perf_counter() - started:.1f} s with pq")
    return out


def main() -> None:
    if len(sys.argv) > 1:
        from safetensors.numpy import load_file

        file = load_file(sys.argv[1])
        print(json.dumps(cosines(file["train"], file["heldOut"], 16, 256)))
        return
    train = vectors(SMALL["train"], SMALL["width"], 0)
    held_out = vectors(SMALL["heldOut"], SMALL["width"], SMALL["train"])
    found = cosines(train, held_out, SMALL["places"], SMALL["entries"])
    fixture = {
        "faiss": faiss.__version__,
        **SMALL,
        "firstVector": [float(value) for value in train[0, :8]],
        "cosines": {name: round(value, 5) for name, value in found.items()},
    }
    path = Path(__file__).parent / "../codecs/quantisers/fixtures/faiss.json"
    path.write_text(json.dumps(fixture, indent=1) + "\n")


if __name__ == "__main__":
    main()
