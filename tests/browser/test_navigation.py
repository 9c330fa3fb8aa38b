"""Each lab's settings are its own, by whatever way one comes: navigation, Back, Forward, reload, another window."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import IDLE, Visitor
from tests.labs.every_lab import LABS

OWN = {
    "Compare landscapes": "dataset=moons&width=8&depth=2&num_steps=20&resolution=11&num_examples=200&drawing=contour",
    "Smoothness": "num_steps=12&width=8&depth=2&num_examples=200&probes=6&rungs=3&step=5",
    "Curvature": "num_steps=12&width=8&depth=2&num_examples=200&edge_steps=20&edge_snapshots=4",
    "Two weights": "curvature=0.5",
}
"""Of labs a link with few computations."""

TITLES = {lab.title: lab.question for lab in LABS.values()}
PLACES = {lab.title: "" if lab.name == "compare" else lab.name for lab in LABS.values()}


class Walker:
    """Somebody who goes from lab to lab, and knows which settings they left in each."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def open(self, lab: str, link: str = "") -> None:
        self.page.goto(f"{self.visitor.address}/{PLACES[lab]}?{link}")

    def go(self, lab: str) -> None:
        self.page.get_by_role("link", name=lab, exact=True).first.click()

    def stands(self, lab: str, link: str) -> None:
        """Wait until a lab stands there, with the settings of a link, all of them, and no complaint."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(TITLES[lab])
        self.page.wait_for_selector(IDLE)
        asked = {name: values[0] for name, values in parse_qs(link).items()}
        self.page.wait_for_function(
            """([place, asked]) => new RegExp(`^/${place}/?$`).test(location.pathname) &&
                asked === JSON.stringify(Object.fromEntries([...new URLSearchParams(location.search)].sort()))""",
            arg=[PLACES[lab] or "(landscapes|compare)?", dumps(dict(sorted(asked.items())), separators=(",", ":"))],
        )
        assert self.page.get_by_text("which is no setting of this page").count() == 0


@pytest.fixture
def walker(visitor: Callable[..., Visitor]) -> Walker:
    return Walker(visitor())


@pytest.mark.parametrize("lab", ["Compare landscapes", "Curvature", "Smoothness"])
def test_back_and_forward_bring_each_lab_its_own_settings(walker, lab):
    own = OWN[lab]
    walker.open(lab, own)
    walker.stands(lab, own)
    walker.go("Two weights")
    walker.stands("Two weights", "")
    walker.go(lab)
    walker.stands(lab, own)
    walker.page.go_back()  # one step, and not first to the bare address
    walker.stands("Two weights", "")
    walker.page.go_back()
    walker.stands(lab, own)
    walker.page.go_forward()
    walker.stands("Two weights", "")
    walker.page.reload()
    walker.stands("Two weights", "")


@pytest.mark.parametrize("hand", [True, False])
def test_a_link_that_comes_before_the_address_of_its_page_is_no_step_of_its_own(walker, hand):
    walker.open("Two weights", OWN["Two weights"])
    walker.stands("Two weights", OWN["Two weights"])
    walker.page.wait_for_function("window.landscapeHistory")
    if hand:
        walker.page.keyboard.press("Shift")
    early, there = [f"/{PLACES[lab]}?{OWN['Curvature']}" for lab in ("Two weights", "Curvature")]
    # As Streamlit does where it hears of the link while it still draws the page.
    walker.page.evaluate("addresses => addresses.forEach((one) => history.pushState({}, '', one))", [early, there])
    assert walker.page.url == f"{walker.visitor.address}{there}"
    walker.page.go_back()
    walker.stands("Two weights", OWN["Two weights"])


def test_steps_in_haste_carry_nothing_from_one_lab_to_another(walker):
    walker.open("Compare landscapes", OWN["Compare landscapes"])
    walker.stands("Compare landscapes", OWN["Compare landscapes"])
    for lab in ("Two weights", "Compare landscapes", "Curvature", "Smoothness", "Compare landscapes"):
        walker.go(lab)  # the next at once, while this one is still drawn
        expect(walker.page.get_by_role("heading", level=1)).to_have_text(TITLES[lab])
    walker.page.go_back()
    walker.stands("Smoothness", "")
    walker.page.go_back()
    walker.stands("Curvature", "")
    walker.page.go_back()
    walker.page.go_back()
    walker.stands("Two weights", "")
    walker.go("Compare landscapes")
    walker.stands("Compare landscapes", OWN["Compare landscapes"])


def test_two_windows_and_a_step_of_settings(walker, visitor):
    other = Walker(visitor())
    walker.open("Two weights", OWN["Two weights"])
    other.open("Two weights", "curvature=2")
    walker.stands("Two weights", OWN["Two weights"])
    other.stands("Two weights", "curvature=2")
    walker.page.get_by_role("button", name="Reset", exact=True).click()
    walker.stands("Two weights", "")
    walker.page.go_back()
    walker.stands("Two weights", OWN["Two weights"])
    other.stands("Two weights", "curvature=2")
