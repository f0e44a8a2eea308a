"""Two formats of a talk in one run, through tickets: the same files as alone, also when the worker is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.media import ffmpeg
from scripts.media.programs import program
from tests.faults.strike import half, killed
from tests.faults.talk import SCRIPTS, SOUND, VIDEO, Talk
from tests.faults.verdict import same_as_undisturbed
from tests.faults.works import Works
from tracker import tickets

FORMATS = (VIDEO, SOUND)
ENCODE = SCRIPTS["encode"]


def both_ready(works: Works) -> Talk:
    """Make a talk of which both formats wait to be encoded, and that wants them made in one run."""
    talk = works.talk(ENCODE.before)
    talk.write({"Processing.Together": "1"})
    with works.hand() as user:
        tickets.set_state(talk.children[SOUND], user, ENCODE.before)
    return talk


def streams(path: Path, sums: Path) -> str:
    """Return the checksum of every packet of a file."""
    ffmpeg.run(["ffmpeg", "-y", "-i", str(path), "-map", "0", "-c", "copy", "-f", "framemd5", str(sums)])
    return sums.read_text()


def told(talk: Talk, which: str) -> list[str]:
    """Return what the encoder wrote into the log of a ticket."""
    return [entry.comment for entry in talk.entries("RPC.addLog") if entry.ticket_id == talk.children[which]]


def test_a_run_for_two_tickets_that_is_killed_loses_both_and_is_made_up_for(works: Works, tmp_path: Path) -> None:
    talk = both_ready(works)
    before = talk.files()
    killed(works, "encode", half("encode"), works.slow_ffmpeg(4))
    assert {talk.state(which) for which in FORMATS} == {ENCODE.during}
    assert told(talk, VIDEO) == [f"Encoded in one run with ticket {talk.children[SOUND]}."]
    assert told(talk, SOUND) == [f"Encoded in one run with ticket {talk.children[VIDEO]}."]
    assert len(talk.files() - before) == 2 and all(".1.part" in path.name for path in talk.files() - before)
    works.start("encode")
    works.until(lambda: {talk.state(which) for which in FORMATS} == {ENCODE.after})
    assert sorted(entry.ticket_id for entry in talk.entries("Lease.lost")) == sorted(talk.children.values())
    assert talk.files() == before.union(*(talk.results("encode", which) for which in FORMATS))
    same_as_undisturbed(talk, ENCODE)


def test_files_of_one_run_are_those_of_tickets_that_ran_by_themselves(works: Works, tmp_path: Path) -> None:
    talk = both_ready(works)
    assert works.once("encode")[0] == 0
    assert {talk.state(which) for which in FORMATS} == {ENCODE.after}
    assert all(len(told(talk, which)) == 1 for which in FORMATS)
    for which in FORMATS:
        mine, theirs = (streams(each.file("Output", which), tmp_path / "sums") for each in (talk, works.model))
        assert mine == theirs
        assert [entry.ticket_id for entry in talk.entries("RPC.setTicketDone")].count(talk.children[which]) == 1
    same_as_undisturbed(talk, ENCODE)


@pytest.mark.proof
def test_a_profile_that_ffmpeg_refuses_fails_its_own_ticket_alone(works: Works, tmp_path: Path) -> None:
    talk = both_ready(works)
    talk.write({"Format.Audio.Codec": "nonsense"}, SOUND)
    assert works.once("encode")[0] == 0
    assert (talk.state(VIDEO), talk.state(SOUND)) == (ENCODE.after, ENCODE.during)
    assert talk.look(talk.children[SOUND], lambda ticket: ticket.failed)
    assert "Encoder not found" in talk.why(SOUND)
    assert "Encoded by itself: the run for tickets" in told(talk, VIDEO)[-1]
    mine, theirs = (streams(each.file("Output", VIDEO), tmp_path / "sums") for each in (talk, works.model))
    assert mine == theirs


@pytest.mark.proof
def test_a_ticket_that_a_person_takes_away_leaves_the_run(works: Works, tmp_path: Path) -> None:
    talk, begun = both_ready(works), tmp_path / "begun"
    script = tmp_path / "ffmpeg"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *.mp3*) if mkdir {begun} 2>/dev/null; then exec sleep 600; fi;; esac\n'
        f'exec {program("ffmpeg")} "$@"\n'
    )
    script.chmod(0o755)
    works.start("encode", settings={"FFMPEG": str(script)})
    works.until(begun.exists)
    with works.hand() as user:
        tickets.set_state(talk.children[SOUND], user, "material needed")
    works.until(lambda: talk.state(VIDEO) == ENCODE.after)
    assert talk.state(SOUND) == "material needed"
    assert f"Begun anew without ticket {talk.children[SOUND]}" in told(talk, VIDEO)[1]
    assert [entry.ticket_id for entry in talk.entries("RPC.setTicketDone")] == [talk.children[VIDEO]]
    assert not talk.file("Output", SOUND).exists()
    same_as_undisturbed(talk, ENCODE)
