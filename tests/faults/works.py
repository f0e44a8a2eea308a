"""A tracker with one room and talks that a test may spoil: real server, real database, real workers, real files.

One talk, the model, went through the whole pipeline undisturbed. What a test needs of the steps before is copied from
it, so that every test has a talk of its own in any state, and only one script to run.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psutil
from flask import Flask
from sqlalchemy.exc import DBAPIError

from demo.footage import record_room
from demo.stage import PATHS, WORKERS, Stage
from scripts.media.programs import program
from tests.faults import small_mount
from tests.faults.talk import OF_RECORDING, SLUG, SOUND, VIDEO, Talk, known_in
from tracker import database, profiles, projects, properties, queries, settings, tickets, users
from tracker.app import create_app
from tracker.cluster import Cluster
from tracker.db import transaction
from tracker.errors import DatabaseError
from tracker.models import User
from tracker.tickets import Actor

ROOM, KEY, TITLE = "Saal 1", "saal1", "Öfen & Züge"
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 5, 1, 10, 0, tzinfo=BERLIN)
PADDING_S, TALK_S, SEGMENT_S, RATE = 4, 10, 4, Fraction(25)
CUT_IN, CUT_OUT, LANGUAGE, DELAY_MS = 110, 340, "deu", 120
CUTTER, CHECKER = "anna", "bernd"
PATIENCE_S = 180.0
"""Only a test that fails waits for so long; the machine may be busy with others."""

Settings = Mapping[str, str]
NONE: Settings = {}
T = TypeVar("T")


@dataclass
class Works:
    """The stage, and what a person may do on it."""

    stage: Stage
    app: Flask
    talks: list[Talk] = field(default_factory=list)

    @property
    def model(self) -> Talk:
        """Return the talk that nobody disturbed."""
        return self.talks[0]

    @contextmanager
    def hand(self, name: str = CHECKER) -> Iterator[User]:
        """Let a person change something."""
        with self.app.app_context(), transaction():
            user = queries.user_by_name(name)
            assert user is not None
            yield user

    def until(self, look: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
        """Look until there is something to see; a database that is away for a while is waited for."""
        deadline = time.monotonic() + patience_s
        while True:
            with suppress(DBAPIError, DatabaseError):
                if seen := look():
                    return seen
            assert time.monotonic() < deadline, self.standing()
            time.sleep(0.05)

    def standing(self) -> str:
        """Say how things are, for a test that failed."""
        lines = [f"{talk.number}: {talk.state(VIDEO)} {talk.state()}" for talk in self.talks]
        logs = [f"--- {path.name}\n{path.read_text()[-2000:]}" for path in (self.stage.folder / "logs").iterdir()]
        return "\n".join(["it took too long", *lines, *logs])

    # -- talks

    def talk(self, state: str) -> Talk:
        """Make a talk that waits in *state*, with all that the scripts before would have left."""
        with self.hand() as user:
            start = BEGIN + timedelta(seconds=PADDING_S)
            end = start + timedelta(seconds=TALK_S)
            ticket = tickets.create_recording(
                projects.get(SLUG), Actor.of(user), title=TITLE, room=ROOM, start=start, end=end
            )
            assert ticket.fahrplan_id is not None
            children = {child.profile_version.profile.slug: child.id for child in ticket.children}
            made = Talk(self, ticket.id, children, ticket.fahrplan_id)
            self.talks.append(made)
            if state != "scheduled":
                self._bring(made, user, state)
        made.furnish(state)
        return made

    def _bring(self, talk: Talk, user: User, state: str) -> None:
        known = known_in(state)
        model, file = (properties.own(tickets.get(number)) for number in (self.model.id, self.model.children[VIDEO]))
        properties.write(tickets.get(talk.id), {name: model[name] for name in known if name in model})
        tickets.set_state(talk.id, user, state if state in OF_RECORDING else "copied")
        if state not in OF_RECORDING:
            properties.write(tickets.get(talk.children[VIDEO]), {name: file[name] for name in known if name in file})
            tickets.set_state(talk.children[VIDEO], user, state)
            tickets.set_state(talk.children[SOUND], user, "material needed")

    def clear(self) -> None:
        """End all workers and put all talks but the model aside: the next test has the stage for itself."""
        self.end_workers()
        with self.hand() as user:
            for talk in self.talks[1:]:
                for number in (talk.id, *talk.children.values()):
                    tickets.set_failed(number, user, True, comment="The test is over.")
        del self.talks[1:]

    # -- workers

    def end_workers(self) -> None:
        """Kill every worker."""
        for name in [name for name in self.stage.running if name != "server"]:
            self.stage.kill(name)

    def start(self, kind: str, number: int = 1, settings: Settings = NONE) -> subprocess.Popen[bytes]:
        """Start a worker; *settings* are FAHRWERK_* of its own."""
        self.stage.start_worker(kind, number, extra=named(settings))
        return self.stage.running[f"{kind}{number}"]

    def once(self, kind: str, settings: Settings = NONE) -> tuple[int, str]:
        """Let a worker make one turn; return its exit code and what it said."""
        heard = self.heard(kind)
        code = self.stage.start(f"{kind}1", "worker", kind, "--once", extra=named(settings)).wait(PATIENCE_S)
        self.stage.running.pop(f"{kind}1")
        return code, self.said(kind, heard)

    def once_on_small_mount(self, kind: str, folder: Path, kilobytes: int = 64) -> tuple[str, list[str]]:
        """Let a worker make one turn with little room in *folder*; return why it is little, and what it left there."""
        roots = f"{self.stage.mount}{os.pathsep}{folder}"
        environment = self.stage.environment() | named({"WORKER_ROOTS": roots, "RESERVE_MB": "0"})
        worker = [sys.executable, "-c", "from tracker.cli import main; main()", "worker", kind, "--once"]
        return small_mount.run(str(folder), kilobytes, worker, environment)

    def said(self, kind: str, since: int = 0) -> str:
        """Return the log of the first worker of a kind, from all its lives or since a byte of it."""
        with (self.stage.folder / "logs" / f"{kind}1.log").open("ab+") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def heard(self, kind: str) -> int:
        """Return how much a kind of worker said so far, in bytes."""
        return len(self.said(kind).encode())

    def slow_ffmpeg(self, speed: float) -> Settings:
        """Return the setting for a real ffmpeg that reads its input at *speed* times the speed of a player.

        A talk of nine seconds is done before ffmpeg tells for the second time how far it is.
        """
        path = self.stage.folder / f"ffmpeg-{speed:g}"
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(program("ffmpeg"))} -readrate {speed:g} "$@"\n')
        path.chmod(0o755)
        return {"FFMPEG": str(path)}

    def kill_server(self) -> None:
        """Kill the server with all its processes at once, but for the database."""
        master = self.stage.running.pop("server")
        family = [psutil.Process(master.pid), *psutil.Process(master.pid).children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):  # one may end by itself meanwhile
                if process.name() != "postgres":
                    process.kill()
        master.wait()

    def kill_postmaster(self) -> None:
        """Kill the process of the database that all others hang on."""
        process = Cluster(self.stage.folder / "data").process()
        assert process is not None
        process.kill()

    # -- people

    def people_act(self, talk: Talk) -> bool:
        """Do what people have to do with a talk next; tell whether all its files are released."""
        with self.hand(CUTTER) as user:
            if tickets.get(talk.id).state == "merged":
                tickets.start_cut(talk.id, user)
                tickets.finish_cut(talk.id, user, CUT_IN, CUT_OUT, LANGUAGE, DELAY_MS)
        with self.hand(CHECKER) as user:
            for number in talk.children.values():
                if tickets.get(number).state == "encoded":
                    tickets.start_check(number, user)
                    tickets.accept(number, user)
            states = {tickets.get(number).state for number in talk.children.values()}
            if states == {"postprocessed"}:
                tickets.mark_ready(talk.id, user)
        assert not talk.failed(), talk.history()
        return states == {"released"}


def named(settings: Settings) -> dict[str, str]:
    """Return settings as they stand in the environment."""
    return {f"FAHRWERK_{name}": value for name, value in settings.items()}


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Return hash and time of the last change of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}


@contextmanager
def running(folder: Path) -> Iterator[Works]:
    """Record a room, start a server, and take the model through; stop all in the end."""
    scratch = folder / "scratch"  # a worker that is killed cannot tidy up
    extra = {"FAHRWERK_POLL_S": "0.3", "FAHRWERK_RESERVE_MB": "1", "TMPDIR": str(scratch)}
    stage = Stage(folder, lease_s=20, extra=extra)
    stage.prepare()
    scratch.mkdir()
    record_room(
        stage.path("Raw"), KEY, BEGIN, 2 * PADDING_S + TALK_S + 2, segment_s=SEGMENT_S, av_delay_ms=DELAY_MS,
        talks=[(PADDING_S, PADDING_S + TALK_S, TITLE)],
    )  # fmt: skip
    try:
        stage.start_server()
        with database.connected(settings.Settings.from_env(stage.environment())) as connected:
            works = Works(stage, create_app(connected))
            _found(works)
            _take_through(works)
            yield works
    finally:
        stage.stop()
        Cluster(stage.folder / "data").stop()


def _found(works: Works) -> None:
    values: dict[str, Any] = {f"Processing.Path.{name}": str(works.stage.path(name)) for name in PATHS}
    values |= {"Record.StartPadding": str(PADDING_S), "Record.EndPadding": str(PADDING_S)}
    with works.app.app_context(), transaction():
        project = projects.create(SLUG, "Faults", time_zone=BERLIN.key, languages=("deu", "eng"), values=values)
        for slug in (VIDEO, SOUND):
            profiles.use(project, slug)
        users.create(CUTTER, "correct horse battery", "user")
        users.create(CHECKER, "correct horse battery", "superuser")


def _take_through(works: Works) -> None:
    for kind in WORKERS:
        works.start(kind)
    talk = works.talk("scheduled")
    works.until(lambda: works.people_act(talk))
    works.end_workers()
