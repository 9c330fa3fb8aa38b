"""What holds for every normalization, whichever joins the enum, and the table of what each is invariant to."""

import re

import pytest
import torch

from models.build import build
from models.config import NetworkConfig
from models.normalization import LAYERS, Context, Layer, Normalization
from models.normalization.batch import BatchNorm
from models.normalization.example import LayerNorm, RMSNorm
from models.normalization.weight import PlainWeightNorm

FEATURES = 6
SHAPES = [(3, 8, FEATURES), (3, 5, 4, FEATURES)]
ON_DENSE = [member for member in Normalization if member is not Normalization.INSTANCE]


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


def drawn(names, members=3, dtype=torch.float64):
    """Values `(E, C)` for parameters or state, all positive so that they can be deviations."""
    return {name: torch.rand(members, FEATURES, dtype=dtype) + 0.5 for name in names}


def generators(seeds=(0, 1, 2)):
    return tuple(torch.Generator().manual_seed(seed) for seed in seeds)


def shapes_of(member):
    return SHAPES[1:] if member is Normalization.INSTANCE else SHAPES


EVERY = [(member, shape) for member in Normalization for shape in shapes_of(member)]


def test_registry_is_complete_and_labels_are_distinct():
    assert list(LAYERS) == list(Normalization)
    assert len({member.label for member in Normalization}) == len(Normalization)
    assert len({LAYERS[member] for member in Normalization}) == len(Normalization)


@pytest.mark.parametrize("member", [member for member in Normalization if member is not Normalization.NONE])
def test_docstring_tells_over_what_what_is_stored_and_how_testing_differs(member):
    text = LAYERS[member].__dict__["__doc__"]
    for word in ("It ", " over ", "stores", "training", "testing"):
        assert word in text


@pytest.mark.parametrize("member", Normalization)
def test_one_sentence_of_its_own_says_what_it_does_and_when_one_takes_it(member):
    assert "about" in LAYERS[member].__dict__
    assert re.fullmatch(r"[A-Z][^.]{40,240}\.", member.about)
    assert len({other.about for other in Normalization}) == len(Normalization)


@pytest.mark.parametrize("member", Normalization)
def test_a_label_reads_as_a_name_in_a_sentence(member):
    names = ("BatchNorm", "normalization", "renormalization")
    assert any(re.search(rf"\b{name}\b", member.label) for name in names)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("member", "shape"), EVERY)
def test_shape_and_dtype_are_kept(member, shape, dtype):
    layer = LAYERS[member](groups=2)
    x = torch.randn(shape, dtype=dtype)
    parameters, state = drawn(layer.parameters(FEATURES), dtype=dtype), drawn(layer.state(FEATURES), dtype=dtype)
    for statistics in ("batch", "stored"):
        y, new = layer.normalize(
            x, parameters, state, Context(statistics=statistics, training=True, generators=generators())
        )
        assert (y.shape, y.dtype) == (x.shape, dtype)
        assert new.keys() == state.keys()
        for values in new.values():
            assert (values.shape, values.dtype, values.requires_grad) == ((3, FEATURES), dtype, False)
    weight = layer.weight(torch.randn(3, 4, FEATURES, dtype=dtype), parameters)
    assert (weight.shape, weight.dtype) == ((3, 4, FEATURES), dtype)
    assert (layer.correct(x).shape, layer.correct(x).dtype) == (x.shape, dtype)


@pytest.mark.parametrize(("member", "shape"), EVERY)
def test_nothing_given_is_changed_and_stored_statistics_stay(member, shape):
    layer = LAYERS[member](groups=2)
    given = [normal(*shape), drawn(layer.parameters(FEATURES)), drawn(layer.state(FEATURES))]
    x, parameters, state = given[0].clone(), *({k: v.clone() for k, v in part.items()} for part in given[1:])
    layer.normalize(x, parameters, state, Context(training=True, generators=generators()))
    _, new = layer.normalize(x, parameters, state, Context(statistics="stored"))
    assert torch.equal(x, given[0])
    for part, was in ((parameters, given[1]), (state, given[2]), (new, given[2])):
        assert all(torch.equal(part[name], was[name]) for name in was)


@pytest.mark.parametrize("member", [member for member in Normalization if LAYERS[member]().state(1)])
def test_training_moves_what_is_stored(member):
    layer = LAYERS[member]()
    state = drawn(layer.state(FEATURES))
    _, new = layer.normalize(4 + normal(3, 8, FEATURES), drawn(layer.parameters(FEATURES)), state, Context())
    assert all((new[name] - state[name]).abs().min() > 1e-4 for name in state)


@pytest.mark.parametrize(("member", "shape"), EVERY)
def test_without_affine_nothing_is_learnt_and_the_rest_is_as_with_scale_1_and_shift_0(member, shape):
    bare, full = (LAYERS[member](affine=affine, groups=2) for affine in (False, True))
    assert bare.parameters(FEATURES) == {}
    assert bool(full.parameters(FEATURES)) == (member not in (Normalization.NONE, Normalization.NOISE))
    parameters = {name: torch.full((3, FEATURES), v).double() for name, v in full.parameters(FEATURES).items()}
    x, v, state = normal(*shape), normal(3, 4, FEATURES), drawn(full.state(FEATURES))
    for statistics in ("batch", "stored"):
        y, z = (
            layer.normalize(x, own, state, Context(statistics=statistics))[0]
            for layer, own in ((bare, {}), (full, parameters))
        )
        torch.testing.assert_close(y, z, rtol=0, atol=1e-12)
    torch.testing.assert_close(bare.weight(v, {}), full.weight(v, parameters), rtol=0, atol=1e-12)


@pytest.mark.parametrize("normalized", ["hidden", "both"])
@pytest.mark.parametrize("member", ON_DENSE)
def test_a_stack_equals_its_members_alone(member, normalized):
    if LAYERS[member].on_weights:
        normalized = "hidden"
    config = NetworkConfig(normalization=member, normalized=normalized, width=FEATURES, depth=3, groups=2, dropout=0.2)
    network = build(config, (6,), 2)
    batches = [normal(1, 9, 6) for _ in range(3)]

    def run(seeds):
        """Train three steps with noise and dropout; return parameters, stored statistics, tested outputs."""
        parameters = network.initialize_from(network.initial_parameters(seeds).double(), batches[0])
        state, drawing = network.initial_state(len(seeds), parameters), generators(seeds)
        for step, x in enumerate(batches):
            parameters = parameters.detach().requires_grad_()
            context = Context(progress=step / 2, training=True, generators=drawing)
            outputs, state = network.forward(parameters, state, x, context)
            (gradient,) = torch.autograd.grad(outputs.square().mean((1, 2)).sum(), parameters)
            parameters = parameters - 0.1 * gradient
            network.project(network.layout.split(parameters))
        tested, _ = network.forward(parameters, state, batches[0], Context(statistics="stored"))
        return parameters.detach(), network.flatten_state(state), tested.detach()

    together = run([3, 4, 5])
    for i, seed in enumerate([3, 4, 5]):
        for stacked, alone in zip(together, run([seed]), strict=True):
            if alone.numel():
                torch.testing.assert_close(stacked[i : i + 1], alone, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("member", "shape"), EVERY)
def test_cancels_bias_says_whether_a_bias_would_have_no_gradient(member, shape):
    layer = LAYERS[member](groups=2)
    bias = normal(3, *(1,) * (len(shape) - 2), FEATURES).requires_grad_()
    x = normal(*shape) + bias
    y, _ = layer.normalize(x, drawn(layer.parameters(FEATURES)), drawn(layer.state(FEATURES)), Context())
    (gradient,) = torch.autograd.grad((y * normal(*shape)).sum(), bias)
    assert (gradient.abs().max() < 1e-10) == layer.cancels_bias
    if shape is SHAPES[0] and member in ON_DENSE:
        names = [block.name for block in build(NetworkConfig(normalization=member), (4,), 2).layout.blocks]
        assert ("layer1.bias" in names) != layer.cancels_bias


@pytest.mark.parametrize(("member", "shape"), EVERY)
def test_over_batch_says_whether_examples_see_one_another_in_training_and_none_do_in_testing(member, shape):
    layer = LAYERS[member](groups=2)
    parameters, state = drawn(layer.parameters(FEATURES)), drawn(layer.state(FEATURES))
    x, other = normal(*shape), normal(*shape)
    other[:, 0] = x[:, 0]
    for statistics in ("batch", "stored"):
        context = Context(statistics=statistics, progress=0.0)
        first, second = (layer.normalize(given, parameters, state, context)[0][:, 0] for given in (x, other))
        assert torch.allclose(first, second, rtol=0, atol=1e-9) != (layer.over_batch and statistics == "batch")


@pytest.mark.parametrize("member", Normalization)
def test_on_weights_says_whether_it_changes_them(member):
    layer, v = LAYERS[member](), normal(3, 4, FEATURES)
    assert torch.equal(layer.weight(v, drawn(layer.parameters(FEATURES))), v) != layer.on_weights


@pytest.mark.parametrize("member", ON_DENSE)
def test_one_seed_draws_the_same_weights_under_every_normalization(member):
    plain, network = (build(NetworkConfig(normalization=name, width=12), (4,), 2) for name in ("none", member))
    want, got = (each.layout.split(each.initial_parameters([7])) for each in (plain, network))
    assert all(torch.equal(got[name], part) for name, part in want.items() if name.endswith("weight"))


GAMMA = torch.linspace(-1, 2, 5, dtype=torch.float64)
CHANGES = {
    "weights re-scaled": lambda w, x: (3 * w, x),
    "weights re-centred": lambda w, x: (w + GAMMA[:, None], x),
    "one weight vector re-scaled": lambda w, x: (torch.cat([3 * w[..., :1], w[..., 1:]], -1), x),
    "data re-scaled": lambda w, x: (w, 3 * x),
    "data re-centred": lambda w, x: (w, x + GAMMA),
    "one case re-scaled": lambda w, x: (w, torch.cat([3 * x[:, :1], x[:, 1:]], 1)),
}
INVARIANT = {
    Layer: (False, False, False, False, False, False),
    BatchNorm: (True, False, True, True, True, False),
    PlainWeightNorm: (True, False, True, False, False, False),
    LayerNorm: (True, True, False, True, False, True),
    RMSNorm: (True, False, False, True, False, True),
}
"""Ba, Kiros & Hinton 2016, arXiv 1607.06450, Table 1; RMSNorm by Zhang & Sennrich 2019; and none."""


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", INVARIANT)
def test_invariances(kind, change):
    layer = kind(affine=False, epsilon=1e-30)
    w, x = normal(1, 5, FEATURES), normal(1, 8, 5)
    state = {name: torch.full((1, FEATURES), v).double() for name, v in layer.state(FEATURES).items()}

    def output(w, x):
        return layer.normalize(x @ layer.weight(w, {}), {}, state, Context())[0]

    difference = (output(*CHANGES[change](w, x)) - output(w, x)).abs().max().item()
    expected = INVARIANT[kind][list(CHANGES).index(change)]
    assert difference < 1e-10 if expected else difference > 0.1
