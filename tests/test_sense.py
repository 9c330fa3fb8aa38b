"""Settings that make no sense are refused when they are made: a sweep over what may stand beside what."""

from itertools import product

import pytest
import torch

from landscape.data import load
from landscape.experiment import Dataset, Experiment
from landscape.labs.compare import LAB
from landscape.loss.network import network_of
from landscape.training.training import train
from models.config import Kind, Normalized, Placement
from models.fields import Misfit
from models.normalization import LAYERS, Context, Normalization

# Biases that are drawn, and activations and inputs that do not saturate: what is lost is lost by the normalization.
BASE = {"num_examples": 60, "depth": 1, "num_steps": 1, "loss": "squared", "seed": 5}
BASE |= {"activation": "linear", "initialization": "torch", "preprocessing": "standardize"}
GIVEN = [dataset for dataset in Dataset if not dataset.own]
SIZES = [(1, 1), (2, 1), (2, 2), (3, 1), (4, 2), (6, 2), (8, 4), (10, 4)]
EVERY = list(product(Normalization, Normalized, Placement, GIVEN, Kind, SIZES, (1, 32)))
CODEC = LAB.codec


def changes_of(name, where, side, dataset, kind, size, batch_size):
    """Return a place of `EVERY` as changes of an experiment."""
    width, groups = size
    return (
        BASE
        | {"normalization": name, "normalized": where, "placement": side, "dataset": dataset, "kind": kind}
        | {"width": width, "groups": groups, "batch_size": batch_size}
    )


def accepted(changes):
    try:
        return Experiment().replace(**changes)
    except Misfit:
        return None


def values_of(changes):
    """The values of a comparison of one network."""
    own = {"variants": 1, "v1_normalization": changes["normalization"], "normalization": Normalization.NONE}
    return CODEC.defaults | changes | own


@pytest.mark.parametrize("name", Normalization)
def test_what_is_refused_has_ways_out_that_are_accepted(name):
    own = [changes_of(*place) for place in EVERY[::23] if place[0] is name]
    refused = [changes for changes in own if accepted(changes) is None]
    assert refused
    for changes in refused:
        with pytest.raises(Misfit, match=r"\w+\.\w+ must .*Choose ") as caught:
            Experiment().replace(**changes)
        assert caught.value.remedy
        values = values_of(changes)
        ways = CODEC.mends(values)
        assert ways
        for way in ways:
            assert all(values[field] != value for field, value in way.items())
            CODEC.request_of(values | way)


@pytest.mark.parametrize("name", Normalization)
def test_what_is_accepted_trains_and_leaves_more_than_a_sign(name):
    own = [place for place in EVERY if place[0] is name and place[-1] == 32]
    experiments = [experiment for place in own[::31] if (experiment := accepted(changes_of(*place)))]
    assert experiments
    for experiment in experiments:
        assert train(experiment).steps[-1] == 1
        network, x = network_of(experiment), load(experiment.data).train_x[None, :32]
        parameters = network.initialize_from(network.initial_parameters([2]), x)
        left = {}

        def tap(place, moment, values, left=left):
            if moment == "after":
                left[place] = values

        network.forward(parameters, network.initial_state(1), x, Context(tap=tap))
        for values in left.values():
            sizes = values.abs().flatten(0, -2)
            distinct = [len(torch.unique((100 * column).round())) for column in sizes.T]
            assert max(distinct) > 2, (experiment.network, experiment.data.dataset)


@pytest.mark.parametrize("name", [member for member in Normalization if LAYERS[member].of_batches])
def test_a_batch_of_one_is_refused_where_statistics_are_those_of_a_batch(name):
    with pytest.raises(Misfit, match="batch_size must be at least 2"):
        Experiment().replace(normalization=name, batch_size=1)
    Experiment().replace(normalization=name, batch_size=2)
    Experiment().replace(normalization=name, batch_size=1, kind="cnn", width=4)


def test_a_way_out_changes_what_is_one_network_s_own_for_it_alone():
    values = CODEC.defaults | {"dataset": Dataset.MOONS, "width": 12, "v1_normalization": Normalization.BATCH}
    values |= {"v2_normalization": Normalization.GROUP, "v2_normalized": Normalized.BOTH}
    assert CODEC.mends(CODEC.defaults) == []
    assert CODEC.mends(values) == [{"v2_normalized": "hidden"}, {"v2_normalization": "batch"}]
    values |= {"v2_normalized": None, "normalized": Normalized.BOTH}
    assert CODEC.mends(values) == [{"normalized": "hidden"}, {"v2_normalization": "batch"}]


def test_a_way_out_is_followed_to_its_end():
    values = CODEC.defaults | {"dataset": Dataset.TARGET_CURVE, "kind": Kind.CNN, "width": 8}
    assert CODEC.mends(values) == [{"kind": "mlp", "loss": "squared"}]
    values |= {"variants": 1, "v1_normalization": Normalization.INSTANCE}
    assert CODEC.mends(values) == [{"kind": "mlp", "loss": "squared", "v1_normalization": "layer"}]
