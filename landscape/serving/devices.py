"""Where tensors live: on a GPU where there is one."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""The names that glibc's `mallopt` gives to its settings (malloc.h)."""

GROWTH_BYTES = 64 * 2**20
"""By how much a process may grow before what is free in it is returned."""

MOST_THREADS = 4
"""For more threads than these a chunk grows no further: its tensors are to be kept when freed."""

_least_resident = 2**63


def default_device() -> torch.device:
    """Return CUDA where it is available, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """Return what people call the device, for a result's caption."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


@cache
def keep_freed_memory() -> None:
    """Let glibc keep up to 64 MB of freed memory for the next tensor, once a process; elsewhere do nothing.

    By default it returns each freed megabyte to the system, which then clears the same pages anew for the next chunk.
    Blocks of 32 MB and more, which the images of four members do not exceed, it still takes from the system each time.

    And let there be an arena for each core and one for the rest: with fewer threads wait for each other to allocate, with
    more the pages take more memory for nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(TRIM_THRESHOLD, 64 * 2**20)
    mallopt(MMAP_THRESHOLD, 32 * 2**20)
    mallopt(ARENA_MAX, (os.cpu_count() or 1) + 1)


def release_freed_memory() -> None:
    """Return to the system what is free, where glibc is: for when nothing is computed."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def limit_freed_memory() -> None:
    """Return to the system what is free where the process grew by 64 MB since that was last done; on Linux alone.

    What is kept is not always taken again: an array of the size of a freed one does not fit into its place once a few
    bytes of its alignment are in use.
    """
    global _least_resident
    with suppress(OSError):
        if _resident() > _least_resident + GROWTH_BYTES:
            release_freed_memory()
            _least_resident = _resident()
        _least_resident = min(_least_resident, _resident())


def _resident() -> int:
    """Return how many bytes of memory this process holds, from Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def chunk_size(bytes_each: int, device: torch.device, parameters: int = 0) -> int:
    """Return how many members of a stack to compute at once, each of which keeps `bytes_each` at work.

    Their parameters, that many bytes each, are to stay within 16 MB (4 GB on a GPU), whatever the work: a large network is
    held in a dozen copies as it is (see `landscape.serving.memory`). On a CPU
    a chunk may be larger than the second-level cache, once freed memory is kept: that costs less than the calls for
    smaller ones, during which all threads but one wait. On a GPU a chunk is to fill the device.
    """
    keep_freed_memory()
    budget = 2**30 if device.type == "cuda" else (2 + min(torch.get_num_threads(), MOST_THREADS)) * 2**20
    memory = 2**32 if device.type == "cuda" else 2**24
    return max(1, min(4096, round(budget / max(1, bytes_each)), memory // max(1, parameters)))
