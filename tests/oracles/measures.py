"""Writes fixtures/measures.json: seeded random readings and what the measures must make of them.

Formulas of the cited papers, written down a second time in numpy (float64) and scipy; nothing is taken from the
project. States are short decimals that both sides first round to float32. Usage: python measures.py
"""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cosine as cosine_distance
from scipy.special import logsumexp

RNG = np.random.default_rng(20261123)
LAYERS, WIDTH = 5, 6
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


def decimals(shape, scale=1.0, digits=4):
    return np.round(RNG.normal(size=shape) * scale, digits)


def single(values):
    """The float32 that a decimal is rounded to, in float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def cosine(a, b):
    return 1 - cosine_distance(a, b)


def logs(count):
    return np.round(-RNG.exponential(2, size=count), 6)


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
            }
            for n in lengths
        ],
        "answer": logs(3).tolist(),
        "decoyAnswer": logs(2).tolist(),
        "reconstruction": logs(8).tolist() if name in ("filler", "candidate", "paraphrase-near") else None,
        "states": [
            (item["states"][layer] + decimals(WIDTH, 0 if name == "original" else 0.7)).round(4).tolist()
            for layer in range(LAYERS + 1)
        ],
        "pooled": None if name == "empty" else (5 + decimals(WIDTH)).tolist(),
    }


def scalars(c, conditions):
    x = conditions["original"]
    kl = [np.array(m["kl"]) for m in c["continuations"]]
    out = {
        "kl": np.mean([m.sum() for m in kl]),
        "kl.per-token": np.concatenate(kl).mean(),
        "kl.first": kl[0][0],
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
    if c["pooled"] is not None:
        out["state.pooled-cosine"] = cosine(single(c["pooled"]), single(x["pooled"]))
    own, gold = (Counter(re.findall(r"[a-z]+", t["text"].lower())) for t in (c, x))
    shared = sum((own & gold).values())
    precision, recall = (shared / max(1, sum(k.values())) for k in (own, gold))
    out["overlap"] = 0 if shared == 0 else 2 * precision * recall / (precision + recall)
    if c["tokens"] > 0:
        out["tokens.ratio"] = x["tokens"] / c["tokens"]
    return out


def curves(c, conditions, mean):
    x, d = conditions["original"], conditions["decoy"]
    out = {"state.explained": [], "state.cosine": [], "state.fact": []}
    for layer in range(LAYERS + 1):
        h, y, rival, mu = (single(v[layer]) for v in (c["states"], x["states"], d["states"], mean))
        out["state.explained"].append(1 - (np.linalg.norm(h - y) / np.linalg.norm(y - mu)) ** 2)
        out["state.cosine"].append(cosine(h - mu, y - mu))
        axis = (y - rival) / np.linalg.norm(y - rival)
        middle, half = axis @ (y + rival) / 2, np.linalg.norm(y - rival) / 2
        out["state.fact"].append((axis @ h - middle) / half)
    return out


def one_item():
    item = {"lengths": [4, 2, 5, 1], "states": decimals((LAYERS + 1, WIDTH))}
    mean = decimals((LAYERS + 1, WIDTH), 0.3)
    conditions = {name: reading(name, item) for name in TEXTS}
    expected = {}
    for name, c in conditions.items():
        curve = curves(c, conditions, mean)
        bands = {m: {b["name"]: np.mean(v[b["from"] : b["to"] + 1]) for b in BANDS} for m, v in curve.items()}
        expected[name] = {"scalars": scalars(c, conditions), "bands": bands, "curves": curve}
    return {"mean": mean.tolist(), "conditions": conditions, "expected": expected}


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


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


fixture = {"bands": BANDS, "items": [one_item() for _ in range(4)], "frame": frame()}
target = Path(__file__).parent / "fixtures" / "measures.json"
target.write_text(json.dumps(plain(fixture), separators=(",", ":")) + "\n")
print(target, target.stat().st_size)
