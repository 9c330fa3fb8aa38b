"""Turns by themselves: how many chunks the workers have, of which kind, and what is forgotten when all is done."""

import itertools
import threading

import pytest

from landscape.serving.tickets import Hold, Work
from landscape.serving.turns import Turns

NUMBERS = itertools.count()


def work(key, owner="", serial=False, patient=False):
    made = Work(key, next(NUMBERS), threading.Condition(), None, serial)
    made.holds[Hold(owner, patient)] = None
    return made


def taken(turns):
    """Return the keys of all that may be taken now."""
    return "".join(one.key for one in iter(turns.take, None))


@pytest.mark.parametrize(("serial_workers", "first"), [(1, "snm"), (2, "stn"), (3, "stn")])
def test_of_all_workers_only_some_take_serial_work(serial_workers, first):
    turns = Turns(lambda: 3, lambda: serial_workers)
    works = [work(key, serial=key in "st") for key in "stnm"]
    for one in works:
        turns.queue(one)
    assert taken(turns) == first


def test_a_serial_worker_that_is_free_again_takes_the_next_serial_work():
    turns = Turns(lambda: 3, lambda: 1)
    first, second, other = work("s", serial=True), work("t", serial=True), work("n")
    for one in (first, second, other):
        turns.queue(one)
    assert taken(turns) == "sn"
    turns.give_back(other)
    assert taken(turns) == ""
    turns.give_back(first)
    assert taken(turns) == "t"
    turns.queue(first)
    assert taken(turns) == ""


def test_when_all_is_done_it_is_forgotten_who_was_served():
    turns = Turns(lambda: 1, lambda: 1)
    assert turns.end() is False
    one = work("a", owner="a")
    turns.queue(one)
    assert turns.end() is False
    assert taken(turns) == "a"
    assert turns.end() is False, "a worker has it"
    turns.queue(one)
    turns.give_back(one)
    assert turns.end() is False, "it waits for its next turn"
    turns.leave(one)
    assert turns.end() is True
    assert turns.end() is False, "there is nothing left to forget"
    for again in (work("a", owner="a"), work("b", owner="b")):
        turns.queue(again)
    assert taken(turns) == "a", "in order of request, as none was served since"
