"""Trainings against plain `torch.nn` + `torch.optim` loops, the stack against each alone, and what goes wrong."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import BatchOrder, Experiment
from landscape.training.batches import Batches
from landscape.training.run import Run
from landscape.training.training import Training, train
from tests.cases import NETWORKS, SMALL
from tests.reference import flat_of, flat_state_of, plain_loss, twin
from tests.training.test_optimizers import THEIRS


def run_of(*experiments, dtype=torch.float32, seconds=float("inf")) -> tuple[Run, ...]:
    training = Training(experiments, dtype=dtype)
    while not training.finished:
        training.advance(seconds)
    return training.results()


def assert_same(one: Run, other: Run) -> None:
    assert one.experiment == other.experiment
    for name in ("steps", "parameters", "states", "loss", "gradient_norm", "test_accuracy"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in ("train_loss", "train_accuracy", "diverged_at", "learned"):
        assert getattr(one, name) == getattr(other, name), name


LOOPS = NETWORKS | {
    "adam-decay": SMALL.replace(normalization="batch", optimizer="adam", learning_rate=0.01, weight_decay=0.01),
    "nesterov-full": SMALL.replace(normalization="layer", optimizer="nesterov", batch_size=1000, learning_rate=0.01),
    "sorted": SMALL.replace(normalization="batch", batch_order="sorted"),
    "few-classes": SMALL.replace(batch_order="few-classes", batch_classes=1),
    "cancer": SMALL.replace(dataset="breast-cancer", preprocessing="standardize", normalization="batch", seed=3),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_training_is_a_plain_loop(name):
    experiment = LOOPS[name]
    training, data = experiment.training, load(experiment.data)
    (run,) = run_of(experiment, dtype=torch.float64)
    net = twin(experiment, run.parameters[0])
    optimizer = THEIRS[training.optimizer](
        list(net.parameters()), training.learning_rate, training.momentum, training.weight_decay
    )
    order, few = training.batch_order, training.batch_classes
    batches = Batches([experiment.seed], data.train_y, training.batch_size, order, few)
    for step in range(training.num_steps):
        indexes = batches.at(step)
        rows = slice(None) if indexes is None else indexes[0]
        loss = plain_loss(net(data.train_x[rows].double()), data.train_y[rows], experiment)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.cat([w.grad.flatten() for w in net.parameters()]).norm()
        optimizer.step()
        assert run.loss[step] == pytest.approx(loss.item(), rel=1e-6)  # kept in float32
        assert run.gradient_norm[step] == pytest.approx(norm.item(), rel=1e-6)
        for kept in np.flatnonzero(run.steps == step + 1):
            np.testing.assert_allclose(run.parameters[kept], flat_of(net, experiment), rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(run.states[kept], flat_state_of(net, experiment), rtol=1e-8, atol=1e-10)
    assert run.steps[-1] == training.num_steps
    assert np.abs(run.parameters[-1] - run.parameters[0]).max() > 0.01
    net.train()
    whole = net(data.train_x.double()).detach()
    assert run.train_loss == pytest.approx(float(plain_loss(whole, data.train_y, experiment)), rel=1e-6)
    assert run.train_accuracy == pytest.approx(float((whole.argmax(1) == data.train_y).double().mean()))


@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "weight", "batch-noisy"])
def test_each_member_of_a_stack_is_trained_as_if_alone(normalization):
    base = SMALL.replace(normalization=normalization, optimizer="momentum", dropout=0.1)
    members = [
        base,
        base.replace(seed=1, learning_rate=0.01),
        base.replace(seed=2, momentum=0.5, weight_decay=0.01, init_scale=2.0),
        base.replace(seed=3),
    ]
    for together, alone in zip(run_of(*members), map(train, members), strict=True):
        assert together.experiment == alone.experiment
        for name in ("parameters", "states", "loss", "gradient_norm", "test_accuracy"):
            np.testing.assert_allclose(getattr(together, name), getattr(alone, name), rtol=1e-3, atol=1e-5)


def test_a_diverging_member_leaves_the_others_alone():
    base = Experiment().replace(dataset="moons", num_examples=200, width=16, depth=6, num_steps=30)
    wild, tame = base.replace(learning_rate=50.0), base.replace(learning_rate=0.01)
    both, alone = run_of(wild, tame), train(tame)
    assert both[0].diverged_at is not None
    assert both[1].diverged_at is None
    np.testing.assert_allclose(both[1].parameters, alone.parameters, rtol=1e-4, atol=1e-6)
    assert len(both[0].loss) == both[0].diverged_at + 1
    assert np.isfinite(both[0].parameters).all()


SWELLING = SMALL.replace(learning_rate=2.5, weight_decay=1.0, num_steps=400)
"""Its weights grow by half from step to step, as the step is two and a half times what the weight decay asks for."""


def test_a_member_that_diverges_early_leaves_the_others_their_path():
    tame = SMALL.replace(num_steps=400)
    together, alone = Training([SWELLING, tame], snapshots=4), Training([tame], snapshots=4)
    expected = alone.complete()
    together.complete()
    first, second = together.results()
    assert 6 <= first.diverged_at < 40
    assert first.steps.tolist() == [0], "only a training by itself is done again for its path"
    assert second.steps.tolist() == expected.steps.tolist() == [0, 44, 177, 400]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_length_of_a_gradient_whose_squares_overflow_is_noted(dtype):
    """Alone, and beside a member whose gradient is short: in single precision the squares of the long one are infinite."""
    tame = SMALL.replace(loss="squared", activation="linear", depth=24, num_steps=1)
    wild = tame.replace(init_scale=3.0)
    (exact,) = run_of(wild, dtype=torch.float64)
    assert 1e20 < exact.gradient_norm[0] < 1e38
    for found in (run_of(wild, dtype=dtype)[0], run_of(tame, wild, dtype=dtype)[1]):
        assert found.gradient_norm[0] == pytest.approx(exact.gradient_norm[0], rel=1e-3)


@pytest.mark.parametrize("normalization", ["none", "batch-renorm"])
def test_a_step_written_out_is_that_of_autograd(normalization):
    """Also of a layer whose limits open on the way."""
    experiment = SMALL.replace(normalization=normalization, renorm_begin=0.2)
    quick, slow = Training([experiment]), Training([experiment])
    assert quick.written_out is not None
    slow.written_out = None
    for name in ("loss", "gradient_norm", "parameters", "states"):
        found, expected = (getattr(one.complete(), name) for one in (quick, slow))
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_noise_is_drawn_apart_from_the_batches_and_the_initial_weights():
    training = Training([SMALL.replace(seed=5, dropout=0.1)])
    drawn = [one.initial_seed() for one in (*training.generators, *training.batches.generators)]
    assert len({5, *drawn}) == 3


def test_data_of_ones_own_take_the_place_of_the_experiments():
    other = SMALL.replace(num_examples=100)
    found, expected = Training([SMALL], data=load(other.data)).complete(), train(other)
    np.testing.assert_array_equal(found.loss, expected.loss)
    np.testing.assert_array_equal(found.test_accuracy, expected.test_accuracy)
    assert found.train_accuracy == expected.train_accuracy


def test_unlike_experiments_share_no_stack():
    with pytest.raises(ValueError, match="may differ only in seed, learning_rate"):
        Training([SMALL, SMALL.replace(width=7)])


def test_equal_experiments_give_equal_runs_whatever_runs_beside_them():
    wanted = SMALL.replace(normalization="batch-noisy", dropout=0.2)
    others = [SMALL.replace(seed=seed, normalization="batch") for seed in range(1, 7)]
    alone = train(wanted)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(train, [experiment for other in others for experiment in (other, wanted)]))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    for run in runs[1::2]:
        assert_same(run, alone)
    assert not np.array_equal(runs[0].parameters, runs[2].parameters)


def test_chunks_and_the_callers_generator_change_nothing():
    torch.manual_seed(99)
    (chunked,) = run_of(NETWORKS["batch"], seconds=0.0)
    torch.manual_seed(1)
    assert_same(chunked, train(NETWORKS["batch"]))


def test_a_training_shows_how_far_it_is():
    training = Training([SMALL])
    assert (training.fraction, training.finished, training.partial()) == (0.0, False, None)
    training.advance(0.0)
    assert training.fraction == pytest.approx(1 / 30)
    partial = training.partial()
    assert len(partial.loss) == 1
    assert partial.steps.tolist() == [0]
    training.advance(float("inf"))
    assert training.finished
    assert_same(training.result(), train(SMALL))


def test_how_far_a_stack_is_is_shown_of_its_first():
    training = Training([SMALL, SMALL.replace(seed=1)])
    training.advance(0.0)
    assert training.partial().experiment == SMALL


def test_what_is_on_its_way_is_little_more_than_the_parameters_and_their_gradient():
    training = Training([SMALL.replace(width=256, depth=3, num_examples=40)])
    assert len(pickle.dumps(training)) < 2.2 * 4 * training.network.layout.size


def test_snapshots_hold_the_first_and_the_last_step():
    for steps in (1, 2, 40, 41, 97):
        run = train(SMALL.replace(num_steps=steps))
        assert run.steps[0] == 0
        assert run.steps[-1] == steps == len(run.loss)
        assert (np.diff(run.steps) > 0).all()
        assert len(run.steps) == len(run.parameters) == len(run.states) == len(run.test_accuracy) <= 41


@pytest.mark.parametrize("seed", [5, 6])
def test_snapshots_are_dense_where_the_loss_changes_most(seed):
    """Of whole batches the noted losses are those at the steps: the greatest change between two neighbours."""
    whole = {"optimizer": "gradient-descent", "batch_size": 1000, "num_steps": 400, "learning_rate": 0.03}
    for normalization in ("none", "batch"):
        run = train(SMALL.replace(seed=seed, normalization=normalization, **whole))
        losses = np.append(run.loss, run.train_loss)
        even = losses[np.linspace(0, 400, len(run.steps)).astype(int)]
        assert np.abs(np.diff(losses[run.steps])).max() < 0.6 * np.abs(np.diff(even)).max()


def test_an_epoch_holds_every_example_once_and_drops_the_rest():
    targets = torch.arange(23) % 3
    batches = Batches([5], targets, 4, BatchOrder.SHUFFLED)
    epochs = [torch.cat([batches.at(step)[0] for step in range(5 * k, 5 * k + 5)]) for k in range(40)]
    for epoch in epochs:
        assert len(epoch.unique()) == len(epoch) == 20
    assert not torch.equal(epochs[0], epochs[1])
    assert torch.cat(epochs).bincount(minlength=23).min() > 20, "what is dropped differs from epoch to epoch"
    again = Batches([5], targets, 4, BatchOrder.SHUFFLED)
    assert torch.equal(again.at(0), epochs[0][None, :4])
    assert not torch.equal(Batches([6], targets, 4, BatchOrder.SHUFFLED).at(0), again.at(0))


def test_seeds_of_a_stack_have_their_own_batches():
    targets = torch.zeros(20)
    together = Batches([5, 6], targets, 4, BatchOrder.SHUFFLED)
    alone = [Batches([seed], targets, 4, BatchOrder.SHUFFLED) for seed in (5, 6)]
    for step in range(12):
        assert torch.equal(together.at(step), torch.cat([one.at(step) for one in alone]))


def test_batches_that_are_the_same_for_all_members_are_drawn_once():
    targets = torch.tensor([1, 0, 1, 0, 1, 0, 1])
    shuffled, sorted_, same = (
        Batches(seeds, targets, 3, order)
        for seeds, order in (([5, 6], BatchOrder.SHUFFLED), ([5, 6], BatchOrder.SORTED), ([5, 5], BatchOrder.SHUFFLED))
    )
    assert [len(one.at(0)) for one in (shuffled, sorted_, same)] == [2, 1, 1]
    assert sorted_.at(0).tolist() == [[1, 3, 5]]
    numbers = Batches([5], torch.linspace(0, 1, 7), 3, BatchOrder.FEW_CLASSES)
    assert torch.equal(numbers.at(0), Batches([5], targets, 3, BatchOrder.SHUFFLED).at(0))


def test_sorted_and_full_batches():
    targets = torch.tensor([2, 0, 1, 0, 2, 1, 0])
    ordered = Batches([0], targets, 3, BatchOrder.SORTED)
    around = [0, 0, 0, 1, 1, 2, 2] * 6
    for step in range(14):
        assert targets[ordered.at(step)[0]].tolist() == around[3 * step : 3 * step + 3]
    assert all(Batches([0], targets, size, BatchOrder.SHUFFLED).at(3) is None for size in (7, 8, 20000))


@pytest.mark.parametrize("order", list(BatchOrder))
@pytest.mark.parametrize("targets", [torch.arange(97) % 10, torch.zeros(97), torch.rand(97, 2)], ids=lambda t: t.dtype)
def test_no_example_is_left_out_of_every_epoch(order, targets):
    for size in (1, 2, 7, 16, 33, 48, 49, 64, 95, 96):
        batches = Batches([0], targets, size, order)
        steps = 20 * (97 // size)
        taken = [batches.at(step)[0] for step in range(steps)]
        assert {len(indexes.unique()) for indexes in taken} == {size}
        counts = torch.cat(taken).bincount(minlength=97)
        assert counts.min() > 0
        if order is BatchOrder.SORTED:
            assert counts.max() - counts.min() <= 1


def test_a_diverging_default_ends_at_a_finite_snapshot():
    run = train(Experiment().replace(normalization="none", learning_rate=2.0))
    assert run.diverged_at <= 10
    assert not run.learned
    assert np.isfinite(run.parameters).all()
    assert run.steps[-1] <= run.diverged_at
    assert len(run.loss) == run.diverged_at + 1
    last = run.loss[-1]
    assert not np.isfinite(last) or last > 1000 * run.loss[0]
    assert (run.loss[:-1] <= 1000 * run.loss[0]).all()


def test_batchnorm_trains_at_the_rate_where_the_plain_network_diverges():
    """The slowest of these: the default network for its 400 steps."""
    run = train(Experiment().replace(normalization="batch", learning_rate=2.0))
    assert run.diverged_at is None
    assert run.learned
    assert run.test_accuracy[-1] > 0.95


def test_raw_wine_needs_normalization():
    """Each at its best rate: hidden BatchNorm fits the training data, but what it stores lags behind."""
    base = Experiment().replace(dataset="wine", width=32, depth=3, num_steps=300)

    def best(name, rates, **changes):
        made = [base.replace(learning_rate=rate, seed=seed, **changes) for rate in rates for seed in (0, 1)]
        return np.reshape([np.max(getattr(run, name), initial=0) for run in run_of(*made)], (-1, 2)).mean(1).max()

    plain, rates = {"normalization": "none", "rates": (1e-5, 1e-4, 1e-3, 1e-2)}, (0.01, 0.03, 0.1, 0.3)
    both = {"normalization": "batch", "normalized": "both", "rates": rates}
    assert best("train_accuracy", **plain) < 0.85
    assert best("test_accuracy", **plain) < 0.85
    assert best("train_accuracy", rates, normalization="batch") > 0.9
    assert best("train_accuracy", **both) > 0.98
    assert best("test_accuracy", **both) > 0.9


def test_a_network_that_guesses_the_majority_has_not_learned():
    run = train(SMALL.replace(dataset="breast-cancer", learning_rate=1e-6, num_steps=2))
    assert run.majority == pytest.approx(0.63, abs=0.01)
    assert not run.learned
    assert train(SMALL.replace(normalization="batch", num_steps=100)).learned


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_training_whose_first_loss_is_no_number_ends_at_its_initial_weights():
    run = train(Experiment().replace(dataset="moons", width=8, depth=64, init_scale=100, loss="squared", num_steps=5))
    assert run.diverged_at == 0
    assert run.steps.tolist() == [0]
    assert np.isfinite(run.parameters).all()
    assert not np.isfinite(run.loss[0])


def test_an_early_divergence_has_a_path_up_to_it():
    wild = Experiment().replace(learning_rate=2.0)
    run = train(wild)
    assert 2 <= run.diverged_at < 10
    assert run.steps.tolist() == list(range(run.diverged_at))
    again = Training([wild])
    while again.step < run.diverged_at - 1:
        again.advance(0)
    np.testing.assert_array_equal(run.parameters[-1], again.parameters[0].detach().numpy())
    assert len(run.test_accuracy) == len(run.steps)


def test_the_path_up_to_a_divergence_is_of_the_same_data_and_ends_before_it():
    other = load(SWELLING.replace(num_examples=100).data)
    run = Training([SWELLING], snapshots=4, data=other).complete()
    assert 6 <= run.diverged_at < 40
    assert len(run.steps) == 4
    assert run.steps[-1] == run.diverged_at - 1
    again = Training([SWELLING], data=other)
    while again.step < run.diverged_at - 1:
        again.work()
    np.testing.assert_array_equal(run.parameters[-1], again.parameters[0].detach().numpy())


def test_a_path_that_diverges_at_another_step_than_the_training_ends_too():
    """As where the two are done by machines that round otherwise; here the second has other data."""
    training = Training([SWELLING], snapshots=4)
    training.given = load(SWELLING.replace(num_examples=100).data)
    training.advance(5.0)
    assert training.finished
    run = training.result()
    assert training.again.record.diverged_at[0] != run.diverged_at
    assert run.steps[-1] < run.diverged_at
    assert len(run.steps) == len(run.test_accuracy)


@pytest.mark.parametrize("normalization", ["none", "batch-renorm", "layer"])
def test_the_path_up_to_a_divergence_is_the_same_in_chunks_and_of_the_same_training(normalization):
    wild = SMALL.replace(normalization=normalization, activation="relu", optimizer="momentum", learning_rate=2.0)
    wild = wild.replace(num_steps=1000, init_scale=3.0, loss="squared", dataset="wine", depth=6, weight_decay=1.0)
    training = Training([wild])
    while not training.finished:
        training = pickle.loads(pickle.dumps(training))
        training.advance(0.0)
    run = training.result()
    assert run.diverged_at is not None
    assert len(run.steps) == min(run.diverged_at, 41)
    again = Training([wild])
    for step, parameters in zip(run.steps, run.parameters, strict=True):
        while again.step < step:
            again.work()
        np.testing.assert_array_equal(parameters, again.parameters[0].detach().numpy())
    np.testing.assert_array_equal(run.parameters, train(wild).parameters)
