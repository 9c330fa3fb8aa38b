"""The page about shifts, without a browser: it opens, moves, asks, and leads to other pages."""

from dataclasses import replace
from functools import partial

from landscape.labs.covariate_shift import measure
from landscape.labs.covariate_shift.evidence import BORROWED, ELSEWHERE
from landscape.serving.jobs import Job
from landscape.serving.task import Once
from landscape.teaching.published import RESULTS
from landscape.teaching.result import SEEDS
from pages.components import borrowed, section
from tests.pages.support import button, control, finished, link_of, opened, tables, tickets

SMALL = {
    "width": "8", "depth": "2", "num_steps": "12", "num_examples": "200", "looks": "4", "linear_steps": "10",
    "curve_steps": "10",
}  # fmt: skip


def test_it_shows_networks_domains_and_explanations():
    app = opened("covariate_shift.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert [len(table) for table in tables(app)] == [4, 12, 7]
    assert all("see it" in row["For it"] for row in tables(app)[2])


def test_another_domain_is_in_the_link():
    app = opened("covariate_shift.py", **SMALL)
    widget = control(app, "elsewhere")
    widget.select_index(widget.options.index("moved by a pixel"))
    finished(app.run())
    assert link_of(app)["elsewhere"] == "moved"
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("covariate_shift.py", **SMALL | {"ask": "curve"})
    assert any("Beyond the part that was learnt" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


LEAST = {
    "smoothness": {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200, "probes": 6, "rungs": 3},
    "curvature": {"width": 8, "depth": 1, "num_steps": 12, "num_examples": 100},
    "robustness": {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200},
    "invariance": {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200},
}


def test_what_other_pages_show_is_measured_when_asked_for(monkeypatch):
    """Small networks: what is asked is whether each number comes to its cell."""
    for name in BORROWED:
        small = replace(RESULTS[name], changes=RESULTS[name].changes | LEAST[RESULTS[name].lab])
        monkeypatch.setitem(RESULTS, name, small)
    app = opened("covariate_shift.py", **SMALL)
    assert not tickets(app, "result ")
    next(one for one in app.button if one.label.startswith("Measure here")).click()
    app = finished(app.run())
    assert len(tickets(app, "result ")) == 3 * len(BORROWED)
    assert not app.error
    found = {ticket.key.split()[1]: ticket.result for ticket in tickets(app, "result ")}
    told = [row[name] for row in tables(app)[2][3:] for name in ("For it", "Against it")]
    for one, cell in zip([one for pair in ELSEWHERE.values() for one in pair], told, strict=True):
        known = found[one.result] == found[one.result]
        assert cell.startswith(one.awaited) != known, cell
    assert not [one for one in app.button if one.label.startswith("Measure here")]


def test_what_could_not_be_measured_is_told_in_its_cell(monkeypatch):
    """Numbers made up here, of which one result has none, as one of its seeds fails."""

    def number(result, seed):
        if (result.name, seed) == ("outliers", 1):
            raise ValueError("no number can be measured")
        return 3.0

    def jobs_of(result):
        return [Job(f"{result.name} {seed}", partial(Once, partial(number, result, seed))) for seed in SEEDS]

    monkeypatch.setattr(borrowed, "jobs_of", jobs_of)
    app = opened("covariate_shift.py", **SMALL)
    next(one for one in app.button if one.label.startswith("Measure here")).click()
    cells = [cell for row in tables(finished(app.run()))[2][3:] for cell in row.values()]
    untold = {one.awaited: one.result for pair in ELSEWHERE.values() for one in pair}
    lacking = [cell for cell in cells if any(cell.startswith(awaited) for awaited in untold)]
    assert [untold[cell.split(": this could not be measured.")[0]] for cell in lacking] == ["outliers"]


def test_pictures_of_a_training_that_failed_do_not_wait_for_it(monkeypatch):
    def fails(*_):
        raise RuntimeError("the dog ate the weights")

    shown = {}
    with monkeypatch.context() as broken:
        broken.setattr(measure, "StepMomentsTask", fails)
        broken.setattr(section, "viewer", lambda panels, steps, key, *_: shown.update({key: panels}))
        app = opened("covariate_shift.py", **SMALL, seed="11")
    assert "the dog ate the weights" in app.error[0].value
    missing = [one for panels in shown.values() for one in panels if not one.figure]
    assert len(missing) > 2
    assert {one.pending for one in missing if one.empty} >= {section.FAILED}
    assert all(one.empty for one in missing)
