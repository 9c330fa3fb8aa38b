"""A table of somebody's own: its numbers, told from every other by its content alone.

It is carried by the configuration that asks for it, so that whoever computes with it has it, in whichever process, and
nobody else can name it. A process holds one object for each content, as long as somebody asks for it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

MOST_BYTES = 96 * 2**20
"""Of the numbers of all tables that a process takes together."""

KEPT = 4
"""Of the data made of a table, for so many settings at a time."""

_HELD: WeakValueDictionary[str, OwnTable] = WeakValueDictionary()
_LOCK = threading.Lock()


class OwnTable:
    """N examples of F features, and a class or a number for each. Shared by all who hold it: never write into it.

    x: (N, F) float64. y: (N,) int64 indexes of classes, or (N, 1) float64 numbers.
    names: of the features. class_names: by index; none where the targets are numbers.
    columns: of a part of another table, which of its features these are.
    digest: a name of all this, by which it is equal, hashed and written.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        names: tuple[str, ...],
        class_names: tuple[str, ...],
        columns: tuple[int, ...],
        digest: str,
    ) -> None:
        self.x, self.y, self.names, self.class_names = x, y, names, class_names
        self.columns, self.digest = columns, digest
        self._made: dict[Any, Any] = {}
        for array in (x, y):
            array.setflags(write=False)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are classes, not numbers."""
        return bool(self.class_names)

    @property
    def nbytes(self) -> int:
        return self.x.nbytes + self.y.nbytes

    @property
    def size(self) -> tuple[int, int, int]:
        """Numbers of features, of examples and of outputs."""
        return self.x.shape[1], len(self.x), max(1, len(self.class_names))

    def part(self, columns: tuple[int, ...], most: int) -> OwnTable:
        """Return the table of some of its features, of at most so many examples, evenly spread."""
        rows = np.unique(np.linspace(0, len(self.x) - 1, most).astype(int))
        names = tuple(self.names[column] for column in columns)
        return _held(self.x[rows][:, list(columns)], self.y[rows], names, self.class_names, columns)

    def kept(self, settings: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made of the table by these settings, or make it; the oldest of some goes.

        It goes with the table, too, as no cache beside it could tell when that is let go.
        """
        with _LOCK:
            if settings in self._made:
                return self._made[settings]
        made = make()
        with _LOCK:
            while len(self._made) >= KEPT:
                del self._made[next(iter(self._made))]
            return self._made.setdefault(settings, made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnTable) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"OwnTable({self.digest})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _held, (self.x, self.y, self.names, self.class_names, self.columns, self.digest)


def own_table(x: np.ndarray, y: np.ndarray, names: tuple[str, ...], class_names: tuple[str, ...]) -> OwnTable:
    """Return the table of these numbers: the one that this process holds already where there is one.

    >>> one = own_table(np.eye(2), np.array([0, 1]), ("a", "b"), ("no", "yes"))
    >>> one is own_table(np.eye(2), np.array([0, 1]), ("a", "b"), ("no", "yes")), one.size
    (True, (2, 2, 2))

    Raises: ValueError where the process holds as many bytes of tables as it may.
    """
    held = sum(table.nbytes for table in list(_HELD.values()))
    if held + x.nbytes + y.nbytes > MOST_BYTES:
        raise ValueError(
            "This server holds as many tables of its users as it has room for. Try one with fewer rows, or come back later."
        )
    return _held(x, y, names, class_names)


def _held(
    x: np.ndarray,
    y: np.ndarray,
    names: tuple[str, ...],
    class_names: tuple[str, ...],
    columns: tuple[int, ...] = (),
    digest: str = "",
) -> OwnTable:
    """Return the one table of this content in this process. digest: where it is known already."""
    x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y)
    if not digest:
        content = hashlib.sha256(repr((x.shape, y.dtype.str, names, class_names, columns)).encode())
        for array in (x, y):
            content.update(array.tobytes())
        digest = content.hexdigest()[:24]
    with _LOCK:
        table = _HELD.get(digest)
        if table is None:
            table = _HELD[digest] = OwnTable(x, y, names, class_names, columns, digest)
        return table
