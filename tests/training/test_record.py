"""What is noted of steps, and which examples each sees: the bounds, member by member, and what a run keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.experiment import BatchOrder, Experiment
from landscape.training.batches import Batches
from landscape.training.record import DIVERGED, Record
from landscape.training.run import Run


def test_a_member_diverges_over_a_thousand_times_its_own_first_loss():
    record = Record(3)
    record.note([1.0, 2.0, 4.0], [0.1, 0.2, 0.4])
    record.note([DIVERGED, 2 * DIVERGED, 4.1 * DIVERGED], [1.0, 2.0, 4.0])
    assert record.diverged_at == [None, None, 1]
    record.note([float("nan"), 2.0, 1.0], [1.0, 2.0, 4.0])
    assert record.diverged_at == [2, None, 1]
    assert not record.all_diverged
    record.note([1.0, float("inf"), float("nan")], [1.0, 2.0, 4.0])
    assert record.diverged_at == [2, 3, 1]
    assert record.all_diverged
    with pytest.raises(ValueError, match="argument 2 is longer"):
        record.note([1.0], [1.0])


def test_a_member_s_record_ends_with_the_step_at_which_it_diverged():
    record = Record(2)
    for losses, norms in (([1.0, 3.0], [5.0, 6.0]), ([2e3, 2.0], [7.0, 8.0]), ([0.5, 1.0], [9.0, 10.0])):
        record.note(losses, norms)
    for member, (losses, norms) in enumerate([([1, 2e3], [5, 7]), ([3, 2, 1], [6, 8, 10])]):
        found = record.of(member)
        assert [values.tolist() for values in found] == [losses, norms]
        assert {values.dtype for values in found} == {np.dtype(np.float32)}
    assert [len(values) for values in Record(1).of(0)] == [0, 0]


def test_shuffled_batches_cut_one_permutation_an_epoch_of_each_seed():
    batches = Batches([5, 6], torch.zeros(10), 4, BatchOrder.SHUFFLED)
    assert (batches.size, batches.per_epoch) == (4, 2)
    each = [torch.Generator().manual_seed(seed + 1) for seed in (5, 6)]
    for epoch in range(3):
        orders = torch.stack([torch.randperm(10, generator=generator) for generator in each])
        for i in range(2):
            step = 2 * epoch + i
            assert torch.equal(batches.at(step), orders[:, 4 * i : 4 * i + 4])
            assert torch.equal(batches.at(step), orders[:, 4 * i : 4 * i + 4])  # as often as one likes
            assert batches.place(step) == slice(4 * i, 4 * i + 4)


def test_seeds_that_are_the_same_share_their_batches():
    assert Batches([5, 5], torch.zeros(10), 4, BatchOrder.SHUFFLED).at(0).shape == (1, 4)
    assert Batches([5, 6], torch.zeros(10), 4, BatchOrder.SORTED).at(0).shape == (1, 4)


@pytest.mark.parametrize("size", [10, 11, 1000])
@pytest.mark.parametrize("order", list(BatchOrder))
def test_a_batch_of_all_examples_is_all_of_them_in_order(order, size):
    batches = Batches([5, 6], torch.tensor([1, 0] * 5), size, order)
    assert [batches.at(step) for step in range(3)] == [None] * 3
    assert (batches.size, batches.per_epoch) == (10, 1)


def test_sorted_batches_go_around_in_the_order_of_the_classes():
    targets = torch.tensor([2, 0, 1, 0, 2, 1, 0])
    batches = Batches([5], targets, 3, BatchOrder.SORTED)
    around = [1, 3, 6, 2, 5, 0, 4] * 3
    found = torch.cat([batches.at(step)[0] for step in range(7)])
    assert found.tolist() == around
    numbers = Batches([5], torch.rand(7, 1), 3, BatchOrder.SORTED)
    assert torch.cat([numbers.at(step)[0] for step in range(2)]).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_bare_run_keeps_its_last_snapshot_alone_in_memory_of_its_own():
    run = Run(
        experiment=Experiment(),
        steps=np.array([0, 1, 2]),
        parameters=np.arange(6.0).reshape(3, 2),
        states=np.arange(3.0).reshape(3, 1),
        loss=np.zeros(2),
        gradient_norm=np.zeros(2),
        test_accuracy=np.zeros(3),
        train_loss=0.0,
        train_accuracy=0.0,
        diverged_at=None,
        learned=False,
        majority=0.5,
        device="CPU",
    )
    bare = run.bare()
    assert bare.parameters.tolist() == [[4.0, 5.0]]
    assert bare.states.tolist() == [[2.0]]
    assert bare.parameters.base is None
    assert bare.states.base is None
    assert replace(bare, parameters=run.parameters, states=run.states).steps is run.steps


def test_batches_of_a_few_classes_hold_so_many_of_each_drawn_anew():
    targets = torch.arange(60) % 6
    batches = Batches([5, 6], targets, 8, BatchOrder.FEW_CLASSES, classes=2)
    seen = []
    for step in range(2 * batches.per_epoch):
        for indexes in batches.at(step):
            assert sorted(targets[indexes].bincount(minlength=6).tolist()) == [0, 0, 0, 0, 4, 4]
            assert len(indexes.unique()) == 8
        seen.append(batches.at(step).clone())
    assert not torch.equal(seen[0], seen[batches.per_epoch])
    alone = Batches([6], targets, 8, BatchOrder.FEW_CLASSES, classes=2)
    assert torch.equal(alone.at(0)[0], seen[0][1]), "a member's batches are those that it has alone"


def test_where_a_few_classes_are_too_small_others_fill_the_batch():
    targets = torch.arange(12) % 6
    batches = Batches([1], targets, 8, BatchOrder.FEW_CLASSES, classes=2)
    indexes = batches.at(0)[0]
    assert sorted(targets[indexes].bincount(minlength=6).tolist()) == [0, 0, 2, 2, 2, 2]
