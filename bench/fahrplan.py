"""``python -m bench.fahrplan``: what reading, comparing and applying a Fahrplan costs, beside reading it alone.

Seconds are those of the processor, in this process and in its database connection: others may use the machine, too.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median

import click
import psutil

from bench import schedules
from tracker import database, fahrplan, profiles, projects, tickets
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.fahrplan import sources
from tracker.settings import Settings

EVENTS, EVERY, ROUNDS, LARGE = 1000, 20, 3, 200_000
FORMATS = ("hd", "sd", "mp3", "opus")
MEBI = 1 << 20
Row = tuple[str, float, str, float]


@contextmanager
def application() -> Iterator[None]:
    """Run inside an application over a database of its own."""
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        settings = Settings.from_env({**os.environ, "FAHRWERK_DATA_DIR": f"{folder}/data", "FAHRWERK_SECRET": "bench"})
        with database.connected(settings) as connected:
            database.upgrade(connected.database_url)
            app = create_app(connected)
            gc.freeze()  # as the commands do
            with app.app_context():
                yield
                db.session.remove()
                db.engine.dispose()


def printed(events: int, every: int = 0) -> bytes:
    """Return a schedule of so many events, each *every* of them changed."""
    stream = BytesIO()
    schedules.write(stream, events, every)
    return stream.getvalue()


def cost(work: Callable[[], object]) -> float:
    """Return the processor seconds that some work takes here and in the database."""
    backend = psutil.Process(db.session.connection().connection.dbapi_connection.info.backend_pid)  # type: ignore[union-attr]
    before = _spent(backend)
    work()
    return _spent(backend) - before


def _spent(backend: psutil.Process) -> float:
    times = backend.cpu_times()
    return float(time.process_time() + times.user + times.system)


def project(slug: str) -> None:
    """Make a project that encodes in four formats."""
    with transaction():
        made = projects.create(slug, slug)
        for profile in FORMATS:
            profiles.use(made, profile)


def import_(slug: str, data: bytes, unless: str = "") -> None:
    """Import a file, and commit."""
    with transaction():
        fahrplan.import_fahrplan(projects.get(slug), data, tickets.Actor("bench"), source="bench", unless=unless)


def rows() -> Iterator[Row]:
    """Measure imports of a thousand events: what, seconds, compared with what, ratio."""
    first, later = printed(EVENTS), printed(EVENTS, EVERY)
    measured: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        for name, seconds in _turn(f"import-{turn}", first, later):
            measured.setdefault(name, []).append(seconds)
    alone = median(measured["reading it"])
    for name, values in measured.items():
        yield f"Fahrplan, {EVENTS} events: {name}", median(values), "reading it", median(values) / alone


def _turn(slug: str, first: bytes, later: bytes) -> Iterator[tuple[str, float]]:
    project(slug)
    yield "reading it", cost(lambda: fahrplan.parse(first, schedules.ZONE))
    yield "first import", cost(lambda: import_(slug, first))
    yield "imported again", cost(lambda: import_(slug, first))
    fingerprint = sources.of(projects.get(slug)).fingerprint
    yield "polled: the same file", cost(lambda: import_(slug, first, fingerprint))
    reprinted = first.replace(b"<version>1<", b"<version>2<")
    yield "polled: only its version is new", cost(lambda: import_(slug, reprinted, fingerprint))
    yield f"each {EVERY}th changed", cost(lambda: import_(slug, later))


@dataclass(frozen=True)
class Measure:
    """A large file: processor seconds and the most memory in MiB, measured in a process of its own."""

    what: str
    seconds: float
    memory: float


def large(events: int, *, apply: bool) -> Iterator[Measure]:
    """Read, and perhaps import, a large file in this process."""
    data = printed(events)
    begin = time.process_time()
    fahrplan.parse(data, schedules.ZONE)
    yield Measure(f"reading {events} events, {len(data) // MEBI} MiB", time.process_time() - begin, _peak())
    if not apply:
        return
    with application():
        project("large")
        yield Measure("first import", cost(lambda: import_("large", data)), _peak())
        yield Measure("imported again", cost(lambda: import_("large", data)), _peak())
        later = printed(events, 100)
        yield Measure("each 100th changed", cost(lambda: import_("large", later)), _peak())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--large", "events", type=int, help="Measure one file of so many events instead, here.")
@click.option("--apply", "apply_", is_flag=True, help="Import it, too: minutes and gigabytes.")
def main(events: int | None, apply_: bool) -> None:
    """Measure and print."""
    if events:
        for measure in large(events, apply=apply_):
            click.echo(f"{measure.what:44} {measure.seconds:9.2f} s {measure.memory:9.0f} MiB at most")
        return
    with application():
        for what, seconds, other, ratio in rows():
            click.echo(f"{what:44} {seconds:9.4f} {other:28} {ratio:7.2f}")
    subprocess.run([sys.executable, "-m", "bench.fahrplan", "--large", str(LARGE)], check=True)


if __name__ == "__main__":
    main()
