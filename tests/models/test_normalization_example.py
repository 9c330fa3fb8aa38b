"""The normalizations over one example, against torch's layers and finite differences."""

import pytest
import torch
from torch import nn

from models.build import build
from models.config import NetworkConfig
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
    with pytest.raises(ValueError, match="NetworkConfig.normalization must not be instance on dense layers.*Choose"):
        NetworkConfig(normalization="instance", normalized=normalized_at)
    LAYERS[Normalization.INSTANCE]().check(5, spatial=True)


@pytest.mark.parametrize(("width", "groups", "choices"), [(10, 4, "1, 2, 5"), (8, 8, "1, 2, 4"), (1, 1, "none")])
def test_groups_must_divide_the_width_into_more_than_single_units(width, groups, choices):
    message = (
        f"NetworkConfig.groups must .*, not be {groups} with {width} features. Choose from {choices}, or another width"
    )
    with pytest.raises(ValueError, match=message):
        NetworkConfig(normalization="group", width=width, groups=groups)
    NetworkConfig(normalization="layer", width=width, groups=groups)


def test_groups_of_images_may_be_single_channels():
    GroupNorm(groups=8).check(8, spatial=True)
    with pytest.raises(ValueError, match="Choose from 1, 2, 4, 8, "):
        GroupNorm(groups=3).check(8, spatial=True)


def test_groups_must_divide_a_normalized_input():
    config = NetworkConfig(normalization="group", width=8, groups=4, normalized="both")
    with pytest.raises(ValueError, match="with 13 features. Choose from 1, "):
        build(config, (13,), 2)
    build(config, (12,), 2)
