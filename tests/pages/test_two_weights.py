"""The page of two weights without a browser: each preset opens from its link and says its numbers."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from landscape.labs.codec import codec_of
from landscape.labs.presets import TWO_WEIGHTS
from landscape.labs.two_weights.request import TwoWeights
from tests.pages.test_compare import ROOT, button, control, link_of

CODEC = codec_of("two_weights", TwoWeights)

RAW, STANDARDIZED, WHITENED, OWN = "raw", "standardized", "whitened", "your c and s"


def numbers_of(app: AppTest) -> dict[str, dict[str, float | str]]:
    """Return the page's table by preprocessing, with numbers where its entries are numbers."""

    def read(entry: str) -> float | str:
        try:
            return float(entry.replace("\N{NON-BREAKING HYPHEN}", "-").replace("infinite", "inf"))
        except ValueError:
            return entry

    return {row["Features"]: {k: read(v) for k, v in row.items()} for row in app.table[0].value.to_dict("records")}


def found_in(pattern: str, told: str) -> list[float]:
    """Return the numbers that a sentence of the page holds."""
    match = re.search(pattern.replace("#", r"(-?[\d.e+-]*\d)"), told)
    assert match, pattern
    return [float(number) for number in match.groups()]


def l_too_small(rows, told):
    promised, real = found_in("guaranteed to descend by #; it descends by #", told)
    assert promised > 1.2 * real > 0
    assert "cuts through the loss" in told


def longer_than_the_limit(rows, told):
    assert "beyond 2/L" in told
    for kind in (RAW, STANDARDIZED, WHITENED):
        assert rows[kind]["Learning rate"] > rows[kind]["2 / L"]
        assert f"{kind} diverges" in told


def larger_rate(rows, told):
    assert rows[RAW]["L"] > 1000 * rows[STANDARDIZED]["L"]
    assert rows[RAW]["2 / L"] < rows[RAW]["Learning rate"] < rows[STANDARDIZED]["2 / L"]
    assert "raw diverges" in told
    assert found_in("standardized is within 0.01 of its minimum from step #", told)[0] < 20


def gradient_grows(rows, told):
    assert found_in("Inputs # times as large: the weights' gradient is # times as long", told) == [1000, 1000]
    assert found_in("the bias's is #, below 1 whatever the inputs", told)[0] < 1


def bounded_derivative(rows, told):
    assert found_in("the bias's is #, below 1", told)[0] < 1
    low, high = found_in("cross-entropy lies between # and #", told)
    assert -1 <= low < high <= 0
    squared, alone = found_in("squared error is # at h = -8 .* cross-entropy alone is # at p", told)
    assert max(squared, alone) < -5


def bound_holds(rows, told):
    assert all(row["L"] <= 1.005 * row["Its bound"] for row in rows.values())
    assert rows[STANDARDIZED]["L"] > 0.9 * rows[STANDARDIZED]["Its bound"]


def nothing_lost(rows, told):
    assert "Nothing is lost" in told
    assert len({row["Least loss"] for row in rows.values()}) == 1
    nothing, here, least = found_in("is # with nothing subtracted, # at your c, and least at the mean: #", told)
    assert nothing > here == least


def too_large(rows, told):
    assert "too flat" in told
    assert rows[OWN]["L"] < 0.01 < rows[STANDARDIZED]["L"]
    assert rows[OWN]["At the minimum from"] == "starts there"  # so flat that a distance of weights is next to none
    assert found_in("#% of what there is to learn is left", told)[0] > 90


def too_small(rows, told):
    assert "it diverges: too steep" in told
    assert rows[OWN]["L"] > 50 * rows[STANDARDIZED]["L"]
    assert rows[OWN]["Loss above minimum"] > 1e6


def alike(rows, told):
    assert rows[RAW]["First step: w2 / w1"] > 50
    assert 0.3 < rows[STANDARDIZED]["First step: w2 / w1"] < 3


def useless(rows, told):
    assert "perfectly smooth" in told
    assert rows[OWN]["L"] == 0
    assert rows[OWN]["Least loss"] > 2 * rows[STANDARDIZED]["Least loss"]


def thousands(rows, told):
    assert rows[RAW]["Condition number"] > 1e6
    assert rows[STANDARDIZED]["Condition number"] < 1.5
    assert rows[RAW]["2 / L"] < 1e-6 * rows[STANDARDIZED]["2 / L"]


def cleverer(rows, told):
    plain, best, standardized = found_in(
        "gradient descent ends # above .* best optimizer there, [^,]*, #\\. Plain .* features: #\\.", told
    )
    assert plain > 5 * best > best > standardized


def places(rows, told):
    kept, mixed = found_in("as it was: # standardized, .* dimension; # whitened, which mixes", told)
    assert kept == 1 > 0.99 > mixed


def correlated(rows, told):
    assert rows[STANDARDIZED]["Condition number"] > 20 > 1.01 > rows[WHITENED]["Condition number"]
    assert rows[WHITENED]["At the minimum from"] == "step 1"
    assert rows[STANDARDIZED]["Loss above minimum"] > rows[WHITENED]["Loss above minimum"]


def cost(rows, told):
    ms, times = found_in("1024 features whitening took # ms, # times as long as standardizing", told)
    assert ms > 0 < times


def real_table(rows, told):
    assert rows[RAW]["Condition number"] > 1e4 > 100 > rows[STANDARDIZED]["Condition number"]


def constant(rows, told):
    assert "x1 is constant" in told
    assert rows[STANDARDIZED]["Condition number"] == float("inf")
    assert rows[STANDARDIZED]["Loss above minimum"] < 1e-6


def the_same(rows, told):
    assert "The two features say the same" in told
    assert rows[STANDARDIZED]["Condition number"] == float("inf")
    assert rows[STANDARDIZED]["Loss above minimum"] < 1e-6


SHOWS = {
    "What if L is guessed too small?": l_too_small,
    "What if the step is longer than 2/L?": longer_than_the_limit,
    "Does a smaller L allow a larger rate?": larger_rate,
    "Whose gradient grows with the inputs?": gradient_grows,
    "Which loss has a bounded derivative?": bounded_derivative,
    "What holds L?": bound_holds,
    "Is anything lost by subtracting the mean?": nothing_lost,
    "What if s is much too large?": too_large,
    "What if s is much too small?": too_small,
    "Do both weights move alike?": alike,
    "What if everything is multiplied by 0?": useless,
    "What if x2 is in thousands?": thousands,
    "Does a cleverer optimizer help?": cleverer,
    "Do the examples keep their places?": places,
    "What if the features are correlated?": correlated,
    "What does whitening cost?": cost,
    "What about a real table?": real_table,
    "What if a feature is constant?": constant,
    "What if both features say the same?": the_same,
}
"""What each question's page must show, read off the page."""


def opened(**link) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60)
    app.query_params.update(link)
    return app.run()


def text_of(app: AppTest) -> str:
    assert [exception.value for exception in app.exception] == []
    assert not app.error
    return " ".join(element.value for kind in (app.info, app.markdown, app.warning) for element in kind)


@pytest.mark.parametrize("question", TWO_WEIGHTS)
def test_a_preset_opens_from_its_link_and_shows_what_it_asks(question):
    _, config = TWO_WEIGHTS[question]
    link = CODEC.write(CODEC.values_of(config))
    app = opened(**link)
    told = text_of(app)
    assert "What to notice" in told
    SHOWS[question](numbers_of(app), told)
    assert link_of(app) == link


def test_a_question_is_a_click_and_a_link():
    app = opened()
    question = next(iter(TWO_WEIGHTS))
    button(app, question).click()
    app.run()
    assert "cuts through the loss" in text_of(app)
    assert link_of(app) == {"curvature": "0.5"}


def test_controls_move_what_is_said():
    app = opened()
    before = text_of(app)
    control(app, "step").set_value(2.5)
    app.run()
    assert "beyond 2/L" in text_of(app)
    assert text_of(app) != before
    assert link_of(app) == {"step": "2.5"}


def test_an_adaptive_optimizer_leaves_the_inequality_its_step():
    app = opened(optimizer="adam", looked_at="standardized")
    assert "at 1/L" in text_of(app)
    control(app, "step").set_value(2.5)
    app.run()
    assert "beyond 2/L" in text_of(app)
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
    for words in ("(0, 0)", "Open circle: where training starts", "star: where its path\nends"):
        assert words in said


def test_the_rate_of_the_divisors_has_its_control_wherever_the_page_trains_at_another():
    app = opened()
    assert "after 60 steps of gradient descent at the learning rate for all, 0.1," in text_of(app)
    control(app, "learning_rate").set_value(0.5)
    app.run()
    assert "at the learning rate for all, 0.5," in text_of(app)
    assert link_of(app) == {"learning_rate": "0.5"}
    for link in ({"rate": "shared"}, {"optimizer": "adam"}):
        keys = [widget.key for widget in opened(**link).select_slider]
        assert sum(key.startswith("learning_rate-") for key in keys) == 1


def test_a_table_has_a_dash_where_nothing_moves():
    app = opened(zero="true")
    assert app.table[0].value.iloc[-1]["First step: w2 / w1"] == "–"
    assert "not a number" not in str(app.table[0].value)


def test_a_flat_loss_is_told_as_such():
    told = text_of(opened(deviation_1="0", deviation_2="0", mean_1="0", mean_2="0"))
    assert told.count("does not move, as its loss is flat") == 3
    assert "no step changes anything, and there is nothing to learn" in told
    for words in ("diverges", "steep", "not a number"):
        assert words not in told


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
