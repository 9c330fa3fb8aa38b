"""The benchmarks' harness: pairs, rows, agreement, products alone. No time is asserted."""

import json

import numpy as np
import pytest
import torch

from benchmarks import peers, surfaces, trainings
from benchmarks.__main__ import main
from benchmarks.harness import Products, Row, Times, compare, relative_difference, table
from landscape import Experiment, axis, loss_surface, objective, train

FIELDS = {
    "name": str,
    "against": str,
    "ratio": float,
    "ratio_min": float,
    "ratio_max": float,
    "budget": float | None,
    "at_most": bool,
    "ours": dict,
    "theirs": dict,
    "agreement": float | None,
    "tolerance": float,
    "met": bool,
    "note": str,
}


def times(*values):
    return Times(tuple(values))


def test_ours_and_theirs_take_turns_and_their_results_are_compared():
    order = []

    def ours():
        order.append("ours")
        return np.array([1.0, 2.0])

    def theirs():
        order.append("theirs")
        return np.array([1.0, 4.0])

    row = compare("sums", "a loop", ours, theirs, 3, relative_difference)
    assert order == ["ours"] + ["ours", "theirs"] * 3
    assert row.agreement == 0.5
    assert row.ratio.values == tuple(b / a for a, b in zip(row.ours.values, row.theirs.values, strict=True))
    assert not row.met


@pytest.mark.parametrize(
    ("ratio", "met", "how"),
    [
        (4.0, True, {"budget": 4.0}),
        (3.9, False, {"budget": 4.0}),
        (0.1, True, {}),
        (1.0, True, {"budget": 1.1, "at_most": True}),
        (1.2, False, {"budget": 1.1, "at_most": True}),
        (9.0, False, {"budget": 4.0, "agreement": 1e-4}),
        (9.0, False, {"budget": 4.0, "agreement": float("nan")}),
    ],
)
def test_a_budget_is_met_by_the_median_where_the_numbers_agree(ratio, met, how):
    assert Row("case", "peer", times(1), times(1), times(0.0, ratio, 100.0), **how).met is met


def test_json_holds_all_fields_of_each_row_and_the_table_has_a_line_for_each(tmp_path, monkeypatch, capsys):
    row = Row("case", "peer", times(1.0, 3.0, 2.0), times(8.0), times(4.0), 4.0, agreement=1e-6)
    monkeypatch.setattr(surfaces, "rows", lambda quick: iter([row]))
    monkeypatch.setattr(trainings, "rows", lambda quick: iter([row]))
    assert main(["--quick", "--json", str(tmp_path / "rows.json")]) == 0
    records = json.loads((tmp_path / "rows.json").read_text())
    assert len(records) == 2
    for record in records:
        assert record.keys() == FIELDS.keys()
        assert all(isinstance(record[name], kind) for name, kind in FIELDS.items())
        assert record["ours"] == {"median": 2.0, "min": 1.0, "max": 3.0}
    lines = table([row]).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 3
    assert lines[2] in capsys.readouterr().out


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("kind", [{"dataset": "moons"}, {"kind": "cnn"}])
def test_the_loops_give_our_surface(kind, normalization):
    small = Experiment().replace(**kind, normalization=normalization, depth=2, width=4, num_examples=100, num_steps=5)
    setting = surfaces.prepare(small)
    line = axis(1.0, 3)
    loops = peers.Loops(small, setting.plane, line, line, 64)
    run = train(small)
    one, four = (objective(run, batches=n, num_examples=64) for n in (1, 4))
    ours = loss_surface(one, setting.plane, line, line).loss
    assert relative_difference(ours, loops.in_memory()) < 1e-5
    ours = loss_surface(four, setting.plane, line, line).loss
    assert relative_difference(ours, loops.load_and_iterate(16)) < 1e-5
    longer = loss_surface(one, setting.plane, line, np.append(line, 2.0)).loss
    assert relative_difference(peers.walked(longer), loops.package()) < 1e-4


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_the_plain_training_is_ours(normalization):
    small = Experiment().replace(dataset="moons", normalization=normalization, depth=2, width=4, num_examples=200)
    assert trainings.difference([small, small.replace(seed=1)]) < 1e-6


def test_products_are_noted_and_done_again_without_a_change():
    x, weight = torch.ones(2, 3, 4), torch.ones(2, 4, 4)
    with Products() as products:
        y = torch.bmm(torch.bmm(x, weight).relu(), weight)
    assert len(products.calls) == 2
    products.run()
    assert torch.equal(y, torch.full((2, 3, 4), 16.0))
