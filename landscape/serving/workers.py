"""Where jobs run: on threads, on processes or on a cluster, as one environment variable chooses."""

from __future__ import annotations

import functools
import importlib.util
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from landscape.serving.cluster import Cluster
from landscape.serving.devices import keep_freed_memory
from landscape.serving.jobs import Dispatcher
from landscape.serving.store import Store

STORE_BYTES = 48 * 2**20

_first_use = threading.Lock()


def one_thread() -> None:
    """Let this worker compute on one core: many workers with many threads each are slower than as many as cores."""
    import torch

    torch.set_num_threads(1)
    _one_thread_of_numpy()


@functools.cache
def _one_thread_of_numpy() -> None:
    # The products of numpy and scipy, for a whole process. Their threads wait for each other by turning in circles, on
    # the cores that the other workers need.
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def make_dispatcher(choice: str) -> Dispatcher:
    """Return a dispatcher on "threads", on "processes", or on the Dask cluster at "dask:ADDRESS".

    Dask's own workers choose their threads: start them with OMP_NUM_THREADS=1. They may come and go, and so may the
    scheduler: without one, jobs fail with a sentence.

    Raises: ValueError for another choice, RuntimeError where Dask is chosen and not installed.
    """
    workers, store = os.cpu_count() or 1, Store(STORE_BYTES)
    if choice == "threads":
        keep_freed_memory()
        # Two threads of many small operations wait for each other at the interpreter's lock: two trainings take less
        # one after the other than side by side. Surfaces, whose operations are large, run beside a training.
        threads = ThreadPoolExecutor(workers, "landscape", one_thread)
        return Dispatcher(threads, workers, store, serial_workers=max(1, workers // 2))
    if choice == "processes":
        context = multiprocessing.get_context("spawn")  # a fork of a process that has threads may hang
        processes = functools.partial(ProcessPoolExecutor, workers, context, one_thread)
        return Dispatcher(processes(), workers, store, 0.25, renew=processes)
    kind, _, address = choice.partition(":")
    if kind != "dask" or not address:
        raise ValueError(f"LANDSCAPE_EXECUTOR must be threads, processes or dask:ADDRESS, not {choice!r}")
    if importlib.util.find_spec("distributed") is None:
        raise RuntimeError(
            f"LANDSCAPE_EXECUTOR is {choice!r}, and Dask is not installed: `pip install distributed`, "
            "or choose threads or processes."
        )
    cluster = Cluster(address)
    return Dispatcher(cluster, lambda: cluster.workers, store, 0.25)


@functools.lru_cache
def _dispatcher_of_process() -> Dispatcher:
    return make_dispatcher(os.environ.get("LANDSCAPE_EXECUTOR", "threads"))


def default_dispatcher() -> Dispatcher:
    """Return the one dispatcher of this process, on the executor that LANDSCAPE_EXECUTOR names; threads if not set."""
    with _first_use:  # a cache alone would let two threads that come first make one each
        return _dispatcher_of_process()
