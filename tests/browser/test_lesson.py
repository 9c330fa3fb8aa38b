"""A lesson as a class finds it, in a real browser: from the first page, by keyboard, over pages, and back."""

from __future__ import annotations

from playwright.sync_api import expect

from landscape.teaching.lessons import LESSONS
from tests.browser.conftest import PATIENCE

KIN = LESSONS["kin"]
STEPS = "compare.digits~two_weights.same~anatomy.batch"


def test_a_lesson_goes_from_page_to_page_and_back_by_keyboard_alone(visitor):
    one = visitor()
    page = one.page
    page.goto(f"{one.address}/?lesson={STEPS}&at=2")  # of the bare address: the step's page is another
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("What if both features say the same?")
    expect(page.get_by_text("2 of 3")).to_be_visible()
    assert "/two_weights?" in page.url
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Here is what is found.")).to_be_visible()
    page.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_text("BatchNorm: which numbers share one mean and one deviation?")
    assert "at=3" in page.url
    page.get_by_role("button", name="The same unit in all examples").click()
    expect(page.get_by_text("You said:")).to_be_visible()
    page.go_back()
    expect(heading).to_have_text("What if both features say the same?")
    expect(page.get_by_text("Here is what is found.")).to_be_visible()
    page.reload()
    expect(heading).to_have_text("What if both features say the same?")
    expect(page.get_by_role("button", name="Show")).to_be_visible()


def test_start_leads_to_a_lesson_and_a_question(visitor):
    one = visitor()
    page = one.page
    page.goto(f"{one.address}/start")
    page.get_by_role("link", name=f"{len(KIN.steps)} questions: begin").first.wait_for(timeout=PATIENCE)
    page.get_by_label("Search").fill("momentum")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("No question has all of these words.")).to_be_visible()
    page.get_by_label("Search").fill("both features")
    page.get_by_label("Search").press("Enter")
    page.get_by_role("link", name="What if both features say the same?").click()
    expect(page.get_by_text("Next: What if L is guessed too small?")).to_be_visible()
