"""`fahrwerk coverage`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import committing
from tests.scripts.media.tiny import write_ts
from tracker import projects, properties, tickets
from tracker.db import transaction
from tracker.tickets import TRACKER

BEGIN = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Saal 1 from 10:00:00 (local time) on: 20 s, 10 s lost, 20 s and 10 s of another size; a copy of the first 5 s."""
    raw = tmp_path_factory.mktemp("raw")
    for second, length in ((0, 10), (10, 10), (30, 20)):
        write_ts(raw / f"saal1-2026-05-01_10-00-{second:02}.ts", length, first_pts=(1 + second) * 90_000, sound=[0.1])
    write_ts(raw / "saal1-2026-05-01_10-00-50.ts", 9, size=(96, 64), sound=[0.1])
    write_ts(raw / "spare-2026-05-01_10-00-00.ts", 5, sound=[0.1])
    return raw


@pytest.fixture
def conference(fahrwerk, names, database, raw):
    """Make four talks of Saal 1, one of Saal 2 and one that is far ahead; once."""
    project = "covered"
    if project in names("project", "slug"):
        return project
    assert fahrwerk("project", "add", project, "Covered", "--zone", "Europe/Berlin").exit_code == 0
    with committing(database) as made, made.app_context(), transaction():
        row = projects.get(project)
        padding = {"Record.StartPadding": "2", "Record.EndPadding": "2"}
        properties.write(row, {"Processing.Path.Raw": str(raw), **padding})
        for number, room, first, last in (
            (1, "Saal 1", 2, 16),
            (2, "Saal 1", 4, 20),
            (3, "Saal 1", 25, 45),
            (4, "Saal 1", 33, 50),
            (5, "Saal 2", 0, 20),
            (6, "Saal 1", 10**9, 10**9 + 60),
        ):
            tickets.create_recording(
                row, TRACKER, title=f"Talk {number}", room=room, start=at(first), end=at(last), fahrplan_id=number
            )
        tickets.create_recording(row, TRACKER, title="Somewhere", fahrplan_id=7)
    fahrwerk("room", "set", project, "Saal 1", "--recorder", "saal1", "--recorder", "spare")
    return project


def test_programs_are_told_everything(fahrwerk, conference):
    answer = fahrwerk("coverage", conference, "--json")
    assert answer.exit_code == 0, answer.exception
    said = json.loads(answer.output)
    nowhere, saal1, saal2 = said["rooms"]
    assert [(talk["fahrplan_id"], talk["verdict"]) for talk in saal1["talks"]] == [
        ("1", "doubtful"),
        ("2", "padding"),
        ("3", "holes"),
        ("4", "padding"),
        ("6", "to come"),
    ]
    assert [(each["from"][11:19], each["to"][11:19], each["talks"]) for each in saal1["missing"]] == [
        ("10:00:20", "10:00:22", ["2"]),
        ("10:00:23", "10:00:30", ["3"]),
        ("10:00:50", "10:00:52", ["4"]),
    ]
    assert saal1["recorders"] == ["saal1", "spare"]
    assert any("both show 5.0 s" in each["said"] and each["talks"] == ["1"] for each in saal1["doubtful"])
    assert any("has h264 96x64" in each["said"] and each["talks"] == ["4"] for each in saal1["doubtful"])
    assert (saal2["talks"][0]["verdict"], saal2["present"]) == ("lost", [])
    assert (nowhere["key"], nowhere["talks"][0]["verdict"]) == ("", "unknown")
    assert "Fahrplan" in nowhere["talks"][0]["doubtful"][0]


def test_people_are_told_in_lines(fahrwerk, conference):
    lines = fahrwerk("coverage", conference, "--room", "Saal 1", "--day", "2026-05-01").output.splitlines()
    assert lines[0] == "saal1 (saal1, spare)"
    assert lines[3] == "  2026-05-01 10:00:23 - 10:00:47       3  holes, 7.0 s missing  Talk 3"
    assert any(line.startswith("  missing  2026-05-01 10:00:23 - 10:00:30 (") for line in lines)
    assert not any("Talk 6" in line or "saal2" in line for line in lines)


def test_what_is_not_mounted_is_a_sentence(fahrwerk, database, conference, tmp_path):
    refused = fahrwerk("coverage", "nothing-here")
    assert refused.exit_code == 1
    fahrwerk("project", "add", "bare-raw", "Bare")
    assert "Processing.Path.Raw of project bare-raw names no folder" in str(fahrwerk("coverage", "bare-raw").exception)
    with committing(database) as made, made.app_context(), transaction():
        properties.write(projects.get("bare-raw"), {"Processing.Path.Raw": str(tmp_path / "gone")})
        tickets.create_recording(
            projects.get("bare-raw"), TRACKER, title="A", room="Aula", start=at(0), end=at(9), fahrplan_id=1
        )
    assert "cannot be read" in str(fahrwerk("coverage", "bare-raw").exception)
