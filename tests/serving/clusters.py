"""A Dask cluster of real processes on this machine, started as `landscape.serving.cluster` says."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
STOP_SECONDS = 30


class LocalCluster:
    """One scheduler and its workers, each a process of its own; they end with the `with` statement."""

    def __init__(self, workers: int = 2) -> None:
        with socket.create_server((HOST, 0)) as server:
            self.port = server.getsockname()[1]
        self.address = f"tcp://{HOST}:{self.port}"
        self._count = workers
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "LocalCluster":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the scheduler, at the same address each time, and its workers."""
        self._run("scheduler", "--host", HOST, "--port", str(self.port))
        for _ in range(self._count):
            self._run("worker", self.address, "--host", HOST, "--nthreads", "1", "--no-nanny")

    def stop(self) -> None:
        """End all of it, the scheduler first, without a farewell."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait(STOP_SECONDS)
        self._processes.clear()

    def _run(self, *command: str) -> None:
        here = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = (sys.executable, "-m", "dask", *command, "--dashboard-address", f"{HOST}:0")
        quiet = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(command, env=os.environ | here, stdout=quiet, stderr=quiet))
