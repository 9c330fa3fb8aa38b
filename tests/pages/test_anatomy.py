"""The page about one layer, without a browser: it opens, moves with its controls, asks, and tells what does not fit."""

import pytest

from landscape.labs.anatomy.questions import QUESTIONS
from models.normalization import Normalization
from tests.pages.support import button, control, finished, link_of, opened, tables, values_of

FEW = {"steps": "20"}


def page(**link):
    return opened("anatomy.py", **FEW | link)


def test_it_shows_a_cell_line_by_line_what_undoes_it_and_every_kind():
    app = page()
    assert not app.error
    assert not app.warning
    cell, unit, over, kinds = tables(app)
    assert cell[-1]["Step"] == "Learnt scale and shift"
    assert [row["Before"] for row in unit] == [row["Scaled and shifted"] for row in unit]
    assert len(unit) == 6
    assert len(kinds) == len(Normalization) - 1
    assert {row["Normalization"] for row in kinds} == {
        name for row in over for name in row["Normalization"].split("; ")
    } - {"no normalization"}


def test_another_cell_is_a_control_and_a_link():
    app = page()
    before = tables(app)[0][0]["Result"]
    control(app, "unit").set_value(5)
    app = finished(app.run())
    assert tables(app)[0][0]["Result"] != before
    assert link_of(app)["unit"] == "5"


def test_at_test_the_lines_are_those_of_stored_numbers():
    steps = [row["Step"] for row in tables(page(when="test"))[0]]
    assert "Stored mean" in steps
    assert steps[-1] == "The same as one map"


def test_half_the_scale_does_not_undo_it():
    app = page(scale="0.5")
    unit = tables(app)[1]
    assert [row["Before"] for row in unit] != [row["Scaled and shifted"] for row in unit]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.slug)
def test_a_question_is_answered_under_the_title(question):
    app = opened("anatomy.py", ask=question.slug)
    assert not app.error
    assert any(question.ask in one.value for one in app.markdown)
    assert link_of(app) == {"ask": question.slug}
    assert not any("cannot be answered" in one.value for one in app.markdown)


def test_instance_normalization_offers_a_network_of_images():
    app = page(normalization="instance")
    assert "has but one" in app.error[0].value
    button(app, "Network: convolutional").click()
    app = finished(app.run())
    assert not app.error
    assert values_of(app)["shape"] == "images"
    assert "Sum of the 16 cells" in [row["Step"] for row in tables(app)[0]]


def test_weights_have_lines_of_their_own():
    app = page(normalization="weight", input="3")
    assert control(app, "input").value == 3
    assert [row["Step"] for row in tables(app)[0]][0] == "The chosen weight"
