"""Those who encode chunks: threads here, or a Dask scheduler with two workers, all real processes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

from demo.stage import free_port
from scripts.media import leash
from scripts.media.chunks.pools import DaskPool, LocalPool, Pool
from scripts.media.programs import program

PATIENCE_S = 90.0
T = TypeVar("T")


def until(look: Callable[[], T]) -> T:
    """Look until there is something to see."""
    deadline = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return seen


class Bench:
    """An ffmpeg that can be made slow, or to fail at one chunk, while it is in use."""

    def __init__(self, folder: Path) -> None:
        """Write the program into *folder*."""
        self.path, self._slow, self._poison = folder / "ffmpeg-bench", folder / "slow", folder / "poison"
        self.path.write_text(f"""#!/bin/sh
if [ -e {self._poison} ]; then
  case "$*" in *"$(cat {self._poison})"*) echo "bad chunk" >&2; exit 7;; esac
fi
if [ -e {self._slow} ]; then set -- -readrate 0.8 "$@"; fi
exec {shlex.quote(program("ffmpeg"))} "$@"
""")
        self.path.chmod(0o755)

    def slow(self, on: bool = True) -> None:
        """Have it read as slowly as a player, or as fast as it can."""
        self._slow.touch() if on else self._slow.unlink(missing_ok=True)

    def poison(self, words: str) -> None:
        """Have it fail when its arguments contain *words*; '' cures it."""
        self._poison.write_text(words) if words else self._poison.unlink(missing_ok=True)


def encoders(folder: Path) -> list[psutil.Process]:
    """List the running programs that write below *folder*."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word and word.endswith(".mp4") for word in process.info["cmdline"] or []):
            found.append(process)
    return found


class Threads:
    """Threads of this process."""

    def pool(self) -> Pool:
        """Return a pool of two."""
        return LocalPool(2)

    def kill_one(self, folder: Path) -> None:
        """Kill somebody who is at a chunk of *folder*: here the program that a thread drives."""
        until(lambda: any(_killed(process) for process in encoders(folder)[:1]))


class Cluster:
    """A scheduler and two workers."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Choose the address; *environment* is that of the workers."""
        self._port, self._environment = free_port(), environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """Return where the scheduler listens."""
        return f"tcp://127.0.0.1:{self._port}"

    def pids(self) -> list[int]:
        """List the processes."""
        return [process.pid for process in self._processes.values()]

    def pool(self) -> Pool:
        """Return a pool of all workers."""
        self.mend()
        return DaskPool(self.address)

    def kill_one(self, folder: Path) -> None:
        """Kill a worker that is at a chunk of *folder*, with nobody to look after it."""
        busy = {process.pid: process for process in self._processes.values()}
        victim = until(
            lambda: next((busy[pid] for each in encoders(folder) for pid in _above(each) if pid in busy), None)
        )
        victim.kill()
        victim.wait()

    def restart(self) -> None:
        """Kill the scheduler, which takes the workers with it, and start all again."""
        self.end(signal.SIGKILL)
        self.mend()

    def mend(self) -> None:
        """Start what does not run."""
        common = ["--no-dashboard"]
        place = ["--host", "127.0.0.1", "--port", str(self._port)]
        self._start("scheduler", "dask_scheduler", *place, *common)
        for number in (1, 2):
            self._start(f"worker{number}", "dask_worker", self.address, "--no-nanny", "--nthreads", "1", *common)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End all."""
        for process in self._processes.values():
            process.send_signal(number)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()

    def _start(self, name: str, module: str, *arguments: str) -> None:
        running = self._processes.get(name)
        if running is not None and running.poll() is None:
            return
        leashed = [sys.executable, str(leash.__file__), str(os.getpid())]
        command = [*leashed, sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        quiet = subprocess.DEVNULL
        self._processes[name] = subprocess.Popen(
            command, env=self._environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )


def _killed(process: psutil.Process) -> bool:
    try:
        process.kill()
    except psutil.NoSuchProcess:  # it was done in this moment
        return False
    return True


def _above(process: psutil.Process) -> list[int]:
    try:
        return [parent.pid for parent in process.parents()]
    except psutil.NoSuchProcess:
        return []


@contextmanager
def cluster(bench: Bench, root: Path) -> Iterator[Cluster]:
    """Run a cluster whose workers use the ffmpeg of *bench* and may work below *root*."""
    own = {"FAHRWERK_FFMPEG": str(bench.path), "FAHRWERK_WORKER_ROOTS": str(root), "DASK_LOGGING__DISTRIBUTED": "error"}
    made = Cluster(os.environ | own)
    try:
        yield made
    finally:
        made.end(signal.SIGKILL)
