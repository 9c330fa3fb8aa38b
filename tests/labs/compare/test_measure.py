"""Frames of a landscape that moves: each is the surface around the weights of its snapshot, the first before any step."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import View
from landscape.labs.compare.measure import (
    Followed,
    FramesTask,
    Moved,
    StartTask,
    chosen,
    frame_of,
    frame_view,
    shots_of,
)
from landscape.loss.network import network_of, objective
from landscape.training.training import Training, train
from landscape.views import surface_of
from tests.cases import SMALL

FINE = View(resolution=21, resolution_y=21, num_examples=64)


@pytest.fixture(scope="module", params=["none", "batch", "weight"])
def run(request):
    return train(SMALL.replace(normalization=request.param, num_steps=8))


def frames_of(run, view=FINE):
    start = StartTask(run.experiment, view).complete()
    return FramesTask(shots_of(run), start, surface_of(run, view).bare(), view).complete()


@pytest.mark.parametrize("grid", [(21, 21), (31, 11), (16, 21), (12, 25), (5, 1)], ids=str)
def test_each_frame_is_the_surface_around_its_snapshot_whether_or_not_it_was_known(run, grid):
    view = View(resolution=grid[0], resolution_y=grid[1], num_examples=64)
    found, shots = frames_of(run, view), shots_of(run)
    assert found.surfaces[-1].loss.shape == (min(11, grid[1]), min(11, grid[0]))
    for number, surface in enumerate(found.surfaces):
        alone = frame_of(shots.run, view, number)
        np.testing.assert_allclose(surface.loss, alone.loss, rtol=1e-4)
        np.testing.assert_array_equal(surface.alphas, alone.alphas)
        np.testing.assert_array_equal(surface.betas, alone.betas)
        assert surface.centre == pytest.approx(alone.centre, rel=1e-5)
        assert not len(surface.plane.origin)


def test_what_is_known_of_the_frames_is_not_computed_again(monkeypatch, run):
    computed = []
    monkeypatch.setattr(
        "landscape.labs.compare.measure.frame_of", lambda *given: computed.append(given) or frame_of(*given)
    )
    start, picture = StartTask(run.experiment, FINE).complete(), surface_of(run, FINE).bare()
    computed.clear()
    found = FramesTask(shots_of(run), start, picture, FINE).complete()
    assert [number for _, _, number in computed] == list(range(1, len(found.at) - 1))
    assert found.surfaces[0] is start


def test_before_training_the_loss_in_the_middle_is_that_of_the_drawn_weights():
    """Of plain weights, drawn by the network itself; of all examples, as the first step's batch sees them."""
    experiment = SMALL.replace(batch_size=10_000, num_steps=1)
    every = View(num_examples=10_000, resolution=3)
    run = train(experiment)
    assert StartTask(experiment, every).complete().centre == pytest.approx(run.loss[0], rel=1e-5)
    drawn = network_of(experiment).initial_parameters([experiment.seed], [experiment.network])
    assert float(objective(run, num_examples=10_000)(drawn)[0]) == pytest.approx(run.loss[0], rel=1e-5)


def test_all_frames_have_one_grid_and_snapshots_of_their_own(run):
    found, shots = frames_of(run), shots_of(run)
    assert found.at == chosen(len(run.steps)) == shots.at
    assert len({surface.loss.tobytes() for surface in found.surfaces}) == len(found.at)
    assert all((surface.alphas == found.surfaces[0].alphas).all() for surface in found.surfaces)
    np.testing.assert_array_equal(shots.run.parameters, run.parameters[list(found.at)])


def test_a_frame_is_no_finer_than_the_picture():
    assert frame_view(View(resolution=5, resolution_y=51)).grid() == (5, 11)


@pytest.mark.parametrize(("snapshots", "frames"), [(1, 7), (2, 7), (7, 7), (8, 7), (19, 7), (41, 7), (41, 2)])
def test_frames_go_from_the_first_snapshot_to_the_last(snapshots, frames):
    at = chosen(snapshots, frames)
    assert at[0] == 0
    assert at[-1] == snapshots - 1
    assert len(at) <= frames
    assert list(at) == sorted(set(at))


def test_of_a_large_network_fewer_snapshots_are_held(monkeypatch, run):
    monkeypatch.setattr("landscape.labs.compare.measure.SHOT_BYTES", 3 * run.parameters[:1].nbytes)
    assert len(shots_of(run).at) == 3


def test_a_long_training_is_looked_at_as_it_goes_on_and_ends_as_it_does_alone(monkeypatch):
    for name in ("LOOK_SECONDS", "LOOK_PART"):
        monkeypatch.setattr(f"landscape.labs.compare.measure.{name}", 0.0)
    experiment = SMALL.replace(num_steps=8)
    task, seen = Followed(Training([experiment]), FINE), []
    while not task.finished:
        task.advance(0)
        seen.append(task.partial())
    run = train(experiment)
    np.testing.assert_array_equal(task.result().parameters, run.parameters)
    assert isinstance(seen[3], Moved)
    assert seen[3].around_step == 3
    here = slice(3, 4)
    there = replace(run, parameters=run.parameters[here], states=run.states[here])
    np.testing.assert_allclose(seen[3].around.loss, surface_of(there, FINE).loss[::2, ::2], rtol=1e-5)


def test_looks_that_take_long_are_rare(monkeypatch):
    monkeypatch.setattr("landscape.labs.compare.measure.LOOK_SECONDS", 0.0)
    task = Followed(Training([SMALL]), FINE, took=1e6)
    task.advance(0)
    task.advance(0)
    assert task.partial().around is None


def test_a_short_training_is_not_looked_at():
    task = Followed(Training([SMALL]), FINE)
    task.advance(0)
    assert task.partial().around is None
