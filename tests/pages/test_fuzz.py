"""Links at random: no page raises, the log holds no traceback, problems are sentences, and every link comes back."""

import pytest

from benchmarks.fuzz import FOLDERS, Link, is_sentence, links, main, misread, wrong

FEW, MANY = 24, 400
"""Of pages that are opened, and of links that are only read."""


@pytest.mark.parametrize("link", [*links(FEW, seed=2)], ids=lambda link: f"{link}"[:60])
def test_a_link_at_random_opens(link):
    assert wrong(link) == []


def test_links_at_random_are_read():
    assert [(str(link), found) for link in links(MANY, seed=3) if (found := misread(link))] == []


def test_links_are_of_all_labs_and_kinds_and_the_same_again():
    some = list(links(FEW, seed=2))
    assert some == list(links(FEW, seed=2)) != list(links(FEW, seed=4))
    assert {link.lab for link in some} == set(FOLDERS)
    assert any(len(dict(link.parameters)) < len(link.parameters) for link in some)


def test_what_is_wrong_is_seen(monkeypatch):
    """A page that raises, and a problem that is no sentence."""
    link = Link("two_weights", (("step", "-1"),))
    assert wrong(link) == misread(link) == []
    monkeypatch.setattr("landscape.labs.two_weights.words.notice", lambda facts: 1 / 0)
    assert any("division by zero" in text for text in wrong(link))
    monkeypatch.setattr("models.fields.Bounds.parse", lambda self, text: int("x"))
    assert misread(link) == []  # a ValueError is what the codec takes for a sentence
    monkeypatch.setattr("models.fields.Bounds.parse", lambda self, text: {}["x"])
    assert misread(link) == ["raises KeyError('x')"]
    assert not is_sentence("Width tensor(3) is wrong here.")


def test_the_command_says_how_many(capsys):
    assert main(["3", "--pages", "0", "--lab", "two_weights"]) == 0
    assert "3 links of seed 0, 0 with something wrong" in capsys.readouterr().out
