"""The page about curvature, without a browser: it opens, moves, asks, and tells what failed."""

import pytest

from tests.pages.support import button, control, finished, link_of, opened, tables

SMALL = {
    "width": "8", "depth": "2", "num_steps": "10", "num_examples": "200", "measured": "64", "probes": "1",
    "lanczos_steps": "8", "edge_steps": "20", "edge_snapshots": "4",
}  # fmt: skip


def test_it_shows_spectra_rates_and_one_function():
    app = opened("curvature.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert [len(table) for table in tables(app)] == [3, 3, 2]
    plain, written = tables(app)[2]
    assert plain["Loss"] == written["Loss"]


@pytest.mark.parametrize(("name", "value"), [("written", "weight-plain"), ("beside", "batch")])
def test_a_control_beside_a_section_is_in_the_link(name, value):
    app = opened("curvature.py", **SMALL)
    widget = control(app, name)
    labels = {"weight-plain": "weight normalization, plain start"}
    widget.select_index(widget.options.index(labels.get(value, value)))
    finished(app.run())
    assert link_of(app)[name] == value
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("curvature.py", **SMALL | {"ask": "one-function"})
    assert any("Both networks compute one function" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


def test_a_recurrent_network_is_refused_with_a_way_out():
    app = opened("curvature.py", **SMALL | {"kind": "recurrent", "depth": "1"})
    assert any("recurrent" in one.value for one in app.error)
    assert not tables(app)
    button(app, "Network: multilayer perceptron").click()
    assert not finished(app.run()).error
    assert len(tables(app)) == 3
