"""Every script is killed at every stage of its work; started again, it makes up for it without anybody's help."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.strike import ASSIGNED, NAMED, Moment, half, killed
from tests.faults.talk import SCRIPTS, Script, Talk
from tests.faults.verdict import same_as_undisturbed
from tests.faults.works import NONE, Works

EVERY = [pytest.param(script, id=script.kind) for script in SCRIPTS.values()]
LARGE = 64 * 1024 * 1024
"""Bytes: small files are copied in one go."""


def start_again(works: Works, talk: Talk, script: Script, before: set[Path]) -> None:
    """Start the script again; the ticket has to get done by itself, as if nothing had happened."""
    works.start(script.kind)
    works.until(lambda: talk.state_of(script) == script.after)
    gone = {path for path in before if path.parent == works.stage.path("Prerelease")}
    assert talk.files() == (before - gone) | talk.results(script.kind)
    same_as_undisturbed(talk, script)


def told_the_loss(talk: Talk, script: Script) -> None:
    """The log says who was lost when, and the second attempt was the last."""
    (lost,) = talk.entries("Lease.lost")
    assert (lost.from_state, lost.to_state) == (script.during, script.before)
    assert "went silent for more than 2 s; the ticket is free again" in lost.comment
    assert talk.look(talk.of(script), lambda ticket: (ticket.attempt, ticket.losses, ticket.worker_id)) == (2, 0, None)


def writers(path: Path) -> list[str]:
    """List the processes that have a file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(path):
                found.append(link.parts[2])
        except OSError:
            continue
    return found


@pytest.mark.parametrize("script", EVERY)
def test_a_script_killed_after_the_assign_is_made_up_for(script: Script, works: Works) -> None:
    talk = works.talk(script.before)
    before = talk.files()
    killed(works, script.kind, ASSIGNED)
    assert (talk.state_of(script), talk.files()) == (script.during, before)
    start_again(works, talk, script, before)
    told_the_loss(talk, script)


@pytest.mark.parametrize("script", EVERY)
def test_a_script_killed_at_half_of_its_work_is_made_up_for(script: Script, works: Works) -> None:
    talk = works.talk(script.before)
    if script.kind in ("postprocess", "release"):
        talk.enlarge(LARGE)
    before = talk.files()
    runs_ffmpeg = script.kind in ("copy", "encode")
    percent = killed(works, script.kind, half(script.kind), works.slow_ffmpeg(4) if runs_ffmpeg else NONE)
    assert talk.state_of(script) == script.during
    assert percent < 85 or not runs_ffmpeg  # it was in the middle of it
    parts = talk.files() - before
    print(f"{script.kind} was killed at {percent} %, its part had {sum(path.stat().st_size for path in parts)} bytes")
    assert all(path.name.startswith(".") and ".1.part" in path.name for path in parts)
    assert len(parts) == (0 if script.kind == "merge" else 1)
    works.until(lambda: not any(map(writers, parts)))  # its ffmpeg dies with it
    start_again(works, talk, script, before)
    told_the_loss(talk, script)


@pytest.mark.parametrize("script", EVERY)
def test_a_script_killed_between_rename_and_done_is_made_up_for(script: Script, works: Works) -> None:
    talk = works.talk(script.before)
    before = talk.files()
    killed(works, script.kind, NAMED)
    assert talk.state_of(script) == script.during
    assert talk.results(script.kind) <= talk.files()
    start_again(works, talk, script, before)
    told_the_loss(talk, script)


MOVE = "setTicketNextState"


@pytest.mark.parametrize("moment", [Moment(call=MOVE), Moment(answer=MOVE)], ids=["before its move", "after its move"])
def test_script_a_killed_around_its_move_moves_once(moment: Moment, works: Works) -> None:
    talk = works.talk("scheduled")
    killed(works, "record", moment)
    assert talk.state() == ("scheduled" if moment.call else "recording")
    works.start("record")
    works.until(lambda: talk.state() == "recorded")
    assert talk.moves() == [(None, "scheduled"), ("scheduled", "recording"), ("recording", "recorded")]


def test_an_assignment_that_was_never_named_is_handed_out_again(works: Works) -> None:
    talk = works.talk("cut")
    killed(works, "copy", ASSIGNED, settings={"LEASE_S": "600"})
    before = talk.files()
    start_again(works, talk, SCRIPTS["copy"], before)
    assert talk.look(talk.id, lambda ticket: ticket.attempt) == 1
