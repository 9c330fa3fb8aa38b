"""The seam: losses of a network against `torch.nn` twins, with each kind of statistics, and nothing changed by it."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from landscape.data import load
from landscape.experiment import LossFunction, Statistics
from landscape.geometry.curvature import top_eigenvalues
from landscape.geometry.planes import pca_plane, random_plane
from landscape.geometry.surfaces import axis, loss_surface, losses_at, path_on
from landscape.internals.distributions import activation_histograms
from landscape.loss import population
from landscape.loss.losses import accuracies_of, losses_of
from landscape.loss.network import NetworkObjective, network_of, objective
from landscape.training.training import train
from tests.cases import NETWORKS, SMALL
from tests.reference import loss_at, twin


class Trained(dict):
    """The runs of the cases by their names, each trained where it is first asked for."""

    def __missing__(self, name):
        self[name] = train(NETWORKS[name])
        return self[name]


RUNS = Trained()


def far_from(run, members=3, seed=0):
    """Parameters around the last ones, in float64."""
    noise = np.random.default_rng(seed).standard_normal((members, run.parameters.shape[1]))
    return run.parameters[-1] + 0.3 * noise


@pytest.mark.parametrize("together", [1, 10**6])
@pytest.mark.parametrize("name", NETWORKS)
def test_population_statistics_of_one_are_those_that_it_has_in_a_stack(name, together, monkeypatch):
    monkeypatch.setattr(population, "TOGETHER", together)
    run = RUNS[name]
    loss = objective(run, "population", num_examples=100, dtype=torch.float64)
    points = loss.tensor(far_from(run, members=2))
    with torch.no_grad():
        torch.testing.assert_close(loss(points[:1]), loss(points)[:1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize("statistics", Statistics)
@pytest.mark.parametrize("name", NETWORKS)
def test_losses_are_those_of_plain_modules(name, statistics, batches):
    run = RUNS[name]
    ours = objective(run, statistics, batches=batches, num_examples=100, dtype=torch.float64)
    points = far_from(run)
    how = {"statistics": statistics, "batches": batches, "num_examples": 100, "state": run.states[-1]}
    expected = [loss_at(run.experiment, point, **how) for point in points]
    np.testing.assert_allclose(ours(ours.tensor(points)), expected, rtol=1e-10)


@pytest.mark.parametrize("statistics", ["batch", "population"])
@pytest.mark.parametrize("normalization", ["batch-renorm", "batch-moving"])
def test_norms_that_correct_by_stored_averages_normalize_as_they_say(normalization, statistics):
    run = train(SMALL.replace(normalization=normalization, dataset="wine", depth=1, batch_size=10_000))
    data, network = load(run.experiment.data), network_of(run.experiment)
    w = {name: part[0] for name, part in network.layout.split(torch.as_tensor(run.parameters[-1:]).double()).items()}
    z = data.train_x.double() @ w["layer1.weight"] + w.get("layer1.bias", 0)
    own = network.state_layout.split(torch.as_tensor(run.states[-1:]).double())
    if normalization == "batch-moving" and statistics == "batch":  # as it trains: by the averages before the batch
        stored = own["layer1.mean"][0], own["layer1.variance"][0]
    else:
        stored = z.mean(0), z.var(0, correction=int(normalization == "batch-moving"))
    hidden = functional.batch_norm(z, *stored, w["layer1.scale"], w["layer1.shift"]).tanh()
    expected = functional.cross_entropy(hidden @ w["output.weight"] + w["output.bias"], data.train_y)
    found = losses_at(objective(run, statistics), run.parameters[-1:])
    np.testing.assert_allclose(found, float(expected), rtol=1e-4)
    if statistics == "batch":
        assert run.train_loss == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batches": 0}, "batches must be at least 1, not 0"),
        ({"num_examples": -5}, "num_examples must be at least 1, not -5"),
        ({"statistics": "frozen"}, "statistics must be one of batch, running, population, not 'frozen'"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(given, words):
    with pytest.raises(ValueError, match=words):
        objective(RUNS["none"], **given)


def test_parameters_of_another_network_are_refused_with_a_sentence():
    ours = objective(RUNS["none"])
    with pytest.raises(ValueError, match="one row for each point"):
        losses_at(ours, RUNS["none"].parameters[-1])
    with pytest.raises(ValueError, match="take parameters and planes from a network of the same"):
        losses_at(ours, RUNS["none"].parameters[-1:, :-1])


def test_targets_that_are_not_finite_are_refused():
    network = network_of(SMALL)
    targets = torch.zeros(10, network.outputs).index_fill(0, torch.tensor(3), torch.nan)
    with pytest.raises(ValueError, match="not finite"):
        NetworkObjective(network, torch.ones(10, *network.inputs), targets, LossFunction.SQUARED)


def test_gradients_are_taken_where_they_are_switched_off():
    ours = objective(RUNS["none"])
    points = ours.tensor(RUNS["none"].parameters[-1:])
    with torch.no_grad():
        inside = ours.gradient(points)[1]
        run = train(SMALL)
    np.testing.assert_array_equal(inside, ours.gradient(points)[1])
    np.testing.assert_array_equal(run.parameters, train(SMALL).parameters)


def test_another_default_type_changes_no_initial_weight():
    expected = network_of(SMALL).initial_parameters([0])
    torch.set_default_dtype(torch.float64)
    try:
        found = network_of(SMALL).initial_parameters([0])
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["none", "batch-both", "layer"])
def test_accuracies_are_those_of_plain_modules(name):
    run = RUNS[name]
    data = load(run.experiment.data)
    expected = {}
    for split, x, y in (("test", data.test_x, data.test_y), ("train", data.train_x, data.train_y)):
        net = twin(run.experiment, run.parameters[-1], run.states[-1]).train(split == "train")
        expected[split] = (net(x.double()).argmax(1) == y).double().mean()
    for split, statistics, own in (("train", "batch", run.train_accuracy), ("test", "running", run.test_accuracy[-1])):
        ours = objective(run, statistics, split=split)
        assert float(ours.accuracy(ours.tensor(run.parameters[-1:]))[0]) == pytest.approx(
            float(expected[split]), abs=1e-6
        )
        assert own == pytest.approx(float(expected[split]), abs=1e-6)


def test_every_member_gets_its_own_gradient():
    run = RUNS["batch-both"]
    ours = objective(run, dtype=torch.float64)
    points = ours.tensor(far_from(run))
    losses, gradients = ours.gradient(points)
    assert not losses.requires_grad
    for point, loss, gradient in zip(points, losses, gradients, strict=True):
        direction = torch.randn(len(point), dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        step = 1e-6
        ahead, behind = ours(torch.stack([point + step * direction, point - step * direction]))
        assert float(loss) == pytest.approx(float(ours(point[None])[0]), rel=1e-12)
        assert float(gradient @ direction) == pytest.approx(float((ahead - behind) / (2 * step)), rel=1e-5)


def test_the_batch_size_is_part_of_a_batchnorm_loss_alone():
    for name, differs in (("none", False), ("layer", False), ("batch", True)):
        run = RUNS[name]
        point = torch.as_tensor(run.parameters[-1:]).double()
        whole, cut = (float(objective(run, batches=n, dtype=torch.float64)(point)[0]) for n in (1, 8))
        assert (abs(cut / whole - 1) > 1e-3) == differs


def test_a_trailing_partial_batch_is_left_out():
    run = RUNS["none"]
    point = torch.as_tensor(run.parameters[-1:])
    assert objective(run, batches=3, num_examples=101)(point) == objective(run, batches=3, num_examples=99)(point)


def test_too_many_batches_are_refused():
    with pytest.raises(ValueError, match=r"64 batches of 100 examples leave 1 .* choose fewer batches"):
        objective(RUNS["batch"], batches=64, num_examples=100)
    objective(RUNS["batch"], "running", batches=64, num_examples=100)
    objective(RUNS["layer"], batches=64, num_examples=100)
    with pytest.raises(ValueError, match="64 batches need at least as many examples, not 50"):
        objective(RUNS["none"], batches=64, num_examples=50)


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="train or test, not 'dev'"):
        objective(RUNS["none"], split="dev")
    with pytest.raises(ValueError, match="frozen"):
        objective(RUNS["none"], "frozen")


@pytest.mark.parametrize("statistics", Statistics)
def test_nothing_is_changed_by_what_looks_at_a_run(statistics):
    run = train(SMALL.replace(normalization="batch", normalized="both"))
    data = load(run.experiment.data)
    arrays = {name: value for name, value in vars(run).items() if isinstance(value, np.ndarray)}
    before = {name: value.copy() for name, value in arrays.items()}
    examples = data.train_x.clone(), data.test_x.clone()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    ours = objective(run, statistics, batches=2)
    for plane in (random_plane(run.parameters[-1], ours.layout), pca_plane(run.parameters)):
        loss_surface(ours, plane, axis(1, 3), axis(1, 5))
        path_on(ours, plane, run.parameters, run.steps)
    top_eigenvalues(ours, run.parameters[-1])
    activation_histograms(run)
    for name, value in arrays.items():
        assert np.array_equal(value, before[name]), name
        assert getattr(run, name) is value
    assert torch.equal(data.train_x, examples[0])
    assert torch.equal(data.test_x, examples[1])
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("statistics", Statistics)
@pytest.mark.parametrize("name", NETWORKS)
def test_on_a_plane_the_losses_are_those_of_its_points(name, statistics, directions):
    run = RUNS[name]
    of = objective(run, statistics, batches=2, num_examples=100, dtype=torch.float64)
    origin, *along = of.tensor(far_from(run, 1 + directions))
    along = torch.stack(along)
    on_plane = of.restricted(origin, along)
    coordinates = torch.randn(5, directions, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    losses, accuracies = of.measure(origin + coordinates @ along)
    for _ in range(2):  # the second time from the same, which nothing wrote over
        with torch.no_grad():
            torch.testing.assert_close(on_plane(coordinates), losses, rtol=1e-11, atol=0)
        torch.testing.assert_close(on_plane.measure(coordinates), (losses, accuracies), rtol=1e-11, atol=0)
    assert torch.equal(on_plane.accuracy(coordinates), accuracies)


def test_losses_by_their_formulas():
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    classes = torch.tensor([[0, 2, 1, 1, 0]])
    numbers = torch.randn(1, 5, 3, generator=generator, dtype=torch.float64)
    entropies, errors = (losses_of(outputs, classes, loss) for loss in LossFunction)
    regressions = losses_of(outputs, numbers, LossFunction.SQUARED)
    for member in range(2):
        each = [-outputs[member, n].log_softmax(0)[classes[0, n]] for n in range(5)]
        assert float(entropies[member]) == pytest.approx(float(torch.stack(each).mean()))
        one_hot = functional.one_hot(classes[0], 3)
        assert float(errors[member]) == pytest.approx(float((outputs[member] - one_hot).square().sum() / 5))
        assert float(regressions[member]) == pytest.approx(float((outputs[member] - numbers[0]).square().sum() / 5))


def test_accuracy_of_a_regression_is_the_share_of_variance_explained():
    targets = torch.tensor([[[0.0], [1.0], [2.0], [3.0]]])
    outputs = torch.cat([targets, torch.full_like(targets, 1.5), targets + 1])
    assert accuracies_of(outputs, targets).tolist() == pytest.approx([1.0, 0.0, 1 - 4 / 5])


@pytest.mark.parametrize("name", ["batch", "batch-both"])
def test_batchnorm_ignores_the_length_of_the_weights_before_it_unless_frozen(name):
    """L(c w) = L(w), <w, grad> = 0 and grad(c w) = grad(w) / c for each layer under batch statistics."""
    run = RUNS[name]
    network = network_of(run.experiment)
    point = torch.as_tensor(run.parameters[-1:]).double()
    longer = point.clone()
    weights = network.layout.slice("layer2.weight")
    longer[:, weights] *= 3
    by_batch, frozen = (objective(run, how, dtype=torch.float64) for how in ("batch", "running"))
    (loss, gradient), (same, shorter) = by_batch.gradient(point), by_batch.gradient(longer)
    assert float(same) == pytest.approx(float(loss), rel=1e-4)
    cosine = functional.cosine_similarity(point[0, weights], gradient[0, weights], dim=0)
    assert abs(float(cosine)) < 1e-3
    torch.testing.assert_close(3 * shorter[:, weights], gradient[:, weights], rtol=1e-2, atol=1e-6)
    assert abs(float(frozen(longer)) / float(frozen(point)) - 1) > 0.05


@pytest.mark.parametrize("kind", ["mlp", "cnn", "recurrent"])
@pytest.mark.parametrize(
    "normalization", ["batch", "batch-center", "batch-l1", "batch-renorm", "batch-moving", "weight-mean", "none"]
)
def test_the_gradient_by_population_statistics_passes_through_them(normalization, kind):
    run = train(
        SMALL.replace(
            kind=kind, dataset="digits", normalization=normalization, width=4, num_examples=150, num_steps=10,
            activation="tanh",
        )
    )  # fmt: skip
    ours = objective(run, Statistics.POPULATION, num_examples=60, dtype=torch.float64)
    point = ours.tensor(run.parameters[-1])
    gradient = ours.gradient(point[None])[1][0]
    step = 1e-5 * gradient / gradient.norm()
    above, below = ours(torch.stack([point + step, point - step]))
    assert float(above - below) / 2e-5 == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_the_variance_explained_is_that_of_all_batches_together():
    run = train(SMALL.replace(dataset="target-curve", loss="squared", num_examples=128, num_steps=50))
    whole = objective(run, num_examples=64)
    expected = whole.accuracy(whole.tensor(run.parameters[-1:]))
    for batches in (4, 64):
        ours = objective(run, batches=batches, num_examples=64)
        torch.testing.assert_close(ours.accuracy(ours.tensor(run.parameters[-1:])), expected)
