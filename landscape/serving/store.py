"""Results kept by key, within a bound in bytes."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def size_of(result: Any) -> int:
    """Return about how many bytes a result keeps: its arrays, through dataclasses, mappings and sequences.

    >>> 8000 <= size_of({"loss": (np.zeros(1000), "a caption")}) < 9000
    True
    """
    if isinstance(result, np.ndarray):
        return result.nbytes + 128
    parts: Any = ()
    if is_dataclass(result) and not isinstance(result, type):
        parts = [getattr(result, item.name) for item in fields(result)]
    elif isinstance(result, Mapping):
        parts = itertools.chain(result.keys(), result.values())
    elif isinstance(result, tuple | list | set | frozenset):
        parts = result
    return sys.getsizeof(result) + sum(map(size_of, parts))


class Store:
    """Results by key, bounded in bytes: the least recently used leaves first; one too large for the bound is not kept.

    >>> store = Store(max_bytes=5000)
    >>> for name in "abc":
    ...     store.put(name, np.zeros(250))  # 2000 bytes of numbers
    >>> [name in store for name in "abc"]
    [False, True, True]
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.size = 0
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str, default: Any = None) -> Any:
        """Return the result and count it as used, or return the default."""
        with self._lock:
            if key not in self._kept:
                return default
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def drop(self, key: str) -> None:
        """Let a result go, where there is one of this key."""
        with self._lock:
            self.size -= self._kept.pop(key, (None, 0))[1]

    def put(self, key: str, result: Any) -> None:
        """Keep a result, in place of an older one of this key."""
        size = size_of(result)
        with self._lock:
            self.size -= self._kept.pop(key, (None, 0))[1]
            if size <= self.max_bytes:
                self._kept[key] = (result, size)
                self.size += size
            while self.size > self.max_bytes:
                self.size -= self._kept.popitem(last=False)[1][1]
