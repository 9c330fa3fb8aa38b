"""The limits of batch renormalization as settings: what is clipped, where it is BatchNorm, where it is inference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from landscape import Experiment, load, network_of, renormalization_corrections, train
from models.config import NetworkConfig
from models.normalization import LAYERS, Context, Layer, Normalization
from models.normalization.batch import BatchRenorm, renormalization_limits

SMALL = Experiment().replace(depth=2, width=8, num_steps=40, batch_size=16, num_examples=300, seed=5)


def of_the_paper(progress):
    """The schedule for limits of 3 and 5 that open after an eighth, as it was before they could be set."""
    since = max(progress - 1 / 8, 0.0)
    return 1 + 2 * min(since / (7 / 8), 1.0), 5 * min(since / (1 / 2), 1.0)


@pytest.mark.parametrize("steps", [3, 40, 100, 399, 400, 2000])
def test_the_defaults_are_the_papers_limits_bit_for_bit(steps):
    layer = NetworkConfig(normalization="batch-renorm").layer()
    limits = layer.r_max, layer.d_max, layer.begin
    assert limits == (Layer.r_max, Layer.d_max, Layer.begin) == (3.0, 5.0, 0.125)
    for step in range(steps + 1):
        assert renormalization_limits(step / steps, *limits) == of_the_paper(step / steps)


@given(progress=st.floats(0, 1), r_max=st.floats(1, 100), d_max=st.floats(0, 100), begin=st.floats(0, 1))
def test_limits_are_batch_norms_up_to_where_they_open_and_come_to_what_is_set(progress, r_max, d_max, begin):
    r, d = renormalization_limits(progress, r_max, d_max, begin)
    assert 1 <= r <= r_max * (1 + 1e-12)
    assert 0 <= d <= d_max
    if progress <= begin:
        assert (r, d) == (1, 0)
    if begin < 1:
        assert renormalization_limits(1.0, r_max, d_max, begin) == (pytest.approx(r_max), pytest.approx(d_max))


def corrections_in(layer, x, state, progress):
    """Read r and d (C,) off the outputs of a layer without scale and shift: y = xhat r + d, a line through any two examples."""
    y = layer.normalize(x, {}, state, Context(progress=progress))[0][0]
    xhat = (x[0] - x[0].mean(0)) / (x[0].var(0, correction=0) + layer.epsilon).sqrt()
    r = (y[0] - y[1]) / (xhat[0] - xhat[1])
    return r, y[0] - xhat[0] * r


@given(
    r_max=st.floats(1, 20), d_max=st.floats(0, 20), begin=st.floats(0, 1), progress=st.floats(0, 1), seed=st.integers(0, 99)
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_r_and_d_never_exceed_their_limits_and_are_what_was_stored_within_them(r_max, d_max, begin, progress, seed):
    generator = torch.Generator().manual_seed(seed)
    draw = {"dtype": torch.float64, "generator": generator}
    x = 3 * torch.randn(1, 6, 4, **draw) + torch.randn(4, **draw)
    state = {"mean": 9 * torch.randn(1, 4, **draw), "deviation": (3 * torch.randn(1, 4, **draw)).exp()}
    r, d = corrections_in(BatchRenorm(affine=False, r_max=r_max, d_max=d_max, begin=begin), x, state, progress)
    most_r, most_d = renormalization_limits(progress, r_max, d_max, begin)
    assert r.max() <= most_r * (1 + 1e-6)
    assert r.min() >= (1 - 1e-6) / most_r
    assert d.abs().max() <= most_d + 1e-6 * (1 + most_r)
    free_r = ((x[0].var(0, correction=0) + 1e-5).sqrt() / state["deviation"][0]).numpy()
    free_d = ((x[0].mean(0) - state["mean"][0]) / state["deviation"][0]).numpy()
    np.testing.assert_allclose(r, np.clip(free_r, 1 / most_r, most_r), rtol=1e-6)
    np.testing.assert_allclose(d, np.clip(free_d, -most_d, most_d), rtol=1e-6, atol=1e-6 * (1 + most_r))


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("closed", [{"r_max": 1.0, "d_max": 0.0}, {"begin": 1.0}])
def test_limits_that_stay_closed_leave_batch_norm(closed, progress):
    x = 2 + 3 * torch.randn(1, 9, 5, dtype=torch.float64)
    layer = BatchRenorm(affine=False, **closed)
    state = {
        "mean": torch.full((1, 5), 7.0, dtype=torch.float64),
        "deviation": torch.full((1, 5), 0.1, dtype=torch.float64),
    }
    y, new = layer.normalize(x, {}, state, Context(progress=progress, momentum=0.5))
    torch.testing.assert_close(y[0], functional.batch_norm(x[0], None, None, training=True), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        new["mean"][0], (7 + x[0].mean(0)) / 2, rtol=0, atol=1e-12
    )  # yet its averages are its own


def test_limits_wide_open_train_with_the_output_of_testing():
    x, layer = (
        2 + 3 * torch.randn(1, 9, 5, dtype=torch.float64),
        BatchRenorm(affine=False, r_max=1e6, d_max=1e6, begin=0.0),
    )
    state = {
        "mean": torch.full((1, 5), 40.0, dtype=torch.float64),
        "deviation": torch.full((1, 5), 0.1, dtype=torch.float64),
    }
    y = layer.normalize(x, {}, state, Context(progress=0.5))[0]
    torch.testing.assert_close(y, (x - 40) / 0.1, rtol=1e-9, atol=1e-9)
    assert (y - BatchRenorm(affine=False).normalize(x, {}, state, Context(progress=0.5))[0]).abs().max() > 100


def test_with_closed_limits_a_network_trains_as_with_batch_norm_and_with_others_not():
    closed, open_, batch = (
        train(SMALL.replace(**own))
        for own in (
            {"normalization": "batch-renorm", "renorm_r": 1.0, "renorm_d": 0.0},
            {"normalization": "batch-renorm", "renorm_begin": 0.0},
            {"normalization": "batch"},
        )
    )
    np.testing.assert_allclose(closed.loss, batch.loss, rtol=1e-3)
    assert np.abs(open_.loss / batch.loss - 1).max() > 0.02


def test_what_the_limits_would_clip_is_told_of_the_networks_own():
    run = train(SMALL.replace(normalization="batch-renorm", renorm_r=1.2, renorm_d=0.1, renorm_begin=0.5))
    assert network_of(run.experiment).layer.r_max == 1.2
    found = renormalization_corrections(run, 8, order="sorted")
    for progress, r_max, d_max in ((0.4, 1.0, 0.0), (0.75, 1.1, 0.0875), (1.0, 1.2, 0.1)):
        beyond = (found.r > r_max) | (found.r < 1 / r_max) | (np.abs(found.d) > d_max)
        assert found.clipped_at(progress) == pytest.approx(beyond.mean(), abs=1e-3)
    assert found.clipped == found.clipped_at(1.0) > 0.1
    assert len(load(SMALL.data).train_y) // 8 == len(found.r)


def test_they_are_fields_like_others_and_where_nothing_is_renormalized_they_are_not_looked_at():
    assert NetworkConfig(renorm_r=1.0).renorm_r == 1.0  # as groups without group normalization
    for field, value, rule in (
        ("renorm_r", 0.5, "from 1 to 100"),
        ("renorm_d", -1, "from 0"),
        ("renorm_begin", 2, "0 to 1"),
    ):
        with pytest.raises(ValueError, match=rf"NetworkConfig.{field} must be a number .*{rule}"):
            NetworkConfig(**{field: value})
    own = {NetworkConfig(kind="cnn", normalization=kind, renorm_r=2.0).layer() for kind in Normalization}
    assert {layer.r_max for layer in own} == {2.0}
    assert {type(layer) for layer in own} == set(LAYERS.values())
