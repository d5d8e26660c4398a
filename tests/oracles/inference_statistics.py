"""Writes fixtures/statistics.json: reference values for the inference of reports.

(Not named statistics.py: that would hide the standard library's module from torch.)
Sources: each function names its own; distributions come from scipy. Usage: python inference_statistics.py
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats

RNG = np.random.default_rng(20261122)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    """Symmetric A with A·A = inverse of a positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**-0.5) @ vectors.T


def cr2_mean_test(y: np.ndarray, clusters: np.ndarray) -> dict:
    """Cluster-robust test of mean = 0 against mean > 0: CR2 variance, Satterthwaite degrees of freedom.

    Bell & McCaffrey (2002), Survey Methodology 28(2); Pustejovsky & Tipton (2018), JBES 36(4), with
    OLS, X = 1, contrast c = 1 and working model identity. General matrices, no closed form:
    A_j = (I - H_jj)^(-1/2), V = M Σ_j X_j' A_j e_j e_j' A_j X_j M, p_j = (I - H)_j' A_j X_j M c,
    df = (Σλ)²/Σλ² with λ the eigenvalues of Σ_j p_j p_j' under Σ = I.
    """
    n = len(y)
    x = np.ones((n, 1))
    m = np.linalg.inv(x.T @ x)
    residual_maker = np.eye(n) - x @ m @ x.T
    estimate = (m @ x.T @ y)[0]
    residuals = residual_maker @ y
    variance, columns = 0.0, []
    for label in np.unique(clusters):
        rows = np.flatnonzero(clusters == label)
        weights = inverse_root(residual_maker[np.ix_(rows, rows)]) @ x[rows] @ m
        variance += float((weights.T @ residuals[rows])[0] ** 2)
        columns.append(residual_maker[rows].T @ weights)
    p = np.hstack(columns)
    eigenvalues = np.linalg.eigvalsh(p.T @ p)
    assert np.isclose(eigenvalues.sum(), 1 / n)  # CR2 is unbiased under the working model
    df = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    t = estimate / np.sqrt(variance)
    return {"estimate": estimate, "se": np.sqrt(variance), "df": df, "t": t, "p": stats.t.sf(t, df)}


def cluster_cases() -> list[dict]:
    designs = {
        "single items, 8": [1] * 8,
        "single items, 2": [1, 1],
        "single items, 40": [1] * 40,
        "equal, 2 of 5": [5, 5],
        "equal, 10 of 4": [4] * 10,
        "equal, 40 of 3": [3] * 40,
        "unequal, 2": [1, 7],
        "unequal, 3": [1, 2, 9],
        "unequal, 6": [1, 1, 2, 3, 5, 8],
        "one dominates, 5": [30, 1, 1, 1, 1],
        "unequal, 20": [1 + i % 7 for i in range(20)],
        "unequal, 40": [1 + i * i % 6 for i in range(40)],
        "skewed, 24": [1 + i % 4 for i in range(24)],
        "tiny values, negative mean, 12": [1 + i % 3 for i in range(12)],
    }
    cases = []
    for name, sizes in designs.items():
        labels = np.repeat(np.arange(len(sizes)), sizes)
        noise = RNG.standard_normal(len(labels)) + RNG.standard_normal(len(sizes))[labels] * 0.7
        values = 0.3 + noise
        if name.startswith("skewed"):
            values = np.exp(noise) - 1
        if name.startswith("tiny"):
            values = 1e-6 * (noise - 0.8)
        order = RNG.permutation(len(labels))  # clusters need not be contiguous
        y, clusters = np.array([float(f"{v:.6g}") for v in values[order]]), labels[order]
        result = cr2_mean_test(y, clusters)
        if len(set(sizes)) == 1:  # equal sizes: the plain t test of the cluster means
            means = [y[clusters == label].mean() for label in np.unique(clusters)]
            plain = stats.ttest_1samp(means, 0, alternative="greater")
            np.testing.assert_allclose(
                [result["t"], result["df"], result["p"]], [plain.statistic, plain.df, plain.pvalue], rtol=1e-10
            )
        cases.append({"name": name, "values": y.tolist(), "clusters": [f"c{c}" for c in clusters], **result})
    return cases


def student() -> dict:
    """scipy.stats.t: cdf and sf at (df, t), quantile at (df, p)."""
    points = [
        (1, 0.5), (1.25, -3.7), (1.5, 12.706), (2.3, 0.0), (2.7, 4.3), (3.14, -1.0), (4.5, 2.776), (5.9, -40.0),
        (7.25, 1.895), (9.99, -0.01), (11.6, 3.5), (15.3, 15.0), (19.4, 2.09), (23.8, -6.0), (37.7, 1.96),
        (58.2, -8.0), (91.5, 7.2), (120.4, 0.6), (163.9, -6.8), (200, 6.5),
    ]  # fmt: skip
    tails = [
        (1, 0.975), (1.25, 1e-3), (1.5, 0.9), (2.3, 1e-10), (2.7, 0.995), (3.14, 0.25), (4.5, 1e-6), (5.9, 0.5),
        (7.25, 0.025), (9.99, 1 - 1e-6), (11.6, 1e-10), (15.3, 0.95), (19.4, 0.975), (23.8, 1e-8), (37.7, 0.6),
        (58.2, 0.025), (91.5, 1e-10), (120.4, 0.999), (163.9, 0.4), (200, 1e-10),
    ]  # fmt: skip
    return {
        "cdf": [{"df": df, "t": t, "cdf": stats.t.cdf(t, df), "sf": stats.t.sf(t, df)} for df, t in points],
        "quantile": [{"df": df, "p": p, "quantile": stats.t.ppf(p, df)} for df, p in tails],
    }


def holm(p: list[float]) -> list[float]:
    """Holm (1979): adjusted p of rank i = max over j <= i of min(1, (m - j + 1) p_(j))."""
    adjusted, running = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        running = max(running, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = running
    return adjusted


def holm_cases() -> list[dict]:
    lists = [
        [0.01, 0.04, 0.03, 0.005],
        [0.02],
        [0.5, 0.0004, 0.02, 0.02, 0.9, 1.0, 0.011],
        RNG.uniform(0, 0.1, 12).round(6).tolist(),
    ]
    np.testing.assert_allclose(holm(lists[0]), [0.03, 0.06, 0.06, 0.02])  # by hand
    np.testing.assert_allclose(holm(lists[2]), [1, 0.0028, 0.1, 0.1, 1, 1, 0.066])  # by hand
    return [{"p": p, "adjusted": holm(p)} for p in lists]


def wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    """Wilson (1927) score interval, no continuity correction."""
    p = successes / n
    centre, half = 2 * n * p + z * z, z * np.sqrt(z * z + 4 * n * p * (1 - p))
    return (centre - half) / (2 * (n + z * z)), (centre + half) / (2 * (n + z * z))


def newcombe(a: int, b: int, c: int, d: int, level: float) -> dict:
    """Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10: p1 - p2 of paired proportions.

    a: both, b: first only, c: second only, d: neither; p1 = (a + b)/n, p2 = (a + c)/n.
    Method 10 reduces a positive ad - bc by n/2, not below 0, in the correlation φ.
    """
    n, z = a + b + c + d, stats.norm.ppf(0.5 + level / 2)
    p1, p2 = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson(a + b, n, z), wilson(a + c, n, z)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    excess = a * d - b * c
    phi = (max(excess - n / 2, 0) if excess > 0 else excess) / np.sqrt(margins) if margins else 0.0
    below = np.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    above = np.sqrt((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2)
    difference = (b - c) / n
    return {
        "table": [a, b, c, d], "level": level, "difference": difference, "phi": phi,
        "low": difference - below, "high": difference + above,
    }  # fmt: skip


def main() -> None:
    tables = [(14, 5, 0, 22), (1, 1, 7, 12), (59, 6, 16, 80), (3, 9, 14, 2), (10, 0, 0, 0), (36, 12, 2, 0)]
    # Example of Cavo et al. (2012) in the tests of the R package contingencytables.
    cavo = newcombe(59, 6, 16, 80, 0.95)
    np.testing.assert_allclose([cavo["low"], cavo["high"]], [-0.1186, -0.0046], atol=5e-5)
    content = {
        "clusterMean": cluster_cases(),
        "student": student(),
        "holm": holm_cases(),
        "newcombe": [newcombe(*table, level) for table, level in zip(tables, [0.95] * 5 + [0.9], strict=True)],
    }
    sections = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(part, default=float)}" for name, part in content.items()
    )
    (Path(__file__).parent / "fixtures" / "statistics.json").write_text(f"{{\n{sections}\n}}\n")


if __name__ == "__main__":
    main()
