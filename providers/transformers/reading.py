"""Reads sequences: states, pools, attention, and what the head says at chosen spans. Logits never leave this file."""

import math

import torch

from attention import summarise
from batching import cut, run_halving
from memory import is_out_of_memory, release

# Tokens a batch, attention weights a layer and a batch, and logits at once, by kind of device.
TOKENS = {"cuda": 16384}
WEIGHTS = {"cuda": 2**29}
LOGITS = {"cuda": 2**27}


def feeds(loaded, sequences):
    """ids, mask and positions [b, t], padded on the right; positions only where they do not simply count from 0."""
    longest = max(len(one["ids"]) for one in sequences)
    ids = torch.zeros((len(sequences), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    positions = torch.zeros_like(ids)
    for row, one in enumerate(sequences):
        count = len(one["ids"])
        ids[row, :count] = torch.tensor(one["ids"])
        mask[row, :count] = 1
        positions[row, :count] = torch.tensor(one.get("positions") or range(count))
    moved = any(one.get("positions") for one in sequences)
    return ids.to(loaded.device), mask.to(loaded.device), positions.to(loaded.device) if moved else None


def run_batches(loaded, sequences, chosen, work):
    """Calls `work` with lists of indices of sequences, those `chosen`."""
    kind = loaded.device.type
    squares = WEIGHTS.get(kind, 2**26) // loaded.heads
    lengths = [len(sequences[index]["ids"]) for index in chosen]
    batches = [[one] for one in range(len(chosen))] if loaded.alone else cut(lengths, TOKENS.get(kind, 2048), squares)
    named = [[chosen[one] for one in batch] for batch in batches]
    run_halving(named, work, is_out_of_memory, release)


def read(loaded, request):
    """
    The tensors of an answer, float32. Places are [sequence, token]; spans [sequence, from, to], whose tokens are
    predicted by those one place earlier.
    """
    sequences, states, pools = request["sequences"], request["states"], request["pools"]
    spans = {tuple(span) for span in [*request["scores"], *(one for group in request["comparisons"] for one in group)]}
    out = {
        "states": torch.zeros((loaded.layers + 1, len(states), loaded.width)),
        "pools": torch.zeros((len(pools), loaded.width)),
    }
    finals = {}

    def work(batch):
        row_of = {sequence: row for row, sequence in enumerate(batch)}
        here = [(index, row_of[at], token) for index, (at, token) in enumerate(states) if at in row_of]
        places = None
        if here:
            rows, tokens = [row for _, row, _ in here], [token for _, _, token in here]
            places = torch.tensor(rows, device=loaded.device), torch.tensor(tokens, device=loaded.device)
        final, taken = loaded.forward(*feeds(loaded, [sequences[at] for at in batch]), places)
        if here:
            out["states"][:, [index for index, _, _ in here]] = taken
        for index, (at, start, end) in enumerate(pools):
            if at in row_of:
                out["pools"][index] = final[row_of[at], start:end].float().mean(0).cpu()
        for at, start, end in spans:
            if at in row_of:
                finals[at, start, end] = final[row_of[at], start - 1 : end - 1].cpu()

    used = {at for at, _ in states} | {span[0] for span in [*pools, *spans]}
    run_batches(loaded, sequences, sorted(used), work)
    if request["scores"]:
        out["scores"] = score(loaded, sequences, [tuple(span) for span in request["scores"]], finals)
    for index, group in enumerate(request["comparisons"]):
        named = compare(loaded, sequences, [tuple(span) for span in group], finals, request["js"])
        out.update({f"comparison.{index}.{name}": tensor for name, tensor in named.items()})
    return out


def in_chunks(loaded, rows, each, work):
    """Calls `work` with lists of rows such that about as many logits as fit are there at once; `each` a row."""
    step = max(1, LOGITS.get(loaded.device.type, 2**24) // (loaded.vocabulary * each))
    chunks = [list(range(start, min(start + step, rows))) for start in range(0, rows, step)]
    run_halving(chunks, work, is_out_of_memory, release)


def score(loaded, sequences, spans, finals):
    """Log-probabilities of the tokens of all spans, one after another."""
    states = torch.cat([finals[span] for span in spans])
    ids = torch.tensor([one for at, start, end in spans for one in sequences[at]["ids"][start:end]])
    out = torch.zeros(len(ids))

    def work(rows):
        logs = loaded.logits(states[rows]).log_softmax(-1)
        out[rows] = logs.gather(-1, ids[rows].to(loaded.device)[:, None])[:, 0].cpu()

    in_chunks(loaded, len(ids), 1, work)
    return out


def divergence(p, log_p, log_q):
    """KL(p ‖ q) over the last dimension, nats; what p never says adds nothing."""
    return torch.where(p > 0, p * (log_p - log_q), 0).sum(-1)


def compare(loaded, sequences, spans, finals, wants_js):
    """
    kl, same_top, log_prob and js, [tokens, spans]; the first span is the reference. Equal spans are computed once, so
    that the divergence of one from itself is 0.
    """
    distinct = list(dict.fromkeys(spans))
    columns = [distinct.index(span) for span in spans]
    states = torch.stack([finals[span] for span in distinct], 1)
    at, start, end = spans[0]
    ids = torch.tensor(sequences[at]["ids"][start:end])
    count = len(distinct)
    names = ["kl", "same_top", "log_prob", *(["js"] if wants_js else [])]
    out = {name: torch.zeros((len(ids), count)) for name in names}

    def work(rows):
        flat = states[rows].reshape(len(rows) * count, -1)
        logs = loaded.logits(flat).log_softmax(-1).reshape(len(rows), count, -1)
        top = logs.argmax(-1)
        out["same_top"][rows] = (top == top[:, :1]).float().cpu()
        next_ids = ids[rows].to(loaded.device)[:, None, None].expand(-1, count, 1)
        out["log_prob"][rows] = logs.gather(-1, next_ids)[..., 0].cpu()
        reference = logs[:, 0]
        p = reference.exp()
        for column in range(1, count):
            other = logs[:, column]
            out["kl"][rows, column] = divergence(p, reference, other).cpu()
            if wants_js:
                q = other.exp()
                middle = torch.logaddexp(reference, other) - math.log(2)
                js = (divergence(p, reference, middle) + divergence(q, other, middle)) / 2
                out["js"][rows, column] = js.clamp(0, math.log(2)).cpu()

    if len(ids) > 0:
        in_chunks(loaded, len(ids), count, work)
    return {name: tensor[:, columns].contiguous() for name, tensor in out.items()}


def read_attention(loaded, request):
    """For each reference [sequence, context's begin, segment's begin, its end], and layer: weights and context."""
    sequences, refs = request["sequences"], request["references"]
    out = {}

    def work(batch):
        row_of = {sequence: row for row, sequence in enumerate(batch)}
        here = [(index, row_of[at], span) for index, (at, *span) in enumerate(refs) if at in row_of]
        layer = -1

        def listen(weights, value):
            nonlocal layer
            layer += 1
            for index, row, span in here:
                bins, context = summarise(weights[row], value[row], span)
                out[f"weights.{index}.{layer}"] = bins
                out[f"context.{index}.{layer}"] = context

        loaded.attention.run(loaded, listen, *feeds(loaded, [sequences[at] for at in batch]))

    run_batches(loaded, sequences, sorted({ref[0] for ref in refs}), work)
    return out
