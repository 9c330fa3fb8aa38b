"""The kit of sentences at the bounds where one way to say a thing gives way to another."""

import pytest

from landscape.labs.words import (
    Percent,
    Quotient,
    Ratio,
    Share,
    listing,
    literal,
    number,
    sentence,
    spoken,
    time_left,
    told,
    unmarked,
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (7.9, ""),
        (8, "about 10 seconds more"),
        (99.9, "about 100 seconds more"),
        (100, "about 2 minutes more"),
        (6600, "about 110 minutes more"),
    ],
)
def test_a_wait_is_told_from_eight_seconds_on_and_in_minutes_from_a_hundred(seconds, said):
    assert time_left(seconds) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.5, "0.5 times"),
        (4990, "4990 times"),
        (5000, "thousands of times"),
        (999_999, "thousands of times"),
        (1e6, "millions of times"),
        (1e9 - 1, "millions of times"),
        (1e9, "more than a billion times"),
        (float("inf"), "more than a billion times"),
        (float("nan"), "not a number times"),
    ],
)
def test_a_ratio_beyond_some_thousand_is_told_in_words(ratio, said):
    assert told(Ratio(ratio)) == said


@pytest.mark.parametrize(
    ("quotient", "said"),
    [
        (0, "0"),
        (1 / 5000, "under 1/5000"),
        (1.5 / 5000, "0.0003"),
        (1, "1"),
        (4990, "4990"),
        (5000, "over 5000"),
        (float("inf"), "over 5000"),
        (float("nan"), "not a number"),
    ],
)
def test_a_quotient_is_a_number_within_a_factor_of_five_thousand(quotient, said):
    assert told(Quotient(quotient)) == said


def test_a_number_that_is_no_quotient_is_told_however_large_or_small():
    assert (told(1e-5), told(12_300.0)) == ("1e−05", "12300")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (999.4, "999"),
        (1000, "1000"),
        (999_400, "999000"),
        (1e6, "1e+06"),
        (-1234.0, "−1230"),
        (float("-inf"), "infinite"),
    ],
)
def test_a_number_has_three_digits_and_no_exponent_up_to_a_million(value, said):
    assert number(value) == said


def test_a_share_in_percent_under_a_thousandth_is_told_as_that():
    said = [told(Percent(share)) for share in (0.0, 1e-12, 0.00099, 0.001, 1.0)]
    assert said == ["0%", "less than 0.1%", "less than 0.1%", "0.1%", "100%"]


def test_names_of_fields_are_those_of_controls_and_what_has_none_stays():
    message = "NetworkConfig.width must be 1, not Other.thing or config.width"
    assert spoken(message, {"width": "Width"}) == "Width must be 1, not Other.thing or config.width"


@pytest.mark.parametrize("text", ["a_b _c_ *d* `e` [f](g) <h> #i |j| ~k $l$ \\m n:o", "plain", "1:2 3: 4"])
def test_what_is_literal_reads_as_it_stands(text):
    assert unmarked(literal(text)) == text


def test_a_sentence_begins_with_a_capital_also_where_a_mark_stands_first():
    assert sentence("{a} is.", a="one") == "One is."
    assert sentence("**{a}** is.", a="one") == "**One** is."
    assert sentence("So {a} is {b}.", a="one", b=Share(0.5)) == "So one is 0.500."
    assert sentence("{each} are.", each={"x|y": Share(1), "z": 2}) == "1.000 (x\\|y) and 2 (z) are."
    assert listing(["a", "b"]) == "a and b"
