"""Writes fixtures/measures.json: seeded random readings and what the measures must make of them.

Formulas of the cited papers, written down a second time in numpy (float64), scipy and scikit-learn; nothing is taken
from the project. States are short decimals that both sides first round to float32. Usage: python measures.py
"""

import json
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cosine as cosine_distance
from scipy.spatial.distance import jensenshannon
from scipy.special import logsumexp
from scipy.stats import entropy
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors

RNG = np.random.default_rng(20261123)
ATTENTION_RNG = np.random.default_rng(20261124)
LAYERS, WIDTH = 5, 6
HEADS, READOUT, HEAD_SIZE = 2, 3, 4
BANDS = [{"name": "20-60%", "from": 2, "to": 3}, {"name": "60-100%", "from": 4, "to": 5}]
TEXTS = {
    "original": "The ferry leaves Harwich at seven, and the second ferry leaves at nine.",
    "paraphrase-near": "Ferries leave Harwich at seven and at nine.",
    "mismatch-1": "A baker in Ghent sold forty loaves.",
    "mismatch-2": "The bridge was closed, and the road was too.",
    "filler": "This is some text.",
    "decoy": "The ferry leaves Harwich at eight, and the second ferry leaves at nine.",
    "empty": "",
    "candidate": "ferry ferry ferry leaves seven nine",
}


def decimals(shape, scale=1.0, digits=4, rng=RNG):
    return np.round(rng.normal(size=shape) * scale, digits)


def single(values):
    """The float32 that a decimal is rounded to, in float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def cosine(a, b):
    return 1 - cosine_distance(a, b)


def logs(count):
    return np.round(-RNG.exponential(2, size=count), 6)


def attention(item, name):
    """Bins of the third layer have an empty one, as an empty context has."""
    same = name == "original"
    weights = [ATTENTION_RNG.dirichlet(np.ones(3 + READOUT), size=(HEADS, READOUT)) for _ in range(LAYERS)]
    weights[2][:, :, 2] = 0
    weights[2] /= weights[2].sum(-1, keepdims=True)
    shape, scale = (HEADS, READOUT, HEAD_SIZE), 0 if same else 0.5
    taken = [item["taken"][layer] + decimals(shape, scale, rng=ATTENTION_RNG) for layer in range(LAYERS)]
    return {
        "heads": HEADS,
        "tokens": READOUT,
        "weights": [np.round(w, 5).ravel().tolist() for w in weights],
        "context": [t.round(4).ravel().tolist() for t in taken],
    }


def reading(name, item):
    """Floors are read with two of the continuations, as the harness does; answers have different lengths."""
    lengths = item["lengths"] if name in ("original", "paraphrase-near", "candidate") else item["lengths"][:2]
    return {
        "name": name,
        "text": TEXTS[name],
        "tokens": len(re.findall(r"\w+", TEXTS[name])),
        "continuations": [
            {
                "kl": np.abs(decimals(n, 0 if name == "original" else 0.8)).tolist(),
                "sameTop": (RNG.random(n) < 0.6).tolist(),
                "logProb": logs(n).tolist(),
                "copied": (RNG.random(n) < 0.4).tolist(),
                "js": (np.zeros(n) if name == "original" else np.round(RNG.random(n) * np.log(2), 4)).tolist(),
            }
            for n in lengths
        ],
        "answer": logs(3).tolist(),
        "decoyAnswer": logs(2).tolist(),
        "reconstruction": logs(8).tolist() if name in ("filler", "candidate", "paraphrase-near") else None,
        "paraphrase": logs(7).tolist() if name not in ("empty", "mismatch-1", "mismatch-2") else None,
        "decoyParaphrase": logs(6).tolist() if name not in ("empty", "mismatch-1", "mismatch-2") else None,
        "reverse": [np.abs(decimals(n, 0 if name == "original" else 0.9)).tolist() for n in (3, 1, 4)],
        "states": [
            (item["states"][layer] + decimals(WIDTH, 0 if name == "original" else 0.7)).round(4).tolist()
            for layer in range(LAYERS + 1)
        ],
        "pooled": None if name == "empty" else (5 + decimals(WIDTH)).tolist(),
        "embedding": None if name == "empty" else (1 + decimals(WIDTH)).tolist(),
        "attention": attention(item, name),
    }


def scalars(c, conditions, embedding_mean):
    x = conditions["original"]
    kl = [np.array(m["kl"]) for m in c["continuations"]]
    copied = [np.array(m["copied"]) for m in c["continuations"]]
    change = [np.exp(m["logProb"]) - np.exp(o["logProb"]) for m, o in zip(c["continuations"], x["continuations"])]
    out = {
        "kl": np.mean([m.sum() for m in kl]),
        "kl.per-token": np.concatenate(kl).mean(),
        "kl.first": kl[0][0],
        "kl.4": np.mean([np.sum(m[:4]) for m in kl]),
        "kl.8": np.mean([np.sum(m[:8]) for m in kl]),
        "kl.copied": np.mean([np.sum(m[k]) for m, k in zip(kl, copied)]),
        "kl.other": np.mean([np.sum(m[~k]) for m, k in zip(kl, copied)]),
        "kl.reverse": np.mean([np.sum(m) for m in c["reverse"]]),
        "j": np.mean([np.sum(m) for m in c["reverse"]]) + np.mean([m.sum() for m in kl]),
        "js": np.concatenate([m["js"] for m in c["continuations"]]).mean(),
        "kl.sampled": np.mean(
            [
                np.sum(o["logProb"]) - np.sum(m["logProb"])
                for m, o in zip(c["continuations"], x["continuations"])
            ]
        ),
        "logits.rms-dp": np.sqrt(np.mean(np.concatenate(change) ** 2)),
        "logits.top1": np.concatenate([m["sameTop"] for m in c["continuations"]]).astype(float).mean(),
        "fact": np.mean(c["answer"]) - np.mean(c["decoyAnswer"]),
    }
    if c["name"] == "original":
        others = [v for k, v in conditions.items() if k.startswith("mismatch-")]
        gains = []
        for m in range(2):
            rival = [np.sum(o["continuations"][m]["logProb"]) for o in others]
            gains.append(np.sum(x["continuations"][m]["logProb"]) - (logsumexp(rival) - np.log(len(rival))))
        out["information"] = np.mean(gains)
    if c["reconstruction"] is not None:
        saved = np.sum(c["reconstruction"]) - np.sum(conditions["filler"]["reconstruction"])
        out["reconstruction.bits"] = saved / np.log(2)
    if c["paraphrase"] is not None:
        odds = lambda t: np.sum(t["paraphrase"]) - np.sum(t["decoyParaphrase"])
        out["fact.bits"] = (odds(c) - odds(conditions["filler"])) / np.log(2)
    if c["embedding"] is not None:
        mean = single(embedding_mean)
        out["embedding.cosine"] = cosine(single(c["embedding"]) - mean, single(x["embedding"]) - mean)
    if c["pooled"] is not None:
        out["state.pooled-cosine"] = cosine(single(c["pooled"]), single(x["pooled"]))
    own, gold = (Counter(re.findall(r"[a-z]+", t["text"].lower())) for t in (c, x))
    shared = sum((own & gold).values())
    precision, recall = (shared / max(1, sum(k.values())) for k in (own, gold))
    out["overlap"] = 0 if shared == 0 else 2 * precision * recall / (precision + recall)
    ours, theirs = (re.findall(r"[a-z]+", t["text"].lower()) for t in (c, x))
    run = SequenceMatcher(None, ours, theirs, autojunk=False).find_longest_match()
    out["overlap.substring"] = run.size / len(theirs)
    if c["tokens"] > 0:
        out["tokens.ratio"] = x["tokens"] / c["tokens"]
    return out


def curves(c, conditions, mean):
    x, d = conditions["original"], conditions["decoy"]
    out = {"state.explained": [], "state.cosine": [], "state.fact": [], "attention.js": [None], "attention.output": [None]}
    for layer in range(LAYERS):
        looked = [single(t["attention"]["weights"][layer]).reshape(HEADS * READOUT, -1) for t in (c, x)]
        # scipy gives its square root, of rows made to add up to 1.
        out["attention.js"].append(np.mean([jensenshannon(p, q) ** 2 for p, q in zip(*looked)]))
        taken, there = (single(t["attention"]["context"][layer]) for t in (c, x))
        out["attention.output"].append(1 - np.sum((taken - there) ** 2) / np.sum(there**2))
    for layer in range(LAYERS + 1):
        h, y, rival, mu = (single(v[layer]) for v in (c["states"], x["states"], d["states"], mean))
        out["state.explained"].append(1 - (np.linalg.norm(h - y) / np.linalg.norm(y - mu)) ** 2)
        out["state.cosine"].append(cosine(h - mu, y - mu))
        axis = (y - rival) / np.linalg.norm(y - rival)
        middle, half = axis @ (y + rival) / 2, np.linalg.norm(y - rival) / 2
        out["state.fact"].append((axis @ h - middle) / half)
    return out


def whitened(c, conditions, mean, metric, layer):
    h, y, mu = (single(v[layer]) for v in (c["states"], conditions["original"]["states"], mean))
    return (h - mu) @ metric @ (y - mu) / np.sqrt(((h - mu) @ metric @ (h - mu)) * ((y - mu) @ metric @ (y - mu)))


def one_item(corpus):
    item = {
        "lengths": [4, 2, 5, 1],
        "states": decimals((LAYERS + 1, WIDTH)),
        "taken": decimals((LAYERS, HEADS, READOUT, HEAD_SIZE), rng=ATTENTION_RNG),
    }
    mean = decimals((LAYERS + 1, WIDTH), 0.3)
    embedding_mean = (1 + decimals(WIDTH, 0.2)).tolist()
    conditions = {name: reading(name, item) for name in TEXTS}
    expected = {}
    for name, c in conditions.items():
        curve = curves(c, conditions, mean)
        bands = {m: {b["name"]: np.mean(v[b["from"] : b["to"] + 1]) for b in BANDS} for m, v in curve.items()}
        bands["state.cosine.whitened"] = {}
        for b in BANDS:
            layer = int(np.floor((b["from"] + b["to"]) / 2 + 0.5))
            metric = np.linalg.inv(LedoitWolf().fit(single(corpus)[:, layer]).covariance_)
            bands["state.cosine.whitened"][b["name"]] = whitened(c, conditions, mean, metric, layer)
        expected[name] = {"scalars": scalars(c, conditions, embedding_mean), "bands": bands, "curves": curve}
    return {"mean": mean.tolist(), "embeddingMean": embedding_mean, "conditions": conditions, "expected": expected}


def centre(states, clusters, layer):
    """Each state minus the mean over the other clusters' items that have one."""
    out = []
    for i, own in enumerate(states):
        others = [single(s[layer]) for s, g in zip(states, clusters) if s is not None and g != clusters[i]]
        out.append(None if own is None else single(own[layer]) - np.mean(others, axis=0))
    return out


def frame():
    """70 items in 30 clusters and 3 topics, more than a gallery holds; not every item has every condition."""
    n, width = 70, 4
    bands = [{"name": "one", "from": 1, "to": 1}, {"name": "two", "from": 2, "to": 4}]
    topics = [["sea", "town", "farm"][i % 3] for i in range(n)]
    clusters = [f"c{i % 30}" for i in range(n)]
    base = decimals((n, 5, width))
    shift = decimals((5, width), 6)
    states = {
        "original": base.tolist(),
        "decoy": [None if i % 7 == 3 else (base[i] + decimals((5, width), 0.25)).round(4).tolist() for i in range(n)],
        # Far away as a whole (a language), near once centred.
        "candidate": [None if i % 11 == 5 else (base[i] + shift + decimals((5, width), 0.4)).round(4).tolist() for i in range(n)],
    }
    expected = {name: [{} for _ in range(n)] for name in states}
    for band in bands:
        layers = range(band["from"], band["to"] + 1)
        middle = int(np.floor((band["from"] + band["to"]) / 2 + 0.5))
        centred = {name: [centre(s, clusters, layer) for layer in layers] for name, s in states.items()}

        def similarity(name, i, other, j):
            pairs = [(a[i], b[j]) for a, b in zip(centred[name], centred[other])]
            return None if any(a is None or b is None for a, b in pairs) else np.mean([cosine(a, b) for a, b in pairs])

        for i in range(n):
            near = lambda j: np.linalg.norm(single(base[i][middle]) - single(base[j][middle]))
            order = sorted((j for j in range(n) if j != i), key=lambda j: (topics[j] != topics[i], near(j)))
            for name in states:
                own = similarity(name, i, "original", i)
                if own is None:
                    continue
                decoy = similarity(name, i, "decoy", i)
                gallery = [similarity(name, i, "original", j) for j in order[: 49 - (decoy is not None)]]
                values = {
                    "state.cosine.content": own,
                    "state.identification": float(own > max(gallery + ([] if decoy is None else [decoy]))),
                    "state.identification.items": float(own > max(gallery)),
                }
                if decoy is not None:
                    values["state.identification.pair"] = 0.5 if own == decoy else float(own > decoy)
                for measure, value in values.items():
                    expected[name][i][f"{measure}@{band['name']}"] = value
    return {"topics": topics, "clusters": clusters, "bands": bands, "states": states, "expected": expected}


def covariances():
    """More states than dimensions and fewer, correlated and not; three that lie on a line."""
    mixed = RNG.normal(size=(9, 9)) * 3.0 ** -np.arange(9)
    shapes = [decimals((30, 4)), decimals((5, 9)), (RNG.normal(size=(60, 9)) @ mixed).round(4) + 7]
    shapes.append(np.outer([1, 2, 4], [1, -1, 0.5]))
    out = []
    for states in shapes:
        fit = LedoitWolf().fit(single(states))
        values, vectors = np.linalg.eigh(np.cov(single(states).T, bias=True))
        rank = int((values > 1e-12 * values[-1]).sum())
        axes = vectors[:, ::-1][:, :rank].T
        out.append({"states": states.tolist(), "shrinkage": fit.shrinkage_, "covariance": fit.covariance_, "axes": axes})
    return out


def u_centred(gram):
    """Székely & Rizzo 2014, Annals of Statistics 42:2382, (2.4): Song's estimator as an inner product."""
    n = len(gram)
    k = gram - np.diag(np.diag(gram))
    row, total = k.sum(1) / (n - 2), k.sum() / ((n - 1) * (n - 2))
    out = k - row[:, None] - row[None, :] + total
    np.fill_diagonal(out, 0)
    return out


def cka(x, y):
    a, b = u_centred(x @ x.T), u_centred(y @ y.T)
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


def knn(x, y, keep, k=10):
    """States centred over the whole set, neighbours among those kept."""
    found = []
    for states in (x, y):
        unit = (states - states.mean(0))[keep]
        near = NearestNeighbors(n_neighbors=k, metric="cosine").fit(unit)
        found.append(near.kneighbors(return_distance=False))
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*found)])


def spectrum(x, y, axes):
    return entropy(*(np.var(states @ axes.T, axis=0) for states in (x, y)))


def sets():
    """46 items in 24 clusters of unlike size, some without the condition; three measures and their jackknife."""
    n, width = 46, 7
    clusters = [f"c{(i * i) % 31 % 24}" for i in range(n)]
    corpus = (RNG.normal(size=(80, width)) * 2.0 ** -np.arange(width)).round(4)
    vectors = np.linalg.eigh(np.cov(single(corpus).T, bias=True))[1][:, ::-1].T
    base = (RNG.normal(size=(n, width)) * 2.0 ** -np.arange(width)).round(4)
    states = {
        "original": base.tolist(),
        "near": (3 * base[:, ::-1] + 5 + RNG.normal(size=(n, width)) * 0.4).round(4).tolist(),
        "gaps": [None if i % 9 == 4 else (base[i] + RNG.normal(size=width)).round(4).tolist() for i in range(n)],
        "other": decimals((n, width)).tolist(),
    }
    expected = {}
    for name, list_ in states.items():
        both = [i for i in range(n) if list_[i] is not None]
        x, y = single(base)[both], single([list_[i] for i in both])
        own = np.array([clusters[i] for i in both])
        axes = vectors[: min(16, len(both) // 10)]
        statistics = {
            "state.cka": lambda keep: cka(x[keep], y[keep]),
            "state.knn": lambda keep: knn(x, y, keep),
            "state.spectrum-kl": lambda keep: spectrum(x[keep], y[keep], axes),
        }
        expected[name] = {}
        for measure, statistic in statistics.items():
            left = np.array([statistic(own != g) for g in np.unique(own)])
            groups = len(left)
            expected[name][measure] = {
                "value": statistic(np.full(len(both), True)),
                "se": np.sqrt((groups - 1) / groups * ((left - left.mean()) ** 2).sum()),
                "clusters": groups,
            }
    return {"clusters": clusters, "corpus": corpus.tolist(), "states": states, "expected": expected}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


CORPUS = decimals((40, LAYERS + 1, WIDTH)).tolist()
fixture = {
    "bands": BANDS,
    "corpus": CORPUS,
    "items": [one_item(CORPUS) for _ in range(4)],
    "frame": frame(),
    "covariances": covariances(),
    "sets": sets(),
}
target = Path(__file__).parent / "fixtures" / "measures.json"
target.write_text(json.dumps(plain(fixture), separators=(",", ":")) + "\n")
print(target, target.stat().st_size)
