"""Configurations: what they accept, what they refuse and how they say it, and what makes two of them equal."""

import math
from dataclasses import FrozenInstanceError, fields

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.experiment import (
    PART_OF,
    PARTS,
    VARIED,
    Comparison,
    DataConfig,
    Display,
    Experiment,
    TrainingConfig,
    Variant,
    View,
)
from landscape.loss.network import network_of
from models.config import NetworkConfig
from models.fields import bounds_of
from models.layout import Block, Layout
from models.normalization import Normalization

CONFIGS = [DataConfig, NetworkConfig, TrainingConfig, Experiment, View, Display]
NUMBERS = [
    (config, name, bounds)
    for config in CONFIGS
    for name, bounds in bounds_of(config).items()
    if bounds.kind in (int, float)
]
CHOICES = [
    (config, name, bounds)
    for config in CONFIGS
    for name, bounds in bounds_of(config).items()
    if bounds.kind not in (int, float)
]


def test_every_field_of_a_configuration_is_validated_and_hashable():
    for config in CONFIGS:
        own = [item.name for item in fields(config) if item.name not in PARTS and "carried" not in item.metadata]
        assert own == list(bounds_of(config)), config
        assert hash(config()) == hash(config())
        assert config() == config()


@pytest.mark.parametrize(("config", "name", "bounds"), NUMBERS)
def test_a_number_out_of_its_bounds_is_refused_with_field_value_and_way_out(config, name, bounds):
    for bad in (bounds.low - 1, bounds.high * 2 + 1, math.nan, math.inf, -math.inf, True, "3", None):
        with pytest.raises(ValueError) as caught:
            config(**{name: bad})
        message = str(caught.value)
        assert message.startswith(f"{config.__name__}.{name} must be ")
        low, high = (int(end) if bounds.kind is int else f"{end:g}" for end in (bounds.low, bounds.high))
        assert f"from {low} to {high}" in message
        assert repr(bad) in message
    if bounds.kind is int:
        with pytest.raises(ValueError, match="whole number"):
            config(**{name: bounds.low + 0.5})


@pytest.mark.parametrize(("config", "name", "bounds"), CHOICES)
def test_an_unknown_choice_is_refused_with_field_value_and_way_out(config, name, bounds):
    for bad in ("", "no such thing", 7, None):
        with pytest.raises(ValueError) as caught:
            config(**{name: bad})
        assert f"{config.__name__}.{name} must be " in str(caught.value)
        assert repr(bad) in str(caught.value)
        expected = ["true", "false"] if bounds.kind is bool else [member.value for member in bounds.kind]
        assert all(value in str(caught.value) for value in expected)


def test_equal_requests_have_equal_names():
    """The store's keys are `repr`: 1 and 1.0, "relu" and the member, must not be two experiments."""
    one = Experiment().replace(learning_rate=1, width=16.0, activation="relu", normalization="batch")
    two = Experiment().replace(
        learning_rate=1.0, width=16, activation=NetworkConfig().activation, normalization=Normalization.BATCH
    )
    assert one == two
    assert hash(one) == hash(two)
    assert repr(one) == repr(two)
    assert repr(one) != repr(one.replace(seed=1))


def test_configurations_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Experiment().seed = 3


def test_no_two_parts_share_the_name_of_a_field():
    names = [name for config in PARTS.values() for name in bounds_of(config)]
    assert len(names) == len(set(names)) == len(PART_OF)
    assert "seed" not in names


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(set(PART_OF) - {"normalization"})), st.data())  # which of them fit depends on the rest
def test_replace_and_get_are_inverse(name, data):
    bounds = bounds_of(PARTS[PART_OF[name]])[name]
    if bounds.kind is bool:
        value = data.draw(st.booleans())
    elif bounds.kind is int:
        value = data.draw(st.integers(bounds.low, bounds.high))
    elif bounds.kind is float:
        value = data.draw(st.floats(bounds.low, bounds.high))
    else:
        value = data.draw(st.sampled_from([one for one in bounds.kind if not getattr(one, "own", False)]))
    base = Experiment().replace(loss="squared")  # which fits every dataset
    changed = base.replace(**{name: value})
    assert changed.get(name) == value
    assert changed.replace(**{name: base.get(name)}) == base


def test_replace_names_what_there_is():
    with pytest.raises(ValueError, match="no field 'lerning_rate'; there are: .*learning_rate.*seed"):
        Experiment().replace(lerning_rate=1)


@pytest.mark.parametrize("normalization", ["batch", "batch-l1", "batch-renorm", "batch-noisy"])
def test_one_example_cannot_be_normalized_over_the_batch(normalization):
    with pytest.raises(ValueError, match=r"TrainingConfig.batch_size must be at least 2 .* not 1: .*Choose a larger"):
        Experiment().replace(normalization=normalization, batch_size=1)
    Experiment().replace(normalization=normalization, batch_size=2)
    Experiment().replace(normalization="layer", batch_size=1)


def test_propagation_needs_standardized_inputs():
    moons = Experiment().replace(dataset="moons", preprocessing="standardize", normalization="propagation")
    with pytest.raises(ValueError, match=r"DataConfig.preprocessing must be standardize or whiten .* not none"):
        moons.replace(preprocessing="none")
    with pytest.raises(ValueError, match="DataConfig.preprocessing"):
        Experiment().replace(normalization="propagation", input_scale=10)


def test_data_and_network_must_fit():
    with pytest.raises(ValueError, match=r"TrainingConfig.loss must be squared on target-curve"):
        Experiment().replace(dataset="target-curve")
    with pytest.raises(ValueError, match=r"NetworkConfig.kind must be mlp on moons, not cnn"):
        Experiment().replace(dataset="moons", kind="cnn")
    Experiment().replace(dataset="target-curve", loss="squared")


def test_a_comparison_is_of_one_to_four_valid_experiments():
    for count in (0, 5):
        with pytest.raises(ValueError, match=f"one to four, not {count}"):
            Comparison(variants=(Variant(),) * count)
    with pytest.raises(ValueError, match="batch_size must be at least 2"):
        Comparison(Experiment().replace(batch_size=1), (Variant(normalization="batch"),))
    with pytest.raises(ValueError, match="Variant.learning_rate must be a number .* not -1"):
        Variant(learning_rate=-1)


def test_a_variant_overrides_what_it_names_and_nothing_else():
    base = Experiment().replace(width=8, seed=5)
    given_values = {"normalization": "batch", "normalized": "both", "preprocessing": "center", "learning_rate": 0.5}
    given_values |= {"affine": False, "placement": "after", "batch_size": 16, "skip": True, "strength": 0.5}
    assert set(given_values) == set(VARIED)
    (made,) = Comparison(base, (Variant(**given_values),)).experiments()
    assert made == base.replace(**given_values)
    assert Comparison(base, (Variant(),)).experiments() == (base,)


def test_labels_tell_variants_apart():
    variants = (
        Variant(normalization="batch"),
        Variant(normalization="batch", normalized="both"),
        Variant(normalization="none", preprocessing="standardize"),
        Variant(normalization="batch", learning_rate=1.0),
    )
    labels = Comparison(variants=variants).labels()
    assert len(set(labels)) == 4
    assert "input" in labels[1]
    assert "standardized" in labels[2]
    assert "rate 1" in labels[3]


def test_labels_name_what_differs_and_never_a_number_alone():
    twice = Comparison(variants=(Variant(normalization="none"),) * 2).labels()
    assert twice == ("no normalization", "no normalization, again")
    batch = [
        Variant(normalization="batch", **own)
        for own in ({}, {"affine": False}, {"placement": "after"}, {"batch_size": 8, "affine": False})
    ]
    labels = Comparison(variants=tuple(batch)).labels()
    assert labels[1] == "BatchNorm, without scale and shift, batch 64"
    assert labels[2] == "BatchNorm, after the activation, batch 64"
    assert labels[3] == "BatchNorm, without scale and shift, batch 8"
    plain = Comparison(variants=(Variant(normalization="none", affine=False), Variant(normalization="none"))).labels()
    assert plain == ("no normalization", "no normalization, again")  # it has no scale that it could be without
    skips = Comparison(variants=(Variant(normalization="none", skip=True), Variant(normalization="none"))).labels()
    assert skips == ("no normalization, skip", "no normalization")
    weak = Comparison(variants=tuple(Variant(normalization="batch", strength=part) for part in (0.25, 1.0))).labels()
    assert weak == ("BatchNorm, strength 0.25", "BatchNorm")


@pytest.mark.parametrize("fields", [(a, b) for a in VARIED for b in VARIED if {a, b} != {"normalization", "strength"}])
def test_networks_never_share_a_label(fields):
    other = {"normalization": "layer", "normalized": "both", "preprocessing": "standardize", "learning_rate": 0.5,
             "affine": False, "placement": "after", "batch_size": 32, "skip": True, "strength": 0.5}  # fmt: skip
    base = Experiment().replace(normalization="batch")
    first, second = ({name: other[name] for name in chosen} for chosen in ({fields[0]}, set(fields)))
    labels = Comparison(base, (Variant(), Variant(**first), Variant(**second))).labels()
    assert len(set(labels)) == 3


@pytest.mark.parametrize("initialization", ["he", "xavier", "torch"])
@pytest.mark.parametrize("kind", ["batch", "layer", "weight-plain", "batch-scale", "rms"])
def test_one_seed_draws_the_same_initial_weights_under_every_normalization(kind, initialization):
    plain = Experiment().replace(dataset="wine", width=8, depth=3, initialization=initialization)
    base = network_of(plain)
    expected = base.layout.split(base.initial_parameters([4]))
    for normalized in ("hidden", "both"):
        if kind == "weight-plain" and normalized == "both":
            continue
        network = network_of(plain.replace(normalization=kind, normalized=normalized))
        drawn = network.layout.split(network.initial_parameters([4]))
        weights = [name for name in expected if name.endswith(".weight")]
        assert len(weights) == 4
        for name in weights:
            assert torch.equal(drawn[name], expected[name])
        other = network.layout.split(network.initial_parameters([5]))
        assert not torch.equal(other["layer1.weight"], expected["layer1.weight"])


@pytest.mark.parametrize("seeds", [(7, 8)])
def test_initial_weights_have_the_deviation_of_their_source(seeds):
    for initialization, variance in (("he", 2 / 200), ("xavier", 2 / 400), ("torch", 1 / (3 * 200))):
        for scale in (1.0, 3.0):
            made = Experiment().replace(width=200, depth=2, initialization=initialization, init_scale=scale)
            network = network_of(made)
            weight = network.layout.split(network.initial_parameters(seeds))["layer2.weight"]
            assert float(weight.var()) == pytest.approx(variance * scale**2, rel=0.03)


def test_no_bias_stands_before_batchnorm():
    def biases(**changes):
        layout = network_of(Experiment().replace(depth=2, **changes)).layout
        return [block.name for block in layout.blocks if block.name.endswith(".bias")]

    assert biases() == ["layer1.bias", "layer2.bias", "output.bias"]
    assert biases(normalization="batch") == biases(normalization="batch", normalized="both") == ["output.bias"]
    for keeps in ({"normalized": "input"}, {"placement": "after"}):
        assert biases(normalization="batch", **keeps) == biases()
    assert biases(normalization="layer") == biases()


def test_a_layout_splits_and_joins_in_order():
    layout = Layout((Block("a", (2, 3), 1), Block("b", (3,)), Block("c", (4, 1), 1)))
    flat = torch.arange(26.0).reshape(2, 13)
    parts = layout.split(flat)
    assert torch.equal(layout.join(parts), flat)
    assert parts["b"].tolist() == [[6, 7, 8], [19, 20, 21]]
    for name, part in parts.items():
        assert torch.equal(flat[:, layout.slice(name)], part.flatten(1))
    with pytest.raises(KeyError, match="no block 'd'"):
        layout.slice("d")
