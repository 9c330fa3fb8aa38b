"""The page about the inside of layers, without a browser: it opens, moves, asks, and tells what failed."""

import pytest

from tests.pages.support import button, control, finished, link_of, opened, tables, tickets

SMALL = {
    "width": "8", "depth": "2", "num_steps": "10", "num_examples": "200", "deep_depth": "4", "propagation_steps": "10",
    "try_propagation": "true",
}  # fmt: skip


def test_it_shows_every_section_with_its_numbers():
    app = opened("activations.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert [len(table) for table in tables(app)] == [3, 3, 4]
    kinds = [one.type for one in app.main]
    told = next(place for place, one in enumerate(app.main) if one.type == "info" and one.value.count("\n- ") > 3)
    assert any("component" in kind for kind in kinds[:told]), "pictures stand before much that is to be noticed"


@pytest.mark.parametrize(("name", "value"), [("prepared", "standardized"), ("deep_activation", "tanh")])
def test_a_control_beside_a_section_is_in_the_link(name, value):
    app = opened("activations.py", **SMALL)
    widget = control(app, name)
    widget.select_index(widget.options.index(value))
    finished(app.run())
    assert name in link_of(app)
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("activations.py", **SMALL | {"ask": "identity"})
    assert any("It can be undone exactly" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


def test_a_recurrent_network_is_refused_with_a_way_out():
    app = opened("activations.py", **SMALL | {"kind": "recurrent", "depth": "1"})
    assert any("recurrent" in one.value for one in app.error)
    assert not tables(app)
    button(app, "Network: multilayer perceptron").click()
    assert not finished(app.run()).error
    assert len(tables(app)) == 3


def test_the_first_steps_are_looked_at_where_the_link_says_so():
    app = opened("activations.py", **SMALL | {"first_steps": "true"})
    assert not app.error
    assert len(tickets(app, "first steps")) == 3
    assert any("the first 8 steps make" in one.value for one in [*app.info, *app.markdown])
