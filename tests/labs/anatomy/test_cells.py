"""What cells share, and their arithmetic: by torch's own layers, by formulas in numpy, and by a layer that nobody knows."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from landscape.labs.anatomy.facts import Center, Divisor, Facts
from landscape.labs.anatomy.kinds import Over, kinds
from landscape.labs.anatomy.measure import activations_of, weights_of
from landscape.labs.anatomy.measure.probe import groups_of, influence
from landscape.labs.anatomy.measure.recognition import measured_line, recognize
from landscape.labs.anatomy.request import Anatomy, Shape, When
from models.normalization import Context, Normalization
from models.normalization.base import Affine, Parameters, State
from tests.labs.anatomy.cut import KINDS, facts, specimen

FEW = {"steps": 20}
EPSILON = 1e-5


def asked(kind: str, **settings) -> Anatomy:
    return Anatomy(normalization=Normalization(kind), **FEW | settings)


def torch_layer(kind: str, features: int, groups: int = 2) -> torch.nn.Module:
    made = {
        "batch": lambda: torch.nn.BatchNorm2d(features),
        "layer": lambda: torch.nn.GroupNorm(1, features),
        "group": lambda: torch.nn.GroupNorm(groups, features),
        "instance": lambda: torch.nn.InstanceNorm2d(features, affine=True),
    }
    return made[kind]().double()


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("kind", ["batch", "layer", "group", "instance"])
def test_what_is_told_of_a_cell_is_what_torchs_own_layer_makes_of_it(kind, when):
    request = asked(kind, shape=Shape.IMAGES, when=when, example=2, unit=1, pixel=7)
    one, found = specimen(request), facts(request).arithmetic
    layer = torch_layer(kind, one.before.shape[2])
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(one.parameters["scale"]))
        layer.bias.copy_(torch.as_tensor(one.parameters["shift"]))
        if kind == "batch":
            layer.running_mean.copy_(torch.as_tensor(one.state["mean"]))
            layer.running_var.copy_(torch.as_tensor(one.state["variance"]))
        layer.train(when is When.TRAINING or kind != "batch")
        images = torch.as_tensor(one.before).permute(0, 2, 1).reshape(4, 4, 4, 4)
        made = layer(images).reshape(4, 4, 16)
    assert found.result == pytest.approx(float(made[2, 1, 7]), rel=1e-9)
    assert found.told == pytest.approx(found.result, rel=1e-9)


@pytest.mark.parametrize(("shape", "kind"), KINDS)
@pytest.mark.parametrize("when", When)
def test_the_lines_of_every_normalization_end_at_what_its_layer_gives(shape, kind, when):
    request = Anatomy(normalization=kind, shape=shape, when=when, example=1, unit=2, pixel=3, input=4, **FEW)
    found = facts(request)
    for one in (found.arithmetic, found.of_weight):
        if one is not None:
            assert one.told == pytest.approx(one.result, rel=1e-6, abs=1e-9)
    if kind is not Normalization.BATCH_RENORM:
        assert found.arithmetic.known


DIVISORS = {
    "batch": lambda x: np.sqrt(x.var() + EPSILON),
    "batch-l1": lambda x: np.abs(x).mean() + EPSILON,
    "batch-l2": lambda x: np.sqrt((x**2).mean() + EPSILON),
    "batch-linf": lambda x: np.abs(x).max() + EPSILON,
    "batch-scale": lambda x: np.sqrt(x.var() + EPSILON),
    "batch-center": lambda x: 1.0,
}


@pytest.mark.parametrize("kind", DIVISORS)
def test_the_numbers_of_a_kind_over_the_batch_are_those_of_its_column(kind):
    request = asked(kind, example=3, unit=5)
    column, found = specimen(request).before[:, 0, 5], facts(request).arithmetic
    center = 0.0 if kind == "batch-scale" else column.mean()
    assert found.values == tuple(column)
    assert found.center == pytest.approx(center, abs=1e-12)
    assert found.divisor == pytest.approx(DIVISORS[kind](column), rel=1e-9)
    assert found.normalized == pytest.approx((column[3] - center) / DIVISORS[kind](column), rel=1e-9)


def test_rms_takes_the_row_and_no_mean():
    request = asked("rms", example=3, unit=5)
    row, found = specimen(request).before[3, 0], facts(request).arithmetic
    assert found.values == tuple(row)
    assert (found.center_kind, found.divisor_kind) == (Center.NOTHING, Divisor.ROOT_MEAN_SQUARE)
    assert found.divisor == pytest.approx(np.sqrt((row**2).mean() + EPSILON), rel=1e-9)


@pytest.mark.parametrize(("kind", "growth"), [("weight", 1), ("weight-log", 1), ("propagation", 1.211173896236)])
def test_a_weight_is_divided_by_the_length_of_its_units(kind, growth):
    request = asked(kind, unit=3, input=6)
    column, found = specimen(request).weight[:, 3], facts(request).of_weight
    assert found.divisor_kind is Divisor.LENGTH
    assert found.divisor == pytest.approx(np.linalg.norm(column), rel=1e-9)
    assert found.normalized == pytest.approx(column[6] / np.linalg.norm(column) / growth, rel=1e-9)


def test_a_plain_weight_normalization_starts_as_the_weights_themselves():
    made = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(8, 8).double())
    request = asked("weight-plain", unit=3, input=6)
    one = specimen(request)
    with torch.no_grad():
        made.parametrizations.weight.original1.copy_(torch.as_tensor(one.weight.T))
        made.parametrizations.weight.original0.copy_(torch.as_tensor(one.parameters["scale"])[:, None])
    assert facts(request).of_weight.result == pytest.approx(float(made.weight[3, 6].detach()), rel=1e-9)


def axes(kind: str, shape: Shape) -> np.ndarray:
    """Return the group of each cell by what the papers say, (N, L, C)."""
    count, pixels, units = Anatomy(shape=shape).sizes
    n, _, c = np.indices((count, pixels, units))
    return {"batch": c, "layer": n, "group": 2 * n + c // (units // 2), "instance": n * units + c}[kind]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("kind", ["batch", "layer", "group", "instance"])
def test_cells_of_one_colour_are_those_of_the_papers(kind, shape):
    if (shape, kind) == (Shape.DENSE, "instance"):
        pytest.skip("it has no locations there")
    found = activations_of(specimen(asked(kind, shape=shape)), False, None).groups.reshape(-1)
    wanted = axes(kind, shape).reshape(-1)
    assert np.array_equal(found[:, None] == found[None], wanted[:, None] == wanted[None])


def test_nothing_is_shared_where_nothing_is_normalized():
    request = asked("none")
    assert (activations_of(specimen(request), False, None).groups == -1).all()
    assert weights_of(specimen(request)) is None
    assert facts(request).activations.cells == 1


def test_at_test_stored_numbers_stand_where_the_batchs_stood():
    request = asked("batch", when=When.TEST, unit=4)
    one, found = specimen(request), facts(request)
    assert found.activations.by_state
    assert not found.activations.by_cells
    assert found.arithmetic.center == one.state["mean"][4]
    assert found.arithmetic.divisor == pytest.approx(np.sqrt(one.state["variance"][4] + EPSILON))


def other(facts_: Facts) -> tuple[float, float]:
    return facts_.alone_training, facts_.alone_test


@pytest.mark.parametrize("shape", Shape)
def test_one_example_alone_is_the_same_at_test_and_another_in_training(shape):
    training, test = other(facts(asked("batch", shape=shape)))
    assert training > 0.01
    assert test < 1e-12
    assert max(other(facts(asked("layer", shape=shape)))) < 1e-12


def test_a_single_value_is_its_own_mean_and_leaves_the_shift():
    found = facts(asked("batch", alone=True, unit=6))
    assert found.constant_alone
    assert found.arithmetic.result == pytest.approx(specimen(asked("batch")).parameters["shift"][6], abs=1e-12)
    assert not facts(asked("batch", shape=Shape.IMAGES)).constant_alone


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_scale_and_shift_undo_what_goes_by_unit_for_all_and_by_example_for_one(seed):
    batch, layer = (facts(asked(kind, seed=seed)).undone for kind in ("batch", "layer"))
    assert batch.back == batch.cells == 6
    assert np.allclose(batch.after, batch.before, rtol=0, atol=1e-12)
    assert layer.back == 1 < layer.cells
    halved = facts(replace(asked("batch", seed=seed), scale=0.5)).undone
    assert halved.back < halved.back_at_own == 6


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_over_the_batch_a_unit_keeps_its_order(seed):
    assert facts(asked("batch", seed=seed)).order == pytest.approx(1, abs=1e-9)
    assert abs(facts(asked("layer", seed=seed)).order) < 0.9999


def test_noise_and_constants_are_told_of_those_that_have_them():
    assert [facts(asked(kind)).noise is not None for kind in ("batch", "batch-noisy")] == [False, True]
    one = facts(asked("propagation"))
    assert one.final == pytest.approx((one.active - 0.398942280401) / 0.583819370104)
    assert facts(asked("batch")).active == facts(asked("batch")).final


OVER = {
    "none": Over.NOTHING, "batch": Over.BATCH, "batch-l1": Over.PIECE, "batch-noisy": Over.NOISY,
    "noise": Over.NOISE,
    "batch-renorm": Over.RENORMALIZED, "batch-moving": Over.STORED, "batch-detached": Over.DETACHED, "layer": Over.EXAMPLE,
    "rms": Over.EXAMPLE, "group": Over.PART, "instance": Over.CHANNEL, "weight": Over.WEIGHTS,
    "weight-mean": Over.WEIGHTS_AND_BATCH, "propagation": Over.CONSTANTS,
}  # fmt: skip


def test_each_kind_is_found_to_be_what_it_is():
    found = {kind.normalization.value: kind for kind in kinds()}
    assert {name: found[name].over for name in OVER} == OVER
    assert set(found) == {kind.value for kind in Normalization}
    stored = {name for name, kind in found.items() if kind.stored}
    assert stored == {name for name in found if name.startswith("batch")} | {"weight-mean"}
    assert all("`" not in kind.does and kind.does.endswith(".") for kind in found.values())


@dataclass(frozen=True)
class Alternate(Affine):
    """A normalization that is in no registry: each example over its even and its odd units, by half the deviation."""

    def normalize(self, x, parameters: Parameters, state: State, context: Context):
        pairs = x.unflatten(-1, (-1, 2))
        centred = pairs - pairs.mean(-2, keepdim=True)
        deviation = (centred.square().mean(-2, keepdim=True) + self.epsilon).sqrt()
        return self.rescale((2 * centred / deviation).flatten(-2), parameters), state


def test_a_normalization_that_nobody_knows_needs_no_entry():
    one = replace(
        specimen(asked("batch")), layer=Alternate(), state={}, parameters={"scale": np.ones(8), "shift": np.zeros(8)}
    )
    part = activations_of(one, False, None)
    n, _, c = np.indices(one.before.shape)
    wanted = (2 * n + c % 2).reshape(-1)
    found = part.groups.reshape(-1)
    assert np.array_equal(found[:, None] == found[None], wanted[:, None] == wanted[None])
    assert (part.rule.center, part.rule.divisor) == (Center.MEAN, Divisor.DEVIATION)
    assert part.rule.factor == pytest.approx(2)


def test_of_unknown_arithmetic_the_line_is_measured():
    x = np.random.default_rng(1).standard_normal((5, 2))
    median = np.median(x, axis=0)
    xhat = (x - median) / (1 + np.abs(x - median).sum(0))
    groups = groups_of(influence(lambda s: s - s.mean(1, keepdims=True), x))
    assert recognize(x, xhat, groups, {}, 0.0) is None
    center, divisor = measured_line(x[:, 0], xhat[:, 0])
    assert center == pytest.approx(median[0])
    assert divisor == pytest.approx(1 + np.abs(x - median).sum(0)[0])
