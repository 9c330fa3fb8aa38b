"""The normalizations over one example, against torch's layers and finite differences."""

import pytest
import torch
from torch import nn

from models.build import build
from models.config import NetworkConfig
from models.fields import Misfit
from models.normalization import LAYERS, Context, Normalization
from models.normalization.example import GroupNorm, InstanceNorm, LayerNorm, RMSNorm

MEMBERS = 3
EXACT = {"rtol": 0.0, "atol": 1e-10}


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


def normalized(layer, x, parameters):
    return layer.normalize(x, parameters, {}, Context())[0]


def torch_order(x):
    """Channels second, as torch wants them: `(N, C)` or `(N, C, H, W)`."""
    return x if x.ndim == 2 else x.movedim(-1, 1).unflatten(2, (2, -1))


class ImageLayerNorm(nn.GroupNorm):
    """Layer normalization of images with a scale for each channel: torch's group normalization of one group."""

    def __init__(self, features, affine, **kind):
        super().__init__(1, features, affine=affine, **kind)


class ImageRMSNorm(nn.Module):
    """torch's RMSNorm over channels, height and width, then a scale for each channel."""

    def __init__(self, features, affine, **kind):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features, **kind)) if affine else None

    def forward(self, x):
        y = nn.functional.rms_norm(x, x.shape[1:], eps=1e-5)
        return y if self.weight is None else y * self.weight[:, None, None]


def dense_rms(features, affine, **kind):
    return nn.RMSNorm(features, eps=1e-5, elementwise_affine=affine, **kind)


def dense_layer(features, affine, **kind):
    return nn.LayerNorm(features, elementwise_affine=affine, **kind)


def group(features, affine, **kind):
    return nn.GroupNorm(3, features, affine=affine, **kind)


CASES = {
    "layer, dense": (LayerNorm, (7, 5), dense_layer),
    "layer, images": (LayerNorm, (4, 6, 5), ImageLayerNorm),
    "RMS, dense": (RMSNorm, (7, 5), dense_rms),
    "RMS, images": (RMSNorm, (4, 6, 5), ImageRMSNorm),
    "group, dense": (GroupNorm, (7, 9), group),
    "group, images": (GroupNorm, (4, 6, 9), group),
    "instance, images": (InstanceNorm, (4, 6, 5), nn.InstanceNorm2d),
}


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_equals_torch(case, affine):
    kind, shape, make = CASES[case]
    layer, features = kind(affine=affine, groups=3), shape[-1]
    parameters = {name: normal(MEMBERS, features).requires_grad_() for name in layer.parameters(features)}
    x, upstream = (2 + 3 * normal(MEMBERS, *shape)).requires_grad_(), normal(MEMBERS, *shape)
    y = normalized(layer, x, parameters)
    gradients = torch.autograd.grad((y * upstream).sum(), [x, *parameters.values()])
    for i in range(MEMBERS):
        peer = make(features, affine=affine, dtype=torch.float64)
        for own, values in zip(peer.parameters(), parameters.values(), strict=True):
            own.data = values[i].detach().clone()
        own = x[i].detach().requires_grad_()
        out = peer(torch_order(own))
        torch.testing.assert_close(torch_order(y[i]), out, **EXACT)
        expected = torch.autograd.grad((out * torch_order(upstream[i])).sum(), [own, *peer.parameters()])
        for got, want in zip(gradients, expected, strict=True):
            torch.testing.assert_close(got[i], want, **EXACT)


FOUR_FEATURES = [(LayerNorm, (2, 4)), (RMSNorm, (2, 4)), (GroupNorm, (2, 4))]
FOUR_CHANNELS = [(kind, (2, 3, 4)) for kind in (LayerNorm, RMSNorm, GroupNorm, InstanceNorm)]


@pytest.mark.parametrize(("kind", "shape"), FOUR_FEATURES + FOUR_CHANNELS)
def test_gradients_equal_finite_differences(kind, shape):
    layer = kind(groups=2)
    x = normal(2, *shape).requires_grad_()
    names = list(layer.parameters(4))
    values = [normal(2, 4).requires_grad_() for _ in names]

    def function(x, *values):
        return normalized(layer, x, dict(zip(names, values, strict=True)))

    assert torch.autograd.gradcheck(function, (x, *values))
    assert torch.autograd.gradgradcheck(function, (x, *values))


def test_group_normalization_lies_between_layer_and_instance():
    x = normal(MEMBERS, 4, 6, 5)
    one, all_ = (normalized(GroupNorm(affine=False, groups=groups), x, {}) for groups in (1, 5))
    torch.testing.assert_close(one, normalized(LayerNorm(affine=False), x, {}), **EXACT)
    torch.testing.assert_close(all_, normalized(InstanceNorm(affine=False), x, {}), **EXACT)


@pytest.mark.parametrize("normalized_at", ["hidden", "input", "both"])
def test_instance_on_dense_layers_is_refused(normalized_at):
    message = (
        "normalization must not be instance normalization on .*, which is dense.*Choose .*normalization (layer|batch)"
    )
    with pytest.raises(Misfit, match=message):
        NetworkConfig(normalization="instance", normalized=normalized_at)
    assert not LAYERS[Normalization.INSTANCE]().refusal(5, True, "")


@pytest.mark.parametrize(
    ("width", "groups", "remedy"),
    [
        (10, 4, {"groups": 2, "width": 12, "normalization": "layer"}),
        (8, 8, {"groups": 2, "width": 24, "normalization": "layer"}),
        (2, 1, {"width": 3, "normalization": "batch"}),
    ],
)
def test_groups_must_divide_the_width_into_three_units_or_more(width, groups, remedy):
    with pytest.raises(Misfit, match=f"groups must cut .* groups of 3 or more, not be {groups} with {width}") as caught:
        NetworkConfig(normalization="group", width=width, groups=groups)
    assert caught.value.remedy == remedy
    for name, value in remedy.items():
        NetworkConfig(**{"normalization": "group", "width": width, "groups": groups} | {name: value})


def test_groups_of_images_may_be_single_channels():
    NetworkConfig(kind="cnn", normalization="group", width=8, groups=8)
    with pytest.raises(Misfit, match="groups of 1 or more, not be 3 with 8 features. Choose groups 2 or width 9 "):
        NetworkConfig(kind="cnn", normalization="group", width=8, groups=3)


def test_groups_must_divide_a_normalized_input():
    config = NetworkConfig(normalization="group", width=8, groups=2, normalized="both")
    with pytest.raises(Misfit, match="not be 2 with 13 features. Choose groups 1 or normalized hidden or "):
        build(config, (13,), 2)
    build(config, (12,), 2)


@pytest.mark.parametrize("kind", [LayerNorm, RMSNorm, GroupNorm])
def test_what_is_refused_would_leave_a_sign_or_nothing_and_what_is_not_leaves_more(kind):
    x = 5 * normal(MEMBERS, 100, 4)
    for features in range(1, 5):
        layer = kind(affine=False, groups=1)
        left = normalized(layer, x[..., :features], {}).abs()
        signs_or_nothing = bool(((left < 1e-6) | ((left - 1).abs() < 1e-2)).double().mean() > 0.95)
        assert signs_or_nothing == bool(layer.refusal(features, False, "here"))
