"""The table of results of papers: its Markdown is a table, its rows are what is found, and what is no result is told."""

import re
from dataclasses import replace
from math import nan

import pytest

from landscape.teaching import published
from landscape.teaching.__main__ import main
from landscape.teaching.published import RESULTS
from landscape.teaching.reproductions import jobs_of
from landscape.teaching.result import SEEDS, Found
from landscape.teaching.sheet import COLUMNS, SHORT, head, line_of, numbers_of, row_of, settings_of
from tests.labs.ended import _ended

SMALL = {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200, "probes": 6, "rungs": 3}


def cells(line):
    """Return the cells of a line of a table in Markdown, as one reads them."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    return [cell.strip().replace("\0", "|") for cell in line.replace(r"\|", "\0")[1:-1].split("|")]


def test_the_head_names_the_columns_and_rules_them_off():
    first, second = head().split("\n")
    assert cells(first) == [COLUMNS[name] for name in SHORT]
    assert second == "|" + "---|" * len(SHORT)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_a_line_has_a_cell_for_each_column_and_holds_what_is_found(result):
    found = Found(result, (1.5, nan, 2.5))
    row = row_of(found)
    assert list(row) == list(COLUMNS)
    assert all(row.values())
    assert cells(line_of(row)) == [row[name] for name in SHORT]
    assert row["ours"] == found.ours


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_settings_are_told_as_the_controls_have_them(result):
    told = settings_of(result)
    assert not re.search(r"\b(true|false|batch-l1|cross_entropy)\b", told)
    assert len(told.split(", ")) == max(1, len(result.settings()))


def test_numbers_stand_alone_in_the_unit_of_the_row_and_unrounded():
    found = Found(RESULTS["adapted"], (0.32312, nan, 0.445682))
    assert numbers_of(found) == {
        "name": "adapted",
        "median": pytest.approx(38.4401),
        "seed 0": pytest.approx(32.312),
        "seed 1": "",
        "seed 2": pytest.approx(44.5682),
        "unit": "points",
    }
    assert found.ours == "38 points (32, none, 45)"


def test_it_is_printed_line_by_line_with_the_numbers_of_the_jobs(monkeypatch, capsys):
    small = replace(RESULTS["loss-range"], changes=SMALL)
    monkeypatch.setitem(published.RESULTS, "loss-range", small)
    assert main(["loss-range"]) == 0
    first, second, line = capsys.readouterr().out.splitlines()
    assert f"{first}\n{second}" == head()
    ended: dict = {}
    numbers = tuple(_ended(job, ended).value for job in jobs_of(small))
    assert len(numbers) == len(SEEDS)
    assert line == line_of(row_of(Found(small, numbers)))


def test_a_name_that_is_no_result_is_told_with_those_that_are(capsys):
    assert main(["loss-range", "nothing"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "No result is called nothing." in told.err
    assert all(name in told.err for name in RESULTS)
