"""When a part of a page asks for news: while its own jobs go on; and that whose job ends last has the whole page drawn."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pages.components import compute


@dataclass
class Ticket:
    """As much of a ticket as is asked here."""

    done: bool


class Again(Exception):
    """The whole page runs again."""


@pytest.fixture
def reruns(monkeypatch):
    """Raise where Streamlit would end the script, and keep what is told to the run that follows."""
    told = {}

    def rerun():
        raise Again

    monkeypatch.setattr(compute.st, "rerun", rerun)
    monkeypatch.setattr(compute.st, "session_state", told)
    return told


def test_a_part_asks_while_its_jobs_go_on_sooner_where_they_are_quick():
    last = []
    slow, quick = (compute._until_news(False, last, [Ticket(False)], hurry) for hurry in (False, True))
    assert 0 < quick < slow == compute.POLL_SECONDS
    assert last == []


def test_a_part_that_is_done_before_others_asks_no_more():
    last = []
    assert compute._until_news(True, last, [Ticket(True), Ticket(False)], False) is None
    assert last == []


def test_the_part_that_is_done_last_has_the_whole_page_drawn_once_its_own_pictures_are(monkeypatch, reruns):
    now = 100.0
    monkeypatch.setattr(compute.time, "monotonic", lambda: now)
    last = []
    assert compute._until_news(True, last, [Ticket(True)], False) == compute.POLL_SECONDS
    now += 0.1  # asked for too soon: the pictures are on their way
    assert compute._until_news(True, last, [Ticket(True)], False) == compute.POLL_SECONDS
    assert not reruns
    now += compute.POLL_SECONDS
    with pytest.raises(Again):
        compute._until_news(True, last, [Ticket(True)], False)
    assert reruns == {"own_rerun": True}


@pytest.mark.parametrize("others", [[], [Ticket(True)]])
def test_without_other_parts_it_is_the_same(reruns, others):
    last = [0.0]
    with pytest.raises(Again):
        compute._until_news(True, last, others, False)
