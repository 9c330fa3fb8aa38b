"""The pictures of two weights: what is drawn is the result, and what is the same is not made again."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.figures import two_weights as figures
from landscape.figures.lines import Line, lines_panel
from landscape.two_weights import (
    Kind,
    TwoWeights,
    bowl_of,
    center_of,
    descents_of,
    divisors_of,
    inequality_of,
    surface_of,
)

BASE = TwoWeights()


def bowls_of(config):
    bowls, surfaces = ([of(config, kind) for kind in Kind] for of in (bowl_of, surface_of))
    return figures.bowl_panels(config, bowls, surfaces, descents_of(config))


def test_a_bowl_is_the_surface_and_its_axes_are_the_eigenvectors():
    for kind, panel in zip(Kind, bowls_of(BASE), strict=True):
        contour, axes = panel.figure.data[0], panel.figure.data[-1]
        np.testing.assert_allclose(contour.z, surface_of(BASE, kind).loss, rtol=1e-6)
        hessian = bowl_of(BASE, kind).hessian
        for first in (0, 3):
            tip = np.array([axes.x[first + 1], axes.y[first + 1]], float)
            if np.linalg.norm(tip) > 0:
                along = hessian @ tip
                assert abs(along[0] * tip[1] - along[1] * tip[0]) < 1e-4 * np.linalg.norm(along) * np.linalg.norm(tip)


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"curvature": 2.0}, []),
        ({"looked_at": "whitened"}, []),
        ({"center": 0.5}, [Kind.OWN]),
        ({"divisor": 2.0}, [Kind.OWN]),
        ({"zero": True}, [Kind.OWN]),
        ({"step": 1.5}, list(Kind)),
        ({"mean_1": 10.0}, list(Kind)),
    ],
)
def test_only_the_bowls_that_a_setting_changes_are_made_again(changes, anew):
    before, after = bowls_of(BASE), bowls_of(replace(BASE, **changes))
    assert [kind for kind, old, new in zip(Kind, before, after, strict=True) if old is not new] == anew


def test_what_is_remembered_is_what_is_computed():
    """Every result of a configuration that shares parts with others is that of a process that knows no other."""
    for changes in ({"center": 0.3}, {"divisor": 3.0}, {"step": 0.4}, {"bias": True}, {"extent": 0.7}):
        config = replace(BASE, **changes)
        for kind in (Kind.RAW, Kind.OWN):
            bowl = bowl_of(config, kind)
            assert bowl.features.shape[1] == 2 + config.bias
            own = descents_of(config)[kind]
            assert own.learning_rate == pytest.approx(config.step / bowl.smoothness)
            start = own.trajectory[0][:2] - bowl.minimum[:2]
            np.testing.assert_allclose(start, config.extent * np.array([config.start_1, config.start_2]), rtol=1e-9)
    x = bowl_of(BASE, Kind.RAW).features
    own = bowl_of(replace(BASE, center=0.3, divisor=3.0), Kind.OWN).features
    np.testing.assert_allclose(own, (x - 0.3 * x.mean(0)) / (3 * x.std(0)))


def test_a_mark_beyond_the_curves_is_an_arrow_at_their_end():
    line = Line("", np.array([0.0, 2.0]), np.array([1.0, 2.0]), "black")
    layout = lines_panel("title", [line], marks={1.0: "in", 3.0: "right", -1.0: "left"}).figure.layout
    assert [(note.text, note.x) for note in layout.annotations] == [("in", 1), ("right →", 2), ("← left", 0)]
    assert [shape.x0 for shape in layout.shapes] == [1]
    assert layout.xaxis.range == (0, 2)


@pytest.mark.parametrize("curvature", [0.5, 1.0, 1.5, 3.0])
def test_the_names_of_the_curves_stand_in_the_picture(curvature):
    found = inequality_of(replace(BASE, curvature=curvature))
    for panel in figures.inequality_panels(found):
        low, high = panel.figure.layout.yaxis.range
        names = [note for note in panel.figure.layout.annotations if note.yref != "paper"]
        assert len(names) == 2
        assert all(low <= note.y <= high for note in names)
    np.testing.assert_allclose(
        figures.inequality_panels(found)[1].figure.data[1].y, found.start_loss - found.loss, rtol=1e-5
    )


def test_an_adaptive_optimizer_leaves_the_inequality_the_multiple_of_its_own():
    found = inequality_of(replace(BASE, optimizer="adam", step=1.7, learning_rate=50.0))
    assert found.chosen * found.true_smoothness == pytest.approx(1.7)


def test_the_centre_and_the_divisor_mark_the_page_s_own():
    center = figures.center_panel(center_of(BASE), 0.25).figure
    assert center.layout.shapes[0].x0 == 0.25
    divisors = divisors_of(BASE)
    drawn = figures.divisor_panel(divisors, None).figure
    assert not drawn.layout.shapes
    np.testing.assert_allclose(drawn.data[0].y, np.clip(divisors.left, 0, 1.3), rtol=1e-5)
