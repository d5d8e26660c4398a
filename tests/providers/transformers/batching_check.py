"""Checks of batching.py; its folder is the argument. Standard library only."""

import sys

sys.path.insert(0, sys.argv[1])
from batching import DoesNotFit, cut, run_halving  # noqa: E402

lengths = [3, 10, 1, 10, 7, 200]
assert cut(lengths, 20, 10**9) == [[5], [1, 3], [4, 0], [2]], cut(lengths, 20, 10**9)
assert cut(lengths, 10**9, 200) == [[5], [1, 3], [4, 0, 2]], cut(lengths, 10**9, 200)
assert cut([], 5, 5) == []


class Full(Exception):
    pass


def run(batches, fits):
    done, tried, released = [], [], []

    def work(batch):
        tried.append(len(batch))
        if len(batch) > fits:
            raise Full("no room")
        done.extend(batch)

    run_halving(batches, work, lambda error: isinstance(error, Full), lambda: released.append(1))
    return done, tried, len(released)


eight = list(range(8))
assert run([eight, [8, 9]], 100) == ([*eight, 8, 9], [8, 2], 0)
# Halved twice, and the later batch is cut at once.
assert run([eight, list(range(8, 12))], 3) == (list(range(12)), [8, 4, 2, 2, 2, 2, 2, 2], 2), run([eight], 3)
try:
    run([[1, 2]], 0)
    raise AssertionError("a single item that does not fit has to be refused")
except DoesNotFit as error:
    assert str(error) == "no room"


def broken(_batch):
    raise ValueError("other")


try:
    run_halving([[1, 2]], broken, lambda error: isinstance(error, Full), lambda: None)
    raise AssertionError("other errors pass")
except ValueError:
    pass
print("ok")
