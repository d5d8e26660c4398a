"""PyTorch transformers on the same model, for bench.ts.

pytorch.py convert MODEL.gguf FOLDER      float32 safetensors of the model, and its tokenizer
pytorch.py first FOLDER THREADS TEXT      loads, tokenises, computes all hidden states, prints a line
pytorch.py serve FOLDER THREADS           answers lines {"batch", "tokens"} with {"ms"}: all hidden states, no output head
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
import transformers
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

transformers.utils.logging.disable_progress_bar()


def load(folder: str, threads: str):
    torch.set_num_threads(int(threads))
    return AutoModel.from_pretrained(folder, dtype=torch.float32).eval()


def convert(model: str, folder: str) -> None:
    place, name = os.path.split(model)
    quantised = AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32)
    # Its weights are float32 by now, but transformers saves no model that was quantised once.
    config = type(quantised.config).from_dict(
        {key: value for key, value in quantised.config.to_dict().items() if key != "quantization_config"}
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(quantised.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(place, gguf_file=name).save_pretrained(folder)


@torch.inference_mode()
def first(folder: str, threads: str, text: str) -> None:
    model = load(folder, threads)
    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt").input_ids
    states = model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
    print(len(states), flush=True)
    os._exit(0)


@torch.inference_mode()
def serve(folder: str, threads: str) -> None:
    model = load(folder, threads)
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        ids = torch.tensor(asked["ids"])
        start = time.perf_counter()
        states = model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
        assert len(states) == model.config.num_hidden_layers + 1
        print(json.dumps({"ms": 1e3 * (time.perf_counter() - start)}), flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
