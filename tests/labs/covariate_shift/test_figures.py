"""The panels about shifts show the arrays of the results, and what there is of them."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.figures.images import images_panel
from landscape.figures.theme import styles_of
from landscape.labs.covariate_shift import LAB
from landscape.labs.covariate_shift.facts import relative_of
from landscape.labs.covariate_shift.figures import inside_panels
from landscape.labs.covariate_shift.request import BASE, CovariateShift, Elsewhere
from landscape.labs.lab import Known
from models.fields import Misfit
from tests.labs.covariate_shift.measured import results_of

FOUR = tuple(Variant(normalization=one) for one in ("none", "batch", "batch-noisy", "noise"))
SMALL = CovariateShift(
    Comparison(BASE.replace(width=8, depth=2, num_steps=12, num_examples=200, batch_size=32), FOUR),
    looks=4, linear_steps=10, curve_steps=10,
)  # fmt: skip
WILD = {"dataset": "moons", "width": 64, "learning_rate": 30, "num_steps": 12}
NAMES = ("moments", "domains", "shift", "linear", "curve")


@pytest.fixture(scope="module")
def results():
    return results_of(SMALL, *NAMES)


def shown(name, results, request=SMALL):
    (section,) = [section for section in LAB.sections if section.name == name]
    return section.show(request, results)


def test_units_are_drawn_with_their_band_on_one_axis(results):
    *units, loss, jumps = shown("noise", results).panels
    assert len(units) == 4
    assert len({tuple(panel.figure.layout.yaxis.range) for panel in units}) == 1
    for panel, known in zip(units, results["moments"], strict=True):
        lines = [trace for trace in panel.figure.data if trace.fill is None]
        bands = [trace for trace in panel.figure.data if trace.fill]
        for line, band in zip(lines, bands, strict=True):
            unit = int(line.legendgroup)
            np.testing.assert_allclose(line.y, known.value.mean[:, -1, unit], rtol=1e-5)
            assert band.y[0] == pytest.approx(line.y[0] + known.value.deviation[0, -1, unit], rel=1e-4)
    assert len(loss.figure.data) == 4
    assert len(jumps.figure.data[0].x) == 4


def test_of_a_network_that_diverged_the_one_look_is_drawn_and_told():
    (known,) = results_of(replace(SMALL, comparison=Comparison(BASE.replace(**WILD), FOUR[:1])), "moments")["moments"]
    assert len(known.value.steps) == 1
    (panel,) = inside_panels(["a"], styles_of(["none"]), [known.value], 12)
    assert panel.caption == f"It diverged at step {known.value.run.diverged_at}."
    assert {trace.mode for trace in panel.figure.data} == {"markers"}
    assert tuple(panel.figure.layout.xaxis.range) == (0, 12)


def test_domains_are_drawn_with_their_pictures_scores_and_features(results):
    pictures, scores, divergence, before, after = shown("domain", results).panels
    assert len(pictures.figure.layout.yaxis.ticktext) == 7
    assert "<b>blurred</b>" in pictures.figure.layout.yaxis.ticktext
    plain, batch, adapted = scores.figure.data
    found = [one.shift for one in results["domains"][1].value.seen]
    np.testing.assert_allclose(batch.y, [one.accuracy_before for one in found], rtol=1e-6)
    np.testing.assert_allclose(adapted.y, [one.accuracy_after for one in found], rtol=1e-6)
    assert len({plain.marker.color, batch.marker.color, adapted.marker.color}) == 3
    (blurred,) = [one for one in results["domains"][1].value.seen if one.elsewhere is Elsewhere.BLURRED]
    assert len(divergence.figure.data) == 3
    np.testing.assert_allclose(divergence.figure.data[1].y, blurred.shift.before, rtol=1e-5)
    np.testing.assert_allclose(before.figure.data[1].x, blurred.features.before[1, :, 0], rtol=1e-5)
    np.testing.assert_allclose(after.figure.data[0].y, blurred.features.after[0, :, 1], rtol=1e-5)


def test_gradients_are_drawn_by_layer(results):
    plain, batch, loss, own_plain, own_batch = shown("below", results).panels
    assert len(plain.figure.data) == 24
    np.testing.assert_allclose(batch.figure.data[3].y, results["linear"][1].value.shift.cosine[:, 4], rtol=1e-5)
    np.testing.assert_allclose(own_batch.figure.data[-1].y, relative_of(results["shift"][1].value)[:, -1], rtol=1e-5)
    assert own_plain.figure.layout.yaxis.range == own_batch.figure.layout.yaxis.range
    assert len(loss.figure.data) == 2
    inside, between = shown("both", results).panels
    np.testing.assert_allclose(inside.figure.data[0].y, relative_of(results["shift"][0].value)[:, -1], rtol=1e-5)
    assert np.isnan(between.figure.data[0].y[2])
    assert np.isfinite(between.figure.data[1].y).all()


def test_the_curve_is_drawn_with_the_part_that_was_learnt(results):
    (panel,) = shown("curve", results).panels
    names = [trace.name for trace in panel.figure.data]
    assert names == [
        "examples",
        "the curve",
        "no normalization",
        "BatchNorm",
        "BatchNorm, AdaBN",
        "layer normalization",
    ]
    assert max(panel.figure.data[0].x) < 1
    assert min(panel.figure.data[4].x) >= 1
    assert panel.figure.layout.shapes[0].x0 == 1


def test_what_is_not_there_yet_is_awaited():
    waiting = results_of(SMALL)
    assert LAB.facts(SMALL, waiting) is None
    for section in LAB.sections:
        drawn = section.show(SMALL, waiting)
        assert all(panel.figure is None and panel.pending for panel in drawn.panels)
        assert not drawn.notice


def test_one_network_is_enough():
    one = replace(SMALL, comparison=replace(SMALL.comparison, variants=FOUR[2:3]))
    results = results_of(one, *NAMES)
    for section in LAB.sections:
        section.show(one, results)
    assert LAB.numbers(one, results)


def test_of_what_failed_the_rest_is_drawn(results):
    failed = {name: [Known(None, True, True), *many[1:]] for name, many in results.items()}
    for section in LAB.sections:
        section.show(SMALL, failed)


def test_examples_that_are_no_pictures_have_fewer_domains():
    wine = replace(
        SMALL, comparison=replace(SMALL.comparison, base=SMALL.comparison.base.replace(dataset="wine")),
        elsewhere=Elsewhere.MOVED,
    )  # fmt: skip
    assert wine.chosen is Elsewhere.PALER
    results = results_of(wine, "domains")
    pictures, scores, *_ = shown("domain", results, wine).panels
    assert pictures.empty
    assert len(scores.figure.data[0].y) == 3


def test_a_recurrent_network_is_refused_with_a_way_out():
    with pytest.raises(Misfit, match="Choose mlp"):
        replace(
            SMALL, comparison=replace(SMALL.comparison, base=BASE.replace(kind="recurrent", depth=1)),
        )  # fmt: skip


def test_pictures_stand_in_rows_with_room_between_them():
    drawn = np.arange(24.0).reshape(2, 3, 2, 2)
    panel = images_panel("t", drawn, ["a", "b"], chosen=1)
    sheet = np.array(panel.figure.data[0].z)
    np.testing.assert_array_equal(sheet[3:5, 3:5], drawn[1, 1])
    assert np.isnan(sheet[2]).all()
    assert list(panel.figure.layout.yaxis.ticktext) == ["a", "<b>b</b>"]
    with pytest.raises(ValueError, match="of 1 rows"):
        images_panel("t", drawn, ["a"])
