"""A cluster whose scheduler is not there, goes away, and comes back."""

import functools
from concurrent.futures import BrokenExecutor

from landscape.serving import cluster as module
from landscape.serving.jobs import Job
from landscape.serving.tickets import Status
from landscape.serving.workers import make_dispatcher
from tests.serving.clusters import LocalCluster
from tests.serving.tasks import Gated, task
from tests.serving.test_real_workers import asked_until_it_runs, begun, ended


def test_a_scheduler_goes_away_and_work_goes_on_when_it_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1.0)
    gate, cluster = tmp_path / "gate", LocalCluster(workers=1)
    dispatcher = make_dispatcher(f"dask:{cluster.address}")
    try:
        early = dispatcher.request(Job("early", task()))
        ended(early)
        assert isinstance(early.error, BrokenExecutor)
        assert f"the Dask scheduler at {cluster.address} does not answer" in str(early.error)

        cluster.start()
        running = asked_until_it_runs(dispatcher, Job("running", functools.partial(Gated, gate=str(gate))))
        begun(running)
        queued = dispatcher.request(Job("queued", task()))
        cluster.stop()
        ended(running, queued)
        for ticket in (running, queued):
            assert ticket.status is Status.FAILED
            assert f"the Dask scheduler at {cluster.address} does not answer" in str(ticket.error)

        cluster.start()
        again = asked_until_it_runs(dispatcher, Job("again", task("a")))
        ended(again)
        assert again.result == ("a0", "a1", "a2")
    finally:
        gate.touch()
        cluster.stop()
        dispatcher._executor.shutdown()
