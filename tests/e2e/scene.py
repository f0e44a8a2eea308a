"""A small conference on a mount, with real recordings, and the tracker that serves it over HTTP from a thread."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from werkzeug.serving import make_server

from demo.footage import record_room
from scripts.media import peaks, recording, thumbs
from scripts.media.programs import program
from scripts.media.recording import Talk
from scripts.media.survey import survey
from tests.conftest import SECRET
from tests.factories import encoding, make_project, make_user, put
from tracker import properties, queries, tickets
from tracker.app import create_app
from tracker.db import db, now, transaction
from tracker.models import Project, Ticket
from tracker.settings import Settings
from tracker.tickets import TRACKER

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 12, 27, 23, 59, 50, tzinfo=BERLIN)
PADDING_S, TALK_S = 4, 12
CODE = {"saal1": 1000, "saal2": 50_000}
"""The first frame of a room's recording shows this number; frame 0 of its talk is the same picture."""
NTSC = Fraction(30000, 1001)
HOSTILE = '<script>alert("x")</script> & "Übergrößen" \u202ertl\u202c 🐢 ' + "sehr_langes_wort" * 8
FOLDERS = ("raw", "tmp", "output", "prerelease", "release")


@dataclass
class Scene:
    """Where the pages are, and the numbers of the tickets in them."""

    url: str
    app: Flask
    mount: Path
    talk: int
    holey: int
    checked: int
    file: int
    sound: int
    released: int


def record(mount: Path) -> None:
    """Record two rooms, 25 and 29.97 frames per second, the second with a recorder that was started again."""
    seconds = TALK_S + 2 * PADDING_S + 2
    record_room(mount / "raw", "saal1", BEGIN, seconds, segment_s=4, first_code=CODE["saal1"], talks=[(4, 15, "Saal")])
    record_room(
        mount / "raw", "saal2", BEGIN, seconds, rate=NTSC, segment_s=4, first_code=CODE["saal2"],
        holes=[(9.0, 11.0)], restart=True, av_delay_ms=200, talks=[(4, 15, "Loch")],
    )  # fmt: skip


def encode(mount: Path, basename: str) -> None:
    """Make the files of an encoding out of the first seconds of a room."""
    source = str(next((mount / "raw").glob("saal1-*.ts")))
    quiet = [program("ffmpeg"), "-v", "error", "-y", "-i", source]
    for name, options in (("hd.mp4", ("-c", "copy", "-movflags", "+faststart")), ("mp3.mp3", ("-vn", "-b:a", "64k"))):
        subprocess.run([*quiet, *options, str(mount / "output" / f"{basename}-{name}")], check=True)


@contextmanager
def served(url: str, mount: Path) -> Iterator[Scene]:
    """Fill the empty database at *url*, serve the pages from a thread, and stop when done."""
    settings = Settings(database_url=url, secret_key="k" * 64, secret=SECRET, threads=8, media_roots=(mount,))
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    with app.app_context(), transaction():
        numbers = furnish(mount)
    thread.start()
    try:
        yield Scene(f"http://127.0.0.1:{server.server_port}", app, mount, **numbers)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def furnish(mount: Path) -> dict[str, int]:
    """Make people, talks in all kinds of states, and the files that belong to them."""
    for name, role in (("alice", "admin"), ("bob", "user"), ("carol", "user"), ("rita", "read only")):
        make_user(name, role)
    values = {f"Processing.Path.{name.capitalize()}": str(mount / name) for name in FOLDERS}
    padding = {"Record.StartPadding": str(PADDING_S), "Record.EndPadding": str(PADDING_S)}
    project = make_project(formats=("hd", "mp3"), values=values | padding)
    project.title = "ZwickelCon 26"
    talk = _recorded(project, mount, HOSTILE, "Saal 1", "saal1")
    holey = _recorded(project, mount, "Ein Loch im Netz", "Saal 2", "saal2")
    checked = _talk(project, "To be checked", "Saal 1", 2, "copied", _CUT)
    released = _talk(project, "All done but one", "Saal 2", 3, "copied", _CUT)
    for one, states in ((checked, ("encoded", "encoded")), (released, ("released", "postprocessed"))):
        encode(mount, properties.merged(encoding(one, "hd"))["Encoding.Basename"])
        for slug, state in zip(("hd", "mp3"), states, strict=True):
            child = put(encoding(one, slug), state)
            properties.write(child, _FILE)
    for name, hours, state in (("Yet to come", 26, "scheduled"), ("Bitte nicht aufnehmen", 27, "locked")):
        _talk(project, name, "Saal 1", hours, state)
    _broken(_talk(project, "Nothing but noise", "Saal 2", 5, "cutting"))
    queries.register_worker(queries.v3_group().id, "vm-encoder1.example.org")
    worker = queries.register_worker(queries.v3_group().id, "vm-encoder2.example.org")
    _talk(project, "Being encoded", "Saal 1", 4, "copied", _CUT)
    claimed = tickets.claim_next(project, "encoding", worker, 86400)
    assert claimed is not None
    claimed.percent, worker.last_seen = 43.0, now()
    worker.log_tail = "frame=  512 fps= 48 q=28.0 size=    1024KiB time=00:00:20.48 bitrate= 409.6kbits/s speed=1.92x"
    tickets.comment(talk.id, queries.user_by_name("bob") or make_user(), "Applause <b>until</b> the very end.")
    return {
        "talk": talk.id,
        "holey": holey.id,
        "checked": checked.id,
        "file": encoding(checked, "hd").id,
        "sound": encoding(checked, "mp3").id,
        "released": released.id,
    }


_CUT = {
    "Record.Framerate": "25/1", "Record.DurationFrames": "500", "Record.Cutin": "103", "Record.Cutout": "375",
    "Record.Language": "deu", "Record.AVDelay": "200", "Record.Cutdiffseconds": "10.88", "Fahrplan.Language": "de",
    "Fahrplan.Person_list": "Jürgen Öztürk, Łucja Żak",
}  # fmt: skip
_FILE = {
    "Encoding.Seconds": "10.88", "Encoding.Bytes": "1234567", "Release.SHA256": "0123456789abcdef" * 4,
    "Release.Bytes": "1234567", "Release.Datetime": "2026.12.28_01:02:03", "Release.Count": "1",
}  # fmt: skip


def _talk(
    project: Project, title: str, room: str, hours: float, state: str, values: dict[str, str] | None = None
) -> Ticket:
    start = BEGIN + timedelta(hours=hours, seconds=PADDING_S)
    end = start + timedelta(minutes=30) if hours else start + timedelta(seconds=TALK_S)
    ticket = tickets.create_recording(project, TRACKER, title=title, room=room, start=start, end=end)
    properties.write(ticket, values or {})
    return put(ticket, state)


def _recorded(project: Project, mount: Path, title: str, room: str, key: str) -> Ticket:
    """Make a merged talk with its virtual recording, as script B does."""
    ticket = _talk(project, title, room, 0, "recorded")
    assert ticket.fahrplan_id is not None
    stop = BEGIN + timedelta(seconds=TALK_S + 2 * PADDING_S)
    pad = timedelta(seconds=PADDING_S)
    plan = Talk(project.slug, ticket.fahrplan_id, title, BEGIN + pad, stop - pad)
    timeline = recording.build(survey(mount / "raw", key, BEGIN, stop, BERLIN), plan)
    work = mount / "tmp" / project.slug / str(ticket.fahrplan_id)
    recording.write_virtual_recording(timeline, peaks.measure(timeline, mount / "raw"), work, "1")
    sheet, image = thumbs.make(timeline, mount / "raw")
    (work / "thumbs.json").write_text(sheet.to_json())
    (work / "thumbs.jpg").write_bytes(image)
    values = {
        "Record.Framerate": f"{timeline.rate.numerator}/{timeline.rate.denominator}",
        "Record.DurationFrames": str(timeline.frames),
        "Record.Holes": recording.holes_sentence(timeline),
        "Fahrplan.Language": "de",
        "Fahrplan.Person_list": "Jürgen Öztürk, Łucja Żak",
    }
    properties.write(ticket, values)
    return put(ticket, "merged")


def _broken(ticket: Ticket) -> None:
    ticket.user = queries.user_by_name("bob")
    db.session.flush()
    assert ticket.user is not None
    tickets.unable(ticket.id, ticket.user, "There is no sound at all; the room's mixer was off until 05:20.")


def empty(mount: Path) -> None:
    """Make the folders of a mount, without anything in them."""
    shutil.rmtree(mount, ignore_errors=True)
    for name in FOLDERS:
        (mount / name).mkdir(parents=True)
