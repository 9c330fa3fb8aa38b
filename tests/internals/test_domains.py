"""Other domains of pictures against plain loops over pixels, and what tells domains apart against closed forms."""

import numpy as np
import pytest
import torch

from landscape.experiment import Experiment
from landscape.internals.domains import Domain, domain_features, domain_told
from landscape.training.training import train

DIGITS = Experiment().replace(width=16, depth=2, num_steps=60, num_examples=400)
SAME = {"contrast": 1.0, "brightness": 0.0}


def pictures(seed=0, count=3, side=5):
    return torch.randn(count, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("flat", [True, False])
def test_a_blurred_pixel_is_the_mean_of_those_around_it(flat):
    x = pictures()
    found = Domain(**SAME, blur=1).apply(x.flatten(1) if flat else x, 1.0, 0).reshape(x.shape)
    for row in range(5):
        for column in range(5):
            around = [x[:, min(max(row + i, 0), 4), min(max(column + j, 0), 4)] for i in (-1, 0, 1) for j in (-1, 0, 1)]
            torch.testing.assert_close(found[:, row, column], sum(around) / 9)


@pytest.mark.parametrize("moved", [-2, 1])
def test_moved_pictures_show_background_where_nothing_was(moved):
    x = pictures()
    found = Domain(**SAME, moved=moved).apply(x.flatten(1), 1.0, 0).reshape(x.shape)
    for column in range(5):
        from_ = column - moved
        expected = x[:, :, from_] if 0 <= from_ < 5 else torch.full((3, 5), float(x.min()))
        torch.testing.assert_close(found[:, :, column], expected, rtol=0, atol=0)


def test_light_from_one_side_and_light_for_dark():
    x = pictures()
    ramp = Domain(**SAME, ramp=2.0).apply(x, 3.0, 0) - x
    torch.testing.assert_close(ramp, torch.tensor([-6.0, -3, 0, 3, 6]).expand(3, 5, 5), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(Domain(contrast=-1.0, brightness=2.0).apply(x, 3.0, 0), 6 - x)


def test_a_domain_of_pictures_refuses_what_is_none():
    with pytest.raises(ValueError, match="choose the digits"):
        Domain(**SAME, blur=1).apply(torch.zeros(3, 13), 1.0, 0)
    with pytest.raises(ValueError, match=r"Domain.blur must be"):
        Domain(blur=-1)


def test_a_linear_rule_tells_what_is_apart_and_guesses_at_what_is_not():
    generator = torch.Generator().manual_seed(0)
    same = torch.randn(2, 2000, 3, generator=generator)
    assert domain_told(same) == pytest.approx(0.5, abs=0.04)
    apart = same.clone()
    apart[1, :, 2] += 2
    # The best rule between Gaussians two deviations apart errs where one lies over a deviation off.
    assert domain_told(apart) == pytest.approx(0.8413, abs=0.025)
    assert domain_told(1e6 * apart) == pytest.approx(domain_told(apart), abs=0.01)


def test_features_come_on_the_plane_of_their_greatest_spread_and_mix_with_adabn():
    run = train(DIGITS.replace(normalization="batch"))
    found = domain_features(run, Domain(contrast=0.5, brightness=1.0))
    for points in (found.before, found.after):
        flat = points.reshape(-1, 2)
        np.testing.assert_allclose(flat.mean(0), 0, atol=1e-5)
        covariance = np.cov(flat.T)
        assert abs(covariance[0, 1]) < 1e-5 * covariance[0, 0]
        assert covariance[0, 0] >= covariance[1, 1]
    assert found.told_before > 0.9
    assert found.told_after < 0.65


def test_without_stored_statistics_nothing_mixes():
    found = domain_features(train(DIGITS), Domain())
    np.testing.assert_array_equal(found.before, found.after)
    assert found.told_before == found.told_after
