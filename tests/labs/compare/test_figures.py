"""The panels of a comparison: what they share, and what they say where something is missing."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Display, View
from landscape.figures.panel import Group, Mode
from landscape.figures.theme import styles_of
from landscape.geometry.planes import Plane
from landscape.geometry.surfaces import Surface, axis
from landscape.labs.compare.dropping import Places
from landscape.labs.compare.figures import comparison_panels, readouts_of
from landscape.labs.compare.measure import Frames
from landscape.labs.compare.outcomes import Outcome
from landscape.labs.compare.request import BallsRequest
from landscape.training.training import train
from landscape.views import InspectionTask
from tests.cases import SMALL

RUN = train(SMALL.replace(num_steps=4))
PLANE = Plane(np.empty(0), np.empty((2, 0)), ("x", "y"))


def outcome(label, top, diverged=False):
    loss = np.geomspace(0.1, top, 12).reshape(3, 4)
    run = replace(RUN, diverged_at=3) if diverged else RUN
    return Outcome(label, run, surface=Surface(PLANE, axis(1, 4), axis(1, 3), loss, 0.2))


def scenes(outcomes, **display):
    labels, kinds = [one.label for one in outcomes], ["none", "batch"][: len(outcomes)]
    panels = comparison_panels(labels, kinds, outcomes, View(), Display(drawing="contour", **display))
    return [panel for panel in panels if panel.group is Group.SCENE]


def highest(panel):
    return max(trace.zmax for trace in panel.figure.data if trace.type == "contour")


def test_networks_share_one_range():
    first, second = scenes([outcome("a", 30), outcome("b", 2)])
    assert highest(first) == highest(second)
    first, second = scenes([outcome("a", 30), outcome("b", 2)], shared_range=False)
    assert highest(first) > highest(second)


def test_a_network_that_diverged_does_not_flatten_the_others():
    wild, tame = scenes([outcome("a", 4e4, diverged=True), outcome("b", 2)])
    assert highest(tame) == highest(scenes([outcome("a", 2), outcome("b", 2)])[1])
    assert highest(wild) > highest(tame)
    assert wild.caption.endswith("A range of its own, as it diverged.")
    assert "its own" not in tame.caption
    both = scenes([outcome("a", 4e4, diverged=True), outcome("b", 2, diverged=True)])
    assert highest(both[0]) == highest(both[1])
    assert not any("its own" in panel.caption for panel in both)


ALL = frozenset(Group)


@pytest.mark.parametrize(
    ("failed", "missing"),
    [
        ((ALL, frozenset()), {("a", "scene"), ("a", "path"), ("a", "activation")}),
        ((frozenset(), frozenset({Group.SCENE})), {("b", "scene")}),
        ((), set()),
    ],
)
def test_what_will_not_come_is_told_and_not_awaited(failed, missing):
    labels = ["a", "b"]
    panels = comparison_panels(labels, ["none", "batch"], [None, Outcome("b", RUN)], View(), Display(), failed)
    ended = {(panel.title.partition(": ")[2], panel.group) for panel in panels if panel.empty}
    assert ended == missing
    assert all(panel.pending for panel in panels if panel.figure is None)
    assert all("could not be computed" in panel.pending for panel in panels if panel.empty)


@pytest.mark.parametrize(
    ("normalization", "legend"), [("none", set()), ("weight", set()), ("batch", {"before", "normalized"})]
)
def test_activations_are_called_normalized_where_they_are(normalization, legend):
    task = InspectionTask(train(SMALL.replace(normalization=normalization, num_steps=4)), View())
    while not task.finished:
        task.advance(1)
    one = Outcome("a", task.run, inspection=task.result())
    panels = comparison_panels(["a"], [normalization], [one], View(), Display())
    (panel,) = [panel for panel in panels if panel.group is Group.ACTIVATION]
    assert {trace.name for trace in panel.figure.data if trace.showlegend} == legend


def moving(label):
    """Return an outcome with frames at two snapshots, drawn on a coarser grid."""
    frames = Frames((0, 2), tuple(Surface(PLANE, axis(1, 3), axis(1, 3), np.full((3, 3), top), 1.0) for top in (9, 5)))
    return replace(outcome(label, 2), frames=frames)


@pytest.mark.parametrize("drawing", ["contour", "surface"])
def test_a_landscape_moves_through_its_frames_and_tells_where_training_ended(drawing):
    (panel,) = [
        one
        for one in comparison_panels(["a"], ["none"], [moving("a")], View(), Display(drawing=drawing))
        if one.group is Group.SCENE
    ]
    assert [one.mode for one in panel.playback] == [Mode.FRAMES, Mode.NOTE]
    assert panel.playback[0].frames.at == (0, 2)
    heights = panel.playback[0].frames.z
    np.testing.assert_allclose(heights[:, 0, 0], np.log10([9, 5]))
    layout = panel.figure.layout
    (note,) = layout.annotations or layout.scene.annotations
    assert note.text == "training ended here"
    assert "at most it is 2, and its median" in panel.caption
    assert "Before the first step it rose to 9." in panel.caption
    assert panel.figure.data[0].meta["sets"] == {
        "another_ball": True,
        "more_balls": "none",
        "ball_x": ["x", 0.0, 1.0],
        "ball_y": ["y", 0.0, 1.0],
    }


def test_a_click_keeps_the_balls_that_were_dropped():
    asked = BallsRequest(another_ball=True, ball_x=0.25, more_balls=Places([(0.1, -0.2)]))
    panels = comparison_panels(
        ["a", "b"], ["none", "batch"], [outcome("a", 2), outcome("b", 2)], View(), Display(), balls=asked
    )
    drawn = [panel.figure.data[0].meta for panel in panels if panel.group is Group.SCENE]
    assert [meta["sets"]["more_balls"] for meta in drawn] == ["10~-20_25~50"] * 2


def test_before_any_network_is_trained_the_landscapes_around_the_initial_weights_stand():
    start = Surface(PLANE, axis(1, 4), axis(1, 3), np.full((3, 4), 2.3), 2.3)
    panels = comparison_panels(
        ["a", "b"], ["none", "batch"], [None, None], View(), Display(), (), [(start, 0), (start, 66)]
    )
    scenes_ = [panel for panel in panels if panel.group is Group.SCENE]
    assert all(panel.figure is not None for panel in scenes_)
    assert [panel.caption.partition(":")[0] for panel in scenes_] == ["Before the first step", "At step 66"]
    ended = comparison_panels(["a"], ["none"], [outcome("a", 3)], View(), Display(), (), [(start, 0)])
    assert "training ended" in ended[0].caption
    failed = comparison_panels(["a"], ["none"], [None], View(), Display(), [ALL], [(start, 0)])
    assert failed[0].empty


def test_a_landscape_by_frozen_statistics_stands_beside_its_own_on_one_range():
    frozen = Surface(PLANE, axis(1, 4), axis(1, 3), np.geomspace(0.1, 300, 12).reshape(3, 4), 0.2)
    first, second = scenes([replace(outcome("b", 3), frozen=frozen)])
    assert second.title == "Frozen statistics: b"
    assert highest(first) == highest(second)
    assert "frozen as training left them" in second.caption


def test_what_stands_beside_the_slider_has_the_networks_own_colour():
    (one,) = readouts_of([outcome("a", 2), None][:1], styles_of(["batch"]))
    assert (one.name, one.colour) == ("a", styles_of(["batch"])[0].colour)
    assert len(one.words) == len(RUN.steps)
    assert one.words[0].startswith("loss of the batch ")
    assert one.words[-1].startswith("training loss ")
    assert f"{RUN.train_loss:.3g}" in one.words[-1]
