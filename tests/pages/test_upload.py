"""A table of one's own on a page: it is loaded beside the data, stays in the session, and no link holds it."""

import pytest
from streamlit.testing.v1 import AppTest

from landscape.experiment import Dataset
from landscape.labs.two_weights.request import Source
from pages.components import take
from pages.components.take import qr_of
from tests.pages.support import ROOT, control, finished, link_of, opened, values_of
from tests.test_own_table import HEADER, ROWS, X, written

SMALL = {
    "depth": "1",
    "width": "8",
    "num_steps": "20",
    "resolution": "5",
    "view_num_examples": "48",
    "batch_size": "16",
}


def page(name: str, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / name), default_timeout=60)
    app.query_params.update(link)
    return app.run()


def give(app: AppTest, content: bytes, name: str = "mine.csv") -> AppTest:
    """Load a table where the page takes one."""
    uploader = next(one for one in app.file_uploader if one.key.startswith("own-"))
    uploader.set_value((name, content, "text/csv"))
    return app.run()


@pytest.fixture(scope="module")
def two_weights() -> AppTest:
    """The page of two weights with a table of the user's own."""
    return give(page("two_weights.py"), written())


def test_the_features_are_those_of_the_table_and_the_page_says_what_it_took(two_weights):
    assert not two_weights.exception
    assert not two_weights.error
    assert values_of(two_weights)["source"] is Source.OWN
    assert control(two_weights, "feature_1").options == HEADER[:2]
    said = " ".join(caption.value for caption in two_weights.caption)
    assert "60 rows, 2 features (size, weight), 2 classes (large, small)" in said
    assert "a link to this page does not hold it" in said


def test_a_link_names_that_there_was_a_table_and_another_session_says_that_it_has_none(two_weights):
    link = link_of(two_weights)
    assert link["source"] == "own"
    assert not any("size" in text or str(X[0, 0]) in text for text in link.values())
    other = page("two_weights.py", **link)
    assert values_of(other)["source"] is Source.GAUSSIANS
    assert [one.value for one in other.warning if "is not here" not in one.value] == []
    assert "load yours beside the data" in " ".join(one.value for one in other.warning)
    assert Source.OWN not in control(other, "source").options


def test_a_table_that_is_none_says_why_and_the_data_stay():
    app = give(page("two_weights.py"), b"1\n2\n3\n")
    assert "There is one column" in " ".join(one.value for one in app.error)
    assert values_of(app)["source"] is Source.GAUSSIANS
    app = give(app, written())
    assert not app.error
    assert values_of(app)["source"] is Source.OWN
    one = give(page("two_weights.py"), written([[row[0], row[2]] for row in ROWS], ["size", "kind"]))
    assert "two features, and this table has one" in " ".join(error.value for error in one.error)


def test_forgetting_it_brings_the_defaults_back(two_weights):
    app = give(page("two_weights.py"), written())
    next(button for button in app.button if (button.key or "").startswith("forget")).click()
    app.run()
    assert not app.exception
    assert not app.warning
    assert values_of(app)["source"] is Source.GAUSSIANS
    assert "source" not in link_of(app)


def test_networks_are_compared_on_it_and_numbers_bring_the_loss_that_fits():
    app = finished(give(opened(**SMALL), written()))
    assert not app.error
    assert values_of(app)["dataset"] is Dataset.OWN_CLASSES
    numbers = [[*row[:2], f"{0.5 * i}"] for i, row in enumerate(ROWS)]
    app = finished(give(app, written(numbers)))
    assert not app.error
    assert values_of(app)["dataset"] is Dataset.OWN_NUMBERS
    assert values_of(app)["loss"] == "squared"
    assert "own-numbers" in link_of(app)["dataset"]


def test_a_code_is_that_of_the_link():
    one, other = qr_of("http://localhost/?seed=3"), qr_of("http://localhost/?seed=4")
    assert one != other
    assert one == qr_of("http://localhost/?seed=3")


def test_a_code_is_drawn_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(take, "page_link", lambda camera: "http://localhost/?seed=3")
    app = page("two_weights.py")
    drawn = [one.proto.body for one in app.get("html")]
    after = [one.proto.body for one in app.toggle(key="take-code").set_value(True).run().get("html")]
    (code,) = [one for one in after if one not in drawn]
    assert "QR code" in code
    monkeypatch.setattr(take, "page_link", lambda camera: "")
    assert any("too long for a code" in one.value for one in app.run().caption)


def test_a_page_for_a_projector_is_left_by_a_button():
    app = page("two_weights.py", size="large")
    assert not app.warning
    assert link_of(app)["size"] == "large"
    next(button for button in app.button if button.label == "The usual size").click()
    app.run()
    assert "size" not in link_of(app)
