"""What memory that runs out looks like in PyTorch, and how to get some back."""

import gc

import torch


def is_out_of_memory(error):
    # The allocator of the CPU raises a plain RuntimeError.
    return isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def release():
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
