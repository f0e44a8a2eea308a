"""`fahrwerk project` and `fahrwerk talk`."""

from __future__ import annotations

import zlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.factories import states
from tracker import projects, properties, queries
from tracker.cli.talks import moment
from tracker.errors import InvalidInput

TALK = ("--title", "Über alles", "--room", "Saal 1", "--start", "2026-07-04 23:30", "--end", "2026-07-05 00:15")


@pytest.fixture
def slug(fahrwerk, request):
    """Make a project named after the test."""
    name = f"p{zlib.crc32(request.node.name.encode())}"
    assert fahrwerk("project", "add", name, "A project", "--profile", "hd", "--language", "deu").exit_code == 0
    return name


def test_a_project_is_made_with_all_that_scripts_need(fahrwerk, app):
    done = fahrwerk(
        *("project", "add", "demo", "The demo", "--zone", "America/New_York", "--language", "deu", "--language", "eng"),
        *(
            "--profile",
            "hd",
            "--profile",
            "opus=0.5",
            "--set",
            "Processing.Path.Raw=/video/raw",
            "--set",
            "Meta.Album=a=b",
        ),
    )
    assert (done.exit_code, done.output) == (0, "Project demo is there.\n")
    made = projects.get("demo")
    assert (made.title, made.time_zone, made.languages) == ("The demo", "America/New_York", ["deu", "eng"])
    assert properties.own(made) == {"Meta.Album": "a=b", "Processing.Path.Raw": "/video/raw"}
    used = {p.version.profile.slug: p.priority for p in queries.project_profiles(made.id)}
    assert used == {"hd": 1.0, "opus": 0.5}


def test_only_what_is_named_changes(fahrwerk, app, slug):
    done = fahrwerk(
        *("project", "set", slug, "--max-attempts", "5", "--any-checker", "--off", "encoding:checking"),
        *("--dependee-state", "postprocessed"),
        *("--set", "Meta.Year=2026", "--profile", "mp3", "--profile", "hd=0"),
    )
    assert done.exit_code == 0, done.exception
    made = projects.get(slug)
    assert (made.title, made.time_zone, made.languages) == ("A project", "Europe/Berlin", ["deu"])
    assert (made.max_attempts, made.separate_checker, made.disabled_states) == (5, False, {"encoding": ["checking"]})
    assert made.dependee_state == "postprocessed"
    assert {p.version.profile.slug: p.priority for p in queries.project_profiles(made.id)} == {"hd": 0.0, "mp3": 1.0}


def test_settings_go_back(fahrwerk, app, slug):
    fahrwerk("project", "set", slug, "--off", "encoding:checking", "--set", "Meta.Year=2026")
    fahrwerk("project", "set", slug, "--off", "none", "--set", "Meta.Year=", "--title", "New", "--separate-checker")
    made = projects.get(slug)
    assert (made.disabled_states, properties.own(made), made.title) == ({}, {}, "New")


def test_a_project_is_shown_and_listed(fahrwerk, slug):
    fahrwerk("talk", "add", slug, *TALK)
    fahrwerk("project", "set", slug, "--set", "Meta.Year=2026")
    shown = fahrwerk("project", "show", slug).output
    for line in ("title       A project", "profiles    hd=1", "rooms       Saal 1 (saal1-…)", "Meta.Year = 2026"):
        assert line in shown
    assert "1 recording scheduled" in shown and "1 encoding material needed" in shown
    assert f"{slug:<20}   0.0 %  A project\n" in fahrwerk("project", "list").output


def test_a_project_is_archived_and_back(fahrwerk, app, slug):
    assert fahrwerk("project", "archive", slug).output == f"Project {slug} is archived.\n"
    assert "A project (archived)" in fahrwerk("project", "list").output
    fahrwerk("project", "archive", slug, "--undo")
    assert projects.get(slug).read_only is False


def test_a_talk_by_hand_is_in_the_zone_of_its_project(fahrwerk, app, slug):
    done = fahrwerk("talk", "add", slug, *TALK, "--id", "7")
    assert done.exit_code == 0 and done.output.endswith("talk 7, 1 encodings.\n")
    (talk,) = queries.talks(projects.get(slug).id)
    found = properties.own(talk)
    assert found["Fahrplan.DateTime"] == "2026-07-04T23:30:00+02:00"
    assert (found["Fahrplan.Duration"], found["Fahrplan.Slug"], talk.room.key) == ("00:45", "Ueber_alles", "saal1")
    assert states(talk) == {"hd": "material needed"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("project", "add", "Not A Slug", "x"), "Slug 'Not A Slug'"),
        (("project", "add", "bad", "x", "--zone", "Mars"), "Time zone 'Mars' is unknown"),
        (("project", "add", "bad", "x", "--language", "de"), "ISO 639-3"),
        (("project", "add", "bad", "x", "--profile", "webm"), "no encoding profile 'webm'"),
        (("project", "add", "bad", "x", "--profile", "hd=much"), "'hd=much': a priority is a number"),
        (("project", "add", "bad", "x", "--set", "Meta.Year"), "write Name=value"),
        (("project", "add", "bad", "x", "--set", "a b=1"), "Property name 'a b'"),
        (("project", "set", "nothing", "--title", "x"), "no project 'nothing'"),
        (("project", "show", "nothing"), "no project 'nothing'"),
        (("project", "archive", "nothing"), "no project 'nothing'"),
        (("talk", "add", "nothing", *TALK), "no project 'nothing'"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(fahrwerk, names, args, told):
    done = fahrwerk(*args)
    assert done.exit_code == 1 and told in str(done.exception)
    assert "bad" not in names("project", "slug")


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("--start", "tomorrow", "start 'tomorrow': write it like"),
        ("--end", "2026-07-04 23:30", "ends before it begins"),
        ("--title", " ", "needs a title"),
        ("--room", "???", "Room '???'"),
    ],
)
def test_a_talk_that_cannot_be_is_refused(fahrwerk, slug, option, text, told):
    done = fahrwerk("talk", "add", slug, *TALK, option, text)
    assert done.exit_code == 1 and told in str(done.exception)


BERLIN = ZoneInfo("Europe/Berlin")


def test_an_offset_is_respected_and_a_time_that_is_not_is_refused():
    assert moment("2026-05-01T10:00+00:00", BERLIN, "start") == datetime(2026, 5, 1, 12, tzinfo=BERLIN)
    assert (
        moment("2026-10-25 02:30", BERLIN, "start").utcoffset() == moment("2026-10-25 01:30", BERLIN, "x").utcoffset()
    )
    with pytest.raises(InvalidInput, match="clocks are put forward"):
        moment("2026-03-29 02:30", BERLIN, "start")


def test_the_slides_of_all_talks_are_drawn_before_the_event(fahrwerk, slug, tmp_path):
    assert fahrwerk("talk", "add", slug, *TALK).exit_code == 0
    told = fahrwerk("project", "slides", slug, "--folder", str(tmp_path / "s"))
    assert told.output.startswith("0 slides of 1 talks are in") and "No talk has slides" in told.output
    fahrwerk("project", "set", slug, "--set", "Processing.File.Intro=shipped")
    assert "1 slides of 1 talks" in fahrwerk("project", "slides", slug, "--folder", str(tmp_path / "s")).output
    (made,) = (tmp_path / "s").iterdir()
    assert made.name.endswith("-intro.png") and made.read_bytes().startswith(b"\x89PNG")
    fahrwerk("project", "set", slug, "--set", "Processing.File.Intro=/etc/passwd")
    failed = fahrwerk("project", "slides", slug, "--folder", str(tmp_path / "s"))
    assert failed.exit_code and "neither 'shipped' nor the absolute path" in str(failed.exception or failed.output)
