"""Where one begins, and results of papers, without a browser."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from landscape.serving.tickets import Status
from landscape.teaching import published
from landscape.teaching.lessons import LESSONS
from landscape.teaching.themes import by_theme, entries
from pages.components.page_links import address_of
from tests.pages.support import ROOT, button, finished, opened

SMALL = {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200, "probes": 6, "rungs": 3}


@pytest.fixture(scope="module")
def begun() -> AppTest:
    return opened("start.py")


def links(app: AppTest) -> list[str]:
    return [one.value for one in app.markdown if one.value.startswith("[")]


def test_it_leads_to_every_lesson_and_every_question(begun):
    every = links(begun)
    for lesson in LESSONS.values():
        first = lesson.steps[0]
        link = {"ask": first.slug, "lesson": lesson.name, "at": "1"}
        assert any(one.endswith(f"({address_of(first.lab, link)})") for one in every)
        assert any(lesson.title in one.value for one in begun.markdown)
    for entry in entries():
        assert any(one.endswith(f"({address_of(entry.lab.name, {'ask': entry.question.slug})})") for one in every)


def test_questions_are_searched():
    app = opened("start.py")
    app.text_input[0].set_value("momentum zebra").run()
    assert any("No question has all of these words" in one.value for one in app.markdown)
    app.text_input[0].set_value("sigmoid").run()
    found = [one for one in links(app) if "?ask=" in one and "lesson" not in one]
    assert len(found) == sum(map(len, by_theme("sigmoid").values()))


def test_a_lesson_of_ones_own_is_a_link_and_a_file():
    app = opened("start.py")
    app.multiselect[0].set_value(["two_weights.same", "anatomy.batch"]).run()
    assert [one.value for one in app.code] == ["two_weights?lesson=two_weights.same~anatomy.batch&at=1"]
    text = "# Mine\ntwo_weights.same First this.\nanatomy.batch"
    app.file_uploader[0].set_value(("a.txt", text.encode(), "text/plain")).run()
    assert not app.error
    assert any("Mine: 2 questions" in one for one in links(app))
    app.file_uploader[0].set_value(("a.txt", b"compare.no", "text/plain")).run()
    assert app.error[0].value.startswith("Line 1")
    app.file_uploader[0].set_value(("a.txt", b"\xff\xfe", "text/plain")).run()
    assert "UTF-8" in app.error[0].value


def test_a_result_is_computed_when_asked_for_and_told_with_its_verdict(monkeypatch):
    small = replace(published.RESULTS["loss-range"], changes=SMALL)
    monkeypatch.setitem(published.RESULTS, "loss-range", small)
    app = AppTest.from_file(str(ROOT / "pages" / "reproductions.py"), default_timeout=60).run()
    assert not app.exception
    assert not app.session_state["held"]["tickets"], "nothing is computed before"
    next(one for one in app.button if one.key == "compute-loss-range").click()
    app = finished(app.run())
    told = [one.value for one in app.markdown if "Here:" in one.value]
    assert len(told) == 1
    assert told[0].count(" times (") == 1
    assert any("Of 1 result:" in one.value for one in app.markdown)
    assert not [one for one in app.button if one.key == "compute-loss-range"]
    assert button(app, "Cancel").disabled, "nothing runs"


def test_a_link_names_a_result_which_is_computed_as_the_page_opens_and_stands_first(monkeypatch):
    small = replace(published.RESULTS["loss-range"], changes=SMALL)
    monkeypatch.setitem(published.RESULTS, "loss-range", small)
    app = opened("reproductions.py", result="loss-range,nothing")
    assert [one.value for one in app.warning] == [
        "The link names 'nothing', which is no result of this page; it is ignored."
    ]
    claims = [one.value for one in app.markdown if one.value.startswith(("**With", "**The ", "**Also"))]
    assert claims[0].startswith(f"**{small.claim}**")
    assert len([one for one in app.markdown if "Here:" in one.value]) == 1
    assert app.code[0].value.count("\n") == 2
    assert any("Of 1 result:" in one.value for one in app.markdown)


def test_a_link_names_two_results_which_alone_are_computed_and_stand_first(monkeypatch):
    for name in ("loss-range", "noise"):
        monkeypatch.setitem(published.RESULTS, name, replace(published.RESULTS[name], changes=SMALL))
    app = opened("reproductions.py", result="noise,loss-range")
    assert not app.warning
    claims = [one.value for one in app.markdown if "Here:" in one.value]
    assert len(claims) == 2
    first = [one.value for one in app.markdown if one.value.startswith("**") and "badge" in one.value]
    assert [one.split("**")[1] for one in first] == [published.RESULTS[name].claim for name in ("loss-range", "noise")]
    others = {one.key for one in app.button if one.key and one.key.startswith("compute-")}
    assert others == {f"compute-{name}" for name in published.RESULTS} - {"compute-loss-range", "compute-noise"}
    [numbers] = [one for one in app.get("download_button") if one.proto.label == "Numbers (CSV)"]
    assert not numbers.proto.disabled


def test_cancelling_in_the_middle_keeps_what_is_found_and_lets_go_of_the_rest(monkeypatch):
    small = replace(published.RESULTS["loss-range"], changes=SMALL)
    monkeypatch.setitem(published.RESULTS, "loss-range", small)
    app = opened("reproductions.py", result="loss-range")
    next(one for one in app.button if one.key == "compute-edge").click()
    app.run()
    assert any("*computing" in one.value for one in app.markdown)
    awaited = [ticket for ticket in app.session_state["held"]["tickets"] if not ticket.done]
    assert awaited
    assert not button(app, "Cancel").disabled
    button(app, "Cancel").click()
    app.run()
    assert not app.exception
    assert all(ticket.status is Status.CANCELLED for ticket in awaited)
    assert any("Of 1 result:" in one.value for one in app.markdown)
    assert any(one.key == "compute-edge" for one in app.button), "it may be asked for again"


def test_a_result_that_fails_says_why_in_its_place(monkeypatch):
    def refuses(facts):
        raise ValueError("a width of 8 is too narrow: take 16.")

    small = replace(published.RESULTS["loss-range"], changes=SMALL | {"probes": 7}, measure=refuses)
    monkeypatch.setitem(published.RESULTS, "loss-range", small)
    app = opened("reproductions.py", result="loss-range")
    assert not app.exception
    assert [one.value for one in app.error] == ["A seed could not be computed: a width of 8 is too narrow: take 16."]
    assert any("not answered by these results" in one.value for one in app.markdown)
