"""The page of two weights without a browser: each preset opens from its link and says its numbers."""

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import ROOT, button, control, link_of

from landscape.links import codec_of
from landscape.presets import TWO_WEIGHTS
from landscape.two_weights import TwoWeights

CODEC = codec_of("two_weights", TwoWeights)

SAYS = {
    "L is guessed too small": "cuts through the loss",
    "longer than 2/L": "beyond 2/L",
    "larger learning rate": "raw diverges",
    "Whose gradient": "1000 times as long",
    "lost by subtracting": "Nothing is lost",
    "s is much too large": "too flat",
    "s is much too small": "it diverges: too steep",
    "multiplied by 0": "perfectly smooth",
    "cleverer optimizer": "Plain gradient descent on standardized features",
    "keep their places": "mixes the dimensions",
    "whitening cost": "Measured now",
    "is constant": "x1 is constant",
    "say the same": "say the same",
}


def opened(**link) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60)
    app.query_params.update(link)
    return app.run()


def text_of(app: AppTest) -> str:
    assert [exception.value for exception in app.exception] == []
    assert not app.error
    return " ".join(element.value for kind in (app.info, app.markdown, app.warning) for element in kind)


@pytest.mark.parametrize("question", TWO_WEIGHTS)
def test_a_preset_opens_from_its_link(question):
    _, config = TWO_WEIGHTS[question]
    link = CODEC.write(CODEC.values_of(config))
    app = opened(**link)
    told = text_of(app)
    assert "What to notice" in told
    for words, sentence in SAYS.items():
        if words in question:
            assert sentence in told
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
