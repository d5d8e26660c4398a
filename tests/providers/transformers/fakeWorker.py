"""Stands in for the worker: says hello and misbehaves as the request's text tells it. Standard library only."""

import json
import os
import signal
import struct
import sys
import time


def say(value):
    sys.stdout.write((value if isinstance(value, str) else json.dumps(value)) + "\n")
    sys.stdout.flush()


def write(folder, number, tensors):
    header, data = {}, b""
    for name, (values, kind) in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": kind, "shape": [len(values)], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(os.path.join(folder, f"{number}.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main(folder):
    mode = os.environ.get("FAKE_WORKER", "")
    if mode == "silent":
        time.sleep(60)
    say({"number": 0, "result": {"python": "3", "torch": "0", "transformers": "0"}})
    for line in sys.stdin:
        request = json.loads(line)
        number = request["number"]
        kind = request.get("do", mode)
        if kind == "echo":
            say({"number": number, "result": {"pid": os.getpid()}})
        elif kind == "die":
            sys.stderr.write("first words\n" + "noise\n" * 200_000 + "last words\n")
            sys.stderr.flush()
            os._exit(7)
        elif kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "no-json":
            say("Downloading: 100%")
        elif kind == "no-answer":
            say({"number": number, "result": 5})
        elif kind == "other-number":
            say({"number": number + 1, "result": {}})
        elif kind == "memory":
            say({"number": number, "error": {"code": "out-of-memory", "message": "tried to allocate 9 GiB"}})
        elif kind == "hang":
            time.sleep(60)
        elif kind == "no-tensors":
            say({"number": number, "result": {}})
        else:
            kinds = {"short": ([1.0], "F32"), "integers": ([1.0, 2.0], "I32"), "nan": ([1.0, float("nan")], "F32")}
            write(folder, number, {"states": kinds.get(kind, ([0.5, 2.0], "F32")), "pools": ([], "F32")})
            say({"number": number, "result": {}})


main(sys.argv[1])
