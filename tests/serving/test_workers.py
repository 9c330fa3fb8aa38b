"""What one environment variable chooses: threads, processes or a cluster."""

import sys

import pytest

from landscape.serving import workers
from landscape.serving.jobs import Job
from landscape.serving.workers import make_dispatcher
from tests.serving.tasks import Counting


def test_the_default_dispatcher_is_one_and_its_workers_use_one_torch_thread(monkeypatch):
    monkeypatch.delenv("LANDSCAPE_EXECUTOR", raising=False)
    workers._dispatcher_of_process.cache_clear()
    dispatcher = workers.default_dispatcher()
    assert workers.default_dispatcher() is dispatcher
    assert dispatcher.store.max_bytes == workers.STORE_BYTES
    ticket = dispatcher.request(Job("threads", TorchThreads))
    while not ticket.done:
        assert ticket.wait(60)
    assert ticket.result == 1
    dispatcher._executor.shutdown()
    workers._dispatcher_of_process.cache_clear()


class TorchThreads(Counting):
    def result(self):
        import torch

        return torch.get_num_threads()


@pytest.mark.parametrize("choice", ["fibres", "dask", "dask:", "Threads"])
def test_an_unknown_executor_is_told_with_the_rule(choice):
    with pytest.raises(ValueError, match="must be threads, processes or dask:ADDRESS, not"):
        make_dispatcher(choice)


def test_a_missing_dask_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RuntimeError, match="Dask is not installed"):
        make_dispatcher("dask:tcp://scheduler:8786")
