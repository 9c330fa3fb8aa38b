"""Jobs, on an executor that runs a chunk when the test says so, then on real threads."""

import functools
import gc
import threading
import weakref
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor

import pytest

from landscape.serving.jobs import MOST_LOSSES, Dispatcher, Job
from landscape.serving.store import Store
from landscape.serving.task import Once
from landscape.serving.tickets import Status
from tests.serving.tasks import Counting, Failing, Large, joined, task


class ByHand(Executor):
    """An executor that runs the oldest chunk when it is told to, and remembers whose it was."""

    def __init__(self):
        self.queue, self.names = [], []
        self.broken = False

    def submit(self, function, *arguments):
        if self.broken:
            raise BrokenExecutor("a worker was killed")
        future = Future()
        self.queue.append((future, function, arguments))
        return future

    def step(self, chunks=1):
        for _ in range(chunks):
            future, function, arguments = self.queue.pop(0)
            try:
                chunk = function(*arguments)
            except Exception as error:
                future.set_exception(error)
            else:
                self.names.append(str((chunk.partial or chunk.result)[-1])[:-1])
                future.set_result(chunk)

    def run(self):
        while self.queue:
            self.step()


@pytest.fixture
def hand():
    return ByHand()


@pytest.fixture
def dispatcher(hand):
    return Dispatcher(hand, workers=1, store=Store(10**6))


def test_progress_is_seen_chunk_by_chunk_and_ends_with_the_result(hand, dispatcher):
    ticket = dispatcher.request(Job("key", task("a")))
    assert (ticket.key, ticket.done, ticket.fraction, ticket.partial) == ("key", False, 0.0, None)
    seen = []
    while not ticket.done:
        hand.step()
        seen.append((ticket.fraction, ticket.partial, ticket.result))
    assert seen == [(1 / 3, ("a0",), None), (2 / 3, ("a0", "a1"), None), (1.0, None, ("a0", "a1", "a2"))]
    assert (ticket.status, ticket.error) == (Status.DONE, None)


def test_an_executor_that_is_shut_down_ends_its_jobs_without_a_traceback(caplog):
    executor = ThreadPoolExecutor(1)
    dispatcher = Dispatcher(executor, 1, Store(10**6))
    executor.shutdown()
    first = dispatcher.request(Job("first", task("a")))
    after = dispatcher.request(Job("after", task("b"), needs=(first,)))
    assert (first.status, after.done) == (Status.CANCELLED, True)
    assert "shutdown" in str(first.error)
    assert [record.exc_info for record in caplog.records] == [None]


def test_thirty_requests_make_one_task_and_a_later_one_finds_the_result(hand, dispatcher):
    made = []

    def make():
        made.append(1)
        return Counting()

    tickets = [dispatcher.request(Job("key", make), owner=user) for user in range(30)]
    assert not made, "the task is built in a worker, not by who asks"
    hand.run()
    later = dispatcher.request(Job("key", make))
    assert later.done
    assert len(made) == 1
    assert all(ticket.result is tickets[0].result for ticket in [*tickets, later])
    assert not hand.queue


def test_a_job_goes_on_while_one_waiter_is_left_and_ends_with_the_last(hand, dispatcher):
    first, second = dispatcher.request(Job("key", task())), dispatcher.request(Job("key", task()))
    hand.step()
    first.release()
    first.release()
    assert second.status is Status.RUNNING
    hand.step()
    second.release()
    assert second.status is Status.CANCELLED
    assert isinstance(second.error, CancelledError)
    assert second.wait(0)
    hand.queue[0][1](*hand.queue[0][2])  # the third chunk was with the executor already ...
    hand.queue.pop(0)[0].set_exception(ArithmeticError("too late"))  # ... and what becomes of it is nobody's business
    assert second.status is Status.CANCELLED
    assert not hand.queue


def test_a_cancelled_job_gets_no_further_chunk_and_can_be_asked_for_again(hand, dispatcher):
    dispatcher.request(Job("key", task("old"))).release()
    again = dispatcher.request(Job("key", task("new")))
    assert len(hand.queue) == 1, "the old chunk still has the only worker"
    hand.run()
    assert again.result == ("new0", "new1", "new2")
    assert hand.names == ["old", "new", "new", "new"]


def test_a_result_that_comes_after_the_last_release_is_kept(hand, dispatcher):
    dispatcher.request(Job("key", task(units=1))).release()
    hand.run()
    assert dispatcher.request(Job("key", task(units=1))).done


def test_a_queued_job_that_is_released_never_starts(hand, dispatcher):
    running = dispatcher.request(Job("running", task("a")))
    dispatcher.request(Job("queued", task("b"))).release()
    hand.run()
    assert running.done
    assert hand.names == ["a", "a", "a"]


def test_owners_take_turns_whatever_the_number_of_their_jobs(hand, dispatcher):
    tickets = [dispatcher.request(Job(f"a{i}", task("a", 2)), owner="a") for i in range(10)]
    tickets += [dispatcher.request(Job(name, task(name, 4)), owner=name) for name in "bc"]
    hand.step(12)
    assert "".join(hand.names) == "abc" * 4
    assert [ticket.done for ticket in tickets] == [True] * 2 + [False] * 8 + [True] * 2
    hand.run()
    assert all(ticket.done for ticket in tickets)


def test_thirty_owners_progress_at_the_same_rate_on_two_workers(hand):
    dispatcher = Dispatcher(hand, workers=2, store=Store(10**6))
    tickets = [dispatcher.request(Job(str(user), task(str(user), 5)), owner=user) for user in range(30)]
    assert len(hand.queue) == 2
    for rounds in range(1, 5):
        hand.step(30)
        assert {round(ticket.fraction * 5) for ticket in tickets} == {rounds}


def test_of_serial_jobs_some_of_the_workers_have_one_and_the_rest_what_is_not(hand):
    dispatcher = Dispatcher(hand, workers=3, store=Store(10**6), serial_workers=1)
    tickets = [dispatcher.request(Job(f"s{i}", task("s", 1), serial=True)) for i in range(3)]
    assert len(hand.queue) == 1
    tickets += [dispatcher.request(Job(f"a{i}", task("a", 1))) for i in range(3)]
    assert len(hand.queue) == 3
    hand.run()
    assert all(ticket.done for ticket in tickets)


def test_a_newcomer_has_the_next_turn_and_then_one_like_the_others(hand, dispatcher):
    old = [dispatcher.request(Job(name, task(name, 9)), owner=name) for name in "abc"]
    hand.step(4)
    new = dispatcher.request(Job("d", task("d", 9)), owner="d")
    hand.step(8)
    assert "".join(hand.names) == "abca" + "bd" + "cabd" + "ca"
    assert not new.done
    assert not any(ticket.done for ticket in old)


def test_a_shared_job_takes_the_turn_of_those_who_still_want_it(hand, dispatcher):
    others = [dispatcher.request(Job(f"a{i}", task("a", 9)), owner="a") for i in range(2)]
    shared = dispatcher.request(Job("shared", task("s", 9)), owner="a")
    joined = dispatcher.request(Job("shared", task("s", 9)), owner="b")
    shared.release()
    hand.step(5)
    assert hand.names.count("s") == 2
    assert not joined.done
    assert not any(ticket.done for ticket in others)


def test_a_patient_job_runs_only_while_no_other_could(hand, dispatcher):
    idle = dispatcher.request(Job("idle", task("i", 3), patient=True), owner="a")
    hand.step()
    others = [dispatcher.request(Job(name, task(name, 2)), owner=name) for name in "ab"]
    hand.run()
    assert "".join(hand.names) == "ii" + "abab" + "i", "the second chunk was with the executor already"
    assert all(one.done for one in (idle, *others))


def test_patient_jobs_have_turns_of_their_own_among_each_other(hand, dispatcher):
    idle = [Job(f"{owner}{i}", task(owner, 2), patient=True) for owner in "ab" for i in range(2)]
    held = [dispatcher.request(job, owner=job.key[0]) for job in idle]
    hand.step(4)
    assert "".join(hand.names) == "abab"
    held += [dispatcher.request(Job(f"now {name}", task(name, 1)), owner=name) for name in "cba"]
    hand.step(5)
    assert "".join(hand.names[4:]) == "a" + "cba" + "b", "what ran while nobody else could costs nobody a turn"


def test_what_is_needed_is_as_patient_as_those_who_wait_for_it(hand, dispatcher):
    shared, own = Job("shared", task("s", 2)), Job("own", task("o", 2))
    busy = dispatcher.request(Job("busy", task("x", 4)), owner="x")
    sweep = dispatcher.request(Job("sweep", joined, (shared, own), patient=True), owner="a")
    surface = dispatcher.request(Job("surface", joined, (shared,)), owner="b")
    hand.run()
    assert hand.names.index("o") > len(hand.names) - 1 - hand.names[::-1].index("x")
    assert "".join(hand.names[:4]) == "xsxs", "what somebody in a hurry needs too is in a hurry"
    assert surface.result == (("s0", "s1"),)
    assert sweep.result == (("s0", "s1"), ("o0", "o1"))
    assert busy.done


def test_a_patient_job_that_somebody_asks_for_at_once_is_no_longer_patient(hand, dispatcher):
    busy = dispatcher.request(Job("busy", task("x", 6)), owner="x")
    patient = dispatcher.request(Job("key", task("p", 6), patient=True), owner="a")
    hand.step(2)
    hurried = dispatcher.request(Job("key", task("p", 6)), owner="b")
    hand.step(4)
    hurried.release()
    hand.run()
    assert "".join(hand.names) == "xx" + "xpxp" + "xx" + "pppp"
    assert patient.done
    assert busy.done


def test_a_job_that_would_wait_for_itself_is_refused():
    with pytest.raises(ValueError, match="'run' is that of a job it needs"):
        Job("run", task(), (Job("surface", task(), (Job("run", task()),)),))


@pytest.mark.parametrize("make", [Failing, functools.partial(dict, 1, 2)], ids=["advance", "make"])
def test_an_error_is_a_value_and_the_next_request_tries_again(hand, dispatcher, make):
    other = dispatcher.request(Job("other", task("o")))
    failed = dispatcher.request(Job("key", make))
    hand.run()
    assert (failed.status, failed.result) == (Status.FAILED, None)
    assert isinstance(failed.error, ArithmeticError | TypeError)
    assert failed.error.__traceback__ is None
    assert other.done
    assert other.error is None
    retried = dispatcher.request(Job("key", task()))
    hand.run()
    assert retried.error is None
    assert retried.done


def breaking(count):
    """Return executors of which all but the last are broken, and a dispatcher that renews one by the next."""
    executors = [ByHand() for _ in range(count)]
    for one in executors[:-1]:
        one.broken = True
    remaining = iter(executors)
    return executors, Dispatcher(next(remaining), 1, Store(10**6), renew=lambda: next(remaining))


def test_a_broken_executor_is_renewed_and_costs_nobody_a_job():
    executors, dispatcher = breaking(2)
    ticket = dispatcher.request(Job("key", task()))
    executors[1].run()
    assert ticket.done
    assert ticket.error is None


def test_a_chunk_that_is_lost_is_run_again_from_where_the_task_stood():
    executors, dispatcher = breaking(1)
    dispatcher._renew = lambda: executors[-1]
    ticket = dispatcher.request(Job("key", task("a")))
    for _ in range(3):
        for _ in range(MOST_LOSSES - 1):
            executors[-1].queue.pop(0)[0].set_exception(BrokenExecutor("a worker was killed"))
            assert not ticket.done
        executors[-1].step()
    assert ticket.result == ("a0", "a1", "a2")


def test_a_job_that_is_lost_with_each_executor_fails_and_the_next_runs():
    executors, dispatcher = breaking(1 + MOST_LOSSES)
    failed = dispatcher.request(Job("key", task()))
    assert isinstance(failed.error, BrokenExecutor)
    retried = dispatcher.request(Job("key", task()))
    executors[-1].run()
    assert retried.done
    assert retried.error is None


def test_a_broken_executor_that_nothing_renews_is_the_error_of_its_jobs(hand, dispatcher, caplog):
    hand.broken = True
    assert isinstance(dispatcher.request(Job("key", task())).error, BrokenExecutor)
    assert [record.exc_info for record in caplog.records] == [None]


def test_the_number_of_workers_may_change(hand):
    workers = 1
    dispatcher = Dispatcher(hand, lambda: workers, Store(10**6))
    held = [dispatcher.request(Job(name, task(name))) for name in "abc"]
    assert len(hand.queue) == 1
    workers = 3
    hand.step()
    assert len(hand.queue) == 3
    workers = 1
    hand.step()
    assert len(hand.queue) == 2
    hand.run()
    assert all(ticket.done for ticket in held)


def test_an_executor_that_runs_at_once_calls_back_within_the_request():
    class AtOnce(Executor):
        def submit(self, function, *arguments):
            future = Future()
            future.set_result(function(*arguments))
            return future

    ticket = Dispatcher(AtOnce(), 2, Store(10**6)).request(Job("key", task(units=2000)))
    assert len(ticket.result) == 2000


def test_a_job_gets_the_results_it_needs_as_ticket_or_by_key(hand, dispatcher):
    run = dispatcher.request(Job("run", task("r", 2)))
    surface = dispatcher.request(Job("surface", joined, needs=(run, Job("plane", task("p", 1)))))
    assert surface.status is Status.WAITING
    run.release()
    hand.run()
    assert surface.result == (("r0", "r1"), ("p0",))
    assert dispatcher.request(Job("plane", task())).done, "what was needed is kept too"
    again = dispatcher.request(Job("another", joined, needs=(Job("plane", task()), run)))
    hand.run()
    assert again.result == (("p0",), ("r0", "r1"))


def test_a_stored_result_asks_for_no_needs(hand, dispatcher):
    dispatcher.store.put("surface", "kept")
    assert dispatcher.request(Job("surface", joined, needs=(Job("run", task()),))).result == "kept"
    assert not hand.queue


def test_needs_are_cancelled_with_their_dependent_unless_somebody_else_holds_them(hand, dispatcher):
    shared = dispatcher.request(Job("shared", task("s")))
    surface = dispatcher.request(Job("surface", joined, needs=(shared, Job("own", task("o")))))
    surface.release()
    assert (surface.status, shared.status) == (Status.CANCELLED, Status.RUNNING)
    hand.run()
    assert hand.names == ["s", "s", "s"]
    assert shared.done


def test_an_error_in_a_need_is_the_error_of_what_depends_on_it(hand, dispatcher):
    surface = dispatcher.request(Job("surface", joined, needs=(Job("run", Failing), Job("plane", task("p")))))
    top = dispatcher.request(Job("top", joined, needs=(surface,)))
    hand.run()
    assert isinstance(surface.error, ArithmeticError)
    assert top.error is surface.error
    assert "p" not in hand.names
    assert dispatcher.request(Job("late", joined, needs=(surface,))).error is surface.error


def test_a_ticket_that_is_garbage_collected_gives_its_hold_up(hand, dispatcher):
    ticket = dispatcher.request(Job("key", task("k")))
    kept = dispatcher.request(Job("kept", task("t")))
    hand.step()
    del ticket
    gc.collect()
    hand.run()
    assert hand.names == ["k", "k", "t", "t", "t"], (
        "the second chunk was with the executor already, the third is not run"
    )
    assert kept.done


def test_a_forgotten_ticket_does_not_keep_the_result(hand):
    dispatcher = Dispatcher(hand, 1, Store(0))
    ticket = dispatcher.request(Job("key", Large))
    hand.run()
    reference = weakref.ref(ticket.result[0])
    del ticket
    gc.collect()
    assert reference() is None


def test_wait_wakes_for_news_and_for_the_end_and_gives_up_in_time(hand, dispatcher):
    ticket = dispatcher.request(Job("key", task(units=2)))
    assert not ticket.wait(0.01)
    woken = []

    def look():
        while not ticket.done:
            woken.append((ticket.wait(10), ticket.fraction))
            looked.release()

    looked = threading.Semaphore(0)
    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(2):
        hand.step()
        assert looked.acquire(timeout=10)
    thread.join(10)
    assert woken == [(True, 0.5), (True, 1.0)]
    assert ticket.wait(0)


def test_news_between_request_and_wait_is_not_missed(hand, dispatcher):
    ticket = dispatcher.request(Job("key", task()))
    hand.step()
    assert ticket.wait(0)
    assert not ticket.wait(0)


def test_a_result_over_the_bound_still_reaches_its_waiters(hand):
    dispatcher = Dispatcher(hand, 1, Store(100))
    ticket = dispatcher.request(Job("key", Large))
    hand.run()
    assert ticket.result[0].shape == (1000,)
    assert dispatcher.store.size == 0


def test_on_threads_many_users_come_and_go_and_all_are_served():
    with ThreadPoolExecutor(2) as executor:
        dispatcher = Dispatcher(executor, 2, Store(10**6), chunk_seconds=0.0)
        results = {}

        def use(user):
            for turn in range(20):
                ticket = dispatcher.request(Job(str((user + turn) % 7), task(str((user + turn) % 7), 5)), owner=user)
                if turn % 3 == 1:
                    ticket.release()
                    continue
                while not ticket.done:
                    assert ticket.wait(20), "no news"
                results[user, turn] = ticket.result[0]

        users = [threading.Thread(target=use, args=(user,)) for user in range(12)]
        for user in users:
            user.start()
        for user in users:
            user.join(60)
    assert results == {(u, t): f"{(u + t) % 7}0" for u in range(12) for t in range(20) if t % 3 != 1}
    assert not dispatcher._works
    assert dispatcher._turns._taken == 0


def test_a_call_that_is_too_short_to_be_cut_is_a_task(hand, dispatcher):
    ticket = dispatcher.request(Job("key", lambda: Once(lambda: ("a0",))))
    assert not ticket.done
    hand.step()
    assert (ticket.status, ticket.result, ticket.fraction) == (Status.DONE, ("a0",), 1.0)
