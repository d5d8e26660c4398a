"""Values for tests/harness/codes: eigenvalues, reverse water-filling, recall, symbol use and cosines by numpy and scipy.

python tests/oracles/codes.py
"""

import json
import math
import pathlib

import numpy
from scipy import optimize, stats

random = numpy.random.default_rng(7)


def spectrum(width, rank):
    basis = random.standard_normal((rank, width)) * numpy.exp(-numpy.arange(rank) / 4)[:, None]
    return basis.T @ basis


def water_filling(variances, bits):
    """The water level by root finding on the rate, as Cover & Thomas state it."""
    variances = numpy.maximum(variances, 0)
    if bits == 0:
        level = variances.max()
    else:
        rate = lambda log_level: numpy.maximum(
            0, 0.5 * (numpy.log2(numpy.maximum(variances, 1e-300)) - log_level)
        ).sum() - bits
        level = 2 ** optimize.brentq(rate, numpy.log2(variances.max()) - 2 * bits - 60, numpy.log2(variances.max()), xtol=1e-14)
    distortion = numpy.minimum(level, variances).sum()
    return {
        "bits": bits,
        "distortion": distortion,
        "cosine": numpy.sqrt(max(0, 1 - distortion / variances.sum())),
        "active": int((variances > level).sum()),
    }


matrices = []
for width, rank in [(12, 12), (9, 9), (10, 4), (1, 1)]:
    matrix = spectrum(width, rank)
    values = numpy.linalg.eigvalsh(matrix)[::-1]
    matrices.append(
        {
            "width": width,
            "matrix": matrix.ravel().tolist(),
            "eigenvalues": values.tolist(),
            "waterFilling": [water_filling(values[:rank], bits) for bits in (0.5, 3, 17.25, 60)],
        }
    )

rows, width = 40, 6
gallery = random.standard_normal((rows, width)).astype(numpy.float32) + 0.7
gallery[5] = gallery[6]
decoded = (gallery + 0.8 * random.standard_normal((rows, width))).astype(numpy.float32)
unit = lambda x: x / numpy.linalg.norm(x, axis=1, keepdims=True)
cosines = unit(decoded.astype(float)) @ unit(gallery.astype(float)).T
own = numpy.diag(cosines)[:, None]
close = numpy.abs(cosines - own) < 1e-6
ranks = 1 + ((cosines > own) & ~close).sum(1) + (close.sum(1) - 1) / 2
centre = gallery.mean(0)


def interval(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return {"value": values.mean(), "low": values.mean() - half, "high": values.mean() + half}


def cosine(a, b):
    return (unit(a.astype(float)) * unit(b.astype(float))).sum(1)


codes = numpy.minimum(random.geometric(0.4, (200, 3)) - 1, [4, 6, 9])
entropies = [stats.entropy(numpy.bincount(column), base=2) for column in codes.T]



class JavaRandom:
    """java.util.Random as its documentation specifies it."""

    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)
        self.spare = None

    def next(self, bits):
        self.state = (self.state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        return self.state >> (48 - bits)

    def double(self):
        return ((self.next(26) << 27) + self.next(27)) * 2.0**-53

    def gaussian(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            x, y = 2 * self.double() - 1, 2 * self.double() - 1
            square = x * x + y * y
            if 0 < square < 1:
                factor = math.sqrt(-2 * math.log(square) / square)
                self.spare = y * factor
                return x * factor


def demonstration(seed):
    """Cosines of the proposal's vector with what it decodes, and with a constant."""
    java = JavaRandom(seed)
    v = numpy.array([java.double() for _ in range(128)])
    w = numpy.array([[java.gaussian() for _ in range(128)] for _ in range(16)])
    decoded = w.T @ (w @ v) / 16
    return [float(a @ v / numpy.linalg.norm(a) / numpy.linalg.norm(v)) for a in (decoded, numpy.ones(128))]


pathlib.Path(__file__).with_name("fixtures").joinpath("codes.json").write_text(
    json.dumps(
        {
            "matrices": matrices,
            "recall": {
                "width": width,
                "gallery": gallery.ravel().tolist(),
                "decoded": decoded.ravel().tolist(),
                "ranks": ranks.tolist(),
                "recall1": (ranks <= 1).mean(),
                "recall10": (ranks <= 10).mean(),
                "raw": interval(cosine(decoded, gallery)),
                "centre": centre.tolist(),
                "centred": interval(cosine(decoded - centre, gallery - centre)),
            },
            "demonstrations": [demonstration(seed) for seed in range(43)],
            "use": {
                "codes": codes.ravel().tolist(),
                "sizes": [5, 7, 10],
                "perplexity": 2 ** numpy.mean(entropies),
                "entropy": sum(entropies),
                "entries": stats.gmean([5, 7, 10]),
            },
        },
        indent=1,
    )
    + "\n"
)
