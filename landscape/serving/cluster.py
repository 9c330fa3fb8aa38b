"""A Dask cluster as an executor that outlives its scheduler: what it has when that goes away is lost, what comes later not.

Dask's own executor (`Client.get_executor`) stays closed once its scheduler was away for long, and its futures of that
time never end. A cluster on one machine, whose workers hold the same sources as the app and may come and go:

    pip install -r requirements.txt distributed
    dask scheduler --host 127.0.0.1 --port 8786 &
    OMP_NUM_THREADS=1 PYTHONPATH=. dask worker tcp://127.0.0.1:8786 --nworkers 2 --nthreads 1 &
    LANDSCAPE_EXECUTOR=dask:tcp://127.0.0.1:8786 streamlit run app.py
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

CONNECT_SECONDS = 10.0
RETRY_SECONDS = 1.0
"""For so long after a failed attempt to connect all else fails at once."""


class Cluster(Executor):
    """Runs calls on the workers of the Dask scheduler at an address; connects to it when there is something to run.

    A worker that dies costs its calls a new start on another one. Without a scheduler calls fail with a BrokenExecutor.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None
        self._workers, self._tried = 1, float("-inf")
        # Connecting takes time, which those who submit do not have; one thread keeps calls in their order.
        self._sender = ThreadPoolExecutor(1, "dask")

    @property
    def workers(self) -> int:
        """How many calls the workers take at a time, as far as is known; at least one, which waits for the first worker."""
        return self._workers

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run a call on a worker: the function and what it takes and gives pickle."""
        future: Future[Any] = Future()
        self._sender.submit(self._send, future, functools.partial(function, *arguments, **named))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Send nothing any more, and leave the cluster."""
        self._sender.shutdown(wait, cancel_futures=cancel_futures)
        self._leave()

    def _send(self, future: Future[Any], call: Callable[[], Any]) -> None:
        try:
            client = self._connected()
            sent = client.submit(call, pure=False)  # else Dask takes two calls that look alike for one
            self._workers = max(1, client.scheduler_info(n_workers=0)["total_threads"])
        except Exception as error:
            lost = isinstance(error, OSError) or not self._is_up()
            future.set_exception(self._lost() if lost else error)
        else:
            sent.add_done_callback(functools.partial(self._bring, future))

    def _is_up(self) -> bool:
        return self._client is not None and self._client.status == "running"

    def _connected(self) -> Any:
        from distributed import Client

        if self._is_up():
            return self._client
        if time.monotonic() < self._tried + RETRY_SECONDS:
            raise self._lost()
        self._leave()
        try:
            self._client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        finally:
            self._tried = time.monotonic()
        return self._client

    def _bring(self, future: Future[Any], sent: Any) -> None:
        """Hand on what became of a call."""
        try:
            result = sent.result()
        except BaseException as error:
            future.set_exception(error if sent.status == "error" else self._lost())
        else:
            future.set_result(result)

    def _lost(self) -> BrokenExecutor:
        return BrokenExecutor(f"the Dask scheduler at {self._address} does not answer; ask again when it is back")

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
