"""`fahrwerk fahrplan import` as a process, against a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.factories import committing
from tests.tracker.fahrplan.samples import event, optout, schedule
from tracker import projects, queries
from tracker.cli.fahrplan.imports import lines
from tracker.db import transaction
from tracker.errors import FahrplanError
from tracker.fahrplan import Report, Skipped, sources

FAHRWERK = Path(sys.executable).with_name("fahrwerk")
Command = Callable[..., subprocess.CompletedProcess[str]]
GOOD = schedule(event(1, title="Größe 🚀"), event(2, extra=optout("true")), event(3, title=""))


@pytest.fixture
def command(committed_db: str) -> Command:
    """Return a function that runs the import into the project `conf`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FAHRWERK_")}
    env |= {"FAHRWERK_DATABASE_URL": committed_db, "FAHRWERK_SECRET_KEY": "k" * 32, "FAHRWERK_SECRET": "worker"}

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        argv = [str(FAHRWERK), "fahrplan", "import", *args]
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)

    return run


def states(url: str) -> list[tuple[str, str]]:
    with committing(url) as app, app.app_context():
        rows = queries.scheduled_talks(projects.get("conf").id)
        return [(ticket.title, ticket.state) for _, ticket in rows]


def make(url: str, **values: str) -> None:
    with committing(url) as app, app.app_context(), transaction():
        projects.create("conf", "Conf", values={name.replace("_", "."): value for name, value in values.items()})


def test_a_file_is_imported_and_every_skipped_event_told(committed_db: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "s.xml").write_bytes(GOOD)
    make(committed_db, Fahrplan_XML=str(tmp_path / "s.xml"))
    trial = command("conf", "--dry-run")
    assert (trial.returncode, trial.stderr, states(committed_db)) == (0, "", [])
    assert trial.stdout.endswith("conf: 2 new, 1 skipped (nothing was changed: dry run)\n")
    done = command("conf")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "created: 1 'Größe 🚀'",
        "created: 2 'Talk 2': locked. The speakers opted out of the recording.",
        "skipped: event 3, id 3: It has no title.",
        "conf: 2 new, 1 skipped",
    ]
    assert states(committed_db) == [("Größe 🚀", "scheduled"), ("Talk 2", "locked")]


def test_a_refusal_is_one_sentence_and_changes_nothing(committed_db: str, command: Command, tmp_path: Path) -> None:
    make(committed_db)
    (tmp_path / "evil.xml").write_bytes(b"<!DOCTYPE schedule><schedule/>")
    done = command("conf", str(tmp_path / "evil.xml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"fahrwerk: {tmp_path / 'evil.xml'}: The Fahrplan has a DOCTYPE")
    assert states(committed_db) == []


def test_a_project_without_a_fahrplan_needs_a_source(db_session: scoped_session[Session]) -> None:
    with pytest.raises(FahrplanError, match=r"conf has no property Fahrplan\.XML; set it, or name a file"):
        sources.address(projects.create("conf", "Conf"))


def test_many_doubts_are_shortened_and_the_important_comes_last() -> None:
    report = Report(doubts=["d"] * 30, pending=["p"], created=["c"], loss="l", skipped=(Skipped("r", "w"),))
    told = lines(report)
    assert told[20:] == ["doubt: ... and 10 more", "created: c", "skipped: w: r", "to be decided: p", "held back: l"]
