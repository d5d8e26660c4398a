"""Writes ../harness/statistics/fixtures.json: what fixtures/statistics.json doesn't have.

Far tails of Student's t and normal quantiles to 40 digits (mpmath), intervals of the cluster mean, and ratio
intervals by numeric inversion of the general-matrix CR2 test. Usage: python statisticsExtra.py
"""

import json
from pathlib import Path

import mpmath
import numpy as np
from inference_statistics import cr2_mean_test
from scipy import optimize, stats

RNG = np.random.default_rng(8)
mpmath.mp.dps = 40


def student_tail(t: float, df: float) -> mpmath.mpf:
    """P(T > t), t > 0: half the regularised incomplete beta function."""
    t, df = mpmath.mpf(t), mpmath.mpf(df)
    return mpmath.betainc(df / 2, mpmath.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2


def student() -> list[dict]:
    points = [
        (1, 1e-9), (1, 0.7), (1, 3.2e9), (1, 1e200), (1.03, 42.0), (1.7, 5.6e5), (2.5, 1.1), (2.5, 9000.0), (3.3, 1e-3),
        (4.4, 310.0), (7.9, 40.0), (12.25, 14.5), (19.8, 1e-7), (19.8, 11.3), (33.3, 9.1), (64.1, 1.7), (64.1, 1.8),
        (99.5, 7.7), (250.5, 6.9), (999.9, 6.4), (999.9, 30.0), (1e5, 0.02), (1e5, 6.4), (1e7, 1.9), (1e7, 6.361),
    ]  # fmt: skip
    return [{"df": df, "t": t, "tail": float(student_tail(t, df))} for df, t in points]


def normal() -> list[dict]:
    """Upper-tail quantiles by inversion of erfc."""
    cases = []
    for p in [0.4999, 0.3, 0.0751, 0.0749, 0.05, 0.025, 1e-3, 1e-10, 1.5e-11, 1.3e-11, 1e-20, 1e-30, 1e-100, 1e-300]:
        tail = mpmath.mpf(p)
        start = mpmath.mpf(float(stats.norm.isf(p)))
        root = mpmath.findroot(lambda z, q=tail: mpmath.log(mpmath.erfc(z / mpmath.sqrt(2)) / 2) - mpmath.log(q), start)
        cases.append({"p": p, "quantile": float(-root)})
    return cases


def intervals() -> list[dict]:
    cases = []
    for sizes, level in [([1, 2, 9], 0.95), ([1 + i % 5 for i in range(21)], 0.9), ([3] * 6, 0.99)]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        y = (RNG.standard_normal(len(labels)) + 0.2).round(6)
        result = cr2_mean_test(y, labels)
        half = stats.t.isf((1 - level) / 2, result["df"]) * result["se"]
        cases.append({
            "values": y.tolist(), "clusters": [f"c{c}" for c in labels], "level": level,
            "low": result["estimate"] - half, "high": result["estimate"] + half,
        })  # fmt: skip
    return cases


def ratio_cases() -> list[dict]:
    """The ρ at which the CR2 test of mean(numerator - ρ·denominator) = 0 has |t| = its critical value."""
    cases = []
    designs = [([1 + i % 4 for i in range(24)], 0.95, 3.0), ([1, 2, 9, 3], 0.9, 9.0), ([2] * 12, 0.95, -4.0)]
    for sizes, level, denominator_mean in designs:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        shared = RNG.standard_normal(len(sizes))[labels] * 0.5
        d = (denominator_mean + RNG.standard_normal(len(labels)) + shared).round(6)
        n = (1.7 + 0.6 * RNG.standard_normal(len(labels)) + shared).round(6)

        def excess(rho: float, n=n, d=d, labels=labels, level=level) -> float:
            test = cr2_mean_test(n - rho * d, labels)
            return abs(test["t"]) - stats.t.isf((1 - level) / 2, test["df"])

        ratio = n.mean() / d.mean()
        reach = 1e-3
        while excess(ratio - reach) < 0 or excess(ratio + reach) < 0:
            reach *= 2
        low = optimize.brentq(excess, ratio - reach, ratio, xtol=1e-14, rtol=1e-14)
        high = optimize.brentq(excess, ratio, ratio + reach, xtol=1e-14, rtol=1e-14)
        cases.append({
            "numerators": n.tolist(), "denominators": d.tolist(), "clusters": [f"c{c}" for c in labels],
            "level": level, "ratio": ratio, "low": low, "high": high,
        })  # fmt: skip
    return cases


def fieller_cases() -> list[dict]:
    """Where |N - ρD| = t·sqrt(vN - 2ρc + ρ²vD), found numerically."""
    cases = []
    for numerator, denominator, vn, vd, covariance, t in [
        (2.0, 5.0, 0.3, 0.4, 0.1, 1.96),
        (-1.2, 0.9, 0.02, 0.05, -0.015, 2.3),
        (0.0, 3.0, 0.5, 0.0, 0.0, 2.0),
        (4.0, -2.0, 0.1, 0.2, 0.05, 2.776),
    ]:

        def excess(rho: float) -> float:
            return abs(numerator - rho * denominator) - t * np.sqrt(vn - 2 * rho * covariance + rho**2 * vd)

        ratio = numerator / denominator
        low = optimize.brentq(excess, ratio - 200, ratio, xtol=1e-14, rtol=1e-14)
        high = optimize.brentq(excess, ratio, ratio + 200, xtol=1e-14, rtol=1e-14)
        means = {
            "numerator": numerator, "denominator": denominator,
            "numeratorVariance": vn, "denominatorVariance": vd, "covariance": covariance,
        }  # fmt: skip
        cases.append({"means": means, "t": t, "ratio": ratio, "low": low, "high": high})
    return cases


def main() -> None:
    content = {
        "studentTail": student(),
        "normal": normal(),
        "intervals": intervals(),
        "ratios": ratio_cases(),
        "fieller": fieller_cases(),
    }
    sections = ",\n".join(f"{json.dumps(name)}: {json.dumps(part, default=float)}" for name, part in content.items())
    target = Path(__file__).parent.parent / "harness" / "statistics" / "fixtures.json"
    target.write_text(f"{{\n{sections}\n}}\n")


if __name__ == "__main__":
    main()
