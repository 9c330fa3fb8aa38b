"""What enters and leaves the layers, against hooks on `torch.nn` modules and against Jacobians by autograd."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kurtosis
from torch.nn import functional

from landscape.data import load
from landscape.dynamics.steps import step_objective
from landscape.experiment import Experiment
from landscape.internals.distributions import activation_histograms, excess_kurtosis, layer_inputs, spread
from landscape.internals.domains import Domain, domain_shift
from landscape.internals.gradients import gradient_norms, layer_jacobians
from landscape.internals.passes import forward_pass
from landscape.loss.network import network_of, objective
from landscape.training.training import Training, train
from tests.cases import NETWORKS, SMALL
from tests.reference import plain_loss, twin

PLACES = ["none", "none-relu-deep", "batch", "batch-after-plain", "layer-both-squared"]


def looked_at(run, snapshot, examples):
    """Return a twin's inputs of the activation functions, outputs of the layers, and its output, all with gradient."""
    data, config = load(run.experiment.data), run.experiment.network
    net = twin(run.experiment, run.parameters[snapshot]).train()
    x = data.train_x[:examples].double().requires_grad_()
    inputs, hidden, value = [], [x], x
    for name, module in net.named_children():
        if name.endswith("_act"):
            inputs.append(value.detach())
        value = module(value)
        if name.startswith("layer") and name.endswith("_act" if config.placement == "before" else "_norm"):
            hidden.append(value)
    return net, inputs, hidden, value


@pytest.mark.parametrize("name", PLACES)
def test_percentiles_are_of_what_enters_the_activation_functions(name):
    run = train(NETWORKS[name])
    of_all, of_one = layer_inputs(run, examples=100), layer_inputs(run, unit=2, examples=100)
    assert of_all.percentiles.shape == (len(run.steps), run.experiment.network.depth, 3)
    _, inputs, _, _ = looked_at(run, 7, 100)
    for layer, values in enumerate(inputs):
        expected = np.percentile(values.numpy(), [15, 50, 85])
        np.testing.assert_allclose(of_all.percentiles[7, layer], expected, rtol=1e-3, atol=1e-4)
        expected = np.percentile(values[:, 2].numpy(), [15, 50, 85])
        np.testing.assert_allclose(of_one.percentiles[7, layer], expected, rtol=1e-3, atol=1e-4)


def test_saturation_is_where_the_function_is_flat():
    run = train(NETWORKS["none-relu-deep"])
    found = layer_inputs(run, examples=50)
    _, inputs, _, _ = looked_at(run, -1, 50)
    for layer, values in enumerate(inputs):
        assert found.saturated[-1, layer] == pytest.approx(float((values <= 0).double().mean()), abs=0.005)
        assert found.dead[-1, layer] == pytest.approx(float((values <= 0).all(0).double().mean()))
    run = train(SMALL.replace(init_scale=8))
    _, inputs, _, _ = looked_at(run, 0, 50)
    flat = [float((1 - values.tanh() ** 2 < 0.1).double().mean()) for values in inputs]
    assert min(flat) > 0.3
    np.testing.assert_allclose(layer_inputs(run, examples=50).saturated[0], flat, atol=0.005)


def test_a_linear_network_never_saturates():
    assert not layer_inputs(train(SMALL.replace(activation="linear", learning_rate=0.01))).saturated.any()


@pytest.mark.parametrize("name", PLACES)
def test_gradients_are_those_of_the_mean_loss(name):
    run = train(NETWORKS[name])
    found = gradient_norms(run, examples=40)
    net, _, hidden, output = looked_at(run, 5, 40)
    loss = plain_loss(output, load(run.experiment.data).train_y[:40], run.experiment)
    layers = [net.get_submodule(layer).weight for layer in found.layers]
    gradients = [float(g.norm()) for g in torch.autograd.grad(loss, [*hidden[1:], output, *layers])]
    np.testing.assert_allclose(found.activations[5], gradients[: len(layers)], rtol=2e-3)
    np.testing.assert_allclose(found.weights[5], gradients[len(layers) :], rtol=2e-3)


@pytest.mark.parametrize("name", PLACES)
def test_jacobians_are_of_one_example_among_the_others(name):
    run = train(NETWORKS[name])
    found = layer_jacobians(run, snapshot=3, count=2, examples=30)
    _, _, hidden, output = looked_at(run, 3, 30)
    assert found.step == run.steps[3]
    for values, before, after in zip(found.values, hidden, [*hidden[1:], output], strict=True):
        for example in range(2):
            rows = [
                torch.autograd.grad(unit, before, retain_graph=True)[0][example].flatten() for unit in after[example]
            ]
            expected = torch.linalg.svdvals(torch.stack(rows)).detach()
            np.testing.assert_allclose(values[example], expected, rtol=2e-3, atol=2e-4)


def test_jacobians_in_parts_are_the_same(monkeypatch):
    run = train(SMALL.replace(num_steps=1))
    whole, norms = layer_jacobians(run), gradient_norms(run).weights
    monkeypatch.setattr("landscape.internals.passes.STACK_BYTES", 1)
    parts = layer_jacobians(run)
    for one, other in zip(whole.values, parts.values, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient_norms(run).weights, norms, rtol=1e-5)


def test_batchnorm_makes_gradients_grow_by_a_fifth_a_layer_at_initialization():
    deep = Experiment().replace(width=128, depth=12, num_steps=1, batch_size=256)
    growth = {}
    for name in ("none", "batch"):
        norms = gradient_norms(train(deep.replace(normalization=name)), examples=256).activations[0]
        growth[name] = (norms[0] / norms[-2]) ** (1 / 11)
    assert growth["batch"] == pytest.approx(1.21, abs=0.04)
    assert growth["none"] == pytest.approx(1, abs=0.04)


def test_images_are_taken_over_their_locations():
    run = train(Experiment().replace(kind="cnn", width=4, depth=2, num_steps=2, normalization="batch"))
    found = layer_inputs(run, unit=3, examples=20)
    assert found.percentiles.shape == (3, 2, 3)
    assert gradient_norms(run).activations.shape == (3, 3)


def test_jacobians_of_a_convolution_are_those_of_torchs_own_layers():
    run = train(Experiment().replace(kind="cnn", width=3, depth=2, num_steps=5, normalization="batch"))
    found = layer_jacobians(run, count=2, examples=12)
    layout = network_of(run.experiment).layout
    w = {
        b.name: torch.as_tensor(run.parameters[-1][layout.slice(b.name)]).view(b.shape).double() for b in layout.blocks
    }

    def layer(i, x, side):  # channels last, as the outputs are
        images = x.view(len(x), side, side, -1).permute(0, 3, 1, 2)
        images = functional.avg_pool2d(images, 2) if i > 1 else images
        kernel = w[f"layer{i}.weight"].view(3, 3, -1, 3).permute(3, 2, 0, 1)
        z = functional.conv2d(images, kernel, padding=1)
        z = functional.batch_norm(z, None, None, w[f"layer{i}.scale"], w[f"layer{i}.shift"], training=True)
        return z.relu().permute(0, 2, 3, 1).flatten(1)

    def output(x):
        images = functional.avg_pool2d(x.view(len(x), 4, 4, 3).permute(0, 3, 1, 2), 2)
        return images.permute(0, 2, 3, 1).flatten(1) @ w["output.weight"] + w["output.bias"]

    x = load(run.experiment.data).train_x[:12].double().flatten(1)
    layers = [lambda x: layer(1, x, 8), lambda x: layer(2, x, 8), output]
    assert found.layers == ("layer1", "layer2", "output")
    for values, apply in zip(found.values, layers, strict=True):
        whole = torch.autograd.functional.jacobian(apply, x)
        for example in range(2):
            expected = torch.linalg.svdvals(whole[example, :, example])
            np.testing.assert_allclose(values[example], expected, rtol=1e-3, atol=1e-4)
        x = apply(x)


@pytest.mark.parametrize("normalization", ["batch-renorm", "batch-moving"])
def test_what_goes_through_a_layer_is_normalized_as_by_torch(normalization):
    run = train(SMALL.replace(normalization=normalization, dataset="wine", num_steps=40))
    network, data = network_of(run.experiment), load(run.experiment.data)
    for snapshot in (0, 20, -1):
        w = network.layout.split(torch.as_tensor(run.parameters[[snapshot]]).double())
        stored = network.state_layout.split(torch.as_tensor(run.states[[snapshot]]).double())
        h, inputs = data.train_x[:64].double(), []
        for place in ("layer1", "layer2"):
            z = h @ w[f"{place}.weight"][0] + w.get(f"{place}.bias", torch.zeros(1))[0]
            own = stored[f"{place}.mean"][0], stored.get(f"{place}.variance", [None])[0]
            own = own if normalization == "batch-moving" else (None, None)
            scale, shift = w[f"{place}.scale"][0], w[f"{place}.shift"][0]
            inputs.append(functional.batch_norm(z, *own, scale, shift, training=normalization == "batch-renorm"))
            h = inputs[-1].tanh()
        expected = [np.percentile(values.numpy(), [15, 50, 85]) for values in inputs]
        np.testing.assert_allclose(layer_inputs(run, examples=64).percentiles[snapshot], expected, rtol=1e-3, atol=1e-4)
        spread = [float(values.std()) for values in inputs]
        np.testing.assert_allclose(activation_histograms(run).deviation[snapshot, :, 1], spread, rtol=1e-3)


MEASURES = (
    lambda run: activation_histograms(run).deviation,
    lambda run: layer_inputs(run).percentiles,
    excess_kurtosis,
    lambda run: gradient_norms(run).weights,
    lambda run: layer_jacobians(run).values[0],
)


def test_noisy_batchnorm_is_measured_with_its_noise():
    """y s + m of y of deviation 1: the variance is E s^2 + var m, over the units' draws and the examples'."""
    shifts, scales = 1 / 12 + 0.2**2 / 12, (1.25**3 - 1) / (3 * 0.25) + 0.1**2
    wide = Experiment().replace(width=512, depth=2, num_steps=1, learning_rate=1e-6)
    deviations = {}
    for name in ("batch", "batch-noisy"):
        run = train(wide.replace(normalization=name))
        found, inputs = activation_histograms(run), layer_inputs(run)
        deviations[name] = found.deviation[:, :, 1]
        assert found.form == inputs.form == gradient_norms(run).form == "training"
        of_units = [layer_inputs(run, unit=unit).percentiles[0, -1] for unit in range(8)]
        medians = np.abs([percentiles[1] for percentiles in of_units])
        assert (medians.max() > 0.2) == (name == "batch-noisy"), "the unit's own shift"
    np.testing.assert_allclose(deviations["batch"], 1, atol=0.05)
    np.testing.assert_allclose(deviations["batch-noisy"], (shifts + scales) ** 0.5, atol=0.05)


@pytest.mark.parametrize("random", [{"normalization": "batch-noisy"}, {"dropout": 0.5}], ids=["noise", "dropout"])
@pytest.mark.parametrize("measure", MEASURES, ids=["histograms", "percentiles", "kurtosis", "gradients", "jacobians"])
def test_what_is_random_is_drawn_alike_at_each_call_and_snapshot(random, measure):
    run = train(SMALL.replace(normalization="batch", width=16, num_steps=5).replace(**random))
    before = torch.get_rng_state()
    found = measure(run)
    np.testing.assert_array_equal(found, measure(run))
    assert torch.equal(before, torch.get_rng_state())
    still = replace(run, parameters=run.parameters[[-1, -1]], states=run.states[[-1, -1]], steps=run.steps[[-1, -1]])
    twice = measure(still)
    if len(twice) == 2 and measure is not MEASURES[-1] and measure is not excess_kurtosis:
        np.testing.assert_allclose(twice[0], twice[1], rtol=1e-5, atol=1e-6)
    quiet = {"normalization": "batch"} if "normalization" in random else {"dropout": 0.0}
    calm = replace(run, experiment=run.experiment.replace(**quiet))
    first = measure(calm)
    same = np.allclose(first, found, rtol=1e-3)
    # Dropout follows the first layer's output: what enters and leaves that layer alone is as without it.
    assert same == (measure is MEASURES[-1] and "dropout" in random)


def test_each_result_says_in_which_form_it_was_taken():
    run = train(SMALL.replace(normalization="batch-renorm", num_steps=2))
    for of in (activation_histograms, layer_inputs, gradient_norms, layer_jacobians):
        assert of(run).form == "batch"
        assert of(train(SMALL.replace(num_steps=2))).form == "training"
    assert domain_shift(run, Domain()).form == "testing"


@pytest.mark.parametrize("placement", ["before", "after"])
def test_gradients_with_noise_are_those_of_a_step(placement):
    """At the start of a training by the whole data the noise is that of its first step."""
    step = SMALL.replace(normalization="batch-noisy", placement=placement, batch_size=10_000, num_steps=1)
    run = train(step.replace(dropout=0.2))
    found = gradient_norms(run, examples=10_000).weights[0]
    loss = step_objective(step.replace(dropout=0.2), 0)
    (gradient,) = loss.gradient(loss.start[None])[1]
    expected = [
        gradient[loss.layout.slice(f"{layer}.weight")].norm().item() for layer in ("layer1", "layer2", "output")
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_training_in_double_precision_is_looked_at_too():
    training = Training([SMALL.replace(normalization="batch", num_steps=3)], dtype=torch.float64)
    training.advance(float("inf"))
    run = training.result()
    single = replace(run, parameters=run.parameters.astype(np.float32), states=run.states.astype(np.float32))
    for of in (
        lambda run: gradient_norms(run).weights,
        lambda run: activation_histograms(run).deviation,
        lambda run: domain_shift(run, Domain()).before,
    ):
        np.testing.assert_array_equal(of(run), of(single))


def test_what_cannot_be_measured_says_so(monkeypatch):
    with pytest.raises(ValueError, match="unit must be from 0 to 5"):
        layer_inputs(train(SMALL.replace(num_steps=1)), unit=6)
    recurrent = train(Experiment().replace(kind="recurrent", width=4, depth=1, num_steps=1))
    for measure in (gradient_norms, layer_jacobians, layer_inputs, excess_kurtosis):
        with pytest.raises(ValueError, match="not a recurrent one"):
            measure(recurrent)
    run = train(SMALL.replace(num_steps=1))
    with pytest.raises(ValueError, match="count must be from 1 to the 5 examples"):
        layer_jacobians(run, count=6, examples=5)
    with pytest.raises(ValueError, match="examples must be at least 1"):
        gradient_norms(run, examples=0)
    monkeypatch.setattr("landscape.internals.gradients.LARGEST", 35)
    with pytest.raises(ValueError, match="has 36 entries.*smaller width"):
        layer_jacobians(run)


def test_histograms_count_every_value_once():
    run = train(NETWORKS["batch"])
    found = activation_histograms(run)
    np.testing.assert_allclose(found.density.sum(-1), 1, atol=1e-6)
    _, inputs, _, _ = looked_at(run, -1, 64)
    np.testing.assert_allclose(found.deviation[-1, :, 1], [float(v.std()) for v in inputs], rtol=1e-3)


@pytest.mark.parametrize("name", PLACES)
def test_excess_kurtosis_is_of_what_enters_the_activation_functions_at_the_end(name):
    run = train(NETWORKS[name])
    _, inputs, _, _ = looked_at(run, -1, 100)
    expected = [kurtosis(values.numpy(), axis=None) for values in inputs]
    np.testing.assert_allclose(excess_kurtosis(run, examples=100), expected, rtol=2e-2, atol=1e-2)


def test_excess_kurtosis_by_moving_averages_takes_those_of_the_end():
    run = train(NETWORKS["batch"].replace(normalization="batch-moving", num_steps=60, learning_rate=0.05))
    last = forward_pass(run, network_of(run.experiment), [len(run.steps) - 1], 100)
    expected = [kurtosis(values.detach().numpy(), axis=None) for values in last.inputs.values()]
    np.testing.assert_allclose(excess_kurtosis(run, examples=100), expected, rtol=1e-4)
    np.testing.assert_array_equal(excess_kurtosis(run.bare(), examples=100), excess_kurtosis(run, examples=100))


@pytest.mark.parametrize(("activation", "init_scale"), [("sigmoid", 1.0), ("relu", 3.0)])
def test_gradients_whose_squares_are_beyond_single_precision_have_their_lengths(activation, init_scale):
    deep = Experiment().replace(dataset="wine", activation=activation, init_scale=init_scale, width=16, depth=64)
    run = train(deep.replace(batch_size=10_000, num_steps=1, learning_rate=1e-6))
    exact = objective(run, num_examples=10_000, dtype=torch.float64)
    (gradient,) = exact.gradient(exact.tensor(run.parameters[:1]))[1]
    norms = gradient_norms(run, examples=10_000)
    lengths = np.array([gradient[exact.layout.slice(f"{layer}.weight")].norm().item() for layer in norms.layers])
    assert lengths.min() < 1e-23 or lengths.max() > 1e20
    known = lengths > 1e-36  # below, single precision has fewer digits
    np.testing.assert_allclose(norms.weights[0][known], lengths[known], rtol=1e-2)
    assert run.gradient_norm[0] == pytest.approx(gradient.norm().item(), rel=1e-2)


def test_a_snapshot_that_the_run_has_not_is_refused():
    run = train(SMALL)
    with pytest.raises(ValueError, match=rf"snapshot must be from -{len(run.steps)} to {len(run.steps) - 1}.*not 99"):
        layer_jacobians(run, snapshot=99)


def test_raw_inputs_do_not_set_the_range_of_all_layers():
    run = train(Experiment().replace(dataset="breast-cancer", normalization="batch", width=16, depth=6, num_steps=5))
    found = activation_histograms(run)
    assert found.deviation[-1, 0, 0] > 50
    assert found.edges[-1] < 30
    within = (found.density[-1, 1:] > 0.005).sum(-1)
    assert within.min() > 5


@pytest.mark.parametrize("width", [1, 3, 16, 32])
def test_values_are_taken_of_all_examples_and_units_alike(width):
    examples, pixels = 64, 64
    size = examples * pixels * width
    taken = spread(size, 2048)
    chosen = taken[spread(len(taken), 512)]
    assert len(set(chosen.tolist())) == 512
    for of, numbers in ((examples, chosen // (pixels * width)), (width, chosen % width)):
        counts = torch.bincount(numbers, minlength=of)
        assert counts.min() > 0.6 * 512 / of, counts
        assert counts.max() < 1.4 * 512 / of, counts


@pytest.mark.parametrize("width", [4, 5, 8])
def test_a_histogram_takes_all_channels_alike(width):
    run = train(Experiment().replace(kind="cnn", width=width, depth=2, num_steps=10))
    layout = network_of(run.experiment).layout
    last = torch.from_numpy(run.parameters[-1])
    kernels = last[layout.slice("layer1.weight")].view(9, width).t().reshape(width, 1, 3, 3)
    images = load(run.experiment.data).train_x[:64].view(-1, 1, 8, 8)
    values = functional.conv2d(images, kernels, last[layout.slice("layer1.bias")], padding=1)
    assert activation_histograms(run).deviation[-1, 0, 0] == pytest.approx(values.std().item(), rel=0.1)
