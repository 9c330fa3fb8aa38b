"""Each lab's settings are its own, by whatever way one comes: navigation, Back, Forward, reload, another window."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import IDLE, PATIENCE, Visitor

OWN = {
    "Compare landscapes": "dataset=moons&width=8&depth=2&num_steps=20&resolution=11&num_examples=200&drawing=contour",
    "Smoothness": "num_steps=12&width=8&depth=2&num_examples=200&probes=6&rungs=3",
    "Two weights": "curvature=0.5",
}
PLACES = {"Compare landscapes": "", "Smoothness": "smoothness", "Two weights": "two_weights"}
TITLES = {
    "Compare landscapes": "What does normalization do to a network's loss landscape?",
    "Smoothness": "Is the loss really smoother with BatchNorm?",
    "Two weights": "Why do unlike scales make training hard?",
}


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
        expect(self.page.get_by_role("heading", level=1)).to_have_text(TITLES[lab], timeout=PATIENCE)
        self.page.wait_for_selector(IDLE)
        asked = {name: values[0] for name, values in parse_qs(link).items()}
        self.page.wait_for_function(
            "asked => JSON.stringify(asked) === JSON.stringify(Object.fromEntries([...new URLSearchParams(location.search)].sort()))",
            arg=dict(sorted(asked.items())),
        )
        place = PLACES[lab] or "(landscapes|compare)?"
        assert re.fullmatch(f"/{place}/?", urlparse(self.page.url).path)
        assert self.page.get_by_text("which is no setting of this page").count() == 0


@pytest.fixture
def walker(visitor: Callable[..., Visitor]) -> Walker:
    return Walker(visitor())


def test_back_and_forward_bring_each_lab_its_own_settings(walker):
    compare, smoothness = OWN["Compare landscapes"], ""
    walker.open("Compare landscapes", compare)
    walker.stands("Compare landscapes", compare)
    walker.go("Smoothness")
    walker.stands("Smoothness", smoothness)
    walker.go("Compare landscapes")
    walker.stands("Compare landscapes", compare)
    walker.page.go_back()  # one step, and not first to the bare address
    walker.stands("Smoothness", smoothness)
    walker.page.go_back()
    walker.stands("Compare landscapes", compare)
    walker.page.go_forward()
    walker.stands("Smoothness", smoothness)
    walker.page.reload()
    walker.stands("Smoothness", smoothness)


def test_steps_in_haste_carry_nothing_from_one_lab_to_another(walker):
    walker.open("Compare landscapes", OWN["Compare landscapes"])
    walker.stands("Compare landscapes", OWN["Compare landscapes"])
    for lab in ("Two weights", "Compare landscapes", "Smoothness", "Compare landscapes"):
        walker.go(lab)  # the next at once, while this one is still drawn
        expect(walker.page.get_by_role("heading", level=1)).to_have_text(TITLES[lab], timeout=PATIENCE)
    walker.page.go_back()
    walker.stands("Smoothness", "")
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
