"""Bad input and bad luck, met by the real scripts: a sentence that names the thing and the remedy, and no damage."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from scripts.worker.client import Refused, TicketLost, TrackerClient
from scripts.worker.main import NO_TRACKER, OK
from scripts.worker.transport import Patience
from tests.faults.small_mount import LIMITED, MOUNTED
from tests.faults.strike import half, watched
from tests.faults.talk import SCRIPTS, SLUG, VIDEO, Talk
from tests.faults.works import KEY, NONE, Settings, Works, fingerprint
from tracker import profiles, properties, queries, tickets
from tracker.errors import InvalidInput

HOST = "demo-someone1.localhost"


def refused(talk: Talk, kind: str, settings: Settings = NONE) -> str:
    """Let a script try a ticket it cannot do; return the sentence on the ticket. Nothing may lie on the mount."""
    before = talk.files()
    code, said = talk.works.once(kind, settings)
    assert code == OK, said
    assert talk.files() == before
    return talk.why_of(SCRIPTS[kind])


def failed(talk: Talk, kind: str, settings: Settings = NONE) -> str:
    sentence = refused(talk, kind, settings)
    assert talk.look(talk.of(SCRIPTS[kind]), lambda t: (t.state, t.failed)) == (SCRIPTS[kind].during, True)
    return sentence


def waits(talk: Talk, kind: str, settings: Settings = NONE) -> str:
    sentence = refused(talk, kind, settings)
    assert talk.look(talk.of(SCRIPTS[kind]), lambda t: (t.state, t.failed)) == (SCRIPTS[kind].before, False)
    return sentence


# -- segments


@pytest.fixture
def raw(works: Works) -> Path:
    """Return a copy of the raw recordings that a test may spoil."""
    copy = works.stage.mount / "spoilt"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(works.stage.path("Raw"), copy)
    return copy


def talk_over(works: Works, raw: Path, state: str = "recorded") -> Talk:
    talk = works.talk(state)
    talk.write({"Processing.Path.Raw": str(raw)})
    return talk


def middle(raw: Path) -> Path:
    return sorted(raw.iterdir())[2]


def spoil(path: Path, content: bytes) -> None:
    """Replace the content of a segment, as long ago as it was written."""
    written = path.stat().st_mtime
    path.write_bytes(content)
    os.utime(path, (written, written))


def test_a_talk_without_any_segment_fails_and_says_where_was_looked(works: Works, raw: Path) -> None:
    for path in raw.iterdir():
        path.unlink()
    sentence = failed(talk_over(works, raw), "merge")
    assert f"There is no usable recording of {KEY} from 2026-05-01 10:00:00 to 10:00:18 in {raw}." in sentence
    assert "Check the recorders of the room (saal1)" in sentence


def test_a_folder_that_is_not_there_is_waited_for(works: Works, raw: Path) -> None:
    shutil.rmtree(raw)
    sentence = waits(talk_over(works, raw), "merge")
    assert f"Processing.Path.Raw is {raw}, and there is no such folder: mount or create it" in sentence
    assert "Next try at" in sentence


@pytest.mark.parametrize("content", [None, b"", os.urandom(40_000)], ids=["missing", "empty", "garbage"])
def test_a_recording_with_a_bad_segment_is_merged_and_says_so(content: bytes | None, works: Works, raw: Path) -> None:
    bad = middle(raw)
    if content is None:
        bad.unlink()
    else:
        spoil(bad, content)
    before, talk = fingerprint(raw), talk_over(works, raw)
    works.once("merge")
    assert (talk.state(), fingerprint(raw)) == ("merged", before)
    assert "4.0 s missing at 10:00:08 (frames 200 to 300)" in talk.values()["Record.Holes"]
    (note,) = talk.entries("RPC.addLog")
    assert "The recording has holes" in note.comment
    assert (bad.name in note.comment) is (content is not None)


@pytest.mark.parametrize("content", [None, b"", os.urandom(40_000)], ids=["missing", "empty", "garbage"])
def test_a_segment_that_went_bad_after_the_merge_fails_the_cut(content: bytes | None, works: Works, raw: Path) -> None:
    bad = middle(raw)
    if content is None:
        bad.unlink()
    else:
        spoil(bad, content)
    before = fingerprint(raw)
    sentence = failed(talk_over(works, raw, "cut"), "copy")
    assert bad.name in sentence
    assert fingerprint(raw) == before


# -- what people or other scripts wrote


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Record.Cutin": "340", "Record.Cutout": "110"}, "Out (frame 110) does not come after in (frame 340)"),
        (
            {"Record.Cutout": "99999"},
            "The cut (frames 110 to 99999) reaches beyond the recording, which has frames 0 to 450",
        ),
        ({"Record.Cutin": "eleven"}, "Record.Cutin is 'eleven', which is no number of frames: set it on the cut page."),
        ({"Record.Cutout": ""}, "The property Record.Cutout is missing: set it on the cut page."),
        ({"Record.Language": "deu-qqq"}, "Record.Language names qqq, no known ISO 639-3 code: choose it on the cut"),
    ],
    ids=["out before in", "out beyond the end", "no number", "no out", "unknown language"],
)
def test_bad_marks_and_languages_fail_the_cut(values: dict[str, str], said: str, works: Works) -> None:
    talk = works.talk("cut")
    talk.write(values)
    sentence = failed(talk, "copy")
    assert said in sentence
    assert "cut page" in sentence


def test_a_template_that_names_another_program_is_not_saved() -> None:
    with pytest.raises(InvalidInput, match="The template runs 'rm'; allowed are: cp, ffmpeg, ffprobe, mv"):
        profiles.check_template(template("rm"))


def test_a_template_that_computes_another_program_fails_the_encoding(works: Works) -> None:
    talk = works.talk("ready to encode")
    with works.hand():
        chosen = "<xsl:value-of select=\"/properties/property[@name='Format.Program']\"/>"
        version = profiles.revise(profiles.get(VIDEO), template(chosen))
        tickets.get(talk.children[VIDEO]).profile_version = version
        properties.write(tickets.get(talk.children[VIDEO]), {"Format.Program": "rm"})
    sentence = failed(talk, "encode")
    assert "The template runs 'rm'; allowed are: cp, ffmpeg, ffprobe, mv." in sentence
    assert "Correct the template of the encoding profile hd, revision 2." in sentence


def template(program: str) -> str:
    return (
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
        f'<job><tasks><task type="encoding"><option filetype="exe">{program}</option></task></tasks></job>'
        "</xsl:template></xsl:stylesheet>"
    )


def test_a_file_that_changed_after_it_was_postprocessed_is_not_released(works: Works) -> None:
    talk = works.talk("ready to release")
    with talk.file("Prerelease").open("ab") as file:
        file.write(b"?")
    sentence = failed(talk, "release")
    assert "it is not the file that was postprocessed. Move the ticket back to 'checked'." in sentence


# -- the machine


@pytest.mark.parametrize("kind", ["copy", "encode"])
def test_without_ffmpeg_the_ticket_waits(kind: str, works: Works) -> None:
    sentence = waits(works.talk(SCRIPTS[kind].before), kind, {"FFMPEG": "/nowhere/ffmpeg"})
    assert "FAHRWERK_FFMPEG is '/nowhere/ffmpeg'" in sentence
    assert "Next try at" in sentence


def test_an_ffmpeg_that_somebody_kills_fails_the_encoding(works: Works) -> None:
    talk = works.talk("ready to encode")
    before = talk.files()
    with watched(works, "encode", half("encode"), kill_ffmpeg, settings=works.slow_ffmpeg(3)) as strike:
        strike.wait()
        works.until(talk.failed)
    assert talk.files() == before
    assert "ffmpeg was killed by signal 9, by somebody or for want of memory" in talk.why(VIDEO)
    assert "then clear the failed flag" in talk.why(VIDEO)


def kill_ffmpeg(worker: int) -> None:
    (child,) = psutil.Process(worker).children()
    child.kill()


def test_a_worker_takes_nothing_while_the_mount_is_fuller_than_the_reserve(works: Works) -> None:
    talk = works.talk("cut")
    refused(talk, "copy", {"RESERVE_MB": "999999999"})
    assert (talk.state(), talk.entries("RPC.assignNextUnassignedForState")) == ("cut", [])
    with works.hand():
        said = queries.register_worker(queries.v3_group().id, "demo-copy1.localhost").log_tail
    assert "and FAHRWERK_RESERVE_MB keeps 999999999 MB for the recorders: make room there." in said


def on_tiny_mount(talk: Talk, kind: str, place: str, works: Works) -> str:
    """Let a script write to a mount of 64 KiB; see that nothing is left, and return why the ticket waits."""
    tiny = works.stage.mount / "tiny"
    tiny.mkdir(exist_ok=True)
    talk.write({f"Processing.Path.{place}": str(tiny)}, VIDEO)
    before = talk.files()
    how, left = works.once_on_small_mount(kind, tiny)
    assert [name for name in left if name != ".meta"] == []
    assert talk.files() == before
    assert talk.failed() is (how == LIMITED)
    return talk.why_of(SCRIPTS[kind]) if how == MOUNTED else ""


@pytest.mark.parametrize(
    ("kind", "place"), [("encode", "Output"), ("postprocess", "Prerelease"), ("release", "Release")]
)
def test_a_mount_without_room_for_the_result_is_told_before_it_is_made(kind: str, place: str, works: Works) -> None:
    said = on_tiny_mount(works.talk(SCRIPTS[kind].before), kind, place, works)
    assert not said or re.search("tiny has 0.1 MB left, and .* needs about 0.. MB: make room there. Next try at", said)


def test_a_mount_that_gets_full_leaves_no_part_and_a_sentence(works: Works) -> None:
    talk = works.talk("ready to encode")
    talk.write({"Record.Width": "99999", "Record.Height": "99999"}, VIDEO)  # so that too little is expected
    said = on_tiny_mount(talk, "encode", "Output", works)
    assert not said or re.search("There is no room left for the result below .*tiny: make room there. Next try", said)


# -- the door


def test_a_worker_with_the_wrong_secret_ends_with_a_sentence(works: Works) -> None:
    talk = works.talk("cut")
    code, said = works.once("copy", {"SECRET": "guessed"})
    assert (code, talk.state()) == (NO_TRACKER, "cut")
    assert "Wrong login hash for demo-copy1.localhost: it has to be MD5(FQDN . secret)" in said
    assert "is the secret in FAHRWERK_SECRET the same on both sides?" in said


def test_a_worker_for_an_unknown_project_says_so(works: Works) -> None:
    code, said = works.once("copy", {"PROJECT": "nope"})
    assert code == OK
    assert "There is no project nope to work for: check FAHRWERK_PROJECT." in said


@pytest.mark.parametrize(
    ("project", "ticket", "said"),
    [
        ("nope", 1, "There is no project 'nope'"),
        (SLUG, 999_999, "There is no ticket 999999"),
        (SLUG, 1, "Ticket 1 was never assigned to demo-someone1.localhost"),
    ],
)
def test_calls_about_what_is_not_there_or_not_theirs_are_refused(
    project: str, ticket: int, said: str, works: Works
) -> None:
    client = TrackerClient(works.stage.url, HOST, works.stage.secret, patience=Patience(0))
    with closing(client), pytest.raises((Refused, TicketLost), match=said):
        client.in_project(project).set_ticket_done(ticket)
