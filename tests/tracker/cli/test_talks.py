"""`fahrwerk talk cut`: a cut that was made in an editor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scripts.media.editors import SHOTCUT, exports
from scripts.media.recording import Talk, build
from scripts.media.survey import survey
from tests.factories import committing, make_user, put
from tests.scripts.media.tiny import write_ts
from tracker import projects, properties, tickets
from tracker.db import transaction
from tracker.tickets import TRACKER

BEGIN = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def merged(fahrwerk, database, tmp_path: Path) -> tuple[int, Path]:
    """Make a talk of four seconds that is merged; return its ticket and the Shotcut project."""
    raw = write_ts(tmp_path / "raw" / "hall-2026-05-01_10-00-00.ts", 4).parent
    fahrwerk("project", "add", "edited", "Edited", "--zone", "Europe/Berlin", "--language", "deu")
    with committing(database) as made, made.app_context(), transaction():
        row = projects.get("edited")
        properties.write(row, {"Processing.Path.Tmp": str(tmp_path / "tmp")})
        ticket = tickets.create_recording(
            row, TRACKER, title="A", room="Hall", start=BEGIN, end=BEGIN + timedelta(seconds=4), fahrplan_id=7
        )
        make_user("eve")
        properties.write(ticket, {"Record.DurationFrames": "100"})
        put(ticket, "merged")
        number = ticket.id
    end = BEGIN + timedelta(seconds=4)
    timeline = build(survey(raw, "hall", BEGIN, end, ZoneInfo("Europe/Berlin")), Talk("edited", 7, "A", BEGIN, end))
    folder = tmp_path / "tmp" / "edited" / "7"
    folder.mkdir(parents=True)
    (folder / "timeline.json").write_text(timeline.to_json())
    (folder / SHOTCUT).write_text(exports(timeline, raw)[SHOTCUT].replace('out="99"', 'out="79"'))
    return number, folder / SHOTCUT


def test_a_recording_is_cut_as_the_project_does(fahrwerk, merged) -> None:
    number, project = merged
    refused = fahrwerk("talk", "cut", str(number), __file__, "--language", "deu", "--as", "eve")
    assert "is no MLT project" in str(refused.exception)
    done = fahrwerk("talk", "cut", str(number), str(project), "--language", "deu", "--as", "eve")
    assert done.output == f"Ticket {number} is 'cut'. Frames 0 to 80, 0 parts left out.\n"
    assert "Record.Cutout" in fahrwerk("ticket", "show", str(number)).output
