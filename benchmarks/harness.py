"""Timing in pairs, the rows that come of it, the tables that show them, and what no way of computing can do without.

Ours and theirs take turns (ours, theirs, ours, theirs, ...), so that what else the machine does meets both. A ratio is
the median of the ratios of these pairs.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

PRODUCTS = {"mm", "bmm", "addmm", "baddbmm", "convolution", "convolution_backward"}
"""Operations of PyTorch that are matrix products or convolutions: what must be done in any way of doing it."""

ARITHMETIC = 0.5
"""Where products alone take at least this share of the time, arithmetic bounds the case."""

IN_CACHE = 2**18
"""Numbers that stay in a second-level cache together."""

README = Path(__file__).parents[1] / "README.md"
WHOLE = Path(__file__).with_name("README.md")
"""Where tables are pasted: what has a goal, and all."""

PARTS = tuple(f"python -m benchmarks{name}" for name in ("", ".page", ".labs", ".many"))
"""The commands, each of which names the place of its table."""

KINDS = ("plain", "BatchNorm")
"""How the names of cases end that are measured with and without BatchNorm."""

PERCEPTRONS = "MLP"
"""In the names of the cases that the short table has."""

CLOSED = "the door closed"
"""Against what each fast way is measured: our own text, and so nothing for the short table."""

PRODUCTS_ALONE, AND_A_PASS = "its products alone", "its products and a pass over its activations"
"""What no way of computing a surface can do without, of wide plain networks and of others."""


@dataclass(frozen=True)
class Times:
    """Repeated measurements of one thing, by default in seconds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def record(self) -> dict[str, float]:
        return {"median": self.median, "min": min(self.values), "max": max(self.values)}

    def text(self, unit: str = " s") -> str:
        """Return the median, and from least to most.

        >>> Times((0.3, 0.1, 0.2)).text()
        '0.2 s (0.1-0.3)'
        """
        return f"{number(self.median)}{unit} ({number(min(self.values))}-{number(max(self.values))})"


def number(value: float) -> str:
    """Return a number with three figures at most, without an exponent.

    >>> number(1234.5), number(0.01234), number(2.0)
    ('1234', '0.0123', '2')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else np.format_float_positional(value, 3, fractional=False, trim="-")


@dataclass(frozen=True)
class Row:
    """One comparison.

    name: the case. against: what it is compared with. ours, theirs: the times. ratio: theirs / ours in each repeat.
    budget: the least that the median of the ratio may be; the most where `at_most`; None where nothing is asked.
    agreement: the greatest relative difference of the numbers; None where they cannot be compared.
    tolerance: how great that may be. note: what bounds the case, or what else there is to say.
    """

    name: str
    against: str
    ours: Times
    theirs: Times
    ratio: Times
    budget: float | None = None
    at_most: bool = False
    agreement: float | None = None
    tolerance: float = 1e-5
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the ratio is within the budget and the numbers agree."""
        if self.agreement is not None and not self.agreement <= self.tolerance:
            return False
        if self.budget is None:
            return True
        return self.ratio.median <= self.budget if self.at_most else self.ratio.median >= self.budget

    def record(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        plain = {name: value for name, value in asdict(self).items() if not isinstance(getattr(self, name), Times)}
        times = {"ours": self.ours.record, "theirs": self.theirs.record}
        spread = {"ratio_min": min(self.ratio.values), "ratio_max": max(self.ratio.values)}
        return plain | times | {"ratio": self.ratio.median} | spread | {"met": self.met}


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long a call takes, and what it returns."""
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin, result


def compare(
    name: str,
    against: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    repeats: int,
    difference: Callable[[Any, Any], float] | None = None,
    **row: Any,
) -> Row:
    """Time two ways of doing one thing in turns, after one run of ours that does not count; compare their results."""
    ours()
    times: list[tuple[float, float]] = []
    for _ in range(repeats):
        own, mine = seconds(ours)
        other, peers = seconds(theirs)
        times.append((own, other))
    agreement = None if difference is None else difference(mine, peers)
    ratio = Times(tuple(other / own for own, other in times))
    own_times, other_times = (Times(column) for column in zip(*times, strict=True))
    return Row(name, against, own_times, other_times, ratio, agreement=agreement, **row)


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the greatest |ours - theirs| / |theirs|.

    >>> round(relative_difference(np.array([1.0, 2.2]), np.array([1.0, 2.0])), 6)
    0.1
    """
    return float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-12)).max())


class Products(TorchDispatchMode):
    """Notes the matrix products and convolutions of what runs inside, to do them again alone.

    Tensors of one shape share their memory in what is done again: so few of them stay in the cache, and the time is that
    of the arithmetic.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable, tuple, dict]] = []
        self.tensors: dict[tuple, torch.Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func.overloadpacket.__name__ in PRODUCTS:
            kept = tuple(self._shared(one) if isinstance(one, torch.Tensor) else one for one in args)
            self.calls.append((func, kept, kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _shared(self, tensor: torch.Tensor) -> torch.Tensor:
        return self.tensors.setdefault((tuple(tensor.shape), tensor.stride()), tensor.detach())

    def run(self) -> None:
        """Do the products once more."""
        with torch.no_grad():
            for func, args, kwargs in self.calls:
                func(*args, **kwargs)


class Passes:
    """One pass over activations in chunks, each number read and written once in memory that stays in the cache.

    chunks: how many members are computed at once, one after the other. sizes: how many activations of a member each layer
    has.
    """

    def __init__(self, chunks: Sequence[int], sizes: Sequence[int]) -> None:
        self.chunks, self.sizes = chunks, sizes
        self.memory = torch.ones(min(IN_CACHE, max(chunks) * max(sizes)))

    def run(self) -> None:
        """Go over all of them."""
        for members in self.chunks:
            for size in self.sizes:
                for begin in range(0, members * size, IN_CACHE):
                    self.memory[: members * size - begin].neg_()


def processor() -> str:
    """Return what this machine's processor calls itself, so that a table says for which one it was measured."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def bound(ours: float, products: float, calls: float) -> str:
    """Return what bounds a case, with the shares of its time that tell.

    Arithmetic, where its products alone take half of its time or more. Else calls, where the same operations on two
    examples, which are almost nothing but calls, take more than what is left beside both; else memory traffic.

    >>> bound(1.0, 0.6, 0.1), bound(1.0, 0.2, 0.5), bound(1.0, 0.2, 0.1)  # doctest: +NORMALIZE_WHITESPACE
    ('arithmetic (products 60%, calls 10%)', 'calls (products 20%, calls 50%)',
     'memory traffic (products 20%, calls 10%)')
    """
    rest = ours - products - calls
    what = "arithmetic" if products >= ARITHMETIC * ours else "calls" if calls > rest else "memory traffic"
    return f"{what} (products {products / ours:.0%}, calls {calls / ours:.0%})"


def with_bound(row: Row, products: float, tiny: Callable[[], Any], repeats: int = 3) -> Row:
    """Return the row with a note of what bounds ours: products, the time of these alone; tiny, the same on two examples."""
    calls = min(seconds(tiny)[0] for _ in range(repeats))
    return replace(row, note=bound(row.ours.median, products, calls))


def power(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return e of the power law `time = c size^e` that fits best.

    >>> round(power([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    head = ("case", "against", "ours", "theirs", "ratio", "budget", "greatest difference", "met", "note")
    lines = [head, ("---",) * len(head)]
    for row in rows:
        budget = "" if row.budget is None else f"{'at most' if row.at_most else 'at least'} {number(row.budget)}"
        difference = "" if row.agreement is None else f"{row.agreement:.0e}"
        met = "yes" if row.met else "no"
        times = row.ours.text(), row.theirs.text(), row.ratio.text("")
        lines.append((row.name, row.against, *times, budget, difference, met if budget or difference else "", row.note))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


OF = ", of "
"""Between what was measured and of which page, where several pages share a line of the short table."""

MEDIAN = "median (least to greatest)"
"""The title of what was measured of a page, in its table."""


def goals(texts: Iterable[str], kinds: Sequence[str]) -> str:
    """Return what has a budget in tables such as `table` returns, or those of the pages, as one short table.

    Perceptrons stand for all networks. Cases that differ in their kind alone share a line, and so do pages of which the same
    was measured; what misses its goal is bold.

    >>> three, five = Times((3.0,)), Times((5.0,))
    >>> rows = [Row("MLP, plain", "a loop", *[three] * 3, 4.0), Row("MLP, BatchNorm", "a loop", *[five] * 3, 4.0)]
    >>> pages = f"| what | {MEDIAN} | budget | met |\\n|-|-|-|-|\\n| a page: drawn | 2 s (1-3) | 3 s | yes |"
    >>> print(goals([table(rows), pages], ("plain", "BatchNorm")))
    | what | measured | goal |
    | --- | --- | --- |
    | MLP, against a loop | **3** plain, 5 BatchNorm | ≥ 4 |
    | a page: drawn | 2 s | ≤ 3 s |

    Args: kinds, with one of which the name of a case ends that has a place in the short table.
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for row in (row for text in texts for row in _rows_of(text) if row["budget"]):
        what, _, kind = row.get("what", "").partition(OF)
        found, goal = row.get(MEDIAN, ""), f"≤ {row['budget']}"
        if "case" in row:
            name, _, kind = row["case"].rpartition(", ")
            if kind not in kinds or PERCEPTRONS not in name or row["against"] == CLOSED:
                continue
            limit = row["against"] in (PRODUCTS_ALONE, AND_A_PASS)
            what, found = f"{name}, against {'its limit' if limit else row['against']}", row["ratio"]
            goal = row["budget"].replace("at least", "≥").replace("at most", "≤")
        median = found.partition(" (")[0]
        told = median if row["met"] == "yes" else f"**{median}**"
        lines.setdefault((what, goal), []).append(f"{told} {kind}".strip())
    body = [(what, ", ".join(each), goal) for (what, goal), each in lines.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in (("what", "measured", "goal"), ("---",) * 3, *body))


def _rows_of(text: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the one table of a text in Markdown, by the titles of its columns."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    for row in cells[2:]:
        yield dict(zip(cells[0], row, strict=True))


def write(text: str, part: str, whole: Path = WHOLE, readme: Path = README) -> None:
    """Paste the table of a command where all of it stands, and with the others' what has a goal into the README."""
    paste(text, part, whole)
    paste(goals([pasted(one, whole) for one in PARTS], KINDS), "goals", readme)


def pasted(name: str, path: Path) -> str:
    """Return what stands in a file between `<!-- name -->` and `<!-- end -->`."""
    return _around(name, path.read_text(encoding="utf-8"))[1]


def paste(text: str, name: str, path: Path) -> None:
    """Put a text into a file, in place of what stands there between `<!-- name -->` and `<!-- end -->`."""
    before, _, after = _around(name, path.read_text(encoding="utf-8"))
    path.write_text(f"{before}{text}{after}", encoding="utf-8")


def _around(name: str, text: str) -> tuple[str, str, str]:
    """Return a text in three: up to the line `<!-- name -->`, what stands there, and from `<!-- end -->` on.

    Raises: ValueError where it has no such place.
    """
    begin, end = f"<!-- {name} -->\n", "\n<!-- end -->"
    before, found, rest = text.partition(begin)
    inside, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the file must have a line <!-- {name} -->, and after it one <!-- end -->")
    return before + begin, inside, end + after
