"""Loads a causal model, finds its blocks, its base and its head, and checks that they fit together."""

import os

import torch
import transformers

from attention import AttentionTap
from failure import Failure
from memory import is_out_of_memory

# What a tokenizer is made of, next to the weights; most models have only some of them.
TOKENIZER_FILES = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "generation_config.json",
    "chat_template.jinja",
    "chat_template.json",
]
INDEX_FILES = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]
LENGTH_KEYS = ["max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "max_sequence_length"]
# Their angles depend on the longest position of the whole batch.
BATCH_DEPENDENT_ROPE = {"longrope", "dynamic"}


def first_of(output):
    return output if isinstance(output, torch.Tensor) else output[0]


class Loaded:
    """A model, with taps on the input of its first block and the output of each."""

    def __init__(self, model, device):
        self.model = model
        self.device = device
        self.base = model.base_model
        if self.base is model:
            raise Failure("model-unsupported", f"{type(model).__name__} has no base model apart from its head")
        self.config = model.config.get_text_config()
        self.layers = self.config.num_hidden_layers
        self.width = self.config.hidden_size
        self.heads = getattr(self.config, "num_attention_heads", None) or 1
        self.places = None
        self.rows = []
        blocks = self.find_blocks()
        blocks[0].register_forward_pre_hook(self.tap_input, with_kwargs=True)
        for block in blocks:
            block.register_forward_hook(lambda _module, _args, output: self.keep(first_of(output)))
        self.attention = AttentionTap(model)
        rope = getattr(self.config, "rope_parameters", None) or getattr(self.config, "rope_scaling", None) or {}
        kinds = [rope, *(one for one in rope.values() if isinstance(one, dict))]
        self.alone = any(kind.get("rope_type", kind.get("type")) in BATCH_DEPENDENT_ROPE for kind in kinds)
        self.check()

    def find_blocks(self):
        for name, module in self.base.named_modules():
            if isinstance(module, torch.nn.ModuleList) and len(module) == self.layers and "vision" not in name:
                return module
        raise Failure("model-unsupported", f"{type(self.model).__name__} has no list of {self.layers} blocks")

    def tap_input(self, _module, args, kwargs):
        self.keep(args[0] if args else kwargs["hidden_states"])

    def keep(self, hidden):
        if self.places is not None:
            self.rows.append(hidden[self.places].float().cpu())

    def forward(self, ids, mask=None, positions=None, places=None):
        """
        Final-norm states [b, t, width] of ids [b, t], padded where mask [b, t] is 0; and, at `places` (indices of rows and of tokens), what stands
        before, between and after the blocks, float32 [layers + 1, places, width].
        """
        self.places, self.rows = places, []
        try:
            extra = {} if positions is None else {"position_ids": positions}
            output = self.base(input_ids=ids, attention_mask=mask, use_cache=False, return_dict=True, **extra)
            return output.last_hidden_state, torch.stack(self.rows) if self.rows else None
        finally:
            self.places, self.rows = None, []

    def logits(self, states):
        """
        Logits [n, vocabulary], float32, of final-norm states [n, width]: by the model's own code after its base, whose
        place the states take, so that soft caps and scales are the model's.
        """
        output = self.output_type(last_hidden_state=states.to(self.device, self.model.dtype)[None])
        self.base.forward = lambda *_args, **_kwargs: output
        try:
            ids = torch.zeros((1, states.shape[0]), dtype=torch.long, device=self.device)
            return self.model(input_ids=ids, use_cache=False, return_dict=True).logits[0].float()
        finally:
            del self.base.forward

    def check(self):
        """
        Reads two tokens both ways: as the model itself would, and as this file takes it apart. The tokens are others
        than those of `logits`, so that a base that is not called cannot pass.
        """
        name = type(self.model).__name__
        ids = torch.tensor([[1, 2]], device=self.device)
        expected = self.model(input_ids=ids, use_cache=False, return_dict=True).logits[0].float()
        self.vocabulary = expected.shape[-1]
        places = torch.tensor([0, 0], device=self.device), torch.tensor([0, 1], device=self.device)
        final, states = self.forward(ids, places=places)
        if states is None or tuple(states.shape) != (self.layers + 1, 2, self.width):
            shape = None if states is None else tuple(states.shape)
            raise Failure("model-unsupported", f"the blocks of {name} give states {shape}, one stream was expected")
        # Some heads call the decoder inside of the base.
        for base in [self.base, getattr(self.model, "get_decoder", lambda: self.base)()]:
            self.base = base
            self.output_type = type(base(input_ids=ids, use_cache=False, return_dict=True))
            if torch.allclose(self.logits(final[0]), expected, rtol=1e-3, atol=1e-3):
                break
        else:
            raise Failure("model-unsupported", f"the head of {name} reads something other than the final-norm states")
        self.positions = self.heeds_positions(ids, final)
        self.attention.check(self, ids)

    def heeds_positions(self, ids, final):
        """Whether the model takes positions as they are given; many that have none swallow them without a word."""
        try:
            moved, _ = self.forward(ids, positions=torch.tensor([[0, 5]], device=self.device))
        except TypeError:
            return False
        return not torch.equal(moved, final)


def load(request):
    """Loads the model that the request names; returns it and what it says of itself."""
    name, revision, asked = request["name"], request.get("revision"), request.get("device")
    device = asked or ("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise Failure("device-missing", f"PyTorch {torch.__version__} sees no CUDA device")
    source = {} if revision is None else {"revision": revision}
    key = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
    options = {key: getattr(torch, request["dtype"]), "attn_implementation": "eager", **source}
    # Said outright: without a word, transformers would ask on the input, which is ours.
    options["trust_remote_code"] = False
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(name, **options).to(device).eval()
    except Exception as error:
        if is_out_of_memory(error):
            raise
        # Whatever keeps transformers from loading, its own words say it best.
        raise Failure("model-not-loadable", f"{type(error).__name__}: {error}") from error
    try:
        loaded = Loaded(model, torch.device(device))
    except Exception as error:
        if isinstance(error, Failure) or is_out_of_memory(error):
            raise
        raise Failure("model-unsupported", f"{type(model).__name__}: {type(error).__name__}: {error}") from error
    where = torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"
    limits = [getattr(loaded.config, key) for key in LENGTH_KEYS if isinstance(getattr(loaded.config, key, None), int)]
    return loaded, {
        "architecture": loaded.config.model_type,
        "folder": os.path.abspath(name) if os.path.isdir(name) else snapshot(name, source, model),
        "layers": loaded.layers,
        "width": loaded.width,
        "heads": loaded.heads,
        "vocabulary": loaded.vocabulary,
        "embeddings": model.get_input_embeddings().weight.shape[0],
        "contextLength": limits[0] if limits else None,
        "device": f"{device} ({where})",
        "positions": loaded.positions,
        "attention": loaded.attention.reason,
    }


def snapshot(name, source, model):
    """The folder in the Hub's cache that the model was loaded from, with the tokenizer's files fetched into it."""
    commit = getattr(model.config, "_commit_hash", None)
    wanted = source if commit is None else {"revision": commit}
    quiet = {"_raise_exceptions_for_missing_entries": False, "_raise_exceptions_for_connection_errors": False}
    found = [
        transformers.utils.cached_file(name, file, **quiet, **wanted)
        for file in ["config.json", *INDEX_FILES, *TOKENIZER_FILES]
    ]
    return os.path.dirname(found[0])
