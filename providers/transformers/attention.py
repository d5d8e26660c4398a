"""Attention weights and the values they weigh, taken where the model's own eager attention computes them."""

import functools
import sys

import torch

# Bins before those of the segment's own tokens: first position, rest before the context, context.
OWN = 3


class AttentionTap:
    """Wraps `eager_attention_forward` of the model's files; hands weights and values on while `listen` is set."""

    def __init__(self, model):
        self.listen = None
        self.reason = None
        for name in {type(module).__module__ for module in model.modules()}:
            file = sys.modules.get(name)
            if hasattr(file, "eager_attention_forward"):
                file.eager_attention_forward = self.wrapped(file.eager_attention_forward)

    def wrapped(self, eager):
        @functools.wraps(eager)
        def attend(module, query, key, value, *args, **kwargs):
            output, weights = eager(module, query, key, value, *args, **kwargs)
            if self.listen is not None:
                self.listen(weights, value)
            return output, weights

        return attend

    def check(self, loaded, ids):
        """Sets `reason` where the attention of this architecture can't be seen, or does not add up to 1."""
        sums = []

        def listen(weights, value):
            fits = weights is not None and weights.shape[1] % value.shape[1] == 0
            sums.append(weights.float().sum(-1) if fits else None)

        self.run(loaded, listen, ids)
        if len(sums) != loaded.layers:
            self.reason = f"{len(sums)} of its {loaded.layers} blocks show attention weights"
        elif any(one is None or not torch.allclose(one, torch.ones_like(one), atol=1e-2) for one in sums):
            self.reason = "its attention weights do not add up to 1"

    def run(self, loaded, listen, *args):
        self.listen = listen
        try:
            loaded.forward(*args)
        finally:
            self.listen = None


def summarise(weights, value, span):
    """
    Bins of attention [heads, tokens, 3 + tokens] and the context's values [heads, tokens, head size] of one sequence.
    weights [heads, t, t], value [key heads, t, head size]; span: where the context and the segment begin, and its end.
    """
    start, own, end = span
    looks = weights[:, own:end].float()
    first = torch.zeros_like(looks[..., 0])
    bins = torch.cat(
        [
            torch.stack(
                [
                    looks[..., 0] if start > 0 else first,
                    looks[..., 1:start].sum(-1) if start > 1 else first,
                    looks[..., start:own].sum(-1),
                ],
                -1,
            ),
            looks[..., own:end],
        ],
        -1,
    )
    values = value.float().repeat_interleave(weights.shape[0] // value.shape[0], 0)[:, start:own]
    return bins.cpu(), (looks[..., start:own] @ values).cpu()
