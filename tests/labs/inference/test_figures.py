"""The panels about inference show the arrays of the results, and what there is of them."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.data import load
from landscape.experiment import Comparison, Variant
from landscape.labs.inference import LAB
from landscape.labs.inference.figures import image_panel, margins, smoothed
from landscape.labs.inference.request import BASE, Inference
from landscape.labs.lab import Known

FEW = Inference(
    Comparison(
        BASE.replace(width=12, depth=2, num_steps=24, num_examples=200),
        (Variant(normalization="batch"), Variant(normalization="layer")),
    ),
    example=3,
    try_averages=True,
    try_readers=True,
)


@pytest.fixture(scope="module")
def results():
    """Return what is known of all but the recurrent networks, which take their time."""
    done = {}

    def result(job):
        if job.key not in done:
            done[job.key] = job.make(*[result(need) for need in job.needs]).complete()
        return done[job.key]

    return {
        name: [
            Known() if name.startswith(("reader", "later")) else Known(result(job) if job else None, True)
            for job in many
        ]
        for name, many in LAB.jobs(FEW).items()
    }


def shown(name, results, request=FEW):
    (section,) = [section for section in LAB.sections if section.name == name]
    return section.show(request, results)


def traces(panel):
    return {trace.name: trace for trace in panel.figure.data if trace.showlegend is not False}


def test_scores_are_drawn_over_how_many_are_together_beside_those_by_stored_statistics(results):
    scores, losses = shown("together", results).panels
    batch = results["together"][0].value
    np.testing.assert_allclose(traces(scores)["BatchNorm"].y, batch.accuracy, rtol=1e-6)
    np.testing.assert_allclose(traces(scores)["BatchNorm"].x, batch.sizes)
    named = {trace.name: trace for trace in scores.figure.data}
    np.testing.assert_allclose(named["BatchNorm, sorted by class"].y, results["sorted"][0].value.accuracy, rtol=1e-6)
    assert results["sorted"][1].value is None
    levels = [trace.y[0] for name, trace in named.items() if name.endswith("by stored statistics")]
    np.testing.assert_allclose(levels, [one.value.stored_accuracy for one in results["together"]], rtol=1e-6)
    np.testing.assert_allclose(traces(losses)["BatchNorm"].y, results["loss"][0].value.loss, rtol=1e-6)
    assert len(shown("together", results).tables[0].rows) == 2


def test_what_there_is_of_the_sizes_is_drawn_before_all_are_there(results):
    task = LAB.jobs(FEW)["together"][0].make(results["run"][0].value)
    task.work()
    going = [Known(task.partial()), Known()]
    scores, _ = shown("together", results | {"together": going}).panels
    assert np.isfinite(traces(scores)["BatchNorm"].y).tolist() == [True] + [False] * 6
    assert list(shown("together", results | {"together": going}).notice) == list(
        shown("together", results | {"together": [Known(), Known()]}).notice
    )


def test_a_dot_is_the_margin_of_the_right_class_in_one_batch(results):
    image, dots = shown("mates", results).panels
    data = load(FEW.comparison.base.data)
    np.testing.assert_allclose(image.figure.data[0].z, data.test_x[3].view(8, 8), rtol=1e-6)
    mates, right = results["mates"][0].value, int(data.test_y[3])
    one = mates.outputs[1, 5, 0]
    expected = one[right] - max(value for place, value in enumerate(one) if place != right)
    assert margins(mates)[1, 5] == pytest.approx(expected)
    assert traces(dots)["BatchNorm"].y.reshape(len(mates.sizes), -1)[1, 5] == pytest.approx(expected)
    assert np.ptp(traces(dots)["layer normalization"].y) < 1e-4


def test_a_network_with_dropout_stands_beside_where_it_is_asked_for(results):
    asked = replace(FEW, dropout_too=True)
    training, run, beside = (LAB.jobs(asked)[name][0] for name in ("dropping training", "dropping run", "dropping"))
    mates = beside.make(run.make(training.make().complete()).complete()).complete()
    panel = shown("mates", results | {"dropping": [Known(mates, True)]}, asked).panels[1]
    np.testing.assert_allclose(traces(panel)["dropout 0.2, no normalization"].y, margins(mates).ravel(), rtol=1e-6)
    assert "dropout 0.2, no normalization" not in traces(shown("mates", results).panels[1])
    assert mates.spread.min() > 0.01


def test_features_that_are_no_image_are_bars():
    panel = image_panel(np.array([1.0, -2.0, 0.5]), "Test example 0")
    assert panel.figure.data[0].type == "bar"
    np.testing.assert_allclose(panel.figure.data[0].y, [1, -2, 0.5])


def test_errors_and_averages_are_drawn_beside_their_closed_forms(results):
    errors, variances, following, forgetting = shown("statistics", results).panels
    found = results["statistics"][0].value
    np.testing.assert_allclose(traces(errors)["layer 1"].y, found.error[:, 0], rtol=1e-5)
    chance = traces(errors)["1 / √m"]
    np.testing.assert_allclose(chance.y, chance.x**-0.5, rtol=1e-5)
    ratio = traces(variances)["(m − 1) / m"]
    np.testing.assert_allclose(ratio.y, (ratio.x - 1) / ratio.x, rtol=1e-5)
    averages = results["following"][0].value
    np.testing.assert_allclose(traces(following)["weight 0.1"].y, averages.accuracy[1], rtol=1e-6)
    assert len(forgetting.figure.data) == 6
    last = forgetting.figure.data[-1].y
    assert last[-1] == pytest.approx(results["forgetting"][0].value.expected[0], rel=1e-3)  # of weight 1: a batch's own


def test_corrections_and_hard_trainings_are_drawn(results):
    dots, limits, apart, loss, score = shown("renorm", results).panels
    cut = limits.figure.data[0]
    for place, (r_max, d_max) in ((0, (1.0, 0.0)), (20, (1 + 2 * (3 / 8) / (7 / 8), 3.75)), (40, (3.0, 5.0))):
        own = results["corrections"][0].value
        beyond = [abs(d) > d_max or r > r_max or r < 1 / r_max for r, d in zip(own.r.flat, own.d.flat, strict=True)]
        assert cut.y[place] == pytest.approx(np.mean(beyond), abs=1e-6)
    one = results["corrections"][0].value
    assert set(np.round(dots.figure.data[0].x, 4)) <= set(np.round(one.d[:, 0].ravel().astype(np.float32), 4))
    several = results["together"][0].value
    np.testing.assert_allclose(traces(apart)["BatchNorm"].y, several.apart[several.sizes > 1], rtol=1e-5)
    runs = [known.value for known in results["hard run"]]
    np.testing.assert_allclose(traces(loss)["BatchNorm"].y, [run.loss[-50:].mean() for run in runs[::2]], rtol=1e-5)
    np.testing.assert_allclose(traces(score)["layer normalization"].y, [run.test_accuracy[-1] for run in runs[1::2]])


def test_lengths_are_drawn_over_the_first(results):
    lengths, loss = shown("naive", results).panels
    one = results["lengths"][1].value
    np.testing.assert_allclose(traces(lengths)["BatchNorm by moving averages"].y, one / one[0], rtol=1e-5)
    np.testing.assert_allclose(traces(loss)["BatchNorm"].y, smoothed(results["naive run"][0].value.loss), rtol=1e-5)


def test_what_is_awaited_says_so(results):
    assert [panel.figure for panel in shown("readers", results).panels] == [None, None]
    none = {name: [Known() for _ in many] for name, many in results.items()}
    for section in LAB.sections:
        assert not section.show(FEW, none).notice
        panels = section.show(FEW, none).panels
        assert all(panel.pending for panel in panels if panel.title != "Test example 3: " + label())
    assert LAB.facts(FEW, none) is None


def label():
    data = load(FEW.comparison.base.data)
    return data.class_names[int(data.test_y[3])]


def test_networks_that_store_nothing_have_no_statistics_to_show():
    plain = replace(FEW, comparison=replace(FEW.comparison, variants=(Variant(normalization="layer"),)))
    jobs = LAB.jobs(plain)
    assert jobs["statistics"] == [None]
    known = {name: [Known(done=job is None) for job in many] for name, many in jobs.items()}
    assert shown("statistics", known, plain).problems


def test_every_row_of_numbers_has_the_same_columns(results):
    rows = LAB.numbers(FEW, results)
    assert {row["part"] for row in rows} == {"together", "other mates", "trained", "by averages"}
    assert len({tuple(row) for row in rows}) == 1
