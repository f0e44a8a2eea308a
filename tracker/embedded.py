"""The own PostgreSQL: started from a wheel, in the data folder, on a socket, for whoever names no other server.

One process is the starter: it holds a lock for as long as it lives, starts the server (or takes over one whose
starter was killed), starts it again when it dies, and stops it at the end. Everybody else attaches, and waits for the
lock: when the starter leaves, one of those that stay is the starter within seconds, and starts the server again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tracker.cluster import Cluster
from tracker.errors import DatabaseError
from tracker.settings import DRIVER, Settings, make_data_dir

log = logging.getLogger(__name__)

DATABASE = "fahrwerk"
START_S = 300.0
"""Seconds until a start, an attach or a recovery after a crash must have come to an end."""

_starting: set[Path] = set()
"""Data folders whose starter is this process: POSIX locks do not tell two threads of one process apart."""


@contextmanager
def running(settings: Settings, options: Sequence[str] = ()) -> Iterator[str]:
    """Run the PostgreSQL of settings.data_dir, or attach to it, and yield its SQLAlchemy URL.

    *options* are server settings like ``fsync=off``, used by the starter. Raises DatabaseError when the folder is of
    another major version, is not ours, or the server does not come up.
    """
    make_data_dir(settings.data_dir)
    cluster = Cluster(settings.data_dir, tuple(options))
    with _starter(settings.data_dir, cluster) as ours, _kept_running(cluster) if ours else _heir(cluster):
        yield url(cluster)


def url(cluster: Cluster, database: str = DATABASE) -> str:
    """Return the URL of *database* on the running *cluster*."""
    place = f"host={quote(str(cluster.socket_folder()), safe='/')}&port={cluster.port}"
    return f"{DRIVER}://{cluster.superuser}@/{database}?{place}"


@contextmanager
def _starter(data_dir: Path, cluster: Cluster) -> Iterator[bool]:
    """Yield True with the lock of the starter held, or False once the server of another starter answers."""
    key, deadline = data_dir.resolve(), time.monotonic() + START_S
    with _lock_file(data_dir) as lock:
        while not (ours := _take(lock.fileno(), key)) and not cluster.answers(DATABASE):
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"Another process keeps the database in {data_dir}, but it does not answer: end that process."
                )
            time.sleep(0.1)
        try:
            yield ours
        finally:
            if ours:
                _starting.discard(key)


def _lock_file(data_dir: Path) -> IO[str]:
    try:
        return open(data_dir / "postgres.lock", "a", encoding="ascii")
    except PermissionError as error:
        raise DatabaseError(
            f"{data_dir} belongs to another user: run as that user, or name another FAHRWERK_DATA_DIR."
        ) from error


def _take(lock: int, key: Path) -> bool:
    """Take the lock of the starter, for this process alone: children by fork do not inherit it."""
    if key in _starting:
        return False
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    _starting.add(key)
    return True


@contextmanager
def _kept_running(cluster: Cluster) -> Iterator[None]:
    """Start the cluster, keep it up, and stop it in the end; processes forked inside the block leave it alone."""
    starter, over = os.getpid(), threading.Event()
    cluster.start(START_S)
    _create_database(cluster)
    keeper = threading.Thread(target=_keep, args=(cluster, over), name="postgres-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        if os.getpid() == starter:
            over.set()
            keeper.join()
            cluster.stop()


@contextmanager
def _heir(cluster: Cluster) -> Iterator[None]:
    """Keep the cluster running, as its starter would, once the starter has left."""
    attached, over, key = os.getpid(), threading.Event(), cluster.folder.parent.resolve()
    with _lock_file(key) as lock, ExitStack() as inherited:

        def wait() -> None:
            while not over.wait(1.0):
                if _take(lock.fileno(), key):
                    inherited.callback(_starting.discard, key)
                    log.warning("whoever kept PostgreSQL in %s left; this process keeps it now", cluster.folder)
                    inherited.enter_context(_kept_running(cluster))
                    return

        waiting = threading.Thread(target=wait, name="postgres-heir", daemon=True)
        waiting.start()
        try:
            yield
        finally:
            if os.getpid() == attached:
                over.set()
                waiting.join()


def _keep(cluster: Cluster, over: threading.Event) -> None:
    """Start the server again whenever it is gone, until *over* is set."""
    while not over.wait(1.0):
        if cluster.process() is None:
            log.error("PostgreSQL in %s is gone; starting it again", cluster.folder)
            try:
                cluster.start(START_S)
            except DatabaseError as error:
                log.error("%s", error)


def _create_database(cluster: Cluster) -> None:
    with closing(cluster.connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
