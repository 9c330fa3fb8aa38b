"""The controls of labs, without what is computed for them: which there are, what each offers, and what they change."""

from dataclasses import replace
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from landscape.experiment import MAX_VARIANTS, VARIED
from landscape.labs.lab import Section, Shown
from models.config import Kind
from models.normalization import Normalization
from pages.components.controls import AS_BASE, groups_of
from tests.labs.every_lab import LABS
from tests.pages.support import bare, button, control, drawn, link_of, run, values_of, widgets_of


def names_of(app: AppTest) -> list[str]:
    """Return the fields that have a control, each as often as it has one."""
    return [widget.key.partition("-")[0] for widget in widgets_of(app)]


COMPARE, SMOOTHNESS, ROBUSTNESS = (bare(LABS[name]) for name in ("compare", "smoothness", "robustness"))


@pytest.fixture(scope="module")
def three() -> AppTest:
    """The controls of three networks, to read only."""
    own = {"v2_learning_rate": "0.5", "v3_normalization": "layer"}
    return drawn(COMPARE, variants="3", **own, learning_rate="0.3", momentum="0.5", weight_decay="0.01")


def test_a_page_has_the_groups_that_something_stands_in():
    def group_names(**changes):
        return groups_of(replace(lab, **changes))

    lab = LABS["compare"]
    own = ("data", "training", "network", "view", "balls")
    assert groups_of(lab) == (*own, "networks", "presets", "run", "files")
    assert group_names(questions=()) == (*own, "networks", "run", "files")
    assert group_names(numbers=None) == (*own, "networks", "presets", "run")
    alone, networks = LABS["two_weights"].codec, {"one": {}}
    assert "networks" not in group_names(codec=alone, sections=())
    assert "networks" in group_names(codec=alone, sections=(), networks=networks)
    still = Section("still", lambda request, results: Shown(), group="still")
    assert "still" not in group_names(sections=(still,))
    assert "still" in group_names(sections=(replace(still, controls=lambda values: {"frozen": None}),))


@pytest.mark.parametrize(
    ("groups", "there", "gone"),
    [
        ("run", ("New seed", "Run again", "Reset"), ("Networks compared",)),
        ("networks", ("Networks compared",), ("New seed", "Run again", "Reset")),
        ("networks,run", ("Networks compared", "New seed", "Run again", "Reset"), ()),
        ("none", (), ("Networks compared", "New seed", "Run again", "Reset")),
    ],
)
def test_a_link_hides_buttons(groups, there, gone):
    app = drawn(COMPARE, controls=groups)
    labels = {one.label for kind in (app.button, app.segmented_control) for one in kind}
    assert labels >= {*there}
    assert not labels & {*gone}
    assert ("v1_normalization" in names_of(app)) == ("networks" in groups)
    assert not {"learning_rate", "dataset"} & {*names_of(app)}


def test_only_a_lab_that_computes_may_run_again():
    labels = [one.label for one in drawn(replace(COMPARE, jobs=None), controls="run").button]
    assert "Reset" in labels
    assert "Run again" not in labels
    app = drawn(COMPARE, controls="run")
    assert all(button(app, label).help for label in ("New seed", "Run again", "Reset"))


def test_each_network_has_its_normalization_and_may_differ_in_all_that_varies(three):
    of_networks = [name for name in names_of(three) if name[:2] in ("v1", "v2", "v3", "v4")]
    assert sorted(of_networks) == sorted(f"v{i}_{name}" for i in (1, 2, 3) for name in VARIED)
    for i, differs in ((1, ""), (2, " (1)"), (3, "")):
        assert control(three, f"v{i}_normalization").label == f"Network {i}: normalization"
        assert AS_BASE not in control(three, f"v{i}_normalization").options
        assert control(three, f"v{i}_learning_rate").label == "Learning rate"
        assert control(three, f"v{i}_learning_rate").options[0] == AS_BASE
        assert three.get("popover")[i - 1].proto.popover.label == f"What else differs{differs}"


def test_networks_that_are_added_have_a_normalization_that_no_other_has():
    app = drawn(COMPARE, learning_rate="banana", controls="networks")
    assert app.warning
    chooser = app.segmented_control[0]
    assert chooser.options == [str(i) for i in range(1, MAX_VARIANTS + 1)]
    assert chooser.value == 2
    used = [values_of(app)[f"v{i}_normalization"] for i in (1, 2)]
    for count in (3, 4):
        app.segmented_control[0].set_value(count)
        run(app)
        used.append(values_of(app)[f"v{count}_normalization"])
        assert used[-1] == next(kind for kind in Normalization if kind not in used[:-1])
        assert link_of(app)["variants"] == str(count)
    assert not app.warning, "what could not be read is told until something is chosen"


def test_a_new_seed_is_the_next_and_after_the_last_the_first():
    for seed, following in ((100, 101), (2**31 - 1, 0)):
        app = drawn(COMPARE, seed=str(seed), controls="run")
        button(app, "New seed").click()
        assert values_of(run(app))["seed"] == following


@pytest.mark.parametrize("label", ["New seed", "Networks compared", "Drop another ball", "kind"])
def test_what_was_moved_at_the_same_time_stays(label):
    """As when a number that was typed and the button that is pressed after it come to the server in one message."""
    app = drawn(COMPARE, variants="1")
    control(app, "learning_rate").set_value(0.5)
    match label:
        case "kind":
            control(app, "kind").set_value(Kind.CNN)
        case "Networks compared":
            app.segmented_control[0].set_value(2)
        case _:
            button(app, label).click()
    assert values_of(run(app))["learning_rate"] == 0.5
    assert control(app, "learning_rate").value == 0.5


def test_what_was_moved_at_the_same_time_as_a_network_was_chosen_stays():
    app = drawn(SMOOTHNESS, variants="1")
    control(app, "v1_normalization").set_value(Normalization.LAYER)
    kinds_of_network(app).set_value("Convolutional")
    assert values_of(run(app))["v1_normalization"] is Normalization.LAYER


def test_a_number_is_chosen_among_one_two_and_five_of_each_decade_and_its_own(three):
    decades = [f"{digit * 10.0**power:.6g}" for power in range(-6, 2) for digit in (1, 2, 5)] + ["100"]
    place = decades.index("0.5")
    assert control(three, "learning_rate").options == [*decades[:place], "0.3", *decades[place:]]
    assert control(three, "num_examples").options == ["100", "200", "500", "1000", "2000", "5000", "10000", "20000"]


def test_a_whole_number_is_typed_within_its_bounds(three):
    bounds, widget = COMPARE.codec.fields["groups"], control(three, "groups")
    assert (widget.min, widget.max, widget.step, widget.label) == (bounds.low, bounds.high, 1, bounds.label)


def test_a_place_is_chosen_up_to_the_last_that_there_is_now():
    app = drawn(SMOOTHNESS, num_steps="25", step="300", controls="view")
    slider = control(app, "step")
    assert (slider.min, slider.max, slider.value) == (0, 24, 24)
    assert values_of(app)["step"] == 24
    slider.set_value(7)
    assert values_of(run(app))["step"] == 7
    app = drawn(SMOOTHNESS, num_steps="1", step="300", controls="view")
    assert "step" not in names_of(app), "there is nothing to choose"
    assert values_of(app)["step"] == 0


def test_a_place_with_a_name_is_chosen_by_its_name_and_one_beyond_the_last_is_the_last():
    app = drawn(ROBUSTNESS, cell_rate="40", most_rate="1", a_decade="1", controls="map")
    *_, last = names = control(app, "cell_rate").options
    assert last == "1"
    assert [float(after) / float(before) for before, after in pairwise(names)] == [10] * (len(names) - 1)
    assert values_of(app)["cell_rate"] == control(app, "cell_rate").value == len(names) - 1


def test_a_table_of_ones_own_is_loaded_beside_the_data_alone(three):
    assert [one.key.rpartition("-")[0] for one in three.file_uploader if one.key.startswith("own-")] == ["own-dataset"]


def test_a_button_of_a_group_sets_its_values_and_keeps_the_others():
    app = drawn(COMPARE, learning_rate="0.5", controls="balls")
    assert button(app, "Take the last one back").disabled
    button(app, "Drop another ball").click()
    assert link_of(run(app)) == {"learning_rate": "0.5", "another_ball": "true", "controls": "balls"}
    assert not button(app, "Take the last one back").disabled


def test_what_is_folded_says_how_much_of_it_was_changed(three):
    labels = [one.label for one in three.sidebar.expander]
    assert "More about training (2 changed)" in labels
    assert "More about the network" in labels


def kinds_of_network(app: AppTest):
    return next(one for one in app.segmented_control if one.label == "Kind of network")


def test_a_network_is_chosen_as_a_whole_and_the_rest_stays():
    app = drawn(SMOOTHNESS, seed="7", controls="networks")
    networks = SMOOTHNESS.networks
    assert kinds_of_network(app).options == [*networks]
    assert kinds_of_network(app).value == "Perceptron"
    before = dict(values_of(app))
    for name in ("Convolutional", "Deep linear", "Perceptron"):
        kinds_of_network(app).set_value(name)
        assert kinds_of_network(run(app)).value == name
        assert values_of(app) == before | networks[name]


def test_a_network_is_told_by_its_kind_and_data_whatever_its_numbers():
    app = drawn(SMOOTHNESS, width="16", learning_rate="0.5", controls="networks")
    assert kinds_of_network(app).value == "Perceptron"
    app = drawn(SMOOTHNESS, dataset="moons", controls="networks")
    assert kinds_of_network(app).value is None
