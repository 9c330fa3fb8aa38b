"""Networks of every kind against twins of torch.nn layers, and what holds for every kind under every normalization.

All of it holds for the networks that people read and for those that are written out for time.
"""

import pytest
import torch
from torch import nn

from landscape.experiment import Experiment
from landscape.training.training import train
from models.build import NETWORKS, build
from models.config import Kind, NetworkConfig
from models.fast import door
from models.normalization import LAYERS, Context, Normalization

MEMBERS, EXAMPLES, SIDE, WIDTH, CLASSES = 3, 7, 4, 6, 5
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")),
]


@pytest.fixture(autouse=True, params=["read", "fast"])
def _built(request, monkeypatch):
    if request.param == "fast":
        monkeypatch.setitem(globals(), "build", door.network)


def network_of(kind, normalization="none", **options):
    options = {"width": WIDTH, "depth": 2, "groups": 2, **options}
    return build(NetworkConfig(kind=kind, normalization=normalization, **options), (SIDE * SIDE,), CLASSES)


def normal(*shape, **options):
    return torch.randn(shape, dtype=torch.float64, **options)


def parameters_of(network, device="cpu"):
    """Initial parameters `(E, P)`, disturbed so that no scale is 1 and no shift 0."""
    drawn = network.initial_parameters(range(MEMBERS)).double()
    return (drawn + 0.1 * normal(*drawn.shape)).to(device)


def normalization_of(name, features, spatial):
    """The torch.nn layer of a normalization, over images `(N, C, H, W)` or over `(N, C)`."""
    match name:
        case "batch":
            return nn.BatchNorm2d(features) if spatial else nn.BatchNorm1d(features)
        case "layer":
            return nn.GroupNorm(1, features) if spatial else nn.LayerNorm(features)
        case "group":
            return nn.GroupNorm(2, features)
        case "instance":
            return nn.InstanceNorm2d(features, affine=True)
    return nn.Identity()


class Twin(nn.Module):
    """A network of torch.nn layers. `steps[place]` holds a normalization for each step, one where there are none."""

    def __init__(self, config):
        super().__init__()
        self.kind, self.activation = config.kind, {"tanh": torch.tanh, "relu": torch.relu}[config.activation]
        self.after = config.placement == "after"
        self.maps, self.steps, width = nn.ModuleDict(), nn.ModuleDict(), config.width
        for i in range(config.depth):
            match self.kind:
                case "mlp":
                    layer = nn.Linear(width if i else SIDE * SIDE, width)
                case "cnn":
                    layer = nn.Conv2d(width if i else 1, width, 3, padding=1)
                case "recurrent":
                    layer = nn.Linear(width + (width if i else SIDE), width)
            self.maps[f"layer{i + 1}"] = layer
            count = SIDE if self.kind == "recurrent" else 1
            layers = [normalization_of(config.normalization, width, self.kind == "cnn") for _ in range(count)]
            for other in layers[1:]:
                other._parameters.update(layers[0]._parameters)
            self.steps[f"layer{i + 1}"] = nn.ModuleList(layers)
        self.output = nn.Linear(4 * width if self.kind == "cnn" else width, CLASSES)

    def follow(self, place, z, t=0):
        norm = self.steps[place][t]
        return norm(self.activation(z)) if self.after else self.activation(norm(z))

    def forward(self, x):
        if self.kind == "cnn":
            x = x.view(-1, 1, SIDE, SIDE)
        if self.kind == "recurrent":
            x = list(x.view(-1, SIDE, SIDE).unbind(1))
        for i, (place, layer) in enumerate(self.maps.items()):
            if self.kind != "recurrent":
                x = self.follow(place, layer(x))
                x = nn.functional.avg_pool2d(x, 2) if self.kind == "cnn" and i == 0 else x
                continue
            h, read = x[0].new_zeros(len(x[0]), layer.out_features), []
            for t, x_t in enumerate(x):
                h = self.follow(place, layer(torch.cat([x_t, h], 1)), t)
                read.append(h)
            x = read
        return self.output(x[-1] if self.kind == "recurrent" else x.flatten(1))

    def blocks(self):
        """Return each parameter by the name of our block, with the way from our shape to its own."""
        found = {}
        for place, layer in self.maps.items():
            found[f"{place}.weight"] = (layer.weight, kernel if self.kind == "cnn" else torch.t)
            found[f"{place}.bias"] = (layer.bias, lambda bias: bias)
            norm = self.steps[place][0]
            found |= {
                f"{place}.{ours}": (getattr(norm, theirs), lambda value: value)
                for ours, theirs in (("scale", "weight"), ("shift", "bias"))
                if hasattr(norm, theirs)
            }
        found["output.weight"] = (self.output.weight, channels_first if self.kind == "cnn" else torch.t)
        found["output.bias"] = (self.output.bias, lambda bias: bias)
        return found


def kernel(weight):
    return weight.view(3, 3, -1, weight.shape[-1]).permute(3, 2, 0, 1)


def channels_first(weight):
    return weight.view(-1, WIDTH, CLASSES).permute(2, 1, 0).flatten(1)


def twins_of(network, parameters):
    """The twin of each member, with its parameters."""
    twins = []
    for member in parameters:
        twin = Twin(network.config).to(member)
        parts = {name: part[0] for name, part in network.layout.split(member.detach()[None]).items()}
        with torch.no_grad():
            for name, (parameter, of) in twin.blocks().items():
                parameter.copy_(of(parts[name]) if name in parts else torch.zeros_like(parameter))
        assert set(parts) <= set(twin.blocks())
        twins.append(twin)
    return twins


def close(ours, theirs, tolerance=1e-10):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)


CASES = [
    *(("mlp", name, {}) for name in ("none", "batch", "layer", "group")),
    *(("cnn", name, {}) for name in ("none", "batch", "layer", "group", "instance")),
    *(("recurrent", name, {}) for name in ("none", "batch", "layer", "group")),
    *((kind, "batch", {"placement": "after", "activation": "relu"}) for kind in Kind),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("kind", "normalization", "options"), CASES)
def test_a_stack_equals_twins_of_torch_layers_in_training_and_in_testing(kind, normalization, options, device):
    network = network_of(kind, normalization, **{"activation": "tanh", **options})
    parameters = parameters_of(network, device).requires_grad_()
    twins, state = twins_of(network, parameters), network.initial_state(MEMBERS, parameters.detach())
    for _ in range(3):
        x = normal(MEMBERS, EXAMPLES, SIDE * SIDE).to(device).requires_grad_()
        outputs, state = network.forward(parameters, state, x, Context(training=True))
        direction = torch.randn_like(outputs)
        gradient, *entering = torch.autograd.grad((outputs * direction).sum(), [parameters, x])
        parts = network.layout.split(gradient)
        for member, twin in enumerate(twins):
            given = x[member].detach().requires_grad_()
            theirs = twin(given)
            close(outputs[member], theirs)
            blocks = {name: block for name, block in twin.blocks().items() if name in parts}
            wanted = [given, *(parameter for parameter, _ in blocks.values())]
            own, *grads = torch.autograd.grad((theirs * direction[member]).sum(), wanted)
            close(entering[0][member], own)
            for (name, (_, of)), grad in zip(blocks.items(), grads, strict=True):
                close(of(parts[name][member]), grad)
    tested, after = network.forward(parameters, state, x, Context(statistics="stored"))
    assert torch.equal(network.flatten_state(after), network.flatten_state(state))
    for member, twin in enumerate(twins):
        close(tested[member], twin.eval()(x[member]))


def test_each_step_stores_its_own_statistics_and_shared_ones_are_the_mean_over_the_steps():
    per_step = network_of("recurrent", "batch", normalized="both")
    shared = network_of("recurrent", "batch", normalized="both", time_statistics="shared")
    assert per_step.layout == shared.layout
    parameters, x = parameters_of(per_step), normal(1, EXAMPLES, SIDE * SIDE)
    states = [network.initial_state(MEMBERS, parameters) for network in (per_step, shared)]
    outputs = [
        network.forward(parameters, state, x, Context())
        for network, state in zip((per_step, shared), states, strict=True)
    ]
    close(outputs[0][0], outputs[1][0])
    assert list(outputs[0][1]) == ["input", *(f"layer{i}.t{t}" for i in (1, 2) for t in range(1, SIDE + 1))]
    for place in ("layer1", "layer2"):
        for name, ours in outputs[1][1][place].items():
            steps = torch.stack([outputs[0][1][f"{place}.t{t}"][name] for t in range(1, SIDE + 1)])
            close(ours, steps.mean(0))
            assert steps.std(0).max() > 1e-3
    stored = [
        network.forward(parameters, state, x, Context(statistics="stored"))[0]
        for network, (_, state) in zip((per_step, shared), outputs, strict=True)
    ]
    assert (stored[0] - stored[1]).abs().max() > 1e-3


@pytest.mark.parametrize("time_statistics", ["per-step", "shared"])
def test_a_plain_mean_over_batches_counts_each_batch_once(time_statistics):
    network = network_of("recurrent", "batch", time_statistics=time_statistics)
    parameters, batches = parameters_of(network), [normal(1, EXAMPLES, SIDE * SIDE) for _ in range(3)]
    blank = state = network.initial_state(MEMBERS, parameters)
    alone = []
    for k, x in enumerate(batches, start=1):
        _, state = network.forward(parameters, state, x, Context(momentum=1 / k))
        alone.append(network.flatten_state(network.forward(parameters, blank, x, Context(momentum=1.0))[1]))
    close(network.flatten_state(state), torch.stack(alone).mean(0))


@pytest.mark.parametrize(
    ("kind", "changes"),
    [("mlp", {}), ("cnn", {}), ("recurrent", {}), ("recurrent", {"time_statistics": "shared"})],
)
@pytest.mark.parametrize("members", [1, MEMBERS])
def test_the_state_is_kept_and_the_next_one_is_the_same_at_every_call(kind, changes, members):
    network = network_of(kind, "batch", **changes)
    parameters, x = parameters_of(network)[:members], normal(1, EXAMPLES, SIDE * SIDE)
    start = network.initial_state(members, parameters)
    expected, after = network.forward(parameters, start, x, Context())
    assert torch.equal(network.flatten_state(start), network.flatten_state(network.initial_state(members, parameters)))
    outputs, again = network.forward(parameters, start, x, Context())
    assert torch.equal(outputs, expected)
    assert torch.equal(network.flatten_state(again), network.flatten_state(after))


def test_layer_normalization_in_a_recurrent_network_stores_nothing():
    assert network_of("recurrent", "layer").state_layout.size == 0


def combinations():
    for kind in Kind:
        for name in Normalization:
            for normalized in ("hidden",) if LAYERS[name].on_weights else ("hidden", "both"):
                if name is not Normalization.INSTANCE or (kind is Kind.CNN and normalized == "hidden"):
                    yield kind, name, normalized


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("kind", "normalization", "normalized"), list(combinations()))
def test_every_kind_learns_under_every_normalization_and_a_stack_equals_its_members(
    kind, normalization, normalized, device
):
    network = network_of(kind, normalization, normalized=normalized, dropout=0.2)
    batches = [normal(1, EXAMPLES, SIDE * SIDE).to(device) for _ in range(2)]

    def run(seeds):
        """Initialize from data and train two steps; return parameters, what is stored, tested outputs."""
        drawn = network.initial_parameters(seeds).double().to(device)
        parameters = network.initialize_from(drawn, batches[0])
        state = network.initial_state(len(seeds), parameters)
        generators = tuple(torch.Generator(device).manual_seed(seed) for seed in seeds)
        for step, x in enumerate(batches):
            leaf = parameters.detach().requires_grad_()
            context = Context(progress=float(step), training=True, generators=generators)
            outputs, state = network.forward(leaf, state, x, context)
            (gradient,) = torch.autograd.grad(outputs.square().mean((1, 2)).sum(), leaf)
            assert torch.isfinite(gradient).all()
            parameters = leaf.detach() - 0.1 * gradient
            network.project(network.layout.split(parameters))
        flat = network.flatten_state(state)
        again = network.unflatten_state(flat)
        assert again.keys() == state.keys()
        tested, _ = network.forward(parameters, again, batches[0], Context(statistics="stored"))
        assert torch.equal(network.flatten_state(again), flat)
        assert tested.shape == (len(seeds), EXAMPLES, CLASSES)
        return parameters, flat, tested

    together = run([3, 4])
    for i, seed in enumerate([3, 4]):
        for stacked, alone in zip(together, run([seed]), strict=True):
            if alone.numel():
                close(stacked[i : i + 1], alone)


REFUSED = [name for name in Normalization if LAYERS[name]().refusal(1, False, "")]
"""Of one unit that is all there is, as nothing would be left."""


@pytest.mark.parametrize(
    ("kind", "normalization"),
    [
        (kind, name)
        for kind, name, normalized in combinations()
        if normalized == "hidden" and (kind is Kind.CNN or name not in REFUSED)
    ],
)
def test_a_stack_of_networks_one_unit_wide_equals_its_members_without_gradient(kind, normalization):
    network = network_of(kind, normalization, width=1, groups=1)
    parameters, x = parameters_of(network), normal(1, EXAMPLES, SIDE * SIDE)

    def outputs(some):
        return network.forward(some, network.initial_state(len(some), some), x, Context(momentum=0.0))[0]

    with torch.no_grad():
        close(outputs(parameters), torch.cat([outputs(one[None]) for one in parameters]))


@pytest.mark.parametrize("statistics", ["batch", "stored"])
@pytest.mark.parametrize(
    ("kind", "normalization", "normalized", "placement"),
    [
        (*given, placement)
        for given in combinations()
        for placement in (("before",) if LAYERS[given[1]].on_weights else ("before", "after"))
    ],
)
def test_what_is_done_in_place_where_there_is_no_gradient_gives_the_same_and_leaves_what_was_given(
    kind, normalization, normalized, statistics, placement
):
    network = network_of(kind, normalization, normalized=normalized, placement=placement)
    parameters, context = parameters_of(network), Context(statistics=statistics, progress=0.5)
    state = network.initial_state(MEMBERS, parameters)
    state = {
        place: {name: values + 0.1 * i for name, values in own.items()} for i, (place, own) in enumerate(state.items())
    }
    for members in (1, MEMBERS):
        x = normal(members, EXAMPLES, SIDE * SIDE)
        given = [parameters.clone(), x.clone(), network.flatten_state(state)]
        expected, after = network.forward(parameters, state, x, context)
        with torch.no_grad():
            outputs, found = network.forward(parameters, state, x, context)
        close(outputs, expected)
        close(network.flatten_state(found), network.flatten_state(after))
        assert all(map(torch.equal, [parameters, x, network.flatten_state(state)], given))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", Kind)
def test_the_type_of_numbers_is_kept(kind, dtype):
    network = network_of(kind, "batch", normalized="both")
    parameters = network.initial_parameters([0]).to(dtype)
    x, state = torch.randn(1, EXAMPLES, SIDE * SIDE, dtype=dtype), network.initial_state(1, parameters)
    outputs, state = network.forward(parameters, state, x, Context())
    assert outputs.dtype == network.flatten_state(state).dtype == dtype


@pytest.mark.parametrize(("kind", "normalization"), [(kind, name) for kind in Kind for name in Normalization])
def test_one_seed_draws_the_same_weights_and_no_bias_stands_where_it_would_be_cancelled(kind, normalization):
    if normalization is Normalization.INSTANCE and kind is not Kind.CNN:
        return
    plain, network = network_of(kind), network_of(kind, normalization)
    want, got = (each.layout.split(each.initial_parameters([7])) for each in (plain, network))
    assert all(torch.equal(got[name], part) for name, part in want.items() if name.endswith("weight"))
    assert ("layer1.bias" in got) != LAYERS[normalization].cancels_bias
    assert "output.bias" in got
    if not network.layer.on_weights:
        assert "layer1.bias" in [
            block.name for block in network_of(kind, normalization, placement="after").layout.blocks
        ]


@pytest.mark.parametrize("kind", Kind)
def test_images_flat_and_not_are_the_same_and_shared_inputs_are_as_repeated_ones(kind):
    flat = network_of(kind, "batch")
    image = build(flat.config, (SIDE, SIDE), CLASSES)
    assert image.layout == flat.layout
    parameters, x = parameters_of(flat), normal(1, EXAMPLES, SIDE, SIDE)
    state = flat.initial_state(MEMBERS, parameters)
    one = flat.forward(parameters, state, x.flatten(2), Context())[0]
    assert torch.equal(one, image.forward(parameters, state, x, Context())[0])
    close(one, flat.forward(parameters, state, x.flatten(2).expand(MEMBERS, -1, -1), Context())[0])


@pytest.mark.parametrize("kind", Kind)
def test_second_derivatives_are_those_of_finite_differences(kind):
    network = network_of(kind, "batch", activation="tanh")
    parameters, x = parameters_of(network)[:1], normal(1, EXAMPLES, SIDE * SIDE)
    direction, state = normal(*parameters.shape), network.initial_state(1, parameters)

    def gradient(at, graph=False):
        leaf = at.detach().requires_grad_()
        loss = network.forward(leaf, state, x, Context())[0].square().mean()
        return torch.autograd.grad(loss, leaf, create_graph=graph)[0], leaf

    first, leaf = gradient(parameters, graph=True)
    (product,) = torch.autograd.grad((first * direction).sum(), leaf)
    step = 1e-5
    numeric = (gradient(parameters + step * direction)[0] - gradient(parameters - step * direction)[0]) / (2 * step)
    close(product, numeric, 1e-6)


@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize(("inputs", "affine", "examples"), [((8, 8), True, 6), ((16,), False, 6), ((5, 5), True, 1)])
def test_batchnorm_in_the_weights_of_the_first_convolution_has_the_same_outputs_and_derivatives(
    inputs, affine, examples, offset
):
    """With a tap, which is to see what is normalized, the kernel of BatchNorm does it."""
    network = build(NetworkConfig("cnn", WIDTH, 2, "tanh", normalization="batch", affine=affine), inputs, CLASSES)
    x, parameters = normal(1, examples, *inputs) + offset, parameters_of(network)
    direction, weights = normal(*parameters.shape), normal(MEMBERS, examples, CLASSES)

    def derivatives(**named):
        leaf = parameters.clone().requires_grad_()
        state = network.initial_state(MEMBERS, leaf)
        outputs, after = network.forward(leaf, state, x, Context(momentum=0.0, **named))
        assert all(torch.equal(after[place][name], own[name]) for place, own in state.items() for name in own)
        (gradient,) = torch.autograd.grad((outputs * weights).square().sum(), leaf, create_graph=True)
        return outputs, gradient, torch.autograd.grad(gradient, leaf, direction)[0]

    for ours, expected in zip(derivatives(), derivatives(tap=lambda *seen: None), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9 * expected.abs().max().item())


@pytest.mark.parametrize("name", ["weight", "weight-log", "weight-bounded"])
def test_weight_normalization_starts_a_convolution_standardized_over_examples_and_locations(name):
    network, x, seen = network_of("cnn", name), normal(1, 50, SIDE * SIDE), {}
    parameters = network.initialize_from(network.initial_parameters(range(MEMBERS)).double(), x)

    def tap(place, moment, values):
        if place != "input" and moment == "before":
            seen[place] = (values.mean((1, 2)), values.std((1, 2), correction=0))

    network.forward(parameters, network.initial_state(MEMBERS, parameters), x, Context(tap=tap))
    assert list(seen) == ["layer1", "layer2"]
    for mean, deviation in seen.values():
        close(mean, torch.zeros_like(mean))
        close(deviation, torch.ones_like(deviation))


def test_weight_normalization_starts_a_recurrence_near_deviation_1_at_every_step():
    network, seen = network_of("recurrent", "weight", width=64), {}
    x = normal(1, 200, SIDE * SIDE)
    parameters = network.initialize_from(network.initial_parameters(range(MEMBERS)).double(), x)

    def tap(place, moment, values):
        if place != "input" and moment == "before":
            seen[place] = values.std().item()

    network.forward(parameters, network.initial_state(MEMBERS, parameters), x, Context(tap=tap))
    assert list(seen) == [f"layer{i}.t{t}" for i in (1, 2) for t in range(1, SIDE + 1)]
    assert all(0.4 < deviation < 1.5 for deviation in seen.values())


def test_convolutions_are_drawn_by_their_patches():
    def deviation(**options):
        network = network_of("cnn", width=64, **options)
        return network.layout.split(network.initial_parameters([0]))["layer2.weight"].std().item()

    assert deviation(initialization="he") == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)
    assert deviation(initialization="xavier") == pytest.approx((2 / (9 * 64 + 9 * 64)) ** 0.5, rel=0.02)


def test_only_a_dense_first_layer_has_a_weight_for_each_feature():
    marked = {kind: [block.name for block in network_of(kind).layout.blocks if block.inputs] for kind in Kind}
    assert marked == {Kind.MLP: ["layer1.weight"], Kind.CNN: [], Kind.RECURRENT: []}
    assert list(NETWORKS) == list(Kind)


@pytest.mark.parametrize("kind", ["cnn", "recurrent"])
@pytest.mark.parametrize("inputs", [(13,), (2,), (1,)])
def test_inputs_that_are_no_image_are_refused(kind, inputs):
    with pytest.raises(ValueError, match=f"kind {kind} needs .* Choose the digits, or the kind mlp"):
        build(NetworkConfig(kind=kind), inputs, 2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kind": "mlp", "normalization": "instance"}, "NetworkConfig.normalization must not be instance"),
        ({"kind": "recurrent", "normalization": "instance"}, "NetworkConfig.normalization must not be instance"),
        (
            {"kind": "cnn", "normalization": "instance", "normalized": "both"},
            "NetworkConfig.normalization must not be instance",
        ),
        ({"kind": "cnn", "normalization": "group", "groups": 5}, "NetworkConfig.groups must cut"),
        ({"kind": "recurrent", "normalization": "group", "groups": 5}, "NetworkConfig.groups must cut"),
        ({"kind": "cnn", "normalization": "weight", "normalized": "both"}, "NetworkConfig.normalized must be hidden"),
        ({"kind": "cnn", "dataset": "wine"}, "NetworkConfig.kind must be mlp on wine, not cnn.*the digits"),
        ({"kind": "recurrent", "dataset": "moons"}, "NetworkConfig.kind must be mlp on moons, not recurrent"),
        ({"dataset": "target-curve"}, "TrainingConfig.loss must be squared on target-curve"),
        ({"dataset": "linear-map"}, "TrainingConfig.loss must be squared on linear-map"),
        ({"kind": "recurrent", "normalization": "batch", "batch_size": 1}, "batch_size must be at least 2"),
        (
            {"kind": "cnn", "normalization": "batch", "batch_size": 1, "normalized": "input"},
            "batch_size must be at least 2 with BatchNorm on dense layers or on the input",
        ),
    ],
)
def test_what_makes_no_sense_says_so_when_it_is_asked_for(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Experiment().replace(**options)


def test_a_convolution_trains_with_one_example_a_batch_and_group_normalization_may_have_a_group_for_each_channel():
    experiment = Experiment().replace(kind="cnn", normalization="batch", width=4, depth=1, batch_size=1, num_steps=3)
    assert torch.isfinite(torch.from_numpy(train(experiment).loss)).all()
    assert network_of("cnn", "group", groups=WIDTH).layer.groups == WIDTH


@pytest.mark.parametrize("kind", ["cnn", "recurrent"])
def test_the_digits_are_learnt(kind):
    run = train(Experiment().replace(kind=kind, normalization="batch", width=24, depth=1, num_steps=200))
    assert run.test_accuracy[-1] > 0.8


def test_the_deep_linear_network_of_santurkar_learns_the_linear_map():
    experiment = Experiment().replace(
        dataset="linear-map", loss="squared", depth=24, width=10, activation="linear", initialization="xavier",
        learning_rate=1e-3, num_steps=150,
    )  # fmt: skip
    run = train(experiment)
    assert sum(block.name.endswith("weight") for block in build(experiment.network, (10,), 10).layout.blocks) == 25
    assert run.loss[-1] < run.loss[0] / 2
