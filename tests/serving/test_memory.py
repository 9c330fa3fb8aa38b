"""What an experiment will hold: the reckoned sizes against the networks, and what is refused with a size that fits."""

import pytest

from landscape.data import load
from landscape.experiment import Comparison, Dataset, Experiment, Variant
from landscape.labs.compare.questions import QUESTIONS
from landscape.loss.network import network_of
from landscape.serving.memory import CLASSES, EXAMPLES, FEATURES, SIDE, WORK_BYTES
from models.fields import Misfit

NETWORKS = [
    {"kind": kind, "width": width, "depth": depth, "normalization": name, "normalized": normalized}
    for kind in ("mlp", "cnn", "recurrent")
    for width, depth in ((4, 1), (16, 2), (64, 5))
    for name, normalized in (("none", "hidden"), ("batch", "both"), ("weight", "hidden"))
]


@pytest.mark.parametrize("changes", NETWORKS, ids=lambda c: "-".join(map(str, c.values())))
def test_parameters_and_layers_are_at_most_what_is_reckoned(changes):
    experiment = Experiment().replace(**changes)
    network, size = network_of(experiment), experiment.size
    assert network.layout.size <= size.parameters <= 1.5 * network.layout.size + 1000
    if changes["kind"] == "cnn":
        assert size.places == [side**2 for side in network.sides[:-1]]
    if changes["kind"] == "recurrent":
        assert size.places == [network.sequence[0]] * changes["depth"]


@pytest.mark.parametrize("dataset", [dataset for dataset in Dataset if not dataset.own])
def test_data_are_as_large_as_is_reckoned(dataset):
    loss = "cross-entropy" if dataset.has_classes else "squared"
    experiment = Experiment().replace(dataset=dataset, loss=loss, num_examples=20_000)
    data = load(experiment.data)
    assert data.train_x[0].numel() == FEATURES[dataset]
    assert data.classes <= CLASSES
    assert len(data.train_x) <= experiment.size.training_examples <= len(data.train_x) + 2
    if dataset in EXAMPLES:
        assert len(data.train_x) + len(data.test_x) == EXAMPLES[dataset]
    if dataset == "digits":
        assert data.inputs == (SIDE**2,)


EXTREMES = [
    {"width": 512, "depth": 64},
    {"width": 512, "depth": 64, "batch_size": 20_000, "num_examples": 20_000, "dataset": "moons"},
    {"width": 300, "depth": 60},
    {"kind": "cnn", "width": 512, "depth": 64},
    {"kind": "cnn", "width": 512, "depth": 1},
    {"kind": "cnn", "width": 128, "depth": 8, "batch_size": 20_000},
    {"kind": "recurrent", "width": 512, "depth": 64},
    {"width": 64, "depth": 64, "batch_size": 20_000, "num_examples": 20_000, "dataset": "spirals"},
]


@pytest.mark.parametrize("changes", EXTREMES, ids=lambda c: "-".join(map(str, c.values())))
def test_what_would_hold_too_much_is_refused_with_the_largest_that_fits(changes):
    with pytest.raises(Misfit, match="must be at most .* MB") as caught:
        Experiment().replace(**changes)
    ((name, value),) = caught.value.remedy.items()
    assert f".{name} must be at most {value} here" in str(caught.value)
    assert Experiment().replace(**{**changes, name: value}).size.work_bytes <= WORK_BYTES
    with pytest.raises(Misfit):
        Experiment().replace(**{**changes, name: value + 1})


def test_what_is_shown_first_has_room():
    for request in (question.request for question in QUESTIONS):
        assert all(one.size.work_bytes < WORK_BYTES / 2 for one in request.comparison.experiments())
    assert Experiment().size.curvature_examples > 10_000
    assert Experiment().replace(kind="cnn").size.curvature_examples >= 512


def test_a_variant_that_would_hold_too_much_is_refused_too():
    base = Experiment().replace(dataset="spirals", num_examples=20_000, depth=64)
    with pytest.raises(Misfit, match="must be at most"):
        Comparison(base, (Variant(), Variant(batch_size=20_000)))
