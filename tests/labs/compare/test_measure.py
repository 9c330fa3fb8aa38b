"""Frames of a landscape that moves: each is the surface around the weights of its snapshot, the first before any step."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import View
from landscape.labs.compare.measure import Followed, FramesTask, Moved, StartTask, chosen, frame_view, shots_of
from landscape.loss.network import network_of, objective
from landscape.training.training import Training, train
from landscape.views import surface_of
from tests.cases import SMALL

FINE = View(resolution=25, resolution_y=25, num_examples=64)


@pytest.fixture(scope="module", params=["none", "batch", "weight"])
def run(request):
    return train(SMALL.replace(normalization=request.param, num_steps=8))


def frames_of(run, view=FINE):
    return FramesTask(shots_of(run), view).complete()


def test_the_last_frame_is_the_coarse_part_of_the_picture(run):
    last, picture = frames_of(run).surfaces[-1], surface_of(run, FINE)
    assert last.loss.shape == (13, 13)
    np.testing.assert_allclose(last.loss, picture.loss[::2, ::2], rtol=1e-5)


def test_the_first_frame_stands_before_any_training(run):
    started = StartTask(run.experiment, FINE).complete()
    np.testing.assert_allclose(started.loss, frames_of(run).surfaces[0].loss, rtol=1e-5)
    assert not len(started.plane.origin)


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
    assert frame_view(View(resolution=5, resolution_y=51)).grid() == (5, 13)


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
    monkeypatch.setattr("landscape.labs.compare.measure.LOOK_SECONDS", 0.0)
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


def test_a_short_training_is_not_looked_at():
    task = Followed(Training([SMALL]), FINE)
    task.advance(0)
    assert task.partial().around is None
