"""
Models of architectures that no other engine of the project has, with random weights: what reading.py and sampling.py
take apart against what transformers itself gives for the whole. The argument is the folder of the worker.
"""

import sys

import torch
import transformers as T

sys.path.insert(0, sys.argv[1])
from loading import Loaded  # noqa: E402
from reading import read  # noqa: E402
from sampling import sample  # noqa: E402

torch.set_num_threads(1)
small = dict(vocab_size=288, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=128)
sized = dict(**small, intermediate_size=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
dynamic = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
# Configuration, whether it heeds positions, whether its attention can be seen.
CASES = {
    # Its head calls the decoder inside of the base.
    "opt": (T.OPTConfig(**small, ffn_dim=64, word_embed_proj_dim=32), True, True),
    # Scales of the logits.
    "cohere": (T.CohereConfig(**sized, logit_scale=0.25), True, True),
    "granite": (T.GraniteConfig(**sized, logits_scaling=3.0, embedding_multiplier=2.0), True, True),
    # Positions by distance (ALiBi), and another kind of attention code.
    "bloom": (T.BloomConfig(vocab_size=288, hidden_size=32, n_layer=2, n_head=4), False, False),
    # Part of the attention goes nowhere.
    "gpt_oss": (
        T.GptOssConfig(**sized, num_key_value_heads=2, head_dim=8, num_local_experts=4, num_experts_per_tok=2),
        True,
        False,
    ),
    # No attention, and no cache of keys.
    "mamba": (T.MambaConfig(vocab_size=288, hidden_size=32, num_hidden_layers=2, state_size=8), False, False),
    "dynamic": (T.LlamaConfig(**sized, rope_parameters=dynamic), True, True),
}
IDS = [5, 6, 7, 8, 9, 10, 11, 12]
BRANCH = [*IDS[:5], 200, 201, 202, 203, 204, 205]
REQUEST = {
    "sequences": [{"ids": IDS}, {"ids": IDS[:3]}, {"ids": BRANCH}],
    "states": [[0, 7], [2, 10], [1, 2], [0, 2]],
    "pools": [[0, 2, 5]],
    "scores": [[0, 1, 8], [2, 1, 11]],
    "comparisons": [[[0, 4, 8], [2, 4, 8]]],
    "js": False,
}


def close(given, expected, what):
    error = (given - expected).abs().max().item()
    assert error < 2e-5 * max(1, expected.abs().max().item()), f"{what}: {error}"


def check(name, config, positions, attention):
    torch.manual_seed(0)
    model = T.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, 0, 0.15)
    loaded = Loaded(model, torch.device("cpu"))
    assert loaded.positions == positions, f"{name}: positions {loaded.positions}"
    assert (loaded.attention.reason is None) == attention, f"{name}: attention {loaded.attention.reason}"
    given = read(loaded, REQUEST)
    whole = [model(input_ids=torch.tensor([ids]), output_hidden_states=True) for ids in (IDS, BRANCH)]
    logs = [one.logits[0].float().log_softmax(-1) for one in whole]
    scores = [log[range(len(ids) - 1), ids[1:]] for log, ids in zip(logs, (IDS, BRANCH))]
    close(given["scores"], torch.cat(scores), f"{name}: scores")
    kl = torch.nn.functional.kl_div(logs[1][3:7], logs[0][3:7], log_target=True, reduction="none").sum(-1)
    close(given["comparison.0.kl"], torch.stack([torch.zeros(4), kl], 1), f"{name}: kl")
    # Mamba's own list leaves out the embedding.
    for layer in range(0 if name == "mamba" else loaded.layers):
        for place, one in enumerate(whole):
            close(given["states"][layer, place], one.hidden_states[layer][0, -1], f"{name}: layer {layer}")
    close(given["pools"][0], whole[0].hidden_states[-1][0, 2:5].mean(0), f"{name}: pools")
    close(given["states"][:, 2], given["states"][:, 3], f"{name}: what follows changes what came before")

    ids = list(IDS)
    while len(ids) < 16:
        ids.append(int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    prompts = [{"ids": one, "numbers": [[], []]} for one in (IDS[::-1], IDS, IDS[:2])]
    settings = {"samples": 2, "maxTokens": 8, "temperature": 0, "end": []}
    drawn = sample(loaded, {"prompts": prompts, **settings})
    assert drawn[1] == [ids[8:]] * 2, f"{name}: {drawn[1]} is not {ids[8:]}"
    return loaded, given


def check_memory(loaded, expected):
    """The memory runs out for more than one sequence, and the answer stays the same."""
    forward, tried = loaded.forward, []

    def full(ids, *args, **more):
        tried.append(ids.shape[0])
        if ids.shape[0] > 1:
            raise torch.cuda.OutOfMemoryError("no room")
        return forward(ids, *args, **more)

    loaded.forward = full
    given = read(loaded, REQUEST)
    assert tried == [3, 1, 1, 1], tried
    for name, tensor in expected.items():
        close(given[name], tensor, f"halved: {name}")


with torch.inference_mode():
    for case, arguments in CASES.items():
        result = check(case, *arguments)
        if case == "opt":
            check_memory(*result)
print("ok")
