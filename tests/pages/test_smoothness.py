"""The page on smoothness, without a browser: each question draws what its row of phenomena says, and links come back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from landscape.dynamics.smoothness import LineTask, smoothness_of
from landscape.labs.presets import SMOOTHNESS, SMOOTHNESS_NETWORKS
from landscape.labs.smoothness.request import SMOOTHNESS as CODEC
from landscape.labs.smoothness.request import SmoothnessRequest, request_of, values_of
from landscape.labs.smoothness.words import Measured
from tests.pages.test_compare import button, control, finished, link_of, opened

PAGE = "smoothness.py"
SMALL = {"num_steps": "12", "width": "8", "depth": "2", "num_examples": "200", "probes": "6", "rungs": "3"}


def table(app):
    """Return the rows of the table of numbers."""
    return app.table[0].value.to_dict("records")


def first_of(text: str) -> float:
    return float(text.split()[0])


def most_of(text: str) -> float:
    return float(text.split("(")[1].rstrip(")"))


def asked(question: str, **changes: str):
    """Return the page on a question, with fewer probes, which changes the pace and not the direction."""
    link = CODEC.write(values_of(SMOOTHNESS[question][1]))
    app = opened(PAGE, **link | {"probes": "40", "rungs": "4"} | changes)
    assert not app.error
    assert not app.warning
    assert "What to notice" in app.info[0].value
    return app, {row["Network"]: row for row in table(app)}


def test_60_the_measures_all_through_training():
    app, rows = asked("Is it smoother all through training?")
    for column, factor in (("Loss range", 5), ("Gradient change", 2)):
        for part in (first_of, most_of):
            assert part(rows["no normalization"][column]) > factor * part(rows["BatchNorm"][column])
    # Near 2 / learning rate with and without: no claim of the page's that the paper's own figure does not bear out.
    for name in ("no normalization", "BatchNorm"):
        assert 10 < first_of(rows[name]["Effective beta"]) < 40
    assert most_of(rows["no normalization"]["Effective beta"]) > 1.3 * most_of(rows["BatchNorm"]["Effective beta"])
    assert "It settles near that line, within a factor of 2, for every network here" in app.info[0].value
    verdicts = [row["Verdict"] for row in app.table[1].value.to_dict("records")]
    assert verdicts[0] == "agrees"
    assert len(verdicts) == 4


def test_38_from_one_step_it_climbs_without_batchnorm_and_falls_with_it():
    app, _ = asked("What lies ahead of one step?")
    plain, batch = (
        ticket.result.line for ticket in app.session_state["held"]["tickets"] if ticket.key.startswith("line")
    )
    assert plain.loss[-1] > 3 * plain.start_loss
    assert batch.loss.max() <= 1.001 * batch.start_loss
    assert plain.ratios[-1] > 2 > 1 > batch.ratios[-1]
    assert "never above its start for BatchNorm" in app.info[1].value


def test_40_outlying_weights_and_gradients_are_damped():
    app, rows = asked("What if the initial weights are too large?")
    assert rows["no normalization"]["Test accuracy"].startswith("diverged")
    assert first_of(rows["no normalization"]["Longest gradient / median"]) > 30 * first_of(
        rows["BatchNorm"]["Longest gradient / median"]
    )
    for name in ("BatchNorm", "weight"):
        assert float(rows[name]["Test accuracy"]) > 0.9
    assert "**No normalization** diverged" in app.info[0].value
    assert "nothing was measured of no normalization (diverged at step 5)" in app.info[0].value
    assert rows["no normalization"]["Loss range"] == "no later step"
    assert {row["Verdict"] for row in app.table[1].value.to_dict("records")} == {"not compared"}
    assert "1.25 times as large" in app.info[0].value


def test_61_other_norms_smooth_as_well_with_less_gaussian_activations():
    _, rows = asked("Would another norm do as well?")
    for name in ("l1 BatchNorm", "l-infinity BatchNorm"):
        ratio = first_of(rows[name]["Loss range"]) / first_of(rows["BatchNorm"]["Loss range"])
        assert ratio < 2.5
        assert first_of(rows["no normalization"]["Loss range"]) > 5 * first_of(rows[name]["Loss range"])
    assert float(rows["l1 BatchNorm"]["Excess kurtosis"]) > float(rows["BatchNorm"]["Excess kurtosis"])


def test_43_no_explanation_is_without_evidence_against_it():
    app, rows = asked("So why does it help?")
    explanations = app.table[2].value.to_dict("records")
    assert len(explanations) == 5
    assert all(row["For"].strip() and row["Against"].strip() for row in explanations)
    # Against the distributions: noise after BatchNorm, and it trains. Against smoothness alone: a rougher one learns.
    assert "Here, with that noise: training accuracy 0.9" in explanations[0]["Against"]
    assert "Here rougher networks learn as well" in explanations[1]["Against"]
    assert first_of(rows["layer"]["Loss range"]) > 3 * first_of(rows["BatchNorm"]["Loss range"])
    assert float(rows["layer"]["Test accuracy"]) > float(rows["BatchNorm"]["Test accuracy"]) - 0.02


def test_a_convolutional_network_is_smoother_too():
    _, rows = asked("And in a convolutional network?", num_steps="120", probes="20", step="60")
    assert first_of(rows["no normalization"]["Loss range"]) > 3 * first_of(rows["BatchNorm"]["Loss range"])


def test_the_deep_linear_network_climbs_beyond_a_hundred_million():
    app, rows = asked("And in the paper's deep linear network?", probes="150")
    assert most_of(rows["no normalization"]["Loss range"]) > 1e6
    assert most_of(rows["BatchNorm"]["Loss range"]) < 1e4
    assert "nan" not in app.info[0].value.lower()


def test_the_notice_and_the_table_agree_on_which_network_is_near_the_line():
    # As many probes as the question has: the plain network's median hangs on which of its steps are measured.
    app, rows = asked("And in the paper's deep linear network?", probes="100", rungs="8")
    (verdict,) = [
        row["Verdict"] for row in app.table[1].value.to_dict("records") if "effective beta is near" in row["Claim"]
    ]
    assert "near that line for BatchNorm only" in app.info[0].value
    assert verdict == f"does not agree without ({rows['no normalization']['Effective beta'].split()[0]})"


@pytest.mark.parametrize("question", SMOOTHNESS)
def test_a_question_is_one_click_and_a_link(question):
    request = SMOOTHNESS[question][1]
    assert request_of(CODEC.read(CODEC.write(values_of(request)))[0]) == request
    app = opened(PAGE, **SMALL)
    button(app, question).click()
    app.run()
    assert link_of(app) == CODEC.write(values_of(request))
    assert not app.exception


def test_the_step_the_ladder_and_the_networks_are_in_the_link():
    app = opened(PAGE, **SMALL, step="5")
    for name, value in (("step", 9), ("highest", 10.0)):
        control(app, name).set_value(value)
        finished(app.run())
    assert link_of(app) == SMALL | {"step": "9", "highest": "10"}
    lines = [ticket.result for ticket in app.session_state["held"]["tickets"] if ticket.key.startswith("line")]
    assert {line.step for line in lines} == {9}
    assert lines[0].line.step_sizes[-1] == pytest.approx(1.0)
    again = opened(PAGE, **link_of(app))
    assert table(again) == table(app)


def test_a_teacher_hides_the_controls():
    app = opened(PAGE, **SMALL, step="5", controls="none")
    assert not [*app.slider, *app.select_slider, *app.selectbox, *app.number_input, *app.toggle]
    lines = [ticket.result for ticket in app.session_state["held"]["tickets"] if ticket.key.startswith("line")]
    assert {line.step for line in lines} == {5}


def test_another_step_trains_nothing_anew():
    app = opened(PAGE, **SMALL)
    before = [ticket.result for ticket in app.session_state["held"]["tickets"] if ticket.key.startswith("smoothness")]
    control(app, "step").set_value(3)
    finished(app.run())
    after = [ticket.result for ticket in app.session_state["held"]["tickets"] if ticket.key.startswith("smoothness")]
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_kind_of_network_takes_its_data_its_training_and_its_ladder():
    app = opened(PAGE, **SMALL | {"seed": "7"})
    choice = next(each for each in app.segmented_control if each.label == "Kind of network")
    assert choice.value == "Perceptron"
    choice.set_value("Deep linear")
    app.run()
    values = app.session_state["values"]
    assert {name: values[name] for name in SMOOTHNESS_NETWORKS["Deep linear"]} == SMOOTHNESS_NETWORKS["Deep linear"]
    assert values["seed"] == 7
    assert values["v2_normalization"] == "batch"


def test_what_diverges_is_drawn_as_far_as_it_goes_and_said():
    app = opened(PAGE, **SMALL, learning_rate="100", loss="squared", activation="linear", v2_normalization="none")
    assert "diverged at step" in app.info[0].value
    assert not app.error
    assert app.table[0].value["Test accuracy"].str.startswith("diverged").any()


def test_a_ladder_the_wrong_way_round_is_explained():
    app = opened(PAGE, **SMALL, lowest="9")
    assert "Shortest step must be at most Longest step" in app.error[0].value


def test_bad_values_of_a_link_give_defaults_and_sentences():
    app = opened(PAGE, **SMALL, step="-1", lowest="low", plane="random")
    told = " ".join(warning.value for warning in app.warning)
    for words in ("step in the link", "100 is used", "'low'; 0.5 is used", "'plane', which is no setting"):
        assert words in told
    assert "What to notice" in app.info[0].value


def test_a_recurrent_network_has_its_measures_without_the_shapes():
    app = opened(PAGE, **SMALL | {"kind": "recurrent", "depth": "1", "num_steps": "4"})
    assert not app.error
    assert {row["Excess kurtosis"] for row in table(app)} == {"not computed"}


def test_data_without_classes_have_no_accuracy():
    app = opened(PAGE, **SMALL | {"dataset": "target-curve", "loss": "squared", "num_steps": "4"})
    assert "Test R²" in table(app)[0]
    assert "Test accuracy" not in table(app)[0]


def test_one_probe_of_one_rung_gives_no_verdict_and_the_line_keeps_its_step():
    app = opened(PAGE, **SMALL | {"probes": "1", "rungs": "1", "step": "9"})
    said = app.info[0].value
    assert "A range of the loss needs two step sizes" in said
    assert "one step says nothing of later ones" in said
    assert {row["Verdict"] for row in app.table[1].value.to_dict("records")} == {"not compared"}
    assert app.info[1].value.startswith("**What to notice.** Along the gradient of step 9 the loss goes")


def test_a_file_brings_the_experiment_back():
    request = SMOOTHNESS["Would another norm do as well?"][1]
    text = CODEC.to_json(values_of(request))
    assert json.loads(text)["page"] == "smoothness"
    assert CODEC.request_of(CODEC.from_json(text)[0]) == request


@pytest.mark.parametrize("seed", [0, 1])
def test_batchnorm_is_smoother_on_other_seeds(seed):
    request = SmoothnessRequest()
    plain, batch = (
        Measured("", smoothness_of(one.replace(seed=seed, num_steps=200), replace(request.ladder, probes=30, rungs=4)))
        for one in request.comparison.experiments()[:2]
    )
    for name in ("loss_range", "greatest_change"):
        assert plain.level(name).median > 2 * batch.level(name).median
    task = LineTask(batch.smoothness, 100)
    task.advance(np.inf)
    assert task.result().step == 100
