"""Prints how often one-sided tests of mean > 0 hold for contrasts whose mean is 0 (size) or above it (power).

The unit is a cluster mean; nominal 2.5 %. Losses are skewed, so contrasts have a long tail below: then a t test holds
too often. Tests: `t` (CR2; here the plain t test of cluster means), `boot` (bootstrap-t, Davison & Hinkley 1997, 5.2),
`flip` (studentised sign flips = wild bootstrap, null imposed, Rademacher weights; Cameron, Gelbach & Miller 2008),
`webb` (wild, null imposed, six-point weights; Webb 2023), `mammen` (wild, null imposed, Mammen's 1993 two-point
weights, which keep the third moment), `hall` (Hall's 1992 cubic transformation, bootstrapped), `bca` (Efron 1987).
Conjunctions are written with `&`. Usage: python testSizes.py [repetitions, default 20000]
"""

import sys
from collections.abc import Callable

import numpy as np
from scipy import stats

ALPHA, RESAMPLES, BATCH = 0.025, 1999, 500
Sampler = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def lognormal(sigma: float, sign: int) -> Sampler:
    mean, sd = np.exp(sigma**2 / 2), np.sqrt((np.exp(sigma**2) - 1) * np.exp(sigma**2))
    return lambda rng, shape: sign * (rng.lognormal(0, sigma, shape) - mean) / sd


def rare_failures(share: float, depth: float) -> Sampler:
    """A normal contrast that fails badly in a share of clusters, standardised."""
    sd = np.sqrt(1 + share * (1 - share) * depth**2)
    return lambda rng, shape: (rng.standard_normal(shape) - depth * ((rng.random(shape) < share) - share)) / sd


def clustered(sampler: Sampler, items: int, correlation: float) -> Sampler:
    """Means of clusters of items: a shared part of the given share of the variance, and an own part each."""

    def sample(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        shared = sampler(rng, shape)
        own = np.mean([sampler(rng, shape) for _ in range(items)], axis=0)
        sd = np.sqrt(correlation + (1 - correlation) / items)
        return (np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own) / sd

    return sample


SAMPLERS: dict[str, Sampler] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "t, 3 df": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3),
    "-lognormal 0.5": lognormal(0.5, -1),
    "-lognormal 0.75": lognormal(0.75, -1),
    "-lognormal 1": lognormal(1.0, -1),
    "-lognormal 1.25": lognormal(1.25, -1),
    "-exponential": lambda rng, shape: 1 - rng.exponential(1, shape),
    "-chi2, 1 df": lambda rng, shape: (1 - rng.chisquare(1, shape)) / np.sqrt(2),
    "10 % fail by 5 sd": rare_failures(0.1, 5),
    "5 % fail by 8 sd": rare_failures(0.05, 8),
    "+lognormal 1": lognormal(1.0, 1),
    "-lognormal 1, 4 items, icc 0.3": clustered(lognormal(1.0, -1), 4, 0.3),
}


def resampled_t(first: np.ndarray, second: np.ndarray, n: int, centre: np.ndarray) -> np.ndarray:
    """(mean* - centre)/se* from weighted sums of values and of squares; +inf where se* is 0 (as conservative)."""
    mean = first / n
    variance = (second / n - mean**2) / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 1e-12, (mean - centre) / np.sqrt(np.maximum(variance, 1e-300)), np.inf)


def p_value(star: np.ndarray, observed: np.ndarray) -> np.ndarray:
    return (1 + (star >= observed[:, None] - 1e-12).sum(axis=1)) / (star.shape[1] + 1)


def hall_transform(t: np.ndarray, skewness: np.ndarray, n: int) -> np.ndarray:
    u = t / np.sqrt(n)
    return u + skewness * u**2 / 3 + skewness**2 * u**3 / 27 + skewness / (6 * n)


def skewness_of(first: np.ndarray, second: np.ndarray, third: np.ndarray, n: int) -> np.ndarray:
    m = first / n
    variance = np.maximum(second / n - m**2, 1e-12)
    return (third / n - 3 * m * second / n + 2 * m**3) / variance**1.5


def p_values(y: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """y: [batch, n] cluster means. One-sided p-values of each test."""
    n = y.shape[1]
    mean, sd = y.mean(axis=1), y.std(axis=1, ddof=1)
    t = mean / (sd / np.sqrt(n))
    zero = np.zeros((len(y), 1))
    weights = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float).T
    r = y - mean[:, None]
    first, second, third = r @ weights, r**2 @ weights, r**3 @ weights
    boot = resampled_t(first, second, n, zero)
    g = hall_transform(t * np.sqrt(n / (n - 1)), stats.skew(y, axis=1), n)
    g_star = hall_transform(np.minimum(boot, 1e6) * np.sqrt(n / (n - 1)), skewness_of(first, second, third, n), n)
    out = {"t": stats.t.sf(t, n - 1), "boot": p_value(boot, t), "hall": p_value(g_star, g)}
    webb = np.array([-np.sqrt(1.5), -1, -np.sqrt(0.5), np.sqrt(0.5), 1, np.sqrt(1.5)])
    root = np.sqrt(5)
    kinds = {
        "flip": rng.choice([-1.0, 1.0], (n, RESAMPLES)),
        "webb": rng.choice(webb, (n, RESAMPLES)),
        "mammen": np.where(rng.random((n, RESAMPLES)) < (root + 1) / (2 * root), -(root - 1) / 2, (root + 1) / 2),
    }
    for name, v in kinds.items():
        out[name] = p_value(resampled_t(y @ v, y**2 @ v**2, n, zero), t)
    below = ((first / n <= 0).mean(axis=1)).clip(1 / (RESAMPLES + 1), RESAMPLES / (RESAMPLES + 1))
    z0 = stats.norm.ppf(below)
    acceleration = stats.skew(y, axis=1) / (6 * np.sqrt(n))
    z = z0 + stats.norm.ppf(ALPHA)
    level = stats.norm.cdf(z0 + z / (1 - acceleration * z))
    low = np.array([np.quantile(row, q) for row, q in zip(first / n, level, strict=True)]) + mean
    out["bca"] = np.where(low > 0, 0.0, 1.0)
    return out


TESTS = ["t", "boot", "flip", "webb", "mammen", "hall", "bca", "t&boot", "boot&flip", "t&hall", "boot&hall"]


def rates(sampler: Sampler, n: int, effect: float, repetitions: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    held = dict.fromkeys(TESTS, 0)
    for _ in range(repetitions // BATCH):
        p = p_values(sampler(rng, (BATCH, n)) + effect, rng)
        for name in TESTS:
            held[name] += int(np.all([p[part] <= ALPHA for part in name.split("&")], axis=0).sum())
    return {name: count / (repetitions // BATCH * BATCH) for name, count in held.items()}


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"nominal {ALPHA:.1%}, {repetitions} repetitions, {RESAMPLES} resamples; per cent of tests that hold")
    print(f"{'effect':>6} {'n':>3}  {'contrast':<32}" + "".join(f"{name:>10}" for name in TESTS))
    for effect in (0.0, 0.5):
        for n in (24, 40):
            for number, (name, sampler) in enumerate(SAMPLERS.items()):
                result = rates(sampler, n, effect, repetitions, 1000 * n + number)
                figures = "".join(f"{100 * rate:>10.1f}" for rate in result.values())
                print(f"{effect:>6} {n:>3}  {name:<32}{figures}", flush=True)


if __name__ == "__main__":
    main()
