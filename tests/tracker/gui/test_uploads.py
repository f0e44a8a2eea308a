"""Uploads: pieces with offsets, limits, hostile names and files, and what becomes of a whole one."""

from __future__ import annotations

import base64
import os
import subprocess

import pytest

from scripts.media.programs import program
from tests.factories import encoding, events, make_project, put
from tests.tracker.gui.visitor import enter, page, send, token, words
from tracker import properties, queries, tickets, uploads
from tracker.db import db, now
from tracker.queries import uploads as rows

PIECE = "application/offset+octet-stream"


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> bytes:
    """Make a small film."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3"]
    subprocess.run([program("ffmpeg"), "-v", "error", *source, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def bob(client, project, folder):
    """Log bob in, and return a function that sends what a browser's upload page does."""
    enter(client, "bob")
    headers = {"Tus-Resumable": "1.0.0", "Accept": "application/json", "X-CSRFToken": token(client)}

    def ask(method, path, data=b"", **more):
        kind = {"content_type": PIECE} if method == "PATCH" else {}
        named = {name.replace("_", "-"): str(value) for name, value in more.items()}
        return client.open(path, method=method, data=data, headers={**headers, **named}, **kind)

    return ask


def meta(name="talk.mp4", title="My talk"):
    pairs = (("filename", name), ("title", title))
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs)


def begin(ask, size, **named):
    answer = ask("POST", "/demo/uploads", Upload_Length=size, Upload_Metadata=meta(**named))
    assert answer.status_code == 201, answer.get_json()
    return answer.headers["Location"]


def piece(ask, where, offset, data):
    return ask("PATCH", where, data, Upload_Offset=offset)


def there(ask, where):
    return int(ask("HEAD", where).headers["Upload-Offset"])


def test_pieces_make_a_file_and_the_file_a_recording(bob, client, folder, video, project):
    where, half = begin(bob, len(video)), len(video) // 2
    assert there(bob, where) == 0
    assert piece(bob, where, 0, video[:half]).headers["Upload-Offset"] == str(half)
    assert there(bob, where) == half
    assert piece(bob, where, half, video[half:]).status_code == 204
    (upload,) = rows.uploads(project.id, 9)
    ticket, own = upload.ticket, properties.own(upload.ticket)
    assert (ticket.title, ticket.state, ticket.fahrplan_id, upload.problem) == ("My talk", "recorded", 1, "")
    stored = folder / f"{upload.key}.mp4"
    assert own["Record.SourceReplacement"] == str(stored) and stored.read_bytes() == video
    assert (own["Record.StartPadding"], own["Fahrplan.Duration"]) == ("0", "00:00:03")
    assert [event for event, _, _ in events(ticket)][:2] == ["Created.upload", "Upload"]
    assert "talk.mp4: 3.0 s, h264" in queries.history([ticket.id])[-1].comment
    assert [each.name for each in folder.iterdir()] == [stored.name]


def test_the_page_shows_the_address_of_each_format_as_it_appears(bob, client, video, project, folder):
    where = begin(bob, len(video), title="<b>Über</b>")
    address = where.removesuffix("/pieces")
    piece(bob, where, 0, video[:1000])
    assert "1.0 kB of" in words(client.get(address))
    piece(bob, where, 1000, video[1000:])
    properties.write(project, {"Release.URL": "https://media.example.org", "Processing.Path.Output": str(folder)})
    ticket = rows.uploads(project.id, 1)[0].ticket
    assert words(client.get(address)).count("not made yet") == 2
    properties.write(ticket, {"Record.Language": "deu"})
    put(ticket, "copied")
    put(encoding(ticket, "hd"), "encoded")
    values = properties.merged(encoding(ticket, "hd"))
    (folder / f"{values['EncodingProfile.Basename']}.mp4").write_bytes(b"film")
    shown = page(client.get(address))
    (link,) = shown.xpath("//td[@data-label='Address']/a/@href")
    assert client.get(link, buffered=True).data == b"film"
    put(encoding(ticket, "hd"), "released")
    (link,) = page(client.get(address)).xpath("//td[@data-label='Address']/a/@href")
    assert link == f"https://media.example.org/{values['EncodingProfile.Basename']}.mp4"


def test_a_piece_in_the_wrong_place_changes_nothing(bob, video):
    where = begin(bob, len(video))
    piece(bob, where, 0, video[:100])
    for offset in (0, 99, 101):
        answer = piece(bob, where, offset, b"x" * 50)
        assert (answer.status_code, "100 bytes are there" in answer.get_json()["error"]) == (409, True)
    assert there(bob, where) == 100


def test_two_requests_never_write_the_same_file(bob, folder, video, project):
    where = begin(bob, len(video))
    key = rows.uploads(project.id, 1)[0].key
    with uploads.store._alone(folder / f"{key}.part"):
        answer = piece(bob, where, 0, video)
    assert (answer.status_code, there(bob, where)) == (409, 0)


def test_no_more_is_kept_than_was_announced(bob, folder):
    where = begin(bob, 10)
    assert piece(bob, where, 0, b"0123456789 and more").headers["Upload-Offset"] == "10"
    assert list(folder.iterdir()) == []  # it was no film


def test_after_a_crash_between_file_and_recording_the_end_is_done_again(bob, folder, video, project):
    where = begin(bob, len(video))
    (upload,) = rows.uploads(project.id, 9)
    (folder / f"{upload.key}.part").write_bytes(video)
    uploads.store.complete(folder, upload.key, upload.name)
    assert there(bob, where) == len(video) and upload.ticket is None
    assert piece(bob, where, len(video), b"").status_code == 204
    db.session.expire_all()
    number = upload.ticket.id
    assert piece(bob, where, len(video), b"").status_code == 204
    db.session.expire_all()
    assert (upload.ticket.id, len(queries.talks(project.id))) == (number, 1)


@pytest.mark.parametrize("content", [b"no film at all", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"\x00" * 5000])
def test_what_is_no_film_becomes_no_recording_and_is_deleted(bob, client, folder, project, content):
    where = begin(bob, len(content), name="evil.ts")
    assert piece(bob, where, 0, content).status_code == 204
    (upload,) = rows.uploads(project.id, 9)
    assert upload.ticket is None and "evil.ts" in upload.problem
    assert "It is no recording" in words(client.get(where.removesuffix("/pieces")))
    assert (list(folder.iterdir()), queries.talks(project.id)) == ([], [])
    assert rows.upload_bytes(upload.user_id) == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/cron.d/x.mp4", "x.mp4"),
        ("C:\\Users\\a\\b.mkv", "b.mkv"),
        ("a\x00b\n\u202egpm.exe.mp4", "abgpm.exe.mp4"),
        ("<script>.webm", "<script>.webm"),
    ],
)
def test_hostile_names_are_only_shown(bob, client, folder, project, name, shown):
    begin(bob, 5, name=name)
    (upload,) = rows.uploads(project.id, 9)
    assert upload.name == shown
    assert [each.name for each in folder.iterdir()] == [f"{upload.key}.part"]
    assert client.get("/demo/uploads").status_code == 200


@pytest.mark.parametrize(
    ("size", "name", "sentence"),
    [
        (0, "a.mp4", "1 byte to 2 MB"),
        (2_000_001, "a.mp4", "1 byte to 2 MB"),
        (5, "a.exe", "no kind of video"),
        (5, "", "no kind of video"),
    ],
)
def test_what_cannot_be_taken_is_said_before_a_byte_travels(bob, folder, size, name, sentence):
    answer = bob("POST", "/demo/uploads", Upload_Length=size, Upload_Metadata=meta(name))
    assert (answer.status_code, sentence in answer.get_json()["error"]) == (400, True)
    assert list(folder.iterdir()) == []


def test_a_person_has_a_quota(bob, client, folder):
    where = begin(bob, 2_000_000)
    answer = bob("POST", "/demo/uploads", Upload_Length=1_500_000, Upload_Metadata=meta())
    assert (answer.status_code, "2 MB are taken" in answer.get_json()["error"]) == (400, True)
    assert bob("DELETE", where).status_code == 204
    begin(bob, 1_500_000)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"Upload_Length": "many"}),
        ("POST", {"Upload_Length": "-5"}),
        ("POST", {"Upload_Length": 5, "Upload_Metadata": "filename ***"}),
        ("POST", {"Upload_Length": 5, "Tus_Resumable": "0.2.2"}),
        ("PATCH", {"Upload_Offset": "²"}),
        ("PATCH", {}),
    ],
)
def test_garbled_headers_are_refused_with_a_sentence(bob, method, headers):
    where = begin(bob, 10) if method == "PATCH" else "/demo/uploads"
    answer = bob(method, where, **headers)
    assert answer.status_code == 400 and answer.get_json()["error"]


def test_nobody_goes_on_with_the_upload_of_another(bob, client, app, video):
    where = begin(bob, len(video))
    enter(client, "carol")
    headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": token(client), "Upload-Offset": "0"}
    for method in ("HEAD", "PATCH", "DELETE"):
        assert client.open(where, method=method, data=b"x", headers=headers, content_type=PIECE).status_code == 403
    assert client.get("/demo/uploads/..%2f..%2fetc").status_code == 404
    assert client.get(f"/demo/uploads/{'a' * 22}").status_code == 404


def test_an_upload_is_not_shown_under_another_project(bob, client, video):
    where = begin(bob, len(video))
    make_project("other", formats=())
    assert bob("HEAD", where.replace("/demo/", "/other/")).status_code == 404


def test_a_source_is_deleted_once_nobody_needs_it(bob, client, folder, video, project):
    where = begin(bob, len(video))
    piece(bob, where, 0, video)
    upload = rows.uploads(project.id, 1)[0]
    address = where.removesuffix("/pieces")
    assert send(client, address, {"confirm": "1"}).status_code == 403
    enter(client, "sue", "superuser")
    answer = send(client, address, {"confirm": "1"})
    assert (answer.status_code, "needs this file until its cut master is made" in words(answer)) == (400, True)
    put(upload.ticket, "copied")
    assert send(client, address).status_code == 400
    assert send(client, address, {"confirm": "1"}).status_code == 303
    assert list(folder.iterdir()) == [] and queries.talks(project.id)


def test_what_was_left_alone_for_a_week_is_forgotten(bob, folder, project):
    where, long_ago = begin(bob, 10), now() - uploads.FORGOTTEN * 1.1
    rows.uploads(project.id, 1)[0].created = long_ago
    db.session.flush()
    begin(bob, 20)
    assert bob("HEAD", where).status_code == 200  # its last piece came just now
    for path in folder.iterdir():
        os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    begin(bob, 30)
    assert bob("HEAD", where).status_code == 404
    assert len(list(folder.iterdir())) == 2


def test_a_server_without_a_folder_takes_nothing_and_says_so(client, project):
    enter(client, "bob")
    answer = client.get("/demo/uploads")
    assert (answer.status_code, "FAHRWERK_UPLOADS" in words(answer)) == (404, True)


def test_an_archived_project_takes_nothing(bob, project):
    project.read_only = True
    db.session.flush()
    assert bob("POST", "/demo/uploads", Upload_Length=5, Upload_Metadata=meta()).status_code == 403
    assert tickets.uploaded.ROOM not in [room.name for room in queries.rooms(project.id)]


def test_an_admin_who_acts_as_somebody_sees_no_form_that_would_be_refused(bob, client, project):
    enter(client, "alice", "admin")
    assert page(client.get("/demo/uploads")).xpath("//form[@id='upload']")
    send(client, "/users", {"action": "act as", "user": "bob"})
    answer = client.get("/demo/uploads")
    assert page(answer).xpath("//form[@id='upload']") == []
    assert "Uploads are personal: to bring a recording yourself, stop acting as bob first." in words(answer)
