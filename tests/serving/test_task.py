"""The small form of a computation in chunks, by a task that counts what is asked of it."""

import math
import pickle

import pytest

from landscape.serving.task import ChunkedTask, Once, made, run_chunk


class Sum(ChunkedTask):
    """1 + 2 + ... + n, an addend a unit; `log` says what was done in which order."""

    def __init__(self, count):
        self.count, self.added, self.total, self.log = count, 0, 0, ""

    @property
    def finished(self):
        return self.added == self.count

    def work(self):
        self.added += 1
        self.total += self.added
        self.log += "w"

    def rest(self):
        self.log += "r"

    def result(self):
        return self.total


def test_a_chunk_is_at_least_one_unit_and_ends_with_a_rest():
    task = Sum(3)
    task.advance(0)
    assert task.log == "wr"
    assert (task.finished, task.fraction, task.partial()) == (False, 0.0, None)
    assert task.complete() == 6
    assert (task.log, task.fraction) == ("wrwwr", 1.0)
    task.advance(1)
    assert task.log == "wrwwrr", "what has finished does no more work"


def test_between_two_chunks_a_task_pickles():
    task = Sum(4)
    while not task.finished:
        task = pickle.loads(pickle.dumps(task))
        task.advance(0)
    assert task.result() == 10


def test_a_call_that_was_not_made_pickles_unmade():
    task = pickle.loads(pickle.dumps(Once(math.inf.__float__)))
    assert (task.finished, task.fraction) == (False, 0.0)
    assert task.complete() == math.inf
    assert Once(lambda: None).complete() is None


def test_a_chunk_says_how_far_its_task_is():
    first = run_chunk(None, lambda: Sum(2), 0)
    assert (first.finished, first.result, first.task.added) == (False, None, 1)
    last = run_chunk(first.task, None, 0)
    assert (last.finished, last.result, last.task) == (True, 3, None)
    with pytest.raises(ValueError, match="give task or start"):
        run_chunk(None, None, 0)


def test_what_is_not_made_yet_is_told():
    assert made(0) == 0
    with pytest.raises(RuntimeError, match="complete"):
        made(None)
