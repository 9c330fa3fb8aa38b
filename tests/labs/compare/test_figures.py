"""The panels of a comparison: what they share, and what they say where something is missing."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Display, View
from landscape.figures.panel import Group
from landscape.geometry.planes import Plane
from landscape.geometry.surfaces import Surface, axis
from landscape.labs.compare.figures import comparison_panels
from landscape.labs.compare.outcomes import Outcome
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
    labels, kinds = [one.label for one in outcomes], ["none", "batch"]
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
