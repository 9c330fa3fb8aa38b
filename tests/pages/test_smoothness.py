"""The page on smoothness, without a browser: it shows the facts of each question, and links come back."""

import json

import pytest

from landscape.labs.smoothness import LAB
from landscape.labs.smoothness.request import CODEC, NETWORKS
from landscape.labs.smoothness.tables import table
from tests.labs.ended import facts_of, results_of
from tests.pages.support import (
    begun,
    button,
    control,
    finished,
    let_go,
    link_of,
    opened,
    plain,
    tables,
    tickets,
    values_of,
)

PAGE = "smoothness.py"
SMALL = {"num_steps": "12", "width": "8", "depth": "2", "num_examples": "200", "probes": "6", "rungs": "3"}
OF = {question.slug: question for question in LAB.questions}


def lines_of(app):
    return [ticket.result for ticket in tickets(app, "line")]


def test_a_question_shows_its_answer_and_its_facts():
    app = opened(PAGE, ask="smoother", **SMALL)
    assert not app.error
    assert not app.warning
    said = [one.value for one in app.markdown]
    assert f"**{OF['smoother'].ask}**" in said
    assert "What to notice" in plain(app.info[0].value)
    numbers, paper, explanations = tables(app)
    assert [row["Network"] for row in numbers] == ["no normalization", "BatchNorm", "layer normalization"]
    assert len(paper) == 4
    assert len(explanations) == 5
    assert all(row["For"].strip() and row["Against"].strip() for row in explanations)
    assert "There is no consensus" in " ".join(one.value for one in app.subheader)


def test_the_table_on_the_page_is_that_of_the_facts():
    app = opened(PAGE, **SMALL)
    request = CODEC.request_of(values_of(app))
    rows = [list(vars(row).values()) for row in table(facts_of(LAB, request))]
    assert [list(row.values()) for row in tables(app)[0]] == rows


@pytest.mark.parametrize("slug", OF)
def test_the_settings_of_a_question_are_a_link(slug):
    request = OF[slug].request
    assert CODEC.request_of(CODEC.read(CODEC.write(CODEC.values_of(request)))[0]) == request


def test_a_question_is_one_click_and_a_link():
    app = begun(PAGE, **SMALL)
    button(app, OF["other-norms"].ask).click()
    app.run()
    let_go(app)
    assert link_of(app) == {"ask": "other-norms"}
    assert CODEC.request_of(values_of(app)) == OF["other-norms"].request
    assert not app.exception


def test_the_step_the_ladder_and_the_networks_are_in_the_link():
    app = opened(PAGE, **SMALL, step="5")
    for name, value in (("step", 9), ("highest", 10.0)):
        control(app, name).set_value(value)
        finished(app.run())
    assert link_of(app) == SMALL | {"step": "9", "highest": "10"}
    lines = lines_of(app)
    assert {line.step for line in lines} == {9}
    assert lines[0].line.step_sizes[-1] == pytest.approx(1.0)
    again = opened(PAGE, **link_of(app))
    assert tables(again)[0] == tables(app)[0]


def test_results_that_come_one_after_the_other_are_told_apart():
    """A page that draws again compares what it has with what it had, and a bare array compares with nothing."""
    results = results_of(LAB, CODEC.request_of(CODEC.read(SMALL)[0]))
    for many in results.values():
        for one in many:
            assert isinstance(one.value == None, bool)  # noqa: E711


def test_a_teacher_hides_the_controls():
    app = opened(PAGE, **SMALL, step="5", controls="none")
    assert not [*app.slider, *app.select_slider, *app.selectbox, *app.number_input, *app.toggle]
    assert {line.step for line in lines_of(app)} == {5}


def test_another_step_trains_nothing_anew():
    app = opened(PAGE, **SMALL)
    before = [ticket.result for ticket in tickets(app, "smoothness")]
    control(app, "step").set_value(3)
    finished(app.run())
    after = [ticket.result for ticket in tickets(app, "smoothness")]
    assert len(before) == 3
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_kind_of_network_takes_its_data_its_training_and_its_ladder():
    app = begun(PAGE, **SMALL | {"seed": "7"})
    choice = next(each for each in app.segmented_control if each.label == "Kind of network")
    assert choice.value == "Perceptron"
    choice.set_value("Deep linear")
    app.run()
    values = values_of(app)
    assert {name: values[name] for name in NETWORKS["Deep linear"]} == NETWORKS["Deep linear"]
    assert values["seed"] == 7
    assert values["v2_normalization"] == "batch"
    let_go(app)


def test_what_diverges_is_drawn_as_far_as_it_goes_and_said():
    app = opened(PAGE, **SMALL, learning_rate="100", loss="squared", activation="linear", v2_normalization="none")
    assert "diverged at step" in plain(app.info[0].value)
    assert not app.error
    assert any(row["Test accuracy"].startswith("diverged") for row in tables(app)[0])


def test_a_ladder_the_wrong_way_round_is_explained():
    app = opened(PAGE, **SMALL, lowest="9")
    assert "Shortest step must be at most Longest step" in app.error[0].value


def test_bad_values_of_a_link_give_defaults_and_sentences():
    app = opened(PAGE, **SMALL, step="-1", lowest="low", plane="random")
    told = " ".join(warning.value for warning in app.warning)
    for words in ("step in the link", "100 is used", "'low'; 0.5 is used", "'plane', which is no setting"):
        assert words in told
    assert "What to notice" in plain(app.info[0].value)


def test_a_recurrent_network_has_its_measures_without_the_shapes():
    app = opened(PAGE, **SMALL | {"kind": "recurrent", "depth": "1", "num_steps": "4"})
    assert not app.error
    assert {row["Excess kurtosis"] for row in tables(app)[0]} == {"not computed"}


def test_data_without_classes_have_no_accuracy():
    app = opened(
        PAGE, **SMALL | {"dataset": "target-curve", "loss": "squared", "num_steps": "4", "v3_normalization": "none"}
    )
    assert "Test R²" in tables(app)[0][0]
    assert "Test accuracy" not in tables(app)[0][0]


def test_another_optimizer_is_held_against_no_line():
    app = opened(PAGE, **SMALL, optimizer="adam")
    assert {row["2 / learning rate"] for row in tables(app)[0]} == {"no threshold"}
    assert "none of Adam" in plain(app.info[0].value)


def test_one_probe_of_one_rung_gives_no_verdict_and_the_line_keeps_its_step():
    app = opened(PAGE, **SMALL | {"probes": "1", "rungs": "1", "step": "9"})
    said = plain(app.info[0].value)
    assert "A range of the loss needs two step sizes" in said
    assert "one step says nothing of later ones" in said
    assert {row["Verdict"] for row in tables(app)[1]} == {"not compared"}
    assert {line.step for line in lines_of(app)} == {9}
    assert "Along the gradient of step 9 the loss of" in plain(app.info[1].value)


def test_a_label_breaks_no_table():
    app = opened(PAGE, **SMALL, v2_normalization="weight-bounded")
    assert [row["Network"] for row in tables(app)[0]] == [
        "no normalization",
        "weight normalization, |v| bounded",
        "layer normalization",
    ]


def test_a_file_brings_the_experiment_back():
    request = OF["other-norms"].request
    text = CODEC.to_json(CODEC.values_of(request))
    assert json.loads(text)["page"] == "smoothness"
    assert CODEC.request_of(CODEC.from_json(text)[0]) == request
