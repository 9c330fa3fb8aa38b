"""Trainings over two fields equal the same trainings one by one; what cannot be is blank; parts come as it grows."""

import pickle

import numpy as np
import pytest

from landscape.training.grids import SweepAxis, SweepGrid, SweepGridTask, grid_stacks, sweep_grid
from landscape.training.training import Training, train
from models.fields import Misfit
from tests.cases import SMALL

RATES = SweepAxis("learning_rate", (0.05, 0.5))
TWO = ({"normalization": "none"}, {"normalization": "batch"})
ARRAYS = ("accuracy", "curves", "train_loss", "train_accuracy", "diverged", "finished")


@pytest.mark.parametrize(
    "up", [SweepAxis("init_scale", (0.5, 2.0)), SweepAxis("depth", (1, 2)), SweepAxis("batch_size", (8, 32))]
)
def test_each_training_is_what_it_is_alone(up):
    grid = SweepGrid(SMALL.replace(num_steps=12), RATES, up, TWO, seeds=(0, 3), snapshots=4)
    found = sweep_grid(grid)
    assert found.finished.all()
    assert grid.shape == (2, 2, 2, 2)
    for cell in grid.cells():
        member = grid.experiment(cell)
        assert (member.training.learning_rate, member.get(up.name)) == (RATES.values[cell[2]], up.values[cell[1]])
        run = Training([member], snapshots=13).complete()
        np.testing.assert_array_equal(run.steps, range(13))
        np.testing.assert_allclose(found.curves[cell], run.loss, rtol=1e-4)
        np.testing.assert_allclose(found.accuracy[cell], run.test_accuracy[[0, 4, 8, 12]], atol=1e-6)
        assert found.train_loss[cell] == pytest.approx(run.train_loss, rel=1e-4)
        assert found.train_accuracy[cell] == pytest.approx(run.train_accuracy, abs=1e-6)
        assert found.late_accuracy()[cell] == pytest.approx(run.test_accuracy[-1], abs=1e-6)


def test_the_late_accuracy_is_a_median_of_the_last_eighth():
    found = sweep_grid(SweepGrid(SMALL.replace(num_steps=32), RATES, snapshots=33))
    np.testing.assert_allclose(found.late_accuracy(), np.median(found.accuracy[..., 28:], axis=-1))
    np.testing.assert_array_equal(found.standing(), found.late_accuracy())


def test_a_cell_that_cannot_be_is_blank_and_says_why():
    grid = SweepGrid(SMALL, RATES, SweepAxis("batch_size", (1, 8)), TWO)
    with pytest.raises(Misfit) as said:
        grid.experiment((1, 0, 0, 0))
    found = sweep_grid(grid)
    assert found.reasons == {(1, 0, 0): str(said.value), (1, 0, 1): str(said.value)}
    assert found.finished[:, :, 0, 0].tolist() == [[True, True], [False, True]]
    assert np.isnan(found.standing()[1, 0]).all()
    assert np.isfinite(found.standing()[0]).all()


def test_a_grid_in_which_nothing_can_be_is_blank():
    grid = SweepGrid(SMALL.replace(normalization="batch"), SweepAxis("batch_size", (1,)))
    task = SweepGridTask(grid)
    assert task.finished
    assert task.fraction == 1
    assert not task.result().finished.any()
    assert len(task.result().reasons) == 1


def test_one_that_diverges_counts_as_a_guess_and_harms_no_other():
    base = SMALL.replace(activation="linear", loss="squared", num_steps=40, seed=0)
    found = sweep_grid(SweepGrid(base, SweepAxis("learning_rate", (0.01, 100.0)), snapshots=5))
    assert found.diverged[0, 0, :, 0].tolist() == [False, True]
    assert found.standing()[0, 0, 1, 0] == found.majority > 0
    assert np.isnan(found.accuracy[0, 0, 1, 0, -1])
    assert np.isnan(found.late_accuracy()[0, 0, 1, 0])
    assert found.train_loss[0, 0, 0, 0] == pytest.approx(train(base.replace(learning_rate=0.01)).train_loss, rel=1e-4)


def test_what_can_share_a_stack_does_over_both_axes():
    stacks, reasons = grid_stacks(SweepGrid(SMALL, RATES, SweepAxis("init_scale", (0.5, 1.0, 2.0)), seeds=(0, 1)))
    assert [len(stack) for stack in stacks] == [12]
    assert not reasons
    stacks, _ = grid_stacks(SweepGrid(SMALL, RATES, SweepAxis("width", (4, 8)), TWO))
    assert [len(stack) for stack in stacks] == [2] * 4
    large = SMALL.replace(batch_size=160, width=512)
    stacks, _ = grid_stacks(SweepGrid(large, RATES, seeds=tuple(range(12))))
    sizes = [len(stack) for stack in stacks]
    assert sum(sizes) == 24
    assert len(sizes) > 1
    assert max(sizes) - min(sizes) <= len(sizes)


def test_chunks_give_the_same_and_pickle_and_parts_stay_as_they_were():
    grid = SweepGrid(SMALL.replace(num_steps=20), RATES, SweepAxis("depth", (1, 2)), TWO, (0, 1), 3)
    whole, task = sweep_grid(grid), SweepGridTask(grid)
    assert task.partial() is None
    parts, fractions = [], []
    while not task.finished:
        task = pickle.loads(pickle.dumps(task))
        task.advance(0)
        fractions.append(task.fraction)
        if len(fractions) == 15:
            parts.append(task.partial())
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(task.result(), name), getattr(whole, name))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    (part,) = parts
    assert not part.finished.any()
    assert np.isfinite(part.standing()).sum() == 4  # the stack that trains: two rates, two seeds
    assert np.isnan(part.accuracy[..., -1]).all()


def test_the_networks_apart_are_the_grid():
    grid = SweepGrid(SMALL.replace(num_steps=10), RATES, None, TWO)
    whole, apart = sweep_grid(grid), [sweep_grid(one) for one in grid.each()]
    np.testing.assert_array_equal(whole.accuracy, np.concatenate([one.accuracy for one in apart]))
    assert len({hash(one) for one in (grid, *grid.each())}) == 3


def test_what_is_asked_is_hashable_and_plain():
    grids = {SweepGrid(SMALL, SweepAxis("depth", tuple(np.arange(1, 3))), None, TWO, tuple(np.arange(2)))}
    assert SweepGrid(SMALL, SweepAxis("depth", (1, 2)), None, TWO, (0, 1)) in grids


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SweepAxis("colour", (1,)), "no field 'colour'"),
        (lambda: SweepAxis("seed", (1,)), "must not be seed"),
        (lambda: SweepAxis("depth", ()), "one or more"),
        (lambda: SweepAxis("depth", (1, 1)), "each once"),
        (lambda: SweepAxis("depth", (0,)), "of depth must be a whole number from 1 to 64, not 0"),
        (lambda: SweepGrid(SMALL, RATES, RATES), "two fields"),
        (lambda: SweepGrid(SMALL, RATES, variants=({"learning_rate": 0.1},)), "that no variant sets"),
        (lambda: SweepGrid(SMALL, RATES, variants=({"colour": 1},)), "'colour'"),
        (lambda: SweepGrid(SMALL, RATES, variants=()), "one to 6 variants"),
        (lambda: SweepGrid(SMALL, RATES, variants=((),) * 7), "one to 6 variants"),
        (lambda: SweepGrid(SMALL, RATES, seeds=()), "at least one seed"),
        (lambda: SweepGrid(SMALL, RATES, snapshots=1), "at least 2"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
