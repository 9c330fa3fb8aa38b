"""All that goes through the door, with it open and closed: the numbers are equal within rounding."""

import pickle

import numpy as np
import pytest
import torch

from landscape import (
    Domain,
    Experiment,
    Ladder,
    activation_histograms,
    axis,
    domain_shift,
    gradient_norms,
    internal_covariate_shift,
    loss_surface,
    objective,
    random_plane,
    smoothness_of,
    sweep,
    top_eigenvalues,
)
from landscape.loss.network import network_of
from landscape.training.training import Training
from models.build import NETWORKS
from models.fast import door
from models.fast.images import ImageEvaluation
from models.fast.layers import FastBatchNorm
from models.fast.perceptrons import PerceptronEvaluation
from models.normalization import Context

SMALL = Experiment().replace(
    num_examples=60, width=6, depth=2, groups=2, num_steps=4, batch_size=16, learning_rate=0.02, activation="tanh"
)
STEPS = {"mlp": 4, "cnn": 4, "recurrent": 2}
"""Few where rows of an image without ink are normalized over and over, which roundings grow by."""

CASES = {
    f"{kind}-{normalization}": SMALL.replace(kind=kind, normalization=normalization, num_steps=steps)
    for kind, steps in STEPS.items()
    for normalization in ("none", "batch", "layer", "group", "batch-noisy")
}
MORE = {
    "batch-both": SMALL.replace(normalization="batch", normalized="both"),
    "batch-after": SMALL.replace(normalization="batch", placement="after"),
    "batch-plain": SMALL.replace(normalization="batch", affine=False),
    "cnn-instance": SMALL.replace(kind="cnn", normalization="instance"),
    "cnn-both": SMALL.replace(kind="cnn", normalization="batch", normalized="both"),
    "squared": SMALL.replace(loss="squared", normalization="layer"),
    "dropout": SMALL.replace(dropout=0.2),
    "batch-weak": SMALL.replace(normalization="batch", strength=0.5),
    "cnn-batch-weak": SMALL.replace(kind="cnn", normalization="batch", strength=0.5),
    "skip": SMALL.replace(skip=True),
    "skip-batch": SMALL.replace(skip=True, normalization="batch"),
    "cnn-skip-batch": SMALL.replace(kind="cnn", skip=True, normalization="batch"),
}


def trained(experiments):
    """The runs of a stack, in double precision."""
    training = Training(experiments, dtype=torch.float64)
    training.advance(float("inf"))
    return training.results()


def alike(compute, rtol=1e-6):
    """See that what is computed is the same with the door closed, and return it."""
    found = compute()
    with door.closed():
        expected = compute()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)
    return found


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("experiment", (CASES | MORE).values(), ids=CASES | MORE)
def test_trainings(experiment, members):
    stack = [experiment.replace(seed=seed) for seed in range(members)]

    def compute():
        runs = trained(stack)
        names = ("loss", "gradient_norm", "parameters", "states", "test_accuracy", "train_loss", "train_accuracy")
        return [getattr(run, name) for run in runs for name in names]

    alike(compute)


@pytest.mark.parametrize("experiment", (CASES | MORE).values(), ids=CASES | MORE)
def test_surfaces_and_what_is_asked_of_objectives(experiment):
    (run,) = trained([experiment])

    def compute():
        found = []
        for statistics, batches in (("batch", 1), ("batch", 2), ("running", 1), ("population", 1)):
            loss = objective(run, statistics, batches=batches, num_examples=40, dtype=torch.float64)
            points = loss.tensor(run.parameters[[0, -1]])
            plane = random_plane(run.parameters[-1], loss.layout)
            surface = loss_surface(loss, plane, axis(0.5, 2), axis(0.5, 3), accuracy=True)
            found += [surface.loss, surface.accuracy, *loss.measure(points), *loss.gradient(points)]
            origin, direction = points[0], points[1:] - points[:1]
            on_line = loss.restricted(origin, direction)
            found += [*on_line.measure(loss.tensor([[0.0], [1.0]])), *on_line.gradient(loss.tensor([[0.5]]))]
        return [np.asarray(values.detach() if isinstance(values, torch.Tensor) else values) for values in found]

    alike(compute)


MEASURES = {
    "eigenvalues": lambda run, loss: top_eigenvalues(loss, run.parameters[-1], 1).values,
    "histograms": lambda run, loss: activation_histograms(run).deviation,
    "gradient norms": lambda run, loss: gradient_norms(run).weights,
    "domains": lambda run, loss: domain_shift(run, Domain()).after,
    "shift": lambda run, loss: internal_covariate_shift(loss, run.parameters[-1], 0.9 * run.parameters[-1]).difference,
    "smoothness": lambda run, loss: smoothness_of(run.experiment, Ladder(rungs=2, probes=2)).probe.loss,
    "sweep": lambda run, loss: sweep(run.experiment, "learning_rate", [0.01, 0.02], [0, 1]).loss,
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("name", ["mlp-batch", "cnn-batch", "mlp-layer"])
def test_measures(name, measure):
    (run,) = trained([CASES[name]])
    alike(lambda: [np.asarray(measure(run, objective(run, num_examples=40)))], rtol=1e-3)


def test_a_closed_door_answers_nobody_and_opens_again_after_an_error():
    experiment = SMALL.replace(normalization="batch")

    def ask():
        with door.closed():
            with door.closed():
                pass
            assert type(network_of(experiment)) is NETWORKS["mlp"]
            assert Training([experiment]).written_out is None
            raise KeyError

    with pytest.raises(KeyError):
        ask()
    assert isinstance(network_of(experiment).layer, FastBatchNorm)
    assert Training([experiment]).written_out is not None


@pytest.mark.parametrize(("kind", "way"), [("mlp", PerceptronEvaluation), ("cnn", ImageEvaluation)])
def test_the_door_says_who_evaluates_a_plane_and_how_many_points_at_once(kind, way):
    for normalization, answers in (("none", True), ("batch", True), ("layer", False)):
        network = network_of(SMALL.replace(kind=kind, normalization=normalization))
        basis = network.initial_parameters(range(3))
        how = network.initial_state(1), Context(momentum=0.0)
        found = door.evaluation(network, basis, [torch.randn(1, 40, *network.inputs)], 20, *how)
        assert isinstance(found, way) == answers
        assert not answers or torch.get_num_threads() <= found.members <= 20
        assert door.evaluation(network, basis.to("meta"), [], 20, *how) is None


def test_fast_networks_and_half_done_trainings_pickle():
    experiment = SMALL.replace(normalization="batch-noisy")
    training = Training([experiment])
    training.advance(0.0)
    again = pickle.loads(pickle.dumps(training))
    for one in (training, again):
        one.advance(float("inf"))
    np.testing.assert_array_equal(training.result().parameters, again.result().parameters)
