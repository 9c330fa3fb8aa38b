"""The page about robustness, without a browser: it opens, moves, asks, and says why a cell is blank."""

import pytest

from tests.pages.support import button, control, finished, link_of, opened, plain, tables

SMALL = {
    "width": "4", "depth": "1", "num_steps": "8", "num_examples": "100", "runs": "1", "most_rate": "1", "a_decade": "1",
    "try_choices": "true",
}  # fmt: skip


def test_it_shows_rates_maps_curves_and_choices():
    app = opened("robustness.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert [len(table) for table in tables(app)] == [3]
    assert len(app.info) == 5


@pytest.mark.parametrize(("name", "value"), [("upwards", "batch-size"), ("chosen", "batch-size")])
def test_a_control_beside_a_section_is_in_the_link_and_what_cannot_be_is_no_error(name, value):
    app = opened("robustness.py", **SMALL)
    widget = control(app, name)
    widget.select_index(widget.options.index("batch size"))
    finished(app.run())
    assert link_of(app)[name] == value
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("robustness.py", **SMALL | {"ask": "initial-scale"})
    assert any("cells" in one.value and "train with BatchNorm" in plain(one.value) for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


def test_a_range_that_is_none_is_told_with_what_mends_it():
    app = opened("robustness.py", **SMALL | {"least_rate": "1", "most_rate": "0.1"})
    assert any("Greatest learning rate must be above the least" in one.value for one in app.error)
    next(each for each in app.button if each.label.startswith("Greatest learning rate")).click()
    assert not finished(app.run()).error


def test_a_cell_of_the_map_is_chosen_by_its_values_and_leads_to_the_comparison():
    app = opened("robustness.py", **SMALL)
    widget = control(app, "cell_row")
    assert widget.options[2] == "0.316"
    widget.select_index(2)
    finished(app.run())
    assert link_of(app)["cell_row"] == "2"
    (led,) = [one.value for one in app.markdown if "See the landscapes" in one.value]
    assert "(./?" in led
    assert "init_scale=0.316" in led


@pytest.mark.parametrize("clicked", ["map", "another"])
def test_a_click_alone_opens_the_comparison(clicked, monkeypatch):
    went = []
    monkeypatch.setattr("pages.components.section.open_page", lambda *where: went.append(where))
    app = opened("robustness.py", **SMALL)
    assert went == []
    app.session_state["picked"] = clicked
    app.run()
    assert [page for page, _ in went] == ["compare"] * (clicked == "map")
    app.run()
    assert len(went) == (clicked == "map")
