"""Cells of the maps and points of the curves, trained once more with `torch.nn` and `torch.optim`, one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from benchmarks.peers import module_of
from landscape import load
from landscape.experiment import Comparison, Variant
from landscape.labs.robustness.request import ON_THE_MAP, ON_THE_WAY, Robustness
from landscape.loss.network import network_of
from landscape.training.batches import Batches
from landscape.training.grids import SweepGridTask
from tests.cases import SMALL

THREE = tuple(Variant(normalization=name) for name in ("none", "batch", "layer"))
BASE = SMALL.replace(activation="relu", num_steps=32, batch_size=32, width=8)
REQUEST = Robustness(Comparison(BASE, THREE), least_rate=0.03, most_rate=0.3, runs=2)
LATE = 7 / 8
CELLS = [(0, 0), (1, 2), (3, 3), (4, 1), (5, 2)]
"""Five of a map, by row and column: small and large initial weights, at rates that do not magnify rounding."""


def plainly(experiment, steps):
    """Return the test accuracies at these steps, by `eval`."""
    data, config = load(experiment.data), experiment.training
    start = network_of(experiment).initial_parameters([experiment.seed])[0].numpy()
    net = module_of(experiment, start)
    optimizer = torch.optim.SGD(net.parameters(), config.learning_rate)
    batches = Batches([experiment.seed], data.train_y, config.batch_size, config.batch_order)
    found = {}
    for step in range(config.num_steps + 1):
        if step in steps:
            net.eval()
            with torch.no_grad():
                found[step] = float((net(data.test_x.float()).argmax(1) == data.test_y).float().mean())
            net.train()
        if step < config.num_steps:
            rows = batches.at(step)[0]
            optimizer.zero_grad()
            cross_entropy(net(data.train_x[rows].float()), data.train_y[rows]).backward()
            optimizer.step()
    return [found[step] for step in steps]


def late(experiment, snapshots):
    """Return the median of the accuracies over the last eighth."""
    fractions = np.linspace(0, 1, snapshots)
    steps = [round(one * experiment.training.num_steps) for one in fractions[fractions >= LATE]]
    return np.median(plainly(experiment, steps))


ONE_EXAMPLE = 1.5 / 40
"""Of 40 test examples rounding may tell one otherwise."""


@pytest.fixture(scope="module")
def maps():
    return [SweepGridTask(grid).complete() for grid in REQUEST.map_grids()]


@pytest.mark.parametrize("kind", range(3), ids=["none", "batch", "layer"])
def test_five_cells_of_a_map_are_plain_trainings(kind, maps):
    found = maps[kind]
    for row, column in CELLS:
        cell = found.grid.experiment((0, row, column, 0))
        expected = late(cell, ON_THE_MAP)
        assert found.standing()[0, row, column, 0] == pytest.approx(expected, abs=ONE_EXAMPLE), (row, column)


@pytest.mark.parametrize("kind", range(3), ids=["none", "batch", "layer"])
def test_three_points_over_the_rates_and_three_in_time_are_plain_trainings(kind):
    over, curve = (SweepGridTask(grids[kind]).complete() for grids in (REQUEST.rate_grids(), REQUEST.curve_grids()))
    for column, seed in ((0, 0), (1, 1), (2, 0)):
        expected = late(over.grid.experiment((0, 0, column, seed)), ON_THE_WAY)
        assert over.standing()[0, 0, column, seed] == pytest.approx(expected, abs=ONE_EXAMPLE)
    steps = np.round(curve.fractions * 32).astype(int)
    places = [5, 15, 30]
    expected = plainly(curve.grid.experiment((0, 0, 0, 0)), steps[places].tolist())
    np.testing.assert_allclose(curve.accuracy[0, 0, 0, 0, places], expected, atol=ONE_EXAMPLE)


@pytest.mark.parametrize("kind", range(3), ids=["none", "batch", "layer"])
def test_three_choices_are_plain_trainings(kind):
    request = replace(REQUEST, chosen="depth", try_choices=True)
    found = SweepGridTask(request.choice_grids()[kind]).complete()
    for column in range(3):
        expected = late(found.grid.experiment((0, 0, column, 1)), ON_THE_MAP)
        assert found.standing()[0, 0, column, 1] == pytest.approx(expected, abs=ONE_EXAMPLE)
