"""
Serves one model to Isoglyph: a JSON line in, a JSON line out; tensors go through safetensors files in the folder that
the first argument names. Ends when its input does, and takes the folder with it.
"""

import json
import os
import shutil
import signal
import sys

# Whatever a library prints would break the answers: descriptor 1 becomes that of the errors.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
# An interrupt is for whoever started this process to handle; it closes the input.
signal.signal(signal.SIGINT, signal.SIG_IGN)


def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def failed(code, message, **more):
    return {"error": {"code": code, "message": message, **more}}


def write_tensors(folder, number, tensors):
    from safetensors.torch import save_file

    path = os.path.join(folder, f"{number}.safetensors")
    save_file({name: tensor.float().contiguous() for name, tensor in tensors.items()}, f"{path}.part")
    os.replace(f"{path}.part", path)


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.loaded = None

    def handle(self, request):
        from loading import load
        from reading import read, read_attention
        from sampling import sample

        task = request["task"]
        if task == "load":
            self.loaded, described = load(request)
            return described
        if task == "sample":
            return {"samples": sample(self.loaded, request)}
        work = {"read": read, "attention": read_attention}[task]
        write_tensors(self.folder, request["number"], work(self.loaded, request))
        return {}

    def serve(self, line):
        import torch

        from batching import DoesNotFit
        from failure import Failure
        from memory import is_out_of_memory

        request = json.loads(line)
        try:
            with torch.inference_mode():
                result = {"result": self.handle(request)}
        except Failure as error:
            result = failed(error.code, str(error))
        except DoesNotFit as error:
            result = failed("out-of-memory", str(error))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            result = failed("out-of-memory", str(error))
        answer({"number": request["number"], **result})


def main(folder):
    try:
        import safetensors  # noqa: F401
        import torch
        import transformers
    except ModuleNotFoundError as error:
        answer({"number": 0, **failed("module-missing", str(error), module=error.name)})
        return
    except Exception as error:
        answer({"number": 0, **failed("module-broken", f"{type(error).__name__}: {error}")})
        return
    torch.set_float32_matmul_precision("highest")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    answer({"number": 0, "result": {"python": sys.version.split()[0], **versions}})
    server = Server(folder)
    try:
        for line in sys.stdin:
            server.serve(line)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
