"""Draws continuations. The random numbers come with the request, one a token, so that an engine does not decide them."""

import torch

from batching import run_halving
from memory import is_out_of_memory, release

ROWS = {"cuda": 512}


def smallest_kept(logits, temperature, top_k, top_p):
    """
    The smallest logit [n, 1] that is drawn from: top-k first (Fan et al. 2018, arXiv 1805.04833), then the nucleus of
    what is left (Holtzman et al. 2020, arXiv 1904.09751), as in transformers. Equals of the last one in are in too.
    """
    ordered = logits.sort(-1, descending=True).values
    lowest = ordered[:, min(top_k or ordered.shape[-1], ordered.shape[-1]) - 1, None]
    if top_p is None:
        return lowest
    shares = torch.where(ordered >= lowest, ((ordered - ordered[:, :1]) / temperature).exp(), 0).cumsum(-1)
    place = torch.searchsorted(shares, top_p * shares[:, -1:])
    return torch.maximum(lowest, ordered.gather(-1, place.clamp(max=ordered.shape[-1] - 1)))


def draw(logits, numbers, request):
    """Ids [n] from softmax(logits [n, vocabulary] / temperature), by inversion of `numbers` [n] in 0 to 1."""
    best = logits.argmax(-1)
    temperature, top_k, top_p = request["temperature"], request.get("topK"), request.get("topP")
    if temperature == 0:
        return best
    logits = logits.double()
    weights = ((logits - logits.max(-1, keepdim=True).values) / temperature).exp()
    if top_k is not None or top_p is not None:
        weights = torch.where(logits >= smallest_kept(logits, temperature, top_k, top_p), weights, 0)
    sums = weights.cumsum(-1)
    ids = torch.searchsorted(sums, numbers[:, None] * sums[:, -1:], right=True)[:, 0]
    return torch.where(ids < logits.shape[-1], ids, best)


def sample(loaded, request):
    """Ids [prompts][samples][tokens], an end token included where one was drawn."""
    prompts, samples = request["prompts"], request["samples"]
    out = [None] * len(prompts)
    by_length = {}
    for index, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt["ids"]), []).append(index)
    # Prompts of one length need no padding, which not every architecture's cache would survive.
    step = max(1, ROWS.get(loaded.device.type, 64) // samples)
    batches = [group[at : at + step] for group in by_length.values() for at in range(0, len(group), step)]

    def work(batch):
        drawn = sample_batch(loaded, [prompts[index] for index in batch], request)
        for row, index in enumerate(batch):
            out[index] = drawn[row * samples : (row + 1) * samples]

    run_halving(batches, work, is_out_of_memory, release)
    return out


def sample_batch(loaded, prompts, request):
    samples, ends = request["samples"], set(request["end"])
    numbers = [row for prompt in prompts for row in prompt["numbers"]]
    drawn = [[] for _ in numbers]
    ended = [False for _ in numbers]
    ids = torch.tensor([prompt["ids"] for prompt in prompts], device=loaded.device)
    # Cached keys keep the angles that they were turned by, which a longer sequence may change.
    output = loaded.base(input_ids=ids, use_cache=not loaded.alone, return_dict=True)
    cache = getattr(output, "past_key_values", None)
    logits = loaded.logits(output.last_hidden_state[:, -1]).repeat_interleave(samples, 0)
    ids = ids.repeat_interleave(samples, 0)
    if cache is not None and samples > 1:
        cache.batch_repeat_interleave(samples)
    for step in range(request["maxTokens"]):
        place = [row[step] if row else 0.0 for row in numbers]
        chosen = draw(logits, torch.tensor(place, dtype=torch.float64, device=loaded.device), request)
        for row, one in enumerate(chosen.tolist()):
            if not ended[row]:
                drawn[row].append(one)
                ended[row] = one in ends
        if all(ended) or step + 1 == request["maxTokens"]:
            return drawn
        ids = torch.cat([ids, chosen[:, None]], -1)
        # Without a cache (recurrent models keep another kind of state) everything is read again.
        read = {"input_ids": ids, "use_cache": False} if cache is None else {"input_ids": chosen[:, None]}
        if cache is not None:
            read.update(past_key_values=cache, use_cache=True)
        output = loaded.base(**read, return_dict=True)
        logits = loaded.logits(output.last_hidden_state[:, -1])
    return drawn
