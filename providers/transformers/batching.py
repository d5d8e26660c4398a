"""Cuts work into batches, and halves a batch that does not fit into memory. Standard library only."""


class DoesNotFit(Exception):
    """A single item is too large for the memory."""


def cut(lengths, tokens, squares):
    """
    Indices of `lengths` in batches, longest first: padded to the longest, a batch holds at most `tokens` tokens and
    `squares` squared tokens (what attention costs), or one item.
    """
    batches = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        batch = batches[-1] if batches else []
        longest = lengths[batch[0]] if batch else 0
        count = len(batch) + 1
        if batch and count * longest <= tokens and count * longest * longest <= squares:
            batch.append(index)
        else:
            batches.append([index])
    return batches


def run_halving(batches, work, out_of_memory, release):
    """
    Calls `work` with each batch. One that raises what `out_of_memory` recognises is cut in two and tried again, after
    `release`; so is every later batch that is as large. `work` keeps nothing of a batch that it did not finish.
    """
    largest = None
    waiting = list(reversed(batches))
    while waiting:
        batch = waiting.pop()
        if largest is not None and len(batch) > largest:
            waiting.extend([batch[largest:], batch[:largest]])
            continue
        failure = None
        try:
            work(batch)
        except Exception as error:
            if not out_of_memory(error):
                raise
            failure = str(error)
        # Outside of the handler: the traceback holds the tensors that have to go.
        if failure is None:
            continue
        release()
        if len(batch) == 1:
            raise DoesNotFit(failure)
        largest = len(batch) // 2
        waiting.append(batch)
