"""The benchmarks' harness: pairs, rows, agreement, products alone. No time is asserted."""

import json

import numpy as np
import pytest
import torch

from benchmarks import fast, page, peers, surfaces, trainings
from benchmarks.__main__ import main
from benchmarks.harness import (
    PARTS,
    Passes,
    Products,
    Row,
    Times,
    compare,
    paste,
    pasted,
    processor,
    relative_difference,
    table,
    write,
)
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
    for part in (trainings, fast):
        monkeypatch.setattr(part, "rows", lambda quick: iter([row]))
    assert main(["--quick", "--json", str(tmp_path / "rows.json")]) == 0
    records = json.loads((tmp_path / "rows.json").read_text())
    assert len(records) == 3
    for record in records:
        assert record.keys() == FIELDS.keys()
        assert all(isinstance(record[name], kind) for name, kind in FIELDS.items())
        assert record["ours"] == {"median": 2.0, "min": 1.0, "max": 3.0}
    lines = table([row]).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 3
    printed = capsys.readouterr().out
    assert lines[2] in printed
    assert f"Processor: {processor()}" in printed


@pytest.fixture
def readmes(tmp_path):
    """Return the two files of tables, with places for them and nothing there yet."""
    whole, short = tmp_path / "whole.md", tmp_path / "short.md"
    whole.write_text("".join(f"a\n<!-- {part} -->\nold\n<!-- end -->\n" for part in PARTS) + "z\n")
    short.write_text("a\n<!-- goals -->\nold\n<!-- end -->\nz\n")
    return whole, short


def test_each_table_is_pasted_in_its_place_and_the_goals_of_all_in_the_other_file(readmes):
    whole, short = readmes
    rows = [Row(f"1 MLP, {kind}", "peer", times(1), times(3), times(3.0), 4.0) for kind in ("plain", "BatchNorm")]
    rows.append(Row("1 MLP, plain", fast.CLOSED, times(1), times(3), times(3.0), 1.1))
    rows.append(Row("1 MLP, plain", "a peer of whom nothing is asked", times(1), times(3), times(3.0), agreement=1e-6))
    write(table(rows), PARTS[0], whole, short)
    measures = [page.Measure("page: drawn", times(0.2), " s", 0.3), page.Measure("page: begun", times(0.1), " s")]
    write(
        "\n".join(
            ("| what | median (least to greatest) | budget | met |\n|-|-|-|-|", *(one.line() for one in measures))
        ),
        PARTS[1],
        whole,
        short,
    )
    assert pasted(PARTS[0], whole) == table(rows)
    assert pasted(PARTS[2], whole) == "old"
    assert whole.read_text().startswith("a\n")
    assert whole.read_text().endswith("z\n")
    head, line, first, second = pasted("goals", short).splitlines()
    assert first == "| 1 MLP, against peer | **3** plain, **3** BatchNorm | ≥ 4 |"
    assert second == "| page: drawn | 0.2 s | ≤ 0.3 s |"
    before = short.read_text()
    write(table(rows), PARTS[0], whole, short)
    assert short.read_text() == before


def test_a_table_has_a_place_or_says_that_it_has_none(readmes):
    with pytest.raises(ValueError, match="a line <!-- other -->"):
        paste("text", "other", readmes[0])


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


def test_a_plain_training_with_layer_normalization_is_ours_and_of_others_there_is_none():
    small = Experiment().replace(dataset="moons", normalization="layer", depth=2, width=4, num_examples=200)
    assert trainings.difference([small]) < 1e-6
    with pytest.raises(ValueError, match="no modules for a mlp with batch-renorm"):
        peers.train_plainly(small.replace(normalization="batch-renorm"))


def test_a_peer_that_did_a_part_counts_for_the_whole():
    row = trainings.times_as_long(Row("map", "peer", times(1.0), times(2.0), times(2.0), budget=8.0), 9, "a part")
    assert (row.theirs.values, row.ratio.values, row.met) == ((18.0,), (18.0,), True)


def test_products_are_noted_and_done_again_without_a_change():
    x, weight = torch.ones(2, 3, 4), torch.ones(2, 4, 4)
    with Products() as products:
        y = torch.bmm(torch.bmm(x, weight).relu(), weight)
    assert len(products.calls) == 2
    products.run()
    assert torch.equal(y, torch.full((2, 3, 4), 16.0))


def test_a_pass_goes_over_each_activation_of_each_chunk_once():
    passes = Passes([2, 2, 1], [3, 4])
    passes.run()
    # By position: how many of the six spans reach so far, each of which changes the sign.
    spans = [2 * 3, 2 * 4] * 2 + [3, 4]
    expected = [(-1.0) ** sum(span > place for span in spans) for place in range(8)]
    assert passes.memory.tolist() == expected


@pytest.mark.parametrize(
    ("changes", "layers"),
    [
        ({"dataset": "moons", "width": 4}, [4, 4]),
        ({"kind": "cnn", "width": 4}, [64 * 4, 16 * 4]),
    ],
)
def test_the_limit_has_the_products_and_a_pass_where_layers_are_narrow_or_normalized(changes, layers):
    small = Experiment().replace(**changes, depth=2, num_examples=100, num_steps=5)
    setting = surfaces.prepare(small)
    passes = surfaces.passes_of(setting, 3)
    assert passes.sizes == [surfaces.EXAMPLES * size for size in layers]
    assert sum(passes.chunks) == 9
    assert surfaces.limit_row(setting, "case", 3, 1).against == surfaces.AND_A_PASS


@pytest.mark.parametrize(("normalization", "against"), [("none", "PRODUCTS_ALONE"), ("batch", "AND_A_PASS")])
def test_the_limit_of_wide_networks_has_a_pass_where_they_normalize(normalization, against):
    wide = Experiment().replace(dataset="moons", normalization=normalization, depth=1, num_examples=100, num_steps=5)
    assert surfaces.limit_row(surfaces.prepare(wide), "case", 3, 1).against == getattr(surfaces, against)


def test_a_fast_way_is_compared_with_the_door_closed():
    small = Experiment().replace(dataset="moons", depth=1, width=4, num_examples=100, num_steps=5)
    row = fast.row("case", lambda: fast.first_losses(small, 2), 1)
    assert (row.against, row.budget) == (fast.CLOSED, fast.LEAST)
    assert row.agreement < 1e-5
