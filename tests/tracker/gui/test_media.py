"""Media: authorised, in ranges, and nothing of the mount but what a ticket names."""

from __future__ import annotations

import json
import os

import pytest

from tests.factories import encoding, make_recording, put
from tests.tracker.gui.visitor import enter
from tracker import properties

SEGMENT = "saal1/saal1-2026-05-01_23-59-50.ts"


@pytest.fixture
def talk(client, project, mount):
    folders = {
        f"Processing.Path.{name}": str(mount / name) for name in ("Raw", "Tmp", "Output", "Prerelease", "Release")
    }
    properties.write(project, folders)
    talk = make_recording(project, "merged")
    work = mount / "Tmp" / "demo" / str(talk.fahrplan_id)
    for place in (work, mount / "Raw" / "saal1", mount / "Output", mount / "Release"):
        place.mkdir(parents=True)
    (mount / "Raw" / SEGMENT).write_bytes(bytes(range(256)) * 40)
    (mount / "Raw" / "saal1" / "other.ts").write_bytes(b"another room's business")
    (work / "timeline.json").write_text(json.dumps({"segments": [{"file": SEGMENT}]}))
    (work / "index.m3u8").write_text("#EXTM3U\n")
    enter(client, "rita", "read only")
    return talk


@pytest.fixture
def get(client, talk):
    return lambda name, **headers: client.get(
        f"/demo/ticket/{talk.id}/media/{name}", headers=headers, buffered=True, follow_redirects=True
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("timeline.json", "application/json"),
        ("index.m3u8", "application/vnd.apple.mpegurl"),
        (SEGMENT, "video/mp2t"),
    ],
)
def test_it_sends_what_belongs_to_the_recording(get, name, kind):
    answer = get(name)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.cache_control.private


def test_it_sends_ranges(get):
    answer = get(SEGMENT, Range="bytes=250-259")
    assert (answer.status_code, answer.data) == (206, bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]))
    assert answer.headers["Content-Range"] == "bytes 250-259/10240"
    assert get(SEGMENT, Range="bytes=99999-").status_code == 416


def test_what_the_browser_has_is_not_sent_again(get):
    tag = get("timeline.json").headers["ETag"]
    assert get("timeline.json", **{"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "peaks.json",
        "cut.mkv",
        "saal1/other.ts",
        "saal1/../saal1/other.ts",
        "../../../Raw/saal1/other.ts",
        "%2e%2e/%2e%2e/Raw/saal1/other.ts",
        "/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "saal1",
        "encoded",
        "x%00.ts",
    ],
)
def test_it_sends_nothing_else(get, name):
    answer = get(name)
    assert answer.status_code == 404
    assert b"business" not in answer.data and b"root:" not in answer.data


def test_a_link_out_of_the_roots_is_not_followed(get, mount, place, tmp_path):
    (tmp_path / "secret.ts").write_text("secret")
    (mount / "Raw" / SEGMENT).unlink()
    os.symlink(tmp_path / "secret.ts", mount / "Raw" / SEGMENT)
    answer = get(SEGMENT)
    assert answer.status_code == 404
    assert "lies outside of FAHRWERK_MEDIA_ROOTS" in answer.text and "secret" not in answer.text.replace(
        "secret.ts", ""
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"segments": 7}', '{"segments": [{"name": "x"}]}'])
def test_a_broken_timeline_is_named(get, mount, talk, text):
    (mount / "Tmp" / "demo" / str(talk.fahrplan_id) / "timeline.json").write_text(text)
    answer = get(SEGMENT)
    assert (answer.status_code, "timeline of the recording cannot be read" in answer.text) == (404, True)


def test_the_timeline_of_an_encoded_file_is_its_own(client, talk, mount):
    child = encoding(put(talk, "copied"))
    name = f"{properties.merged(child)['EncodingProfile.Basename']}.timeline.json"
    (mount / "Tmp" / "demo" / str(talk.fahrplan_id) / name).write_text('{"marks": []}')
    answer = client.get(f"/demo/ticket/{child.id}/media/timeline.json", buffered=True)
    assert (answer.status_code, answer.json) == (200, {"marks": []})
    assert client.get(f"/demo/ticket/{child.id}/media/index.m3u8").status_code == 404


def test_the_encoded_file_is_found_and_its_copy_when_it_is_gone(client, talk, mount):
    child = encoding(put(talk, "copied"))
    name = f"{properties.merged(child)['EncodingProfile.Basename']}.mp4"
    path = f"/demo/ticket/{child.id}/media/encoded"
    assert f"There is no file {name}." in client.get(path).text
    (mount / "Output" / name).write_bytes(b"encoded")
    answer = client.get(path, buffered=True)
    assert (answer.data, answer.mimetype) == (b"encoded", "video/mp4")
    (mount / "Output" / name).rename(mount / "Release" / name)
    assert client.get(path, buffered=True).data == b"encoded"


def test_a_file_that_could_be_a_page_is_never_sent(client, talk, mount):
    child = encoding(put(talk, "copied"))
    child.profile_version.profile.extension = "html"
    base = properties.merged(child)["EncodingProfile.Basename"]
    (mount / "Output" / f"{base}.html").write_text("<script>alert(1)</script>")
    assert client.get(f"/demo/ticket/{child.id}/media/encoded").status_code == 404


def test_a_folder_that_is_not_set_is_named(get, project):
    properties.write(project, {"Processing.Path.Tmp": ""})
    assert "Property Processing.Path.Tmp names no folder" in get("timeline.json").text
