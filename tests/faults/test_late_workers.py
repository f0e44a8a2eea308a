"""A worker that was frozen for longer than its lease comes too late; one that is asked to stop stops in order."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import pytest

from scripts.worker.main import BROKEN_OFF
from tests.faults.strike import NAMED, Moment, half, watched
from tests.faults.talk import SCRIPTS, Talk
from tests.faults.verdict import same_as_undisturbed
from tests.faults.works import PATIENCE_S, Works

PERMITTED = Moment(answer="ping")
"""The tracker said that the ticket still is the worker's; next the result gets its name."""


def freeze(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def identity(paths: set[Path]) -> dict[Path, tuple[int, int]]:
    """Tell files apart even if their content is the same: inode and time of the last change."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


@pytest.mark.parametrize("kind", ["copy", "release"])
def test_the_done_of_a_late_worker_is_refused(kind: str, works: Works) -> None:
    script = SCRIPTS[kind]
    talk = works.talk(script.before)
    with watched(works, kind, NAMED, freeze, held=threading.Event()) as strike:
        strike.wait()
        made = _let_another_do_it(works, talk, kind)
        strike.held.set()
        _thaw_until(works, strike.process.pid, kind, "the report did not count")
    assert identity(talk.results(kind)) == made
    assert [entry.comment.splitlines()[0] for entry in talk.entries("RPC.setTicketDone.late")] == [
        "came after the ticket was lost; nothing changed"
    ]
    same_as_undisturbed(talk, script)


@pytest.mark.parametrize("kind", ["copy", "postprocess"])
def test_a_late_worker_overwrites_nothing_even_when_it_had_just_asked(kind: str, works: Works) -> None:
    script = SCRIPTS[kind]
    talk = works.talk(script.before)
    before = talk.files()
    with watched(works, kind, PERMITTED, freeze, held=_open()) as strike:
        strike.wait()
        made = _let_another_do_it(works, talk, kind)
        _thaw_until(works, strike.process.pid, kind, "lost, a person or another worker has it|the report did not count")
    assert identity(talk.results(kind)) == made
    assert talk.files() == before | talk.results(kind)
    assert (talk.state_of(script), talk.failed()) == (script.after, False)
    same_as_undisturbed(talk, script)


def _let_another_do_it(works: Works, talk: Talk, kind: str) -> dict[Path, tuple[int, int]]:
    works.start(kind, 2)
    works.until(lambda: talk.state_of(SCRIPTS[kind]) == SCRIPTS[kind].after)
    return identity(talk.results(kind))


def _thaw_until(works: Works, pid: int, kind: str, said: str) -> None:
    os.kill(pid, signal.SIGCONT)
    works.until(lambda: re.search(said, works.said(kind).rsplit("begun, attempt 1", 1)[-1]))


# -- asked to stop


def terminate(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)


def test_a_worker_that_is_asked_to_stop_finishes_its_job_and_takes_no_other(works: Works) -> None:
    talk, other = works.talk("ready to encode"), works.talk("ready to encode")
    with watched(works, "encode", half("encode"), terminate, held=_open()) as strike:
        strike.wait()
        assert strike.process.wait(PATIENCE_S) == 0
    assert (talk.state("hd"), other.state("hd")) == ("encoded", "ready to encode")
    same_as_undisturbed(talk, SCRIPTS["encode"])


def test_a_worker_that_is_asked_twice_gives_its_ticket_back_at_once(works: Works) -> None:
    talk = works.talk("ready to encode")
    before = talk.files()
    with watched(works, "encode", half("encode"), terminate, settings=works.slow_ffmpeg(3), held=_open()) as strike:
        strike.wait()
        works.until(lambda: "request to stop" in strike.said())
        terminate(strike.process.pid)
        assert strike.process.wait(PATIENCE_S) == BROKEN_OFF
    assert (talk.state("hd"), talk.files()) == ("ready to encode", before)
    assert [entry.comment for entry in talk.entries("RPC.giveBack")] == [
        "The worker demo-encoder1.localhost was stopped while it worked on this."
    ]
    assert not talk.entries("Lease.lost")


def _open() -> threading.Event:
    """Return what holds nothing up."""
    event = threading.Event()
    event.set()
    return event
