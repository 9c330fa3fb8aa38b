"""Balls that are dropped one by one: their places in a link, and the buttons that drop one more or take it back."""

import pickle
from itertools import combinations
from math import dist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.labs.compare.dropping import MOST, Places, dropping, hundredth, keeping
from landscape.labs.compare.outcomes import BALL_JOBS, jobs
from landscape.labs.compare.request import CODEC, BallsRequest, Request

SHARES = st.floats(-1, 1)
PLACES = st.lists(st.tuples(SHARES, SHARES), max_size=MOST - 1).map(Places)


def after(values, *buttons):
    """Return the values after the first or the second button was pressed, so many times."""
    for button in buttons:
        values = values | dropping(values)[button].values
    return values


def balls_of(values):
    return CODEC.request_of(values).balls.dropped


@given(PLACES)
def test_places_are_read_as_they_are_written(places):
    assert CODEC.fields["more_balls"].parse(str(places)) == places
    assert CODEC.read({"more_balls": str(places)}) == (CODEC.defaults | {"more_balls": places}, ())
    assert Places(places) == pickle.loads(pickle.dumps(places)) == places
    assert all(abs(x - hundredth(x)) < 1e-9 for place in places for x in place)


@pytest.mark.parametrize(
    "text",
    [
        "50",
        "50~",
        "50~30_",
        "101~0",
        "0~-101",
        "50x30",
        "5e1~30",
        "50~30 ",
        "++50~30",
        "५०~30",
        "_".join(["1~1"] * MOST),
    ],
)
def test_what_is_no_place_gives_a_sentence_and_no_balls(text):
    values, (problem,) = CODEC.read({"more_balls": text})
    assert values == CODEC.defaults
    assert problem.startswith("more_balls in the link must be none, or at most 7 places such as 50~-30_-20~70")
    assert problem.endswith(f"not {text!r}; none is used.")


def test_no_request_holds_more_balls_or_such_beyond_the_picture():
    for places in ([(0.1, 0.1)] * MOST, [(0.5, 1.2)]):
        with pytest.raises(ValueError, match=r"BallsRequest\.more_balls must be none, or at most 7 places"):
            BallsRequest(more_balls=Places(places))


def test_a_link_of_one_ball_drops_one_where_it_says():
    values, _ = CODEC.read({"another_ball": "true", "ball_x": "0.25"})
    assert balls_of(values) == ((0.25, 0.5),)


@given(SHARES, SHARES)
def test_balls_are_dropped_apart_up_to_eight_and_taken_back_one_by_one(x, y):
    start = CODEC.defaults | {"ball_x": x, "ball_y": y}
    held = [after(start, *[0] * count) for count in range(MOST + 2)]
    assert [len(balls_of(values)) for values in held] == [*range(MOST + 1), MOST]
    assert dropping(held[MOST])[0].values == {}
    balls = balls_of(held[MOST])
    assert balls[0] == pytest.approx((x, y), abs=0.006)
    assert all(dist(one, other) > 0.02 for one, other in combinations(balls, 2))
    for count in reversed(range(MOST)):
        back = after(held[MOST], *[1] * (MOST - count))
        assert balls_of(back) == balls[:count]
    assert dropping(back)[1].values == {}


def test_a_click_keeps_the_balls_that_there_are_and_at_eight_moves_the_last():
    values = after(CODEC.defaults, 0, 0, 0)
    clicked = values | {"another_ball": True, "more_balls": keeping(values), "ball_x": -0.9, "ball_y": 0.1}
    assert balls_of(clicked) == (*balls_of(values), (-0.9, 0.1))
    full = after(CODEC.defaults, *[0] * MOST)
    moved = full | {"more_balls": keeping(full), "ball_x": -0.9, "ball_y": 0.1}
    assert balls_of(moved) == (*balls_of(full)[:-1], (-0.9, 0.1))


def test_a_ball_that_is_kept_is_the_job_that_it_was():
    """What is dropped, moved or taken back costs the others nothing."""
    one, two = (jobs(CODEC.request_of(after(CODEC.defaults, *[0] * count))) for count in (1, 2))
    assert [job.key for job in one["ball 1"]] == [job.key for job in two["ball 1"]]
    assert {job.key for job in two["ball 2"]}.isdisjoint(job.key for job in two["ball 1"])
    assert set(two["ball 3"]) == {None}
    assert set(BALL_JOBS) <= set(jobs(Request()))
