"""Distributions unit by unit, the use of activation functions, learnt scales and correlations, each against an own way."""

import numpy as np
import pytest
import torch
from scipy.stats import kurtosis, linregress

from landscape.data import load
from landscape.experiment import Experiment
from landscape.internals.bends import REACH, activation_curve, activation_use, bend_share
from landscape.internals.correlations import layer_correlations
from landscape.internals.gradients import gradient_norms, layer_lengths
from landscape.internals.scales import learnt_scales
from landscape.internals.units import ENTERING, LEAVING, LINEAR, typical_units, unit_moments
from landscape.training.training import train
from tests.cases import NETWORKS, SMALL
from tests.reference import twin

PLACES = ["none", "batch", "batch-after-plain", "layer-both-squared"]
EXAMPLES = 100


def seen_by_twin(run, snapshot):
    """Return what the linear maps give, what enters the activation functions and what leaves the layers, by hooks."""
    net = twin(run.experiment, run.parameters[snapshot]).train()
    seen = {}
    for name, module in net.named_children():
        module.register_forward_hook(lambda _, given, made, name=name: seen.update({name: (given[0], made)}))
    net(load(run.experiment.data).train_x[:EXAMPLES].double())
    before = run.experiment.network.placement == "before"
    found = []
    for layer in range(1, run.experiment.network.depth + 1):
        acts = seen[f"layer{layer}_act"]
        normalized = seen[f"layer{layer}_norm"]
        linear, leaving = (normalized[0], acts[1]) if before else (acts[0], normalized[1])
        found.append([one.detach().numpy() for one in (linear, acts[0], leaving)])
    return found


@pytest.mark.parametrize("name", PLACES)
def test_moments_are_those_of_each_unit_of_a_twin(name):
    run = train(NETWORKS[name])
    found = unit_moments(run, EXAMPLES)
    for layer, moments in enumerate(seen_by_twin(run, -1)):
        for moment, values in enumerate(moments):
            at = (-1, layer, moment)
            np.testing.assert_allclose(found.mean[at], values.mean(0), atol=2e-4)
            np.testing.assert_allclose(found.deviation[at], values.std(0), atol=2e-4)
            np.testing.assert_allclose(found.kurtosis[at], kurtosis(values, 0), atol=2e-2)
        expected = np.percentile(moments[ENTERING], [15, 50, 85], axis=0).T
        np.testing.assert_allclose(found.percentiles[-1, layer], expected, atol=5e-4)
        np.testing.assert_allclose(found.pooled[-1, layer], np.percentile(moments[ENTERING], [15, 50, 85]), atol=5e-4)
        typical = moments[ENTERING][:, found.typical[layer]]
        np.testing.assert_allclose(found.values[-1, layer], typical, atol=5e-4)


def test_the_typical_unit_is_the_one_of_median_drift():
    drifts = np.array([[3.0, 1.0, 2.0, 9.0, 0.5], [0.0, 5.0, 4.0, 6.0, 1.0]])
    moving = np.stack([np.zeros((2, 5, 3)), np.repeat(drifts[..., None], 3, -1)])
    assert typical_units(moving).tolist() == [2, 2]
    run = train(SMALL)
    found = unit_moments(run)
    chosen = found.drift[np.arange(2), found.typical]
    assert all(one in np.sort(row)[2:4] for one, row in zip(chosen, found.drift, strict=True))


def test_what_a_unit_gives_before_the_first_step_is_standardized_by_its_normalization():
    found = unit_moments(train(SMALL.replace(normalization="batch")))
    np.testing.assert_allclose(found.mean[0, :, ENTERING], 0, atol=1e-4)
    np.testing.assert_allclose(found.deviation[0, :, ENTERING], 1, atol=5e-3)
    assert np.abs(found.deviation[0, :, LINEAR] - 1).max() > 0.1
    after = unit_moments(train(SMALL.replace(normalization="batch", placement="after")))
    np.testing.assert_allclose(after.deviation[0, :, LEAVING], 1, atol=5e-3)
    np.testing.assert_array_equal(after.deviation[:, :, LINEAR], after.deviation[:, :, ENTERING])


def test_convolutions_count_locations_as_examples():
    run = train(
        Experiment().replace(kind="cnn", width=3, depth=2, num_steps=1, num_examples=100, normalization="batch")
    )
    found = unit_moments(run, 20)
    np.testing.assert_allclose(found.mean[0, :, ENTERING], 0, atol=1e-4)
    assert found.percentiles.shape == (2, 2, 3, 3)


@pytest.mark.parametrize("look", [unit_moments, activation_use, learnt_scales])
def test_recurrent_networks_are_refused(look):
    run = train(
        Experiment().replace(kind="recurrent", depth=1, width=4, num_steps=1, num_examples=60, normalization="batch")
    )
    with pytest.raises(ValueError, match="recurrent"):
        look(run)
    with pytest.raises(ValueError, match="examples must be at least 1"):
        look(train(SMALL.replace(normalization="batch", num_steps=1)), 0)


@pytest.mark.parametrize("name", PLACES)
def test_the_use_of_an_activation_function_is_counted_unit_by_unit(name):
    run = train(NETWORKS[name])
    found = activation_use(run, EXAMPLES)
    for layer, (_, values, leaving) in enumerate(seen_by_twin(run, -1)):
        outputs = np.tanh(values)
        at = (-1, layer)
        assert found.within[at] == pytest.approx(np.mean(np.abs(values) <= 1), abs=0.005)
        assert found.saturated[at] == pytest.approx(np.mean(1 - outputs**2 < 0.1), abs=0.005)
        assert found.slope[at] == pytest.approx(np.sqrt(np.mean((1 - outputs**2) ** 2)), rel=1e-3)
        lines = [linregress(values[:, unit], outputs[:, unit]).rvalue ** 2 for unit in range(values.shape[1])]
        assert sorted(lines)[2] - 1e-4 <= found.linear[at] <= sorted(lines)[3] + 1e-4
        line = linregress(values.ravel(), outputs.ravel())
        np.testing.assert_allclose(found.line[at], [line.intercept, line.slope], atol=1e-3)
        inside = np.clip(values.ravel(), -REACH, REACH)
        counts = np.histogram(inside, found.edges)[0] / values.size
        np.testing.assert_allclose(found.density[at], counts, atol=0.006)
        assert leaving.shape == values.shape


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_a_kink_is_all_of_a_bend(activation):
    assert bend_share(activation) == pytest.approx(1)
    assert np.isnan(bend_share("linear"))


def test_the_bend_within_reach_is_the_integral_of_the_second_derivative():
    # Of tanh f' falls from 1 at 0 on either side, so that the share is 1 - f'(1); of a sigmoid likewise with 1 - 4 f'(1).
    assert bend_share("tanh") == pytest.approx(1 - (1 - np.tanh(1) ** 2), abs=2e-3)
    slope = np.exp(-1) / (1 + np.exp(-1)) ** 2
    assert bend_share("sigmoid") == pytest.approx(1 - 4 * slope, abs=2e-3)
    assert bend_share("sigmoid", 100.0) == 1


def test_a_curve_bends_where_its_second_derivative_says():
    curve = activation_curve("sigmoid")
    sigmoid = 1 / (1 + np.exp(-curve.x))
    np.testing.assert_allclose(curve.height, sigmoid, atol=1e-9)
    np.testing.assert_allclose(curve.bend, np.abs(sigmoid * (1 - sigmoid) * (1 - 2 * sigmoid)), atol=2e-3)
    assert abs(curve.x[curve.bend.argmax()]) == pytest.approx(np.log(2 + np.sqrt(3)), abs=0.05)


def test_constant_units_have_no_line():
    run = train(SMALL.replace(num_steps=1, init_scale=0.01, activation="relu"))
    found = activation_use(run)
    assert np.isfinite(found.slope).all()
    assert (np.nan_to_num(found.linear) <= 1 + 1e-9).all()


@pytest.mark.parametrize("placement", ["before", "after"])
def test_scales_are_those_learnt_and_deviations_those_divided_by(placement):
    run = train(SMALL.replace(normalization="batch", placement=placement))
    found = learnt_scales(run, EXAMPLES)
    net = twin(run.experiment, run.parameters[-1])
    seen = seen_by_twin(run, -1)
    for layer in range(2):
        norm = dict(net.named_children())[f"layer{layer + 1}_norm"]
        np.testing.assert_allclose(found.scale[-1, layer], norm.weight.detach(), rtol=1e-5)
        np.testing.assert_allclose(found.shift[-1, layer], norm.bias.detach(), atol=1e-6)
        linear, entering, _ = seen[layer]
        given = linear if placement == "before" else np.tanh(entering)
        np.testing.assert_allclose(found.deviation[-1, layer], given.std(0), atol=5e-4)
        np.testing.assert_allclose(found.mean[-1, layer], given.mean(0), atol=5e-4)
        sizes = np.abs(found.scale[-1, layer])
        nearer = [abs(np.log(s / d)) < abs(np.log(s)) for s, d in zip(sizes, found.deviation[-1, layer], strict=True)]
        assert found.undone[-1, layer] == pytest.approx(np.mean(nearer))


def test_without_learnt_scales_there_is_nothing_to_show():
    for changes in ({}, {"normalization": "batch", "affine": False}, {"normalization": "batch", "normalized": "input"}):
        with pytest.raises(ValueError, match="must learn a scale and a shift"):
            learnt_scales(train(SMALL.replace(num_steps=1, **changes)))


def test_lengths_of_weights_are_those_of_the_modules():
    run = train(NETWORKS["layer-both-squared"])
    found = layer_lengths(run)
    assert found.shape == gradient_norms(run).weights.shape
    net = twin(run.experiment, run.parameters[-1])
    linear = [module.weight for module in net.modules() if isinstance(module, torch.nn.Linear)]
    np.testing.assert_allclose(found[-1], [float(weight.detach().norm()) for weight in linear], rtol=1e-5)


def test_correlations_are_those_of_the_linear_maps_outputs():
    run = train(NETWORKS["batch"])
    found = layer_correlations(run, examples=EXAMPLES)
    for layer, (linear, _, _) in enumerate(seen_by_twin(run, -1)):
        expected = np.corrcoef(linear.T)
        np.testing.assert_allclose(found.matrix[layer], expected, atol=1e-3)
        off = expected[~np.eye(len(expected), dtype=bool)]
        assert found.rms[layer] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-3)
        covariance = np.cov(linear.T, bias=True)
        assert found.error[layer] == pytest.approx(np.linalg.norm(covariance - np.diag(np.diag(covariance))), rel=2e-3)


def test_the_bound_of_proposition_1_holds_where_inputs_are_white_and_is_met_by_two_units():
    base = SMALL.replace(preprocessing="whiten", num_steps=1, depth=1)
    for seed in range(3):
        found = layer_correlations(train(base.replace(width=16, seed=seed)), 0)
        assert found.error[0] <= found.bound[0]
    two = layer_correlations(train(base.replace(width=2)), 0, examples=2000)
    assert two.error[0] == pytest.approx(two.bound[0], rel=2e-2)
    assert two.rms[0] == pytest.approx(two.coherence[0], abs=2e-2)


@pytest.mark.parametrize(
    ("changes", "match"), [({"kind": "cnn", "dataset": "digits"}, "multilayer"), ({"width": 1}, "two units")]
)
def test_what_has_no_correlations_is_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        layer_correlations(train(SMALL.replace(num_steps=1, **changes)))
    with pytest.raises(ValueError, match="at least 2"):
        layer_correlations(train(SMALL.replace(num_steps=1)), examples=1)
