"""Prints size and power of tests that a share is less than 0.10 below another, and coverage of its intervals.

Part D: own = 1 if an item is good under the candidate, theirs = mean over two paraphrases; contrast d = own - theirs,
tested > -0.10 at 2.5 %. Goodness under all three comes from one latent normal an item (correlation rho), in clusters of
`items` items that share a part of it (icc 0.3). Tests of cluster means: `t`; `floor` (t with se at least √(0.09/G));
`items` (the same with √(0.09/n), n items); `boot` (bootstrap-t; resamples without variance count against the claim);
`fboot` (bootstrap-t with se and se* at least √(0.09/n)). Tests of items as if independent: `tango` (score test with
half counts for half differences); `first` (the same, against the first paraphrase only); `score` (the score test for d
in {-1, -½, 0, ½, 1}, boundedScore.ts). Then the exact coverage of Tango's and Newcombe's (method 10) 95 % intervals
for independent pairs, over all tables of n. Usage: python shareSizes.py [repetitions, default 20000]
"""

import sys

import numpy as np
from inference_statistics import newcombe
from scipy import stats

ALPHA, RESAMPLES, BATCH, ALLOWANCE = 0.025, 1999, 500, 0.1


def tango_z(b: np.ndarray, c: np.ndarray, n: float, margin: np.ndarray | float) -> np.ndarray:
    """Tango (1998) score statistic of p1 - p2 = margin; q by the closed form."""
    slope = (2 * n - b + c) * margin - b - c
    q = (np.sqrt(np.maximum(slope**2 + 8 * n * c * margin * (1 - margin), 0)) - slope) / (4 * n)
    above = b - c - n * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        z = above / np.sqrt(np.maximum(n * (2 * q + margin * (1 - margin)), 0))
    return np.where(np.abs(above) < 1e-12, 0.0, z)


def score_z(d: np.ndarray, margin: float) -> np.ndarray:
    """Score test that the mean of d, in {-1, -½, 0, ½, 1}, is the margin; d: [batch, n].

    Under the null the probabilities are the most likely ones with that mean (Owen 1988, empirical likelihood), where
    an end may have some though it was never seen: p_k = n_k / (n (1 + λ (d_k - margin))), the rest at that end. For
    -1, 0 and 1 this is Tango's score test.
    """
    support = np.array([-1, -0.5, 0, 0.5, 1])
    counts = (d[:, :, None] == support).sum(axis=1)
    n, distance = d.shape[1], support - margin
    low, high = np.full(len(d), -1 / distance[-1]), np.full(len(d), -1 / distance[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(60):
            middle = (low + high) / 2
            p = np.where(counts > 0, counts / (n * (1 + middle[:, None] * distance)), 0)
            positive = (p * distance).sum(axis=1) > 0
            low, high = np.where(positive, middle, low), np.where(positive, high, middle)
        p = np.where(counts > 0, counts / (n * (1 + ((low + high) / 2)[:, None] * distance)), 0)
    rest = np.maximum(0, 1 - p.sum(axis=1))
    p[:, 0] += np.where(low > 0, rest, 0)
    p[:, -1] += np.where(low > 0, 0, rest)
    variance = (p * distance**2).sum(axis=1)
    return (d.mean(axis=1) - margin) / np.sqrt(variance / n)


def goods(rng, batch, clusters, items, shares, rho, icc) -> list[np.ndarray]:
    shape = (batch, clusters, items)
    shared = np.sqrt(icc) * rng.standard_normal((batch, clusters, 1)) + np.sqrt(1 - icc) * rng.standard_normal(shape)
    out = []
    for share in shares:
        latent = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal(shape)
        out.append((latent < stats.norm.ppf(share)).astype(float))
    return out


def held(rng, clusters: int, items: int, shares: tuple, rho: float, icc: float, repetitions: int) -> dict[str, float]:
    counts: dict[str, int] = {}
    for _ in range(repetitions // BATCH):
        own, one, two = goods(rng, BATCH, clusters, items, shares, rho, icc)
        d = own - (one + two) / 2
        y = d.mean(axis=2) + ALLOWANCE
        mean, se = y.mean(axis=1), y.std(axis=1, ddof=1) / np.sqrt(clusters)
        critical = stats.t.isf(ALPHA, clusters - 1)
        floored = mean / np.maximum(se, np.sqrt(ALLOWANCE * (1 - ALLOWANCE) / clusters)) > critical
        with np.errstate(divide="ignore"):
            t = mean / se
        w = rng.multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES).astype(float).T
        r = y - mean[:, None]
        first, second = r @ w / clusters, r**2 @ w / clusters
        variance = (second - first**2) / (clusters - 1)
        star = np.where(variance > 1e-12, first / np.sqrt(np.maximum(variance, 1e-300)), np.inf)
        boot = (1 + (star >= t[:, None]).sum(axis=1)) / (RESAMPLES + 1) <= ALPHA
        flat, n = d.reshape(BATCH, -1), clusters * items
        least = np.sqrt(ALLOWANCE * (1 - ALLOWANCE) / n)
        by_items = mean / np.maximum(se, least) > critical
        star = first / np.maximum(np.sqrt(np.maximum(variance, 0)), least)
        floored_boot = (1 + (star >= (mean / np.maximum(se, least))[:, None]).sum(axis=1)) / (RESAMPLES + 1) <= ALPHA
        tango = tango_z(np.maximum(flat, 0).sum(1), np.maximum(-flat, 0).sum(1), n, -ALLOWANCE)
        score = score_z(flat, -ALLOWANCE)
        flat = (own - one).reshape(BATCH, -1)
        single = tango_z(np.maximum(flat, 0).sum(1), np.maximum(-flat, 0).sum(1), n, -ALLOWANCE)
        z = stats.norm.isf(ALPHA)
        results = {
            "t": t > critical, "floor": floored, "boot": boot, "t&boot": (t > critical) & boot,
            "floor&boot": floored & boot, "items": by_items, "items&boot": by_items & boot, "fboot": floored_boot,
            "items&fboot": by_items & floored_boot, "tango": tango > z, "first": single > z,
            "score": score > z, "items&score": by_items & (score > z),
        }  # fmt: skip
        for name, which in results.items():
            counts[name] = counts.get(name, 0) + int(which.sum())
    return {name: count / (repetitions // BATCH * BATCH) for name, count in counts.items()}


def coverage(n: int, discordant: float, difference: float) -> dict[str, tuple[float, float]]:
    """Exact coverage of the two-sided interval, and the chance that its lower end lies above the truth."""
    p_b, p_c, z = (discordant + difference) / 2, (discordant - difference) / 2, stats.norm.isf(0.025)
    concordant_both = 0.8 * (1 - discordant)
    out = {"tango": [0.0, 0.0], "newcombe": [0.0, 0.0]}
    for b in range(n + 1):
        for c in range(n - b + 1):
            weight = stats.multinomial.pmf([b, c, n - b - c], n, [p_b, p_c, 1 - discordant])
            if weight < 1e-7:
                continue
            score = float(tango_z(np.array(float(b)), np.array(float(c)), n, difference))
            out["tango"][0] += weight * (abs(score) <= z)
            out["tango"][1] += weight * (score > z)
            a_probability = concordant_both / (1 - discordant)
            for a in range(n - b - c + 1):
                inner = weight * stats.binom.pmf(a, n - b - c, a_probability)
                if inner < 1e-7:
                    continue
                interval = newcombe(a, b, c, n - a - b - c, 0.95)
                out["newcombe"][0] += inner * (interval["low"] <= difference <= interval["high"])
                out["newcombe"][1] += inner * (interval["low"] > difference)
    return {name: tuple(values) for name, values in out.items()}


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = np.random.default_rng(4)
    print(f"per cent of tests that hold, {repetitions} repetitions; `drop` is the true fall of the share")
    for drop in (0.1, 0.0):
        for clusters, items, icc in ((24, 1, 0.0), (40, 1, 0.0), (40, 4, 0.3)):
            for share, rho in ((0.95, 0.0), (0.95, 0.7), (0.85, 0.5), (0.7, 0.5)):
                result = held(rng, clusters, items, (share - drop, share, share), rho, icc, repetitions)
                rates = "  ".join(f"{name} {100 * rate:.1f}" for name, rate in result.items())
                print(f"drop {drop}, {clusters} x {items}, share {share}, rho {rho}:  {rates}", flush=True)
    print("95 % intervals of independent pairs: coverage, and chance that the lower end is above the truth, per cent")
    for n in (24, 40):
        at_margin = [(discordant, -0.1) for discordant in (0.1 + 1e-9, 0.14, 0.2, 0.3)]
        for discordant, difference in [*at_margin, (0.05, 0.0), (0.2, 0.0)]:
            rates = "  ".join(
                f"{name} {100 * both:.1f} / {100 * above:.2f}"
                for name, (both, above) in coverage(n, discordant, difference).items()
            )
            print(f"n {n}, differing {discordant:.2f}, difference {difference:.1f}:  {rates}", flush=True)


if __name__ == "__main__":
    main()
