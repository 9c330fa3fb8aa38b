"""Sweeps equal the same trainings run alone, in stacks and side by side, whole and in chunks."""

import functools
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from landscape.serving.jobs import Dispatcher, Job
from landscape.serving.store import Store
from landscape.training.sweeps import ARRAYS, SweepTask, join_sweeps, sweep, sweep_stacks
from landscape.training.training import train
from tests.cases import SMALL

AXES = {
    "learning_rate": [0.01, 0.1, 1.0],
    "init_scale": [0.5, 2.0],
    "weight_decay": [0.0, 0.1],
    "input_scale": [1.0, 10.0],
    "batch_size": [8, 32],
    "depth": [1, 3],
    "num_steps": [5, 12],
    "normalization": ["none", "batch", "weight"],
}


@pytest.mark.parametrize("axis", AXES)
def test_each_training_is_what_it_is_alone(axis):
    base = SMALL.replace(num_steps=12)
    found = sweep(base, axis, AXES[axis], seeds=(0, 3))
    assert found.loss.shape == (len(AXES[axis]), 2)
    assert found.finished.all()
    assert not found.diverged.any()
    for i, value in enumerate(AXES[axis]):
        for j, seed in enumerate((0, 3)):
            run = train(base.replace(**{axis: value, "seed": seed}))
            np.testing.assert_allclose(found.curves[i, j, : len(run.loss)], run.loss, rtol=1e-4)
            assert np.isnan(found.curves[i, j, len(run.loss) :]).all()
            assert found.loss[i, j] == pytest.approx(run.train_loss, rel=1e-4)
            assert found.train_accuracy[i, j] == pytest.approx(run.train_accuracy, abs=1e-6)
            assert found.test_accuracy[i, j] == pytest.approx(run.test_accuracy[-1], abs=1e-6)
            assert found.learned[i, j] == run.learned


def test_values_and_seeds_may_come_from_numpy():
    given = sweep(SMALL, "depth", np.arange(1, 3), seeds=np.arange(2))
    assert (given.values, given.seeds) == ((1, 2), (0, 1))
    np.testing.assert_array_equal(given.loss, sweep(SMALL, "depth", [1, 2], seeds=[0, 1]).loss)
    assert sweep(SMALL, "learning_rate", np.logspace(-2, -1, 2)).values == pytest.approx((0.01, 0.1))


def test_what_can_share_a_stack_does():
    rates = SweepTask(SMALL, "learning_rate", [0.01, 0.1, 1.0], seeds=(0, 1))
    assert [len(training.experiments) for training in rates.trainings] == [6]
    widths = SweepTask(SMALL, "width", [2, 4], seeds=(0, 1, 2))
    assert [len(training.experiments) for training in widths.trainings] == [3, 3]
    large = SweepTask(SMALL.replace(batch_size=160, width=512), "learning_rate", [0.01, 0.1, 1.0], seeds=range(6))
    assert max(len(training.experiments) for training in large.trainings) < 18


def test_a_training_that_diverges_harms_no_other():
    base = SMALL.replace(loss="squared", activation="linear", seed=0)
    found = sweep(base, "learning_rate", [0.01, 100.0])
    assert found.diverged.tolist() == [[False], [True]]
    assert np.isnan(found.loss[1, 0])
    assert not found.learned[1, 0]
    alone = train(base.replace(learning_rate=100.0))
    done = np.isfinite(found.curves[1, 0]).sum()
    assert done <= alone.diverged_at + 1
    assert found.loss[0, 0] == pytest.approx(train(base.replace(learning_rate=0.01)).train_loss, rel=1e-4)


def test_chunks_give_the_same_side_by_side_and_pickle():
    arguments = (SMALL.replace(num_steps=20), "depth", [1, 2], (0, 1))
    whole, task = sweep(*arguments), SweepTask(*arguments)
    assert task.partial() is None
    task.advance(0)
    task.advance(0)
    part = task.partial()
    assert np.isfinite(part.curves[:, :, 0]).all()
    assert np.isnan(part.curves[:, :, -1]).all()
    assert np.isnan(part.loss).all()
    assert 0 < task.fraction < 1
    while not task.finished:
        task = pickle.loads(pickle.dumps(task))
        task.advance(0)
    for name in ("loss", "curves", "test_accuracy", "finished"):
        np.testing.assert_array_equal(getattr(task.result(), name), getattr(whole, name))
    assert np.isnan(part.loss).all()


def test_stacks_run_side_by_side_as_jobs_and_together_are_the_sweep():
    whole = SMALL.replace(num_steps=20), "depth", [1, 2, 3], (0, 1)
    stacks = sweep_stacks(*whole)
    assert [list(stack) for stack in stacks] == [[(row, 0), (row, 1)] for row in range(3)]
    with ThreadPoolExecutor(2) as pool:
        dispatcher = Dispatcher(pool, 2, Store(10**8), chunk_seconds=0.001)
        tickets = [
            dispatcher.request(Job(f"{whole} {i}", functools.partial(SweepTask, *whole, stack=i)))
            for i in range(len(stacks))
        ]
        while not all(ticket.done for ticket in tickets):
            tickets[0].wait(0.01)
    results = [ticket.result for ticket in tickets]
    assert [part.finished.sum() for part in results] == [2, 2, 2]
    joined, alone = join_sweeps(results), sweep(*whole)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(joined, name), getattr(alone, name))


def test_parts_of_a_sweep_are_joined_as_they_grow():
    whole = SMALL.replace(num_steps=20), "depth", [1, 2]
    parts = [SweepTask(*whole, stack=i) for i in range(2)]
    for part in parts:
        part.advance(0)
    joined = join_sweeps([part.partial() for part in parts])
    assert np.isfinite(joined.curves[:, 0, 0]).all()
    assert not joined.finished.any()
    parts[1].advance(float("inf"))
    joined = join_sweeps([part.partial() for part in parts])
    assert joined.finished.tolist() == [[False], [True]]
    assert np.isnan(parts[0].made.curves[1]).all()


def test_the_axis_says_how_people_call_it():
    found = sweep(SMALL.replace(num_steps=1), "learning_rate", [0.1])
    assert (found.label, found.logarithmic, found.values) == ("Learning rate", True, (0.1,))


@pytest.mark.parametrize(
    ("axis", "values", "seeds", "message"),
    [
        ("colour", [1], (0,), "no field 'colour'"),
        ("seed", [1], (0,), "must not be seed"),
        ("learning_rate", [], (0,), "at least one value"),
        ("learning_rate", [0.1], (), "at least one value and one seed"),
        ("learning_rate", [-1], (0,), "learning_rate must be a number from"),
    ],
)
def test_bad_sweeps_are_refused(axis, values, seeds, message):
    with pytest.raises(ValueError, match=message):
        sweep(SMALL, axis, values, seeds)
