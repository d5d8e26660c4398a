"""Writes fixtures/statisticsInference.json: resampling tests, shares, agreement, power and effect sizes.

Resamples are given explicitly and evaluated item by item, with no closed form; distributions come from scipy and
mpmath, alpha from the package krippendorff, kappa from scikit-learn. Published values are asserted here or stand in
the tests. Usage: python statisticsInference.py
"""

import itertools
import json
from pathlib import Path

import krippendorff
import mpmath
import numpy as np
from inference_statistics import cr2_mean_test
from scipy import optimize, stats
from sklearn.metrics import cohen_kappa_score

RNG = np.random.default_rng(1992)
mpmath.mp.dps = 40


def linearised(y: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean and linearised cluster-robust standard error, with G/(G - 1)."""
    names = np.unique(labels)
    mean = y.mean()
    sums = np.array([(y[labels == name] - mean).sum() for name in names])
    return mean, np.sqrt((sums**2).sum() * len(names) / (len(names) - 1)) / len(y)


def resample(y: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Items of the clusters drawn; a cluster drawn twice is two clusters."""
    values, names, copy = [], [], 0
    for cluster, times in enumerate(counts):
        for _ in range(times):
            values.append(y[labels == cluster])
            names.append(np.full(len(values[-1]), copy))
            copy += 1
    return np.concatenate(values), np.concatenate(names)


def bootstrap_case(name: str, sizes: list[int], y: np.ndarray, draws: np.ndarray, level: float) -> dict:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    mean, se = linearised(y, labels)
    star, means = [], []
    for counts in draws:
        values, names = resample(y, labels, counts)
        m, s = linearised(values, names)
        means.append(m)
        star.append((m - mean) / s if s > 1e-9 else None)
    t, total = mean / se, len(draws)
    missing = sum(value is None for value in star)
    known = np.sort([value for value in star if value is not None])
    above = np.concatenate([known, np.full(missing, np.inf)])
    below = np.concatenate([np.full(missing, -np.inf), known])
    k = int(np.floor(round((1 - level) / 2 * (total + 1), 9)))
    # BCa of the mean, Efron & Tibshirani (1993), (14.9) to (14.15)
    means = np.array(means)
    z0 = stats.norm.ppf(((means < mean - 1e-12).sum() + (np.abs(means - mean) <= 1e-12).sum() / 2) / total)
    left = np.array([y[labels != g].mean() for g in range(len(sizes))])
    d = left.mean() - left
    a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    q = (1 - level) / 2
    adjusted = [stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in stats.norm.ppf([q, 1 - q])]
    return {
        "name": name, "values": y.tolist(), "clusters": [f"c{c:02d}" for c in labels], "level": level,
        "draws": draws.tolist(), "se": se, "t": t, "degenerate": missing,
        "p": (1 + (above >= t - 1e-12).sum()) / (total + 1), "pBelow": (1 + (below <= t + 1e-12).sum()) / (total + 1),
        "low": mean - se * np.sort(above)[-k] if np.isfinite(np.sort(above)[-k]) else None,
        "high": mean - se * np.sort(below)[k - 1] if np.isfinite(np.sort(below)[k - 1]) else None,
        "percentile": np.quantile(means, [q, 1 - q]).tolist(), "bca": np.quantile(means, adjusted).tolist(),
    }  # fmt: skip


def bootstrap_cases() -> list[dict]:
    draw = lambda clusters, count: RNG.multinomial(clusters, np.full(clusters, 1 / clusters), count)  # noqa: E731
    skewed = (1.2 - RNG.lognormal(0, 0.8, 14)).round(4)
    sizes = [1 + i % 3 for i in range(10)]
    unequal = (0.3 + RNG.standard_normal(sum(sizes)) + np.repeat(RNG.standard_normal(10) * 0.5, sizes)).round(4)
    every = np.array(
        [np.bincount(chosen, minlength=4) for chosen in itertools.product(range(4), repeat=4)]
    )  # all 4^4 resamples, 4 of which have one cluster only
    check_bca()
    return [
        bootstrap_case("single items", [1] * 14, skewed, draw(14, 199), 0.9),
        bootstrap_case("unequal clusters", sizes, unequal, draw(10, 199), 0.9),
        bootstrap_case("equal clusters", [3] * 8, (RNG.standard_normal(24) - 0.2).round(4), draw(8, 199), 0.8),
        bootstrap_case("all resamples of 4", [2, 1, 1, 3], np.array([1.0, 2, -1, 4, 3, 2.5, 2]), every, 0.8),
    ]


def check_bca() -> None:
    """The BCa of bootstrap_case against scipy's, on many resamples."""
    y = 1.2 - RNG.lognormal(0, 0.8, 30)
    theirs = stats.bootstrap((y,), np.mean, n_resamples=20000, method="BCa", confidence_level=0.9, rng=1)
    mine = bootstrap_case("", [1] * 30, y, RNG.multinomial(30, np.full(30, 1 / 30), 4000), 0.9)
    np.testing.assert_allclose(mine["bca"], list(theirs.confidence_interval), atol=0.06)


def flipped_t(y: np.ndarray, labels: np.ndarray, signs: tuple) -> float:
    mean, se = linearised(y * np.array(signs)[labels], labels)
    return mean / se if se > 1e-9 else np.sign(mean) * np.inf


def flip_cases() -> list[dict]:
    cases = []
    for sizes, shift in [
        ([1] * 8, 0.6),
        ([1, 2, 4, 1, 3, 2], 0.4),
        ([2] * 9, -0.3),
        ([1] * 3, 2.0),
        ([9, 1, 5, 1, 7, 1, 2, 1], 0.5),
    ]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        y = (shift + RNG.standard_normal(len(labels))).round(4)
        patterns = list(itertools.product([1, -1], repeat=len(sizes)))
        t = np.array([flipped_t(y, labels, signs) for signs in patterns])
        p, below = (t >= t[0] - 1e-9).mean(), (t <= t[0] + 1e-9).mean()
        if set(sizes) == {1}:
            statistic = lambda x, axis: x.mean(axis=axis) / x.std(axis=axis, ddof=1)  # noqa: E731
            theirs = stats.permutation_test((y,), statistic, permutation_type="samples", alternative="greater")
            np.testing.assert_allclose(p, theirs.pvalue)
        cases.append({
            "values": y.tolist(), "clusters": [f"c{c}" for c in labels], "flips": len(patterns), "p": p, "pBelow": below,
        })  # fmt: skip
    return cases


def maximum_cases() -> list[dict]:
    cases = []
    for sizes, effects in [([1] * 8, [0.0, 0.9, 0.3]), ([2, 1, 3, 1, 2, 2, 1], [0.5, -0.5, 0.0, 1.0])]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        shared = RNG.standard_normal(len(labels))
        layers = [(effect + shared + 0.5 * RNG.standard_normal(len(labels))).round(4) for effect in effects]
        patterns = list(itertools.product([1, -1], repeat=len(sizes)))
        t = np.array([[flipped_t(y, labels, signs) for y in layers] for signs in patterns])
        adjusted = [(t.max(axis=1) >= observed - 1e-9).mean() for observed in t[0]]
        cases.append({
            "layers": [y.tolist() for y in layers], "clusters": [f"c{c}" for c in labels],
            "layer": int(t[0].argmax()), "adjusted": adjusted,
        })  # fmt: skip
    return cases


def margin_cases() -> list[dict]:
    cases = []
    for sizes, low, high in [([1] * 12, -0.8, 0.7), ([1 + i % 4 for i in range(9)], -0.5, 0.9), ([3] * 6, -0.1, 0.1)]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        y = RNG.standard_normal(len(labels)).round(5)
        below, above = cr2_mean_test(y - low, labels)["p"], cr2_mean_test(high - y, labels)["p"]
        if set(sizes) == {1}:
            plain = stats.ttest_1samp(y, low, alternative="greater"), stats.ttest_1samp(y, high, alternative="less")
            np.testing.assert_allclose([below, above], [test.pvalue for test in plain])
        cases.append({
            "values": y.tolist(), "clusters": [f"c{c}" for c in labels], "low": low, "high": high,
            "pLow": below, "pHigh": above,
        })  # fmt: skip
    return cases


def tango_score(b: int, c: int, n: int, margin: float) -> float:
    """Score with q, P(second only), maximising the likelihood numerically; P(first only) = q + margin."""
    low, high = max(0.0, -margin), (1 - margin) / 2

    def loss(q: float) -> float:
        cells = [(b, q + margin), (c, q), (n - b - c, 1 - 2 * q - margin)]
        return -sum(count * np.log(max(p, 1e-300)) for count, p in cells if count > 0)

    q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    return (b - c - n * margin) / np.sqrt(n * (2 * q + margin * (1 - margin)))


def tango_cases() -> list[dict]:
    cases = []
    tables = [
        (6, 16, 161, 0.95), (1, 7, 21, 0.95), (40, 20, 160, 0.95), (5, 0, 41, 0.9), (0, 9, 30, 0.95), (12, 9, 25, 0.99),
    ]  # fmt: skip
    for b, c, n, level in tables:
        z, d = stats.norm.isf((1 - level) / 2), (b - c) / n
        low = optimize.brentq(lambda m, b=b, c=c, n=n, z=z: tango_score(b, c, n, m) - z, -1 + 1e-9, d - 1e-9)
        high = optimize.brentq(lambda m, b=b, c=c, n=n, z=z: tango_score(b, c, n, m) + z, d + 1e-9, 1 - 1e-9)
        tests = [{"margin": m, "p": stats.norm.sf(tango_score(b, c, n, m))} for m in (-0.3, -0.1, 0.05)]
        cases.append({"b": b, "c": c, "n": n, "level": level, "low": low, "high": high, "tests": tests})
    # Cavo et al. (2012) in the tests of the R package contingencytables
    np.testing.assert_allclose([cases[0]["low"], cases[0]["high"]], [-0.1240, -0.0054], atol=5e-5)
    return cases


def bounded_cases() -> list[dict]:
    """Mean against a margin, values in {-1, -½, 0, ½, 1}; probabilities of all five by constrained optimisation."""
    support, cases = np.array([-1, -0.5, 0, 0.5, 1]), []
    samples = [
        ((1, 3, 20, 4, 2), -0.1), ((0, 2, 30, 1, 0), -0.1), ((0, 0, 24, 0, 0), -0.1), ((0, 0, 15, 5, 3), 0.05),
        ((5, 6, 9, 0, 0), -0.1),
    ]  # fmt: skip
    for counts, margin in samples:
        values, n = np.repeat(support, counts), sum(counts)
        seen = np.array(counts) > 0

        def loss(p: np.ndarray, counts=counts, seen=seen) -> float:
            return -(np.array(counts)[seen] * np.log(np.maximum(p[seen], 1e-12))).sum()

        constraints = [
            {"type": "eq", "fun": lambda p: p.sum() - 1},
            {"type": "eq", "fun": lambda p, margin=margin: p @ support - margin},
        ]
        start = np.full(5, 0.2) + np.array([-margin, 0, 0, 0, margin]) / 2
        options = {"ftol": 1e-15, "maxiter": 1000}
        best = optimize.minimize(
            loss, start, bounds=[(0, 1)] * 5, constraints=constraints, options=options, method="SLSQP"
        )
        variance = best.x @ (support - margin) ** 2
        z = (values.mean() - margin) / np.sqrt(variance / n)
        cases.append({"values": values.tolist(), "margin": margin, "z": z})
    return cases


def mcnemar_cases() -> list[dict]:
    cases = []
    for b, c in [(6, 16), (1, 7), (0, 5), (8, 8), (300, 350), (2000, 2100), (0, 0), (1, 0), (900, 300)]:
        greater = stats.binom.sf(b - 1, b + c, 0.5)
        point = stats.binom.pmf(b, b + c, 0.5)
        less = stats.binom.cdf(b, b + c, 0.5)
        exact = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
        cases.append({
            "b": b, "c": c, "exact": exact, "midP": min(1, 2 * min(greater, less) - point), "exactGreater": greater,
            "midPGreater": greater - point / 2,
        })  # fmt: skip
    # Bentur et al. (2009) and Cavo et al. (2012): Fagerland, Lydersen & Laake (2013), contingencytables
    np.testing.assert_allclose([cases[1]["exact"], cases[1]["midP"]], [0.0703, 0.0391], atol=5e-5)
    np.testing.assert_allclose([cases[0]["exact"], cases[0]["midP"]], [0.052479, 0.034690], atol=5e-7)
    return cases


def alpha_cases() -> list[dict]:
    cases = []
    for units, raters, values, missing in [(12, 4, 5, 0.1), (40, 5, 4, 0.3), (9, 2, 7, 0.0), (30, 3, 2, 0.4)]:
        truth = RNG.integers(0, values, units)
        noise = RNG.integers(0, values, (units, raters))
        ratings = np.where(RNG.random((units, raters)) < 0.6, truth[:, None], noise).astype(float)
        ratings[RNG.random((units, raters)) < missing] = np.nan
        levels = {
            level: krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=level)
            for level in ("nominal", "ordinal", "interval")
        }
        rows = [[None if np.isnan(v) else v for v in row] for row in ratings]
        cases.append({"ratings": rows, "alpha": levels})
    return cases


def kappa_cases() -> list[dict]:
    """kappa from scikit-learn; its standard error by the delta method with a numeric gradient over cell shares."""
    cases = []
    for n, categories, agreement in [(60, 3, 0.7), (200, 5, 0.4), (40, 2, 0.6)]:
        first = RNG.integers(0, categories, n)
        second = np.where(RNG.random(n) < agreement, first, RNG.integers(0, categories, n))
        table = np.zeros((categories, categories))
        np.add.at(table, (first, second), 1 / n)

        def kappa(p: np.ndarray) -> float:
            expected = p.sum(axis=1) @ p.sum(axis=0)
            return (np.trace(p) - expected) / (1 - expected)

        gradient = np.zeros_like(table)
        for cell in np.ndindex(table.shape):
            step = np.zeros_like(table)
            step[cell] = 1e-6
            gradient[cell] = (kappa(table + step) - kappa(table - step)) / 2e-6
        variance = (table * gradient**2).sum() - (table * gradient).sum() ** 2
        value = cohen_kappa_score(first, second)
        np.testing.assert_allclose(value, kappa(table))
        cases.append({
            "first": first.tolist(), "second": second.tolist(), "kappa": value, "se": np.sqrt(max(variance, 0) / n),
        })  # fmt: skip
    return cases


def noncentral() -> list[dict]:
    """P(T > t) by 40-digit integration over the normal; checked against scipy where that is accurate."""
    cases = []
    for df, t, d in [
        (1, 12.7, 3.0), (1, -0.5, 0.7), (2.5, 4.3, 2.0), (5, 2.57, 4.0), (9, 0.0, 1.3), (19, 2.09, 2.9), (39, 2.02, 2.87),
        (39, -3.0, 1.0), (39, 6.0, -1.0), (120, 25.0, 27.0), (1000, 1.96, 2.8), (1e6, 1.96, 2.8), (39, 300.0, 310.0),
        (3.3, 200.0, 150.0),
    ]:  # fmt: skip
        v, half = mpmath.mpf(df), mpmath.mpf(df) / 2
        density = lambda u, v=v, half=half: (  # noqa: E731
            mpmath.exp(
                mpmath.log(2) + half * mpmath.log(half) - mpmath.loggamma(half) + (v - 1) * mpmath.log(u) - half * u * u
            )
        )
        tail = lambda u, t=t, d=d: mpmath.erfc((mpmath.mpf(t) * u - d) / mpmath.sqrt(2)) / 2  # noqa: E731
        width = 1 / mpmath.sqrt(2 * v)
        knots = [max(mpmath.mpf("1e-30"), 1 + k * width) for k in range(-14, 15, 2)]
        if t > 0 and 0 < d / t < 20:
            knots += [d / mpmath.mpf(t) * (1 + mpmath.mpf(k) / max(abs(d), 1)) for k in range(-8, 9, 2)]
        knots = sorted(
            {k for k in knots if k > 0} | {mpmath.mpf("1e-30"), mpmath.mpf(12) if df < 20 else 1 + 14 * width}
        )
        value = float(mpmath.quad(lambda u: density(u) * tail(u), knots))
        np.testing.assert_allclose(value, stats.nct.sf(t, df, d), atol=2e-9, rtol=1e-6)
        cases.append({"df": df, "t": t, "noncentrality": d, "tail": value})
    return cases


def power_cases() -> list[dict]:
    cases = []
    for clusters, sd, alpha, power in [
        (40, 1.0, 0.025, 0.8),
        (24, 2.5, 0.025, 0.8),
        (2, 1.0, 0.025, 0.8),
        (160, 0.3, 0.005, 0.9),
    ]:
        df = clusters - 1
        critical = stats.t.isf(alpha, df)
        d = optimize.brentq(lambda d, c=critical, df=df, p=power: stats.nct.sf(c, df, d) - p, 0.1, 200)
        cases.append(
            {"clusters": clusters, "sd": sd, "alpha": alpha, "power": power, "effect": d * sd / np.sqrt(clusters)}
        )
    return cases


def effect_cases() -> list[dict]:
    """d with the interval of the noncentral t, from scipy; clusters of one, and of three with the CR2 se."""
    cases = []
    for sizes, shift, level in [([1] * 15, 0.5, 0.95), ([3] * 10, 0.3, 0.9), ([1] * 40, -0.2, 0.95)]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        y = (shift + RNG.standard_normal(len(labels)) + np.repeat(RNG.standard_normal(len(sizes)) * 0.4, sizes)).round(
            4
        )
        test = cr2_mean_test(y, labels)
        sd, t, df, q = y.std(ddof=1), test["t"], test["df"], (1 - level) / 2
        low = optimize.brentq(lambda d, t=t, df=df, q=q: stats.nct.sf(t, df, d) - q, -20, 20)
        high = optimize.brentq(lambda d, t=t, df=df, q=q: stats.nct.sf(t, df, d) - 1 + q, -20, 20)
        j = mpmath.exp(mpmath.loggamma(df / 2) - mpmath.loggamma((df - 1) / 2)) / mpmath.sqrt(df / 2)
        cases.append({
            "values": y.tolist(), "clusters": [f"c{c}" for c in labels], "level": level, "d": y.mean() / sd,
            "g": float(j) * y.mean() / sd, "low": low * test["se"] / sd, "high": high * test["se"] / sd,
        })  # fmt: skip
    return cases


def student_large() -> list[dict]:
    """Far quantiles for df where 1 - x = t²/(df + t²) has few digits: tail by 40-digit arithmetic."""
    cases = []
    for df, t in [(1e6, 1.96), (1e6, 0.3), (1e9, 1.9599), (1e9, 6.3), (1e12, 2.5), (1e15, 1.96), (1e15, 0.01)]:
        v = mpmath.mpf(df)
        tail = mpmath.quad(
            lambda x, v=v: mpmath.exp(
                mpmath.loggamma((v + 1) / 2) - mpmath.loggamma(v / 2) - mpmath.log(v * mpmath.pi) / 2
                - (v + 1) / 2 * mpmath.log1p(x * x / v)
            ),
            [t, t + 1, t + 3, t + 8, t + 20],
        )  # fmt: skip
        cases.append({"df": df, "t": t, "tail": float(tail)})
    return cases


def normal_tails() -> list[dict]:
    points = [0.0, 1e-10, 0.5, 1.96, 2.999, 3.0, 3.001, 5.5, 9.0, 20.0, 37.0]
    return [{"z": z, "tail": float(mpmath.erfc(mpmath.mpf(z) / mpmath.sqrt(2)) / 2)} for z in points]


def main() -> None:
    content = {
        "bootstrap": bootstrap_cases(), "flips": flip_cases(), "maximum": maximum_cases(), "margins": margin_cases(),
        "tango": tango_cases(), "boundedScore": bounded_cases(), "mcnemar": mcnemar_cases(), "alpha": alpha_cases(), "kappa": kappa_cases(),
        "noncentral": noncentral(), "power": power_cases(), "effects": effect_cases(),
        "studentLarge": student_large(), "normalTails": normal_tails(),
    }  # fmt: skip
    sections = ",\n".join(f"{json.dumps(name)}: {json.dumps(part, default=float)}" for name, part in content.items())
    target = Path(__file__).parent / "fixtures" / "statisticsInference.json"
    target.write_text(f"{{\n{sections}\n}}\n")


if __name__ == "__main__":
    main()
