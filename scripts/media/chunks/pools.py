"""Where chunks are encoded: threads of this process that drive ffmpeg, or the workers of a Dask scheduler.

Both are a `concurrent.futures.Executor` that carries ids. Dask neither remembers its queue nor stops what runs: the
ledger does the one, the end of a run the other.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol

from scripts.media.chunks.piece import Told, encode_chunk

CONNECT_S = 3.0
IDLE_S = 60.0
"""Seconds a scheduler may be without any worker."""


class PoolLost(Exception):
    """There is nobody to encode chunks; the sentence says what to do. What is done stays done."""


class Pool(Protocol):
    """Takes chunks, also after it was closed. Of one that is `remote`, a future without a Told lost its worker."""

    remote: bool

    def submit(self, folder: str, number: int, run: str) -> Future[Told]:
        """Have a chunk encoded. Raise PoolLost when nobody can be asked."""

    def check(self) -> None:
        """Raise PoolLost when nothing will ever come."""

    def close(self) -> None:
        """Let go; of threads, wait for them."""


class LocalPool:
    """Threads of this process; a program that is killed is but a return code to them."""

    remote = False

    def __init__(self, threads: int) -> None:
        """Encode *threads* chunks at a time."""
        self._threads = threads
        self._executor: Executor | None = None

    def submit(self, folder: str, number: int, run: str) -> Future[Told]:
        """Have a chunk encoded."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="chunk")
        return self._executor.submit(encode_chunk, folder, number, run)

    def check(self) -> None:
        """Find nothing: threads do not get lost."""

    def close(self) -> None:
        """Wait for the threads, whose run is over."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)


class DaskPool:
    """The workers of a Dask scheduler; certificates come from Dask's own configuration."""

    remote = True

    def __init__(self, address: str) -> None:
        """Take the *address* of a scheduler; it is asked when there is a chunk."""
        self._address = address
        self._client: Any = None
        self._executor: Executor | None = None
        self._seen = time.monotonic()

    def submit(self, folder: str, number: int, run: str) -> Future[Told]:
        """Have a chunk encoded. Equal calls are never taken for one (`pure`)."""
        if self._executor is None:
            self._connect()
        assert self._executor is not None
        return self._executor.submit(encode_chunk, folder, number, run)

    def _connect(self) -> None:
        try:
            from distributed import Client  # an optional dependency: loaded where a scheduler is set
        except ImportError as error:
            raise PoolLost("FAHRWERK_DASK_SCHEDULER needs the package distributed: install fahrwerk[dask].") from error
        try:
            connect: Any = Client  # whose arguments have no types
            self._client = connect(self._address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:  # TypeError: TLS without certificates
            raise PoolLost(
                f"The Dask scheduler {self._address} cannot be reached ({error}): start it, check the certificates, or "
                "leave FAHRWERK_DASK_SCHEDULER out."
            ) from error
        self._executor = self._client.get_executor(pure=False)
        self._seen = time.monotonic()

    def check(self) -> None:
        """Raise PoolLost when the scheduler is away, or has had no worker for a minute."""
        if self._client is None:
            return
        with suppress(OSError):  # it is on its way to the scheduler again
            if self._client.status == "running" and self._client.nthreads():
                self._seen = time.monotonic()
        if time.monotonic() - self._seen > IDLE_S:
            raise PoolLost(f"The Dask scheduler {self._address} has no workers: start some.")

    def close(self) -> None:
        """Leave the scheduler; what still runs for an ended run stops by itself."""
        client, self._client, self._executor = self._client, None, None
        if client is not None:
            with suppress(OSError):  # the scheduler is gone
                client.close(timeout=CONNECT_S)


def pool(threads: int, scheduler: str) -> Pool:
    """Return the pool that the settings ask for."""
    return DaskPool(scheduler) if scheduler else LocalPool(threads)
