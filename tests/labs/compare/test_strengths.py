"""One network under a slider from no normalization to BatchNorm: what is computed, said and drawn."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from landscape.experiment import Comparison, Display, PlaneKind, Variant, View
from landscape.figures.panel import Group, Mode
from landscape.geometry.surfaces import Surface
from landscape.labs.compare import LAB, somewhat
from landscape.labs.compare.facts import Facts, Part, facts_of
from landscape.labs.compare.questions import QUESTIONS
from landscape.labs.compare.request import Beside, Request
from landscape.labs.compare.strength_words import most
from landscape.labs.compare.strengths import JOBS, STRENGTHS, experiments_of, strength_jobs
from landscape.labs.lab import Known, Results
from landscape.training.training import train
from landscape.views import surface_of
from tests.cases import SMALL

(QUESTION,) = [question for question in QUESTIONS if question.slug == "strength"]
ASKED = Request(Comparison(SMALL.replace(num_steps=5)), View(resolution=7), beside=Beside(try_strengths=True))


@cache
def results(request: Request = ASKED) -> Results:
    """Return the runs and landscapes of all strengths and of the page's networks; of all else nothing will come."""
    found = {name: [Known(done=True)] * len(many) for name, many in LAB.jobs(request).items()}
    runs = [train(one) for one in experiments_of(request)]
    found["run"] = [Known(runs[0], done=True), Known(runs[-1], done=True)]
    found["strength run"] = [Known(run, done=True) for run in runs]
    found["strength surface"] = [Known(surface_of(run, request.view), done=True) for run in runs]
    return found


def test_the_ends_are_no_normalization_and_all_of_batchnorm():
    plain, quarter, *_, whole = (one.network for one in experiments_of(ASKED))
    assert (plain.normalization, plain.strength) == ("none", 1.0)
    assert (quarter.normalization, quarter.strength) == ("batch", 0.25)
    assert (whole.normalization, whole.strength) == ("batch", 1.0)
    assert list(experiments_of(ASKED))[0 :: len(STRENGTHS) - 1] == list(ASKED.comparison.experiments())


def test_it_is_of_the_first_network_with_batchnorm_and_of_none_where_there_is_none():
    two = (Variant(normalization="layer"), Variant(normalization="batch", affine=False, strength=0.5))
    request = replace(ASKED, comparison=replace(ASKED.comparison, variants=two))
    assert {one.network.affine for one in experiments_of(request)} == {False}
    without = replace(request, comparison=replace(request.comparison, variants=two[:1]))
    assert experiments_of(without) == ()
    assert not any(any(many) for many in strength_jobs(without).values())
    assert "None of these networks has BatchNorm" in somewhat(without, {}).said


def test_what_the_page_draws_anyway_is_computed_once():
    jobs = LAB.jobs(ASKED)
    for name, page in (("strength run", "run"), ("strength surface", "surface")):
        plain, *_, whole = (job.key for job in jobs[name])
        assert [plain, whole] == [job.key for job in jobs[page]]
    assert all(job.patient for job in jobs["strength rates"])


def test_on_the_plane_of_a_path_all_strengths_share_a_plane_of_their_own():
    request = replace(ASKED, view=replace(ASKED.view, plane=PlaneKind.PCA))
    keys = [job.key for job in strength_jobs(request)["strength surface"]]
    assert keys == [job.key for job in strength_jobs(ASKED)["strength surface"]]


def test_the_slider_shows_the_landscape_of_each_strength_on_one_range():
    shown = somewhat(ASKED, results())
    assert list(shown.steps) == list(STRENGTHS)
    assert shown.along == "strength"
    scene, high, rates = shown.panels
    frames = next(one.frames for one in scene.playback if one.mode is Mode.FRAMES)
    surfaces = [known.value for known in results()["strength surface"]]
    np.testing.assert_allclose(frames.told, [one.loss for one in surfaces[:-1]], rtol=1e-6)
    np.testing.assert_allclose(scene.figure.data[0].customdata, surfaces[-1].loss, rtol=1e-6)
    assert scene.group is Group.SCENE
    np.testing.assert_allclose(high.figure.data[0].y, [one.finite.max() for one in surfaces], rtol=1e-6)
    np.testing.assert_allclose(high.figure.data[1].y, [np.median(one.finite) for one in surfaces], rtol=1e-6)
    assert [one.mode for one in high.playback] == [Mode.LINE]
    assert high.figure.layout.shapes[0].x0 == 1.0
    assert rates.figure is None
    assert "other rates" in rates.pending
    (beside,) = shown.readouts
    assert len(beside.words) == len(STRENGTHS)
    assert all(
        f"loss at most {one.finite.max():.3g}" in words for one, words in zip(surfaces, beside.words, strict=True)
    )


def test_it_waits_for_both_ends_and_asks_for_no_fifth_scene():
    some = dict(results())
    some["strength surface"] = [*some["strength surface"][:-1], Known()]
    waiting = somewhat(ASKED, some)
    assert [panel.figure for panel in waiting.panels] == [None]
    assert not waiting.steps
    four = replace(ASKED, comparison=replace(ASKED.comparison, variants=(*ASKED.comparison.variants,) * 2))
    wide = {name: [*many, *many] if name == "run" else many for name, many in results().items()}
    wide |= {
        name: [Known(done=True)] * len(many) for name, many in LAB.jobs(four).items() if name not in (*JOBS, "run")
    }
    assert somewhat(four, wide).panels[0].figure.data[0].type == "contour"
    assert (
        somewhat(replace(ASKED, display=Display(drawing="contour")), results()).panels[0].figure.data[0].type
        == "contour"
    )


def lowered(*tops: float) -> Facts:
    """Return facts in which the landscape at each strength is so high."""
    found = facts_of(ASKED, results())
    parts = [
        Part(strength, one.name, replace(one.slice, top=top), one.trained, None)
        for strength, one, top in zip(STRENGTHS, found.parts, tops, strict=True)
    ]
    return replace(found, parts=tuple(parts))


@pytest.mark.parametrize(
    ("tops", "enough", "choice"),
    [
        ((400.0, 20.0, 8.0, 5.0, 4.0), 0.25, ["A quarter does most of it"]),
        ((400.0, 200.0, 8.0, 5.0, 4.0), 0.5, ["Half of it does"]),
        ((400.0, 300.0, 200.0, 100.0, 4.0), 1.0, ["Nearly all of it is needed"]),
        ((4.0, 4.0, 4.0, 4.0, 4.0), None, []),
    ],
)
def test_how_much_does_most_of_it_is_read_from_the_heights(tops, enough, choice):
    found = lowered(*tops)
    assert most(found) == enough
    assert [one.text for one in QUESTION.choices if one.right(found)] == choice
    assert QUESTION.answer(found).endswith(".")


@pytest.mark.parametrize("seed", [13])
def test_a_quarter_does_most_of_it(seed):
    """On a seed that was not used to choose the settings, of none, a quarter and all of it."""
    base = QUESTION.request.comparison.base.replace(seed=seed)
    request = replace(QUESTION.request, comparison=Comparison(base), view=View(resolution=11))
    plain, quarter, *_, whole = experiments_of(request)
    tops = [float(surface_of(train(one), request.view).finite.max()) for one in (plain, quarter, whole)]
    assert tops[0] > 5 * tops[1]
    assert tops[0] / tops[1] > tops[1] / tops[2]


def test_a_landscape_without_any_height_has_no_part():
    blank = dict(results())
    surface: Surface = blank["strength surface"][1].value
    nothing = Known(replace(surface, loss=np.full_like(surface.loss, np.nan)), done=True)
    blank["strength surface"] = [blank["strength surface"][0], nothing, *blank["strength surface"][2:]]
    assert [one.strength for one in facts_of(ASKED, blank).parts] == [0.0, 0.5, 0.75, 1.0]
    assert list(somewhat(ASKED, blank).steps) == [0.0, 0.5, 0.75, 1.0]
