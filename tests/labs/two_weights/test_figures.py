"""The pictures of two weights: what is drawn is the result, and what is the same is not made again."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.figures.lines import Line, lines_panel
from landscape.labs.two_weights import figures, words
from landscape.labs.two_weights.facts import facts_of
from landscape.labs.two_weights.measure import (
    Kind,
    TwoWeights,
    bowl_of,
    center_of,
    descents_of,
    divisors_of,
    gradients_of,
    inequality_of,
    surface_of,
)
from landscape.labs.words import number

BASE = TwoWeights()


def bowls_of(config):
    bowls, surfaces = ([of(config, kind) for kind in Kind] for of in (bowl_of, surface_of))
    captions = [words.caption_of(facts_of(config), kind) for kind in Kind]
    return figures.bowl_panels(config, bowls, surfaces, descents_of(config), captions)


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


@pytest.mark.parametrize("curvature", [0.7, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("step", [0.4, 1.0, 1.5])
def test_what_is_said_of_the_inequality_is_what_is_drawn(curvature, step):
    config = replace(BASE, curvature=curvature, step=step)
    facts, said = facts_of(config).step, words.inequality_notice(facts_of(config))
    guaranteed, real = figures.inequality_panels(inequality_of(config))[1].figure.data
    peak = int(np.argmax(guaranteed.y))
    assert facts.best == pytest.approx(guaranteed.y[peak], rel=0.01)
    # Within a point of the drawn curve, whose x is in units of 1/L of the loss.
    assert facts.own / facts.smoothness == pytest.approx(guaranteed.x[peak], abs=0.02)
    here = [float(np.interp(step, line.x, line.y)) for line in (guaranteed, real)]
    assert facts.real == pytest.approx(here[1], rel=0.01)
    if here[0] > 0:
        assert facts.guaranteed == pytest.approx(here[0], rel=0.01)
    else:
        assert facts.guaranteed <= 0
        assert "nothing is guaranteed for your step" in said
    # Each L is named by whose it is, and the regime of the step is by the loss's own.
    top = np.linalg.eigvalsh(bowl_of(config, Kind.RAW).hessian)[-1]
    assert (facts.smoothness, facts.own) == pytest.approx((curvature * top, top))
    assert facts.multiple == pytest.approx(step)
    for place, value in (("at your step", curvature * step == 1), ("at 1/L of the loss", curvature == 1 != step)):
        assert (f"guarantees is {number(facts.best)}, {place}." in said) == value
    case = {0.4: words.Promise.BELOW, 1.0: words.Promise.AT_ONE, 1.5: words.Promise.BETWEEN}[step]
    assert words.PROMISE_SENTENCES[case] in said


def test_rounding_guarantees_nothing_and_moves_nothing():
    facts = facts_of(replace(BASE, curvature=1.0, step=2.0))
    assert facts.step.guaranteed == 0
    assert "nothing is guaranteed for your step" in words.inequality_notice(facts)
    facts = facts_of(replace(BASE, start_1=0.0, start_2=0.0))
    assert words.inequality_notice(facts) == words.PROMISE_SENTENCES[words.Promise.AT_MINIMUM]


FLAT = replace(BASE, deviation_1=0.0, deviation_2=0.0, mean_1=0.0, mean_2=0.0)


def test_a_flat_loss_has_no_share_left_to_learn():
    panel = figures.divisor_panel(divisors_of(FLAT), 1.0, words.divisor_caption(facts_of(FLAT)))
    assert panel.caption == panel.alt == "The loss is flat: there is nothing to learn."
    assert not np.isfinite(panel.figure.data[0].y).any()
    assert [note.text for note in panel.figure.layout.annotations] == ["your s"]


def test_a_gradient_of_zero_has_no_name_on_a_logarithmic_axis():
    assert [note.text for note in figures.gradients_panel(gradients_of(FLAT)).figure.layout.annotations] == ["bias"]


@pytest.mark.parametrize("config", [FLAT, replace(BASE, start_1=0.0, start_2=0.0), BASE])
def test_the_curves_of_training_lie_in_their_axis_whose_labels_are_apart(config):
    axis = (figure := figures.training_panel(descents_of(config), 60).figure).layout.yaxis
    low, high = axis.range
    assert axis.tickvals is None
    assert axis.dtick * 10 > high - low
    for trace in figure.data:
        assert low <= np.log10(trace.y[0].astype(float)) + 1e-6
        assert np.log10(trace.y.max()) <= high


def test_rounding_does_not_fill_the_picture_of_the_inequality():
    found = inequality_of(replace(BASE, start_1=0.0, start_2=0.0))
    for panel in figures.inequality_panels(found):
        low, high = panel.figure.layout.yaxis.range
        assert high - low > 0.1


def test_an_eigenvalue_that_is_zero_to_rounding_is_drawn_as_zero():
    for panel in bowls_of(replace(BASE, correlation=1.0)):
        names = [note.text for note in panel.figure.layout.annotations]
        assert len(names) == 2
        assert names[0] == "λ 0"
        assert names[1] != "λ 0"


def luminance(rgb):
    """Return the relative luminance of WCAG 2."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("background", ["#FFFFFF", "#0E1117"])
def test_every_example_is_seen_on_both_backgrounds(background):
    def rgb(colour):
        return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255

    marker = figures.examples_panels([bowl_of(BASE, Kind.RAW)], BASE.names)[0].figure.data[0].marker
    (_, first), (_, last) = marker.colorscale
    assert marker.opacity is None
    for share in np.linspace(0, 1, 21):
        colour = (1 - share) * rgb(first) + share * rgb(last)
        low, high = sorted((luminance(colour), luminance(rgb(background))))
        assert (high + 0.05) / (low + 0.05) > 3, share


def test_circle_and_star_are_the_ends_of_the_path_counted_from_the_minimum():
    bowl, descended = bowl_of(BASE, Kind.RAW), descents_of(BASE)[Kind.RAW]
    ends = {trace.marker.symbol: trace for trace in bowls_of(BASE)[0].figure.data[1:] if len(trace.x) == 1}
    for symbol, point in (("circle-open", descended.trajectory[0]), ("star", descended.trajectory[-1])):
        np.testing.assert_allclose(
            [*ends[symbol].x, *ends[symbol].y], point[:2] - bowl.minimum[:2], rtol=1e-4, atol=1e-6
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


@pytest.mark.parametrize(
    "config",
    [
        BASE,
        replace(BASE, model="logistic"),
        replace(BASE, correlation=1.0),
        replace(BASE, correlation=0.95, start_2=-0.6),
        replace(BASE, start_1=-0.5, start_2=-0.8),
        replace(BASE, extent=0.01),
    ],
)
def test_no_label_of_an_axis_hides_a_path_s_end_or_another_label(config):
    for panel in bowls_of(config):
        notes = panel.figure.layout.annotations
        middles = np.array([[note.x, note.y] for note in notes]) / config.extent
        halves = np.array([[7 * len(note.text) / 180, 18 / 180] for note in notes])
        assert (np.abs(middles) + halves <= 1.02).all()
        assert (np.abs(middles[0] - middles[1]) >= halves.sum(0)).any()
        ends = [trace for trace in panel.figure.data[1:] if len(trace.x) == 1]
        for trace in ends:
            end = np.array([trace.x[0], trace.y[0]]) / config.extent
            assert (np.abs(end - middles) > halves).any(1).all()


def test_both_features_of_the_examples_have_one_unit():
    raw, standardized = (
        figures.examples_panels([bowl_of(BASE, kind)], BASE.names)[0] for kind in (Kind.RAW, Kind.STANDARDIZED)
    )
    for panel in (raw, standardized):
        layout = panel.figure.layout
        assert layout.yaxis.scaleanchor == "x"
        assert np.ptp(layout.xaxis.range) == pytest.approx(np.ptp(layout.yaxis.range))
        for values, axis in ((panel.figure.data[0].x, layout.xaxis), (panel.figure.data[0].y, layout.yaxis)):
            assert axis.range[0] < values.min() < values.max() < axis.range[1]
    assert np.ptp(raw.figure.data[0].x) < 0.02 * np.ptp(raw.figure.layout.xaxis.range)
    assert np.ptp(standardized.figure.data[0].x) > 0.7 * np.ptp(standardized.figure.layout.xaxis.range)


@pytest.mark.parametrize("learning_rate", [0.1, 0.5])
@pytest.mark.parametrize("bias", [False, True])
def test_the_curve_of_the_divisor_falls_once_and_rises_once(learning_rate, bias):
    config = replace(BASE, model="logistic", bias=bias, learning_rate=learning_rate)
    drawn = figures.divisor_panel(divisors_of(config), 1.0).figure.data[0].y
    least = int(drawn.argmin())
    assert (np.diff(drawn[: least + 1]) <= 1e-3).all()
    assert (np.diff(drawn[least:]) >= -1e-3).all()
