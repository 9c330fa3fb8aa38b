"""The page of two weights without a browser: each question opens from its link and says its facts."""

import pytest
from streamlit.testing.v1 import AppTest

from landscape.labs.two_weights import words
from landscape.labs.two_weights.facts import facts_of
from landscape.labs.two_weights.questions import QUESTIONS
from landscape.labs.two_weights.request import CODEC, TwoWeights
from tests.pages.support import ROOT, button, control, link_of, plain, tables


def opened(**link) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60)
    app.query_params.update(link)
    return app.run()


def text_of(app: AppTest) -> str:
    assert [exception.value for exception in app.exception] == []
    assert not app.error
    return " ".join(plain(element.value) for kind in (app.info, app.markdown, app.warning) for element in kind)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.slug)
def test_a_question_opens_from_its_link_and_shows_its_answer_and_its_numbers(question):
    app, facts = opened(ask=question.slug), facts_of(question.request)
    told = text_of(app)
    assert f"**{question.ask}**" in told
    assert question.answer(facts) in told
    assert words.notice(facts) in told
    rows = tables(app)[0]
    assert [row["Features"] for row in rows] == [one.name for one in facts.prepared]
    assert [row["L"] for row in rows] == [words.entry(one.smoothness) for one in facts.prepared]
    assert [row["Condition number"] for row in rows] == [words.entry(one.condition) for one in facts.prepared]
    assert link_of(app) == {"ask": question.slug}


@pytest.mark.parametrize("question", QUESTIONS[::6], ids=lambda question: question.slug)
def test_the_settings_of_a_question_are_a_link_of_their_own(question):
    link = CODEC.write(CODEC.values_of(question.request))
    app = opened(**link)
    assert words.notice(facts_of(question.request)) in text_of(app)
    assert link_of(app) == link


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.slug)
def test_a_link_of_the_settings_of_a_question_is_read_as_they_are(question):
    values, problems = CODEC.read(CODEC.write(CODEC.values_of(question.request)))
    assert not problems
    assert CODEC.request_of(values) == question.request


def test_a_question_is_a_click_and_a_link():
    app = opened()
    question = QUESTIONS[0]
    button(app, question.ask).click()
    app.run()
    assert "cuts through the loss" in text_of(app)
    assert link_of(app) == {"ask": question.slug}


def test_separated_classes_are_told_and_have_no_least_loss():
    app = opened(model="logistic", noise="0", bias="true")
    assert "A line separates the classes" in app.warning[0].value
    assert {row["Least loss"] for row in tables(app)[0]} == {"no minimum"}
    assert {row["Loss above minimum"] for row in tables(app)[0]} == {"–"}


def test_the_optimizers_stand_in_a_table_where_asked_for():
    assert len(tables(opened())) == 1
    rows = tables(opened(compare="true"))[1]
    assert len(rows) == 6
    assert rows[0]["Optimizer"] == "gradient descent"
    assert set(rows[0]) == {"Optimizer", "Raw", "Centered", "Scaled", "Standardized", "Whitened"}


def test_the_controls_are_those_of_what_is_chosen_now():
    app = opened()
    control(app, "optimizer").set_value("momentum")
    app.run()
    assert control(app, "momentum").value == 0.9
    control(app, "source").set_value("wine")
    app.run()
    assert "proline" in control(app, "feature_2").options


def test_controls_move_what_is_said():
    app = opened()
    before = text_of(app)
    control(app, "step").set_value(2.5)
    app.run()
    assert words.PROMISE_SENTENCES[words.Promise.BEYOND] in text_of(app)
    assert text_of(app) != before
    assert words.notice(facts_of(TwoWeights(step=2.5))) in text_of(app)
    assert link_of(app) == {"step": "2.5"}


def test_an_adaptive_optimizer_leaves_the_inequality_its_step():
    app = opened(optimizer="adam", looked_at="standardized")
    assert words.PROMISE_SENTENCES[words.Promise.AT_ONE] in text_of(app)
    control(app, "step").set_value(2.5)
    app.run()
    assert words.PROMISE_SENTENCES[words.Promise.BEYOND] in text_of(app)
    assert sum(widget.key.startswith("step-") for widget in app.slider) == 1


def test_features_of_a_table_are_chosen_by_name():
    app = opened(source="wine", feature_1="10", feature_2="12")
    assert control(app, "feature_2").value == 12
    assert "proline" in control(app, "feature_2").options
    bad = opened(source="wine", feature_1="25")
    assert "feature_1 must be from 0 to 12 in wine" in bad.error[0].value
    control(bad, "feature_1").set_value(3)
    bad.run()
    assert not bad.error


def test_bad_values_of_a_link_give_defaults_and_sentences():
    app = opened(step="1e400", looked_at="sideways", nonsense="1")
    assert len(app.warning) == 3
    assert link_of(app) == {}


def test_a_teacher_hides_the_controls():
    app = opened(controls="inequality")
    keys = {widget.key.partition("-")[0] for kind in (app.slider, app.select_slider, app.selectbox) for widget in kind}
    assert keys == {"curvature", "looked_at"}


def test_the_marks_on_the_bowls_are_explained():
    said = " ".join(caption.value for caption in opened().caption)
    for shown in ("(0, 0)", "Open circle: where training starts", "star: where its path\nends"):
        assert shown in said


def test_the_rate_of_the_divisors_has_its_control_wherever_the_page_trains_at_another():
    app = opened()
    assert "60 steps of gradient descent at the learning rate for all, 0.1," in text_of(app)
    control(app, "learning_rate").set_value(0.5)
    app.run()
    assert "at the learning rate for all, 0.5," in text_of(app)
    assert link_of(app) == {"learning_rate": "0.5"}
    for link in ({"rate": "shared"}, {"optimizer": "adam"}):
        keys = [widget.key for widget in opened(**link).select_slider]
        assert sum(key.startswith("learning_rate-") for key in keys) == 1


def test_a_table_has_a_dash_where_nothing_moves():
    app = opened(zero="true")
    assert tables(app)[0][-1]["First step: w2 / w1"] == "–"
    assert "not a number" not in str(tables(app))


def test_a_flat_loss_is_told_as_such():
    told = text_of(opened(deviation_1="0", deviation_2="0", mean_1="0", mean_2="0"))
    assert "Training does not move where the loss is flat: raw, standardized and whitened." in told
    assert words.PREPARES_SENTENCES[words.Prepares.FLAT] in told
    for wrong in ("diverges", "steep", "not a number"):
        assert wrong not in told


def test_a_file_is_told_as_a_file_and_its_warnings_end_with_the_next():
    def loaded(settings):
        text = f'{{"page": "two_weights", "settings": {settings}}}'
        app.file_uploader[0].set_value(("a.json", text.encode(), "application/json"))
        app.run()

    app = opened()
    loaded('{"step": 9, "colour": "red"}')
    told = [warning.value for warning in app.warning]
    assert [text.partition(" must")[0].partition(" 'c")[0] for text in told] == ["step in the file", "The file names"]
    loaded("3")
    assert "holds no experiment" in app.error[0].value
    assert not app.warning
