"""Jobs on real processes and on a real cluster: the same numbers, the same fairness, and workers that are killed."""

import functools
import itertools
import os
import signal
import sys
import time
import types
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor

import numpy as np
import pytest

from landscape.experiment import Experiment, View
from landscape.serving.jobs import Job
from landscape.serving.own_table import own_table
from landscape.serving.tickets import Status
from landscape.serving.workers import make_dispatcher
from landscape.training.training import Training
from landscape.views import scan_of
from tests.serving.clusters import LocalCluster
from tests.serving.tasks import Counting, Failing, Gated, Looking, joined, task

PATIENCE = 300.0
"""In seconds, for what is sure to come: far more than it takes on a loaded machine."""


def ended(*tickets):
    """Wait until jobs have ended."""
    end = time.monotonic() + PATIENCE
    for ticket in tickets:
        while not ticket.done:
            assert ticket.wait(end - time.monotonic()), f"no news of {ticket.key}"


def begun(*tickets):
    """Wait until each job has brought something."""
    end = time.monotonic() + PATIENCE
    for ticket in tickets:
        while not ticket.partial:
            assert ticket.wait(end - time.monotonic()), f"no news of {ticket.key}"
            assert ticket.error is None


def asked_until_it_runs(dispatcher, job):
    """Ask as a person would who is told that the scheduler does not answer: again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ticket = dispatcher.request(job)
        while not (ticket.done or ticket.partial):
            assert ticket.wait(end - time.monotonic())
        if not isinstance(ticket.error, BrokenExecutor):
            return ticket
        time.sleep(0.1)
    raise AssertionError("the scheduler never came back")


@pytest.fixture(scope="module", params=["processes", "dask"])
def dispatcher(request):
    with pytest.MonkeyPatch.context() as patch:
        # A test of a page leaves its script behind as the main module, which each new process would run again.
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        if request.param == "processes":
            made = make_dispatcher("processes")
            yield made
            made._executor.shutdown()
        else:
            with LocalCluster(workers=2) as cluster:
                made = make_dispatcher(f"dask:{cluster.address}")
                ended(asked_until_it_runs(made, Job("first", task())))
                yield made
                made._executor.shutdown()


@pytest.fixture
def gate(tmp_path):
    """A file that is not there yet; at the end of the test it is, so that no task waits for it any longer."""
    yield tmp_path / "gate"
    (tmp_path / "gate").touch()


def scan(run, view):
    return scan_of(run, view)


def pictures(dispatcher):
    """Return what a page asks for: a run, and the surface around its end."""
    experiment = Experiment().replace(dataset="moons", width=8, depth=2, normalization="batch", num_steps=30)
    training = Job("training", functools.partial(Training, [experiment]), serial=True)
    surface = Job("surface", functools.partial(scan, view=View(resolution=7, num_examples=64)), (training,))
    tickets = dispatcher.request(training), dispatcher.request(surface)
    ended(*tickets)
    assert [ticket.error for ticket in tickets] == [None, None]
    return [ticket.result for ticket in tickets]


def test_numbers_equal_those_of_threads_to_the_bit(dispatcher):
    threads = make_dispatcher("threads")
    try:
        run, surface = pictures(threads)
    finally:
        threads._executor.shutdown()
    run_there, surface_there = pictures(dispatcher)
    np.testing.assert_array_equal(run_there.loss, run.loss)
    np.testing.assert_array_equal(run_there.parameters, run.parameters)
    np.testing.assert_array_equal(surface_there.loss, surface.loss)


def test_a_table_of_ones_own_goes_with_the_job_and_stays_with_no_worker(dispatcher):
    """It is no file that a worker could load: the configuration carries it there and back, and nobody else can name it."""
    rng = np.random.default_rng(0)
    table = own_table(rng.normal(size=(60, 2)), np.arange(60) % 2, ("a", "b"), ("no", "yes"))
    experiment = Experiment().replace(
        dataset="own-classes", table=table, preprocessing="standardize", width=8, depth=1, num_steps=20
    )
    ticket = dispatcher.request(Job(f"training {experiment!r}", functools.partial(Training, [experiment]), serial=True))
    ended(ticket)
    assert ticket.error is None
    np.testing.assert_array_equal(ticket.result.loss, Training([experiment]).complete().loss)
    assert ticket.result.experiment.data.table is table
    end, rounds = time.monotonic() + PATIENCE, itertools.count()
    while any(held_by_workers(dispatcher, table.digest, next(rounds))):  # a cluster lets go of it a little later
        assert time.monotonic() < end


def held_by_workers(dispatcher, digest, number):
    """Return for each of some looks into the workers whether one holds a table of that name."""
    # More looks than there are workers, each so long that all of them have a part in it.
    looks = [Job(f"look {number} {i}", functools.partial(Looking, digest=digest)) for i in range(8)]
    tickets = [dispatcher.request(look) for look in looks]
    ended(*tickets)
    assert all(ticket.result[1] != os.getpid() for ticket in tickets)
    return [ticket.result[0] for ticket in tickets]


def test_the_task_travels_between_chunks_and_an_error_is_a_value(dispatcher):
    ticket = dispatcher.request(Job("j", joined, (Job("run", task("r", 4)),)))
    failed = dispatcher.request(Job("f", Failing))
    ended(ticket, failed)
    assert ticket.result == (("r0", "r1", "r2", "r3"),)
    assert isinstance(failed.error, ArithmeticError)
    assert str(failed.error) == "the loss is no number"


def test_thirty_owners_have_their_turns_in_turn(dispatcher, monkeypatch):
    class Watched(Executor):
        """Notes when a chunk of an owner is ready, and when it is given to a worker."""

        def __init__(self, executor):
            self.executor, self.events = executor, []

        def submit(self, function, task, start, seconds):
            name = start.args[1] if task is None else task.name
            self.events.append(("taken", name))
            return self.executor.submit(function, task, start, seconds)

    watched, queue = Watched(dispatcher._executor), dispatcher._turns.queue

    def noted(work):  # ready is what the dispatcher knows to be so
        watched.events.append(("ready", work.key.removeprefix("of ")))
        queue(work)

    monkeypatch.setattr(dispatcher._turns, "queue", noted)
    monkeypatch.setattr(dispatcher, "_executor", watched)
    with dispatcher._lock:  # so that all thirty have asked before the first chunk ends
        tickets = [dispatcher.request(Job(f"of {user}", task(str(user), 4)), owner=user) for user in range(30)]
    ended(*tickets)
    assert [ticket.result for ticket in tickets] == [tuple(f"{user}{i}" for i in range(4)) for user in range(30)]
    events = watched.events
    for user in map(str, range(30)):
        ready = None
        for i, event in enumerate(events):
            if event == ("ready", user):
                ready = i
            elif event == ("taken", user):
                served = Counter(name for what, name in events[ready:i] if what == "taken")
                assert max(served.values(), default=0) <= 2, f"{user} waited while another had {served}"


def test_a_job_survives_the_worker_that_is_killed_and_goes_on_where_it_stood(dispatcher, gate):
    ticket = dispatcher.request(Job("gated", functools.partial(Gated, gate=str(gate))), owner="a")
    other = dispatcher.request(Job("beside", functools.partial(Gated, gate=str(gate))), owner="b")
    begun(ticket, other)
    before = ticket.partial
    os.kill(before[-1], signal.SIGKILL)
    while ticket.partial[-1] == before[-1] or len(ticket.partial) <= len(before):
        assert ticket.wait(PATIENCE)
        assert ticket.error is None
    gate.touch()
    ended(ticket, other)
    assert (ticket.error, other.error) == (None, None)
    assert ticket.result[: len(before)] == before
    assert before[-1] not in ticket.result[-1:]


def test_a_cancelled_job_ends_at_once_and_leaves_its_worker_to_others(dispatcher, gate):
    endless = functools.partial(Gated, gate=str(gate))
    held = [dispatcher.request(Job(f"endless {owner}", endless), owner=owner) for owner in "abcd"]
    begun(*held)
    for ticket in held:
        ticket.release()
        assert ticket.status is Status.CANCELLED
    others = [dispatcher.request(Job(f"after {i}", functools.partial(Counting, 3, "n"))) for i in range(4)]
    ended(*others)
    assert [ticket.result for ticket in others] == [("n0", "n1", "n2")] * 4
    assert not gate.exists(), "none of those that were cancelled had an end of its own"
