"""Examples normalized together, against plain PyTorch with `BatchNorm1d` in training and in evaluation mode."""

import numpy as np
import pytest
import torch
from torch import nn

from landscape import Experiment, load, network_of, normalized_together, outputs_with_mates, train
from landscape.data.batch_orders import drawn_batches
from landscape.internals.together import TogetherTask

WINE = Experiment().replace(
    dataset="wine", preprocessing="standardize", width=6, depth=2, num_steps=40, batch_size=16, learning_rate=0.1
)


@pytest.fixture(scope="module")
def runs():
    return {
        name: train(WINE.replace(normalization=name, seed=7)) for name in ("batch", "batch-renorm", "layer", "none")
    }


def twin(run):
    """Return the same network with its last weights and stored statistics, of `torch.nn`."""
    network = network_of(run.experiment)
    parts = network.layout.split(torch.as_tensor(run.parameters[-1:]))
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]))
    layers = []
    for place in ("layer1", "layer2"):
        weight = parts[f"{place}.weight"][0]
        linear, norm = nn.Linear(*weight.shape, bias=False), nn.BatchNorm1d(weight.shape[1], momentum=0.0)
        linear.weight.data, norm.weight.data, norm.bias.data = (
            weight.T, parts[f"{place}.scale"][0], parts[f"{place}.shift"][0],
        )  # fmt: skip
        norm.running_mean, norm.running_var = state[place]["mean"][0].clone(), state[place]["variance"][0].clone()
        layers += [linear, norm, nn.ReLU()]
    output = nn.Linear(6, 3)
    output.weight.data, output.bias.data = parts["output.weight"][0].T, parts["output.bias"][0]
    return nn.Sequential(*layers, output)


def test_scores_and_losses_are_those_of_a_plain_loop_over_batches(runs):
    run = runs["batch"]
    net, data = twin(run), load(run.experiment.data)
    for split, x, y in (("train", data.train_x, data.train_y), ("test", data.test_x, data.test_y)):
        found = normalized_together(run, split, sizes=[2, 5, 16], rounds=2, seed=4)
        net.eval()
        with torch.no_grad():
            stored = net(x)
            assert found.stored_loss == pytest.approx(nn.functional.cross_entropy(stored, y).item(), rel=1e-4)
            assert found.stored_accuracy == pytest.approx((stored.argmax(1) == y).float().mean().item())
            net.train()
            for i, size in enumerate([2, 5, 16]):
                losses, right, apart, count = 0.0, 0, 0.0, 0
                for rows in drawn_batches(y, size, 2, seed=4):
                    outputs = net(x[rows])
                    losses += nn.functional.cross_entropy(outputs, y[rows], reduction="sum").item()
                    right += (outputs.argmax(1) == y[rows]).sum().item()
                    apart += (outputs - stored[rows]).square().mean(1).sum().item()
                    count += size
                assert found.loss[i] == pytest.approx(losses / count, rel=1e-4)
                assert found.accuracy[i] == pytest.approx(right / count)
                deviation = (stored - stored.mean(0)).square().mean().sqrt().item()
                assert found.apart[i] == pytest.approx(np.sqrt(apart / count) / deviation, rel=1e-3)


def test_one_example_alone_is_the_shift_whatever_it_is(runs):
    mates = outputs_with_mates(runs["batch"], [0, 5, 9], [1], draws=2)
    assert np.ptp(mates.outputs.reshape(-1, 3), axis=0).max() < 1e-6
    found = normalized_together(runs["batch"], sizes=[1], rounds=1)
    shares = np.bincount(load(WINE.data).test_y.numpy()) / len(load(WINE.data).test_y)
    assert np.abs(shares - found.accuracy[0]).min() < 1e-6


@pytest.mark.parametrize("name", ["layer", "none"])
def test_what_normalizes_each_example_by_itself_does_the_same_in_any_company(runs, name):
    found = normalized_together(runs[name], sizes=[1, 3, 36], order="sorted", rounds=1)
    np.testing.assert_allclose(found.accuracy, found.stored_accuracy, atol=1e-6)
    assert found.apart.max() < 1e-5
    mates = outputs_with_mates(runs[name], [3], [2, 8], draws=4)
    assert mates.spread.max() < 1e-5
    assert mates.changes.tolist() == [0, 0]
    np.testing.assert_allclose(mates.outputs, np.broadcast_to(mates.stored, mates.outputs.shape), atol=1e-4)


def test_other_mates_are_batches_whose_first_is_the_example(runs):
    run = runs["batch"]
    net, data = twin(run).train(), load(run.experiment.data)
    found = outputs_with_mates(run, [4, 2], [3], draws=2, seed=1)
    own = torch.tensor([4, 2, 4, 2])
    places = torch.rand(4, len(data.test_x), generator=torch.Generator().manual_seed(1 + 3))
    for i in range(4):
        others = [place for place in places[i].argsort().tolist() if place != own[i]][:2]
        with torch.no_grad():
            expected = net(data.test_x[[int(own[i]), *others]])[0].numpy()
        np.testing.assert_allclose(found.outputs[0, i // 2, i % 2], expected, rtol=1e-3, atol=1e-4)
    assert found.targets.tolist() == data.test_y[[4, 2]].tolist()


def test_dropped_units_are_drawn_anew_in_each_batch_and_are_those_of_a_loop_with_masks():
    run = train(WINE.replace(normalization="none", dropout=0.4, depth=2))
    found = outputs_with_mates(run, [4, 2], [3], draws=2, seed=1, drops=True)
    parts = network_of(run.experiment).layout.split(torch.as_tensor(run.parameters[-1:]))
    data, own = load(run.experiment.data), [4, 2, 4, 2]
    places = torch.rand(4, len(data.test_x), generator=torch.Generator().manual_seed(1 + 3))
    for i in range(4):
        others = [place for place in places[i].argsort().tolist() if place != own[i]][:2]
        generator = torch.Generator().manual_seed((1 + 3) * 2**20 + i)
        x = data.test_x[[own[i], *others]].float()
        for layer in ("layer1", "layer2"):
            x = torch.relu(x @ parts[f"{layer}.weight"][0] + parts[f"{layer}.bias"][0])
            x = x * (torch.rand(x.shape, generator=generator) >= 0.4) / 0.6
        expected = (x @ parts["output.weight"][0] + parts["output.bias"][0])[0].numpy()
        np.testing.assert_allclose(found.outputs[0, i // 2, i % 2], expected, rtol=1e-4, atol=1e-5)
    without = outputs_with_mates(run, [4, 2], [3], draws=2, seed=1)
    np.testing.assert_allclose(without.outputs, np.broadcast_to(without.stored, without.outputs.shape), atol=1e-5)


def test_the_spread_and_the_changes_are_those_of_a_closed_form(runs):
    found = outputs_with_mates(runs["batch"], [0, 1], [2, 4], draws=6)
    variances = [found.outputs[0, :, i, c].var() for i in range(2) for c in range(3)]
    assert found.spread[0] == pytest.approx(np.sqrt(np.mean(variances)) / found.deviation, rel=1e-5)
    classes = found.outputs[1].argmax(-1)
    usual = [max(np.bincount(classes[:, i])) for i in range(2)]
    assert found.changes[1] == pytest.approx(1 - np.mean(usual) / 6)


def test_renormalization_whose_limits_are_open_does_as_its_stored_statistics(runs):
    found = normalized_together(runs["batch-renorm"], sizes=[16, 36])
    plain = normalized_together(runs["batch"], sizes=[16, 36])
    assert found.apart.max() < 0.2 * plain.apart.max()


def test_what_there_is_of_the_sizes_is_known_on_the_way(runs):
    task = TogetherTask(runs["batch"], sizes=[2, 4])
    assert task.partial() is None
    task.work()
    assert np.isfinite(task.partial().accuracy).tolist() == [True, False]
    assert not task.finished
    assert task.fraction == 0.5


def test_batches_are_drawn_in_each_order():
    targets = torch.tensor([2, 0, 1, 0, 2, 1, 0, 1, 2])
    shuffled = drawn_batches(targets, 4, rounds=3)
    assert shuffled.shape == (6, 4)
    assert all(len(set(one.flatten().tolist())) == 8 for one in shuffled.view(3, -1))
    assert (targets[drawn_batches(targets, 3, order="sorted")].tolist()) == [[0] * 3, [1] * 3, [2] * 3]
    few = drawn_batches(targets, 4, rounds=5, order="few-classes", classes=2)
    assert all(sorted(np.bincount(targets[one], minlength=3)) == [0, 2, 2] for one in few)
    assert all(len(set(one.tolist())) == 4 for one in few)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: normalized_together(run, sizes=[0]), "from 1 to 36"),
        (lambda run: normalized_together(run, sizes=[37]), "from 1 to 36"),
        (lambda run: normalized_together(run, rounds=0), "rounds must be at least 1"),
        (lambda run: outputs_with_mates(run, [36], [2]), "from 0 to 35"),
        (lambda run: outputs_with_mates(run, [0], [37]), "from 1 to 36"),
        (lambda run: outputs_with_mates(run, [0], [2], draws=0), "draws must be at least 1"),
        (lambda run: drawn_batches(torch.zeros(3), 4), "from 1 to 3"),
    ],
)
def test_what_cannot_be_drawn_says_why(runs, call, said):
    with pytest.raises(ValueError, match=said):
        call(runs["batch"])
