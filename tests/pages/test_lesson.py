"""A lesson, without a browser: nothing is shown before something is said, and the link says where one stands."""

import pytest
from streamlit.testing.v1 import AppTest

from landscape.labs.words import literal
from landscape.teaching.labs import labs
from landscape.teaching.lesson import name_of
from landscape.teaching.lessons import LESSONS
from pages.components.lesson import SENTENCES, beside
from pages.components.terms import explained
from tests.pages.support import ROOT, button, finished, link_of, opened, plain, tickets

WHY = LESSONS["why-normalize"]
SMALL = {
    "width": "8",
    "depth": "2",
    "num_steps": "20",
    "resolution": "11",
    "num_examples": "200",
    "view_num_examples": "100",
}


def said(app: AppTest) -> str:
    return "\n".join(plain(one.value) for kind in (app.markdown, app.success, app.info, app.caption) for one in kind)


def links(app: AppTest) -> list[str]:
    """Return where a page that runs by itself leads to."""
    return [one.value for one in app.markdown if one.value.startswith("[")]


@pytest.fixture
def bowl() -> AppTest:
    return opened("two_weights.py", lesson=WHY.name, at="1")


def test_before_something_is_said_there_is_the_question_and_nothing_that_answers_it(bowl):
    question = WHY.steps[0].question
    assert bowl.title[0].value == question.ask
    assert explained(literal(WHY.steps[0].sentence)) in said(bowl)
    assert f"{WHY.title} · 1 of {len(WHY.steps)}" in said(bowl)
    assert [choice.text for choice in question.choices] == [
        one.label for one in bowl.button if one.key.startswith("say-") and one.label != "Show the answer"
    ]
    assert not bowl.success
    assert not bowl.info
    assert not bowl.subheader or all(one.value not in said(bowl) for one in bowl.subheader)
    assert "condition number" not in said(bowl)


def test_the_link_says_where_one_stands_and_a_question_holds_its_settings(bowl):
    assert link_of(bowl) == {"ask": "thousands", "lesson": WHY.name, "at": "1"}
    assert bowl.session_state["settings"]["two_weights"].values["mean_2"] == 5000.0


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_answer_stands_beside_what_was_said(bowl, which):
    question = WHY.steps[0].question
    facts = labs()["two_weights"].facts(question.request, {})
    choice = question.choices[which]
    button(bowl, choice.text).click()
    bowl.run()
    (answer,) = bowl.success
    told = plain(answer.value)
    assert told == f"{beside(question, choice.text, facts)} {question.answer(facts)}"
    assert ("So it is here" in told) == choice.right(facts)
    assert choice.text in told
    assert not [one for one in bowl.button if one.key.startswith("say-")]
    assert bowl.info, "what to notice stands there now"


def test_show_answers_without_a_choice(bowl):
    button(bowl, "Show the answer").click()
    bowl.run()
    assert bowl.success[0].value.startswith(SENTENCES["shown"])


def test_what_was_said_is_beside_what_is_so_whatever_the_facts_bear_out():
    question = WHY.steps[0].question
    facts = labs()["two_weights"].facts(question.request, {})
    right = next(choice.text for choice in question.choices if choice.right(facts))
    wrong = next(choice.text for choice in question.choices if not choice.right(facts))
    assert beside(question, right, facts) == f"You said: *{right}*. So it is here."
    assert beside(question, wrong, facts) == f"You said: *{wrong}*. Here it is: *{right}*."


def test_next_and_back_are_links_that_hold_the_place_and_the_sheet_stays_one():
    app = opened("two_weights.py", lesson=WHY.name, at="2", controls="none")
    back, onward = links(app)
    assert back == f"[Back](two_weights?ask=thousands&lesson={WHY.name}&at=1&controls=none)"
    assert onward == f"[Next](two_weights?ask=larger-rate&lesson={WHY.name}&at=3&controls=none)"
    assert not app.sidebar.children
    first, last = opened("two_weights.py", lesson=WHY.name, at="1"), opened("two_weights.py", lesson=WHY.name, at="4")
    assert [one.split("]")[0] for one in links(first)] == ["[Next"]
    assert links(last)[1].startswith("[Next](./?ask=real-table")


def test_the_end_leads_to_the_other_lessons():
    app = opened("two_weights.py", lesson="two_weights.thousands,two_weights.same", at="2")
    assert [one.split("]")[0] for one in links(app)] == ["[Back", "[The end: to the other lessons"]


def test_a_step_of_another_page_is_opened_there():
    """A page that runs by itself knows no other: it has a link to it, and nothing else."""
    app = opened("two_weights.py", lesson=WHY.name, at="6")
    assert links(app) == [f"[{WHY.steps[5].question.ask}](./?ask=digits&lesson={WHY.name}&at=6)"]
    assert not app.title


@pytest.mark.parametrize("at", ["0", "11", "x", "-1", "1.0", "²", "9" * 5000, ""])
def test_a_place_that_there_is_not_is_told_and_is_the_first(at):
    app = opened("two_weights.py", lesson=WHY.name, at=at)
    assert "from 1 to 10" in app.warning[0].value
    assert link_of(app)["at"] == "1"
    assert app.title[0].value == WHY.steps[0].question.ask


def test_a_lesson_that_there_is_not_is_told_and_goes_out_of_the_link():
    app = opened("two_weights.py", lesson="no-such", at="2", step="2.5")
    assert "The link names no lesson" in app.warning[0].value
    assert link_of(app) == {"step": "2.5"}
    assert app.title[0].value == labs()["two_weights"].question


def test_leaving_keeps_the_question(bowl):
    button(bowl, "Leave the lesson here").click()
    bowl.run()
    assert link_of(bowl) == {"ask": "thousands"}
    assert bowl.title[0].value == labs()["two_weights"].question


def test_a_lesson_in_the_link_needs_no_name(bowl):
    name = name_of(WHY.steps[:3])
    app = opened("two_weights.py", lesson=name, at="3")
    assert app.title[0].value == WHY.steps[2].question.ask
    assert link_of(app) == {"ask": "larger-rate", "lesson": name, "at": "3"}


def test_the_next_questions_trainings_begin_while_this_one_is_read():
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60)
    app.query_params.update({"lesson": "two_weights.thousands,anatomy.batch"})
    app.run()
    later = app.session_state["held"]["later"]
    lab = labs()["anatomy"]
    request = next(one for one in lab.questions if one.slug == "batch").request
    wanted = {job.key for job in lab.jobs(request)["specimen"]}
    assert {ticket.key for ticket in later} == wanted
    for ticket in later:
        while not ticket.done:
            assert ticket.wait(60)
    assert all(ticket.result is not None for ticket in later)
    button(app, "Leave the lesson here").click()
    app.run()
    assert not app.session_state["held"]["later"]


def test_in_a_page_with_jobs_the_picture_comes_with_the_answer():
    app = opened("compare.py", lesson="compare.digits", at="1", **SMALL)
    assert not app.success
    assert tickets(app), "they are computed while one thinks"
    button(app, "Show the answer").click()
    app = finished(app.run())
    assert app.success[0].value.startswith(SENTENCES["shown"])
    assert link_of(app)["width"] == "8"


def test_the_browsers_address_is_told_where_one_stands_also_on_the_page_that_is_shown(monkeypatch):
    """A link to the page that is shown sends its parameters to the server and leaves the address as it was."""
    from streamlit.runtime.state.query_params import QueryParams

    sent: list[str] = []
    send = QueryParams._send_query_param_msg
    monkeypatch.setattr(
        QueryParams,
        "_send_query_param_msg",
        lambda self: (sent.append(self._query_params.get("at", "")), send(self))[1],
    )
    app = opened("two_weights.py", lesson=WHY.name, at="1", ask="thousands")
    sent.clear()
    app.query_params.update({"at": "2", "ask": "beyond-the-limit"})
    app.run()
    assert app.title[0].value == WHY.steps[1].question.ask
    assert "2" in [one if isinstance(one, str) else one[-1] for one in sent]
    sent.clear()
    app.run()
    assert not sent
