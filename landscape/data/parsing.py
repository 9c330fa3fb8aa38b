"""A file of somebody's own, as it comes, read as a table of numbers: every kind of dirt gets a sentence.

What can be left out is left out and told; what leaves no table is refused with a way out. The cells become numbers row
by row, so that a file of ten megabytes never stands as a list of texts. It is long, as it is one pass: from bytes to
text, rows, numbers and columns, each of which may be dirty.
"""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import numpy as np

from landscape.serving.own_table import OwnTable, own_table

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 10 * 2**20, 20_000, 200
"""Of a file; of the examples in it; of its features."""

LEAST_ROWS = 40
"""Fewer cannot be split into training and test data that say anything."""

MOST_CLASSES = 20
"""Whole numbers with more values than that are numbers; texts with more are no classes."""

LEAST_OF_CLASS = 5
"""Rows of a class, so that both parts of the data have some of it."""

TEXT_SHARE = 0.1
"""A column with more texts than this share of its cells is a column of texts."""

EMPTY_SHARE = 0.5
"""A column with more empty cells than this share is left out, else the rows are in which it is empty."""

GREATEST = 1e30
"""Beyond it squares overflow in single precision."""

MISSING = frozenset(("", "?", "-", "na", "n/a", "nan", "null", "none", "nil", "missing", "#n/a", "inf", "-inf", "+inf"))

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas", " ": "spaces"}
"""Those that are looked for, the unlikelier within a number first."""

SEEN_LINES = 50
"""So many lines tell the separator."""

SEEN_TEXT = 200_000
"""And so many letters at most, in which they are looked for."""

PROBED = 1000
"""Bytes in which every other one is nothing where two are a letter."""

LIKE_DIGITS = {0x2212: "-", 0xA0: None, 0x202F: None, 0x2009: None}
"""A minus sign that is none on a keyboard, and spaces between thousands."""


@dataclass(frozen=True)
class Parsed:
    """A table, and a sentence on each thing in the file that was not as plain as could be."""

    table: OwnTable
    notes: tuple[str, ...]


def parse(content: bytes) -> Parsed:
    """Read a file of examples: a row each, numbers, and last a class or a number.

    >>> rows = "".join(f"{i},{i % 7},{'yes' if i % 2 else 'no'}\\n" for i in range(60))
    >>> parsed = parse(b"age,weight,ill\\n" + rows.encode())
    >>> parsed.table.names, parsed.table.class_names, parsed.table.x.shape, parsed.notes
    (('age', 'weight'), ('no', 'yes'), (60, 2), ())

    Raises: ValueError with a sentence where no table is left.
    """
    if len(content) > MOST_BYTES:
        megabytes = math.ceil(10 * len(content) / 2**20) / 10  # never told as no more than what is read
        raise ValueError(f"This file has {megabytes} MB, and at most {MOST_BYTES // 2**20} are read: leave out rows.")
    notes: list[str] = []
    text = _text(content, notes)
    named = re.match(r"sep=(.)\r?\n", text)  # the first line of some spreadsheet programs
    if named:
        text = text[named.end() :]
    separator = _separator(text, notes)
    spare = _spare(text, separator, notes)
    read = _Rows(_records(text, separator, spare), decimal_comma=separator != ",")
    return _table(read, notes)


def _text(content: bytes, notes: list[str]) -> str:
    """Return the text of a file in one of the usual encodings."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _utf16(content, "utf-16", notes)
    even, odd = content[:PROBED:2], content[1:PROBED:2]
    for encoding, nothing, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if nothing.count(0) > 0.9 * len(nothing) and 0 not in letters:  # without the mark at its beginning
            return _utf16(content, encoding, notes)
    if b"\x00" in content or content[:2] == b"PK" or _is_binary(content[:PROBED]):
        raise ValueError(
            "This file is no text: a spreadsheet program saves one under “Save as”, CSV. Choose the file it makes."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append("The file is not encoded in UTF-8; it was read as Windows' Western encoding.")
        return content.decode("cp1252", errors="replace")


def _is_binary(content: bytes) -> bool:
    """Return whether there are control characters in it that no text has, more than here and there."""
    return sum(one < 9 or 13 < one < 27 for one in content) > 0.02 * len(content)


def _lines(text: str) -> list[str]:
    """Return the lines of a text, as a file has them: cells may hold what Python counts among the ends of lines too."""
    return re.split("\r\n|\r|\n", text)


def _utf16(content: bytes, encoding: str, notes: list[str]) -> str:
    notes.append("The file is encoded in UTF-16.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError("This file begins like UTF-16, and is not: save it as UTF-8.") from error


def _separator(text: str, notes: list[str]) -> str:
    """Return what separates the cells: what stands as often in each of the first lines, outside of quotes."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in _lines(text[:SEEN_TEXT])[:SEEN_LINES] if line.strip()]
    if not text.strip():
        raise ValueError("This file is empty: choose one with a row for each example.")
    # Quotes may hold ends of lines too; one that stands alone would hold many lines, and is then taken line by line.
    whole = _lines(re.sub(r'"[^"]*"', "", text[:SEEN_TEXT]))[:SEEN_LINES]
    for some in ([line for line in whole if line.strip()], lines):
        for separator, name in SEPARATORS.items():
            counts = Counter(len(line.split(separator if separator != " " else None)) - 1 for line in some)
            most, times = counts.most_common(1)[0] if some else (0, 0)
            if most > 0 and times >= 0.8 * len(some):
                if separator != ",":
                    notes.append(f"The columns are separated by {name}.")
                return separator
    if any("," in line for line in lines):
        return ","
    raise ValueError(
        "There is one column, and at least two are needed: numbers, and in the last column a class or a number. Columns "
        "may be separated by commas, semicolons, tabs, bars or spaces."
    )


def _spare(text: str, separator: str, notes: list[str]) -> int:
    """Return how many columns at the end are empty in every row, as spreadsheet programs write them; say so."""
    if separator == " ":
        return 0
    lines = (line.rstrip(" ") for line in _lines(text) if line.strip(f"{separator} "))
    spare = min((len(line) - len(line.rstrip(separator)) for line in lines), default=0)
    if spare:
        notes.append(f"Left out, as empty in every row: {_count(spare, 'column')} at the end.")
    return spare


def _records(text: str, separator: str, spare: int) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """Yield each row that is not empty, less what is to spare at its end, with the numbers of its first and last line."""
    reader, before = csv.reader(StringIO(text, newline=""), delimiter=separator, skipinitialspace=True), 0
    try:
        for row in reader:
            if separator == " " and row and row[-1] == "":
                row = row[:-1]  # a space at the end of the line
            if any(cell.strip() for cell in row):
                yield (before + 1, reader.line_num), [cell.strip() for cell in row[: len(row) - spare]]
            before = reader.line_num
    except csv.Error as error:
        raise ValueError(
            f"Line {reader.line_num} cannot be read as columns: {error}. Look at it in an editor."
        ) from error


class _Rows:
    """The rows of a file, their cells as numbers: not a number where a cell is empty, infinite where it is a text.

    header: of the first row, if that is one. last: the texts of the last column.
    """

    def __init__(self, records: Iterator[tuple[tuple[int, int], list[str]]], decimal_comma: bool) -> None:
        self.decimal_comma = decimal_comma
        self.header: list[str] = []
        self.last: list[str] = []
        cells, first, width = array("d"), None, 0
        for (begin, line), row in records:
            if first is None:
                first, width = row, len(row)
                if width < 2:
                    raise ValueError(
                        f"Line {line} has one column, and at least two are needed: leave out what stands above the names of "
                        "the columns."
                    )
                if width > MOST_COLUMNS + 1:
                    raise ValueError(
                        f"There are {width - 1} features, and at most {MOST_COLUMNS} are taken: leave out columns."
                    )
            elif len(row) != width and line > begin:
                raise ValueError(
                    f"Lines {begin} to {line} are one row of {_count(len(row), 'column')}, and the first one has {width}: a double "
                    f"quote opens there and is closed late, or never. Look at line {begin} in an editor."
                )
            elif len(row) != width:
                raise ValueError(
                    f"Line {line} has {_count(len(row), 'column')}, and the first one has {width}: make all rows alike. A text "
                    "that holds the separator must stand in double quotes."
                )
            if len(self.last) > MOST_ROWS:
                raise ValueError(f"There are over {MOST_ROWS:,} rows, and at most so many are taken: leave out some.")
            cells.extend(map(self.number, row))
            self.last.append(row[-1])
        self.numbers = np.frombuffer(cells, np.float64).reshape(-1, max(width, 1)) if len(cells) else np.empty((0, 2))
        if first is not None and self._is_header(first):
            self.header, self.numbers, self.last = first, self.numbers[1:], self.last[1:]
        elif len(self.last) > MOST_ROWS:
            raise ValueError(f"There are over {MOST_ROWS:,} rows, and at most so many are taken: leave out some.")

    def number(self, cell: str) -> float:
        """Return a cell's number, not a number where it is empty, infinite where it is a text."""
        if cell.lower() in MISSING:
            return math.nan
        if self.decimal_comma:
            cell = cell.replace(",", ".")
        if "_" in cell:  # which Python takes for a number
            return math.inf
        try:
            value = float(cell if cell.isascii() else cell.translate(LIKE_DIGITS))
        except ValueError:
            return math.inf
        return value if abs(value) <= GREATEST else math.nan

    def _is_header(self, first: list[str]) -> bool:
        """Return whether the first row names the columns: it has a text where those below have numbers."""
        numeric = np.isfinite(self.numbers[1:]).mean(0) > 1 - TEXT_SHARE if len(self.numbers) > 1 else np.array([False])
        texts = np.isinf(self.numbers[0])
        return bool((texts & numeric).any()) or bool(texts.all() and len(set(first)) == len(first))


def _table(read: _Rows, notes: list[str]) -> Parsed:
    """Return the table of the rows, less the columns and the rows that cannot be numbers."""
    numbers, last = read.numbers, read.last
    if len(numbers) < LEAST_ROWS:
        found = f"There {'is' if len(numbers) == 1 else 'are'} {_count(len(numbers), 'row')} of examples"
        raise ValueError(f"{found}, and at least {LEAST_ROWS} are needed.")
    names = _names(read.header, numbers.shape[1], notes)
    labels, class_names = _targets(numbers[:, -1], last, names[-1])
    features, names = numbers[:, :-1], names[:-1]
    kept = _columns(features, names, notes)
    whole = np.isfinite(features[:, kept]).all(1) & np.isfinite(labels)
    if class_names:
        _say_alike(class_names, notes)
        whole &= _frequent(labels, whole, class_names, names, notes)
    left_out = int((~np.isfinite(features[:, kept]).all(1) | ~np.isfinite(labels)).sum())
    if left_out:
        notes.append(f"{_count(left_out, 'row')} of {len(numbers):,} left out, as something is missing there.")
    if whole.sum() < LEAST_ROWS:
        raise ValueError(
            f"{int(whole.sum())} rows have every number, and at least {LEAST_ROWS} are needed: fill the missing values, or "
            "leave out the columns in which most are missing."
        )
    x, labels = features[whole][:, kept], labels[whole]
    changing = x.max(0) > x.min(0)
    if not changing.all():
        constant = [names[kept[i]] for i in np.flatnonzero(~changing)]
        notes.append(f"Left out, as the same in every row: {_listed(constant)}.")
    if not changing.any():
        raise ValueError("No column of numbers is left that differs between rows: there is nothing to learn from.")
    x, chosen = x[:, changing], tuple(names[i] for i, one in zip(kept, changing, strict=True) if one)
    present = np.unique(labels)
    if len(present) < 2:
        what = "class" if class_names else "value"
        raise ValueError(
            f"The last column has one {what} in all rows that are left: nothing is to be told apart. Put what is to be "
            "told into the last column."
        )
    if not class_names:
        return Parsed(own_table(x, labels[:, None].astype(np.float64), chosen, ()), tuple(notes))
    indexes = np.searchsorted(present, labels).astype(np.int64)
    return Parsed(own_table(x, indexes, chosen, tuple(class_names[int(i)] for i in present)), tuple(notes))


def _names(header: list[str], columns: int, notes: list[str]) -> list[str]:
    """Return a name for each column, no two the same."""
    if not header:
        notes.append("There is no row of names: the columns are numbered.")
        return [*(f"x{i + 1}" for i in range(columns - 1)), "target"]
    names: list[str] = []
    for i, name in enumerate(header):
        name = re.sub(r"\s+", " ", name)[:40] or f"x{i + 1}"
        while name in names:
            name += "'"
        names.append(name)
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        notes.append("Some columns have the same name: they are told apart by a prime.")
    return names


def _targets(numbers: np.ndarray, texts: list[str], name: str) -> tuple[np.ndarray, list[str]]:
    """Return what each row is to be told as, (N,), with the names of classes, or none where it is a number.

    Not a number where it is missing.
    """
    is_text, is_missing = np.isinf(numbers), np.isnan(numbers)
    known = len(numbers) - is_missing.sum()
    if known == 0:
        raise ValueError(f"The last column, {name}, is empty: put what is to be told there.")
    if is_text.sum() <= TEXT_SHARE * known:
        finite = numbers[np.isfinite(numbers)]
        values = np.unique(finite)
        if len(values) > MOST_CLASSES or not (values == np.round(values)).all():
            return np.where(np.isfinite(numbers), numbers, np.nan), []
        places = np.searchsorted(values, np.where(np.isfinite(numbers), numbers, values[0])).astype(float)
        return np.where(np.isfinite(numbers), places, np.nan), [f"{value:g}" for value in values]
    names = list(dict.fromkeys(text for text, missing in zip(texts, is_missing, strict=True) if not missing))
    if len(names) > MOST_CLASSES:
        raise ValueError(
            f"The last column, {name}, holds {len(names):,} different texts, and classes are at most {MOST_CLASSES}: put "
            "the class, or a number, into the last column."
        )
    places_of = {text: place for place, text in enumerate(sorted(names))}
    return np.array([places_of.get(text, np.nan) for text in texts]), [text[:40] for text in sorted(names)]


def _columns(features: np.ndarray, names: list[str], notes: list[str]) -> list[int]:
    """Return the columns that are numbers; say which are not."""
    missing, texts = np.isnan(features).mean(0), np.isinf(features).mean(0)
    of_texts = texts > TEXT_SHARE * np.maximum(1 - missing, 1e-9)
    empty = ~of_texts & (missing > EMPTY_SHARE)
    for chosen, why in ((of_texts, "they hold texts, not numbers"), (empty, "most of their cells are empty")):
        if chosen.any():
            notes.append(f"Left out, as {why}: {_listed([names[i] for i in np.flatnonzero(chosen)])}.")
    kept = np.flatnonzero(~of_texts & ~empty).tolist()
    if not kept:
        raise ValueError(
            "No column of numbers is left beside the last one: features must be numbers, with a point for decimals."
        )
    return kept


def _frequent(
    labels: np.ndarray, whole: np.ndarray, class_names: list[str], names: list[str], notes: list[str]
) -> np.ndarray:
    """Return which rows are of a class that has enough of them; say which classes have not."""
    counts = np.bincount(labels[whole].astype(int), minlength=len(class_names))
    rare = np.flatnonzero((counts > 0) & (counts < LEAST_OF_CLASS))
    if len(rare):
        notes.append(
            f"Left out, as fewer than {LEAST_OF_CLASS} rows are of it: {_listed([class_names[i] for i in rare])}."
        )
    return ~np.isin(labels, rare)


def _say_alike(class_names: list[str], notes: list[str]) -> None:
    """Say which classes differ by capitals alone."""
    spelt = Counter(name.casefold() for name in class_names)
    alike = [name for name in class_names if spelt[name.casefold()] > 1]
    if alike:
        notes.append(f"Classes that differ by capitals alone are taken for several: {_listed(alike)}.")


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
