"""A folder of real files, where there is one: FAHRWERK_CORPUS names it. What is asserted of each of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from tracker import projects, queries
from tracker.errors import FahrplanError
from tracker.fahrplan import Known, Report, Schedule, import_fahrplan, parse
from tracker.fahrplan.diff import LOCK, lock_of
from tracker.models import Project
from tracker.tickets import TRACKER

CORPUS = Path(os.environ["FAHRWERK_CORPUS"]) if os.environ.get("FAHRWERK_CORPUS") else None
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS else []
PAIRS = {
    ("camp2011-v1.xml", "camp2011-v2.xml"): (14, 0, 42),
    ("fosdem2010-sojourner-a.xml", "fosdem2010-sojourner-b.xml"): (1, 1, 17),
    ("31c3-1.3.xml", "31c3-1.4.xml"): (3, 1, 7),
    ("31c3-1.4.xml", "31c3-1.4-leadingnewline.xml"): (0, 0, 0),
    ("31c3-1.4.xml", "31c3-1.5.xml"): (0, 1, 2),
    ("debconf17-v2.xml", "debconf17-v3.xml"): (15, 1, 2),
    ("fosdem2019-smiller.xml", "fosdem2019-mttcrsp.xml"): (0, 0, 2),
    ("fosdem2025-v1.xml", "fosdem2025-v2.xml"): (16, 3, 31),
    ("fosdem2025-v2.xml", "fosdem2025-v3.xml"): (6, 3, 7),
    ("32c3-everything-20151229T0110.xml", "32c3-everything-20151229T0310.xml"): (1, 0, 0),
    ("33c3-everything-20161220T1400.xml", "33c3-everything-20161220T1412.xml"): (42, 0, 0),
    ("camp2019-everything-20190818T1820.xml", "camp2019-everything-20190818T1840.xml"): (0, 148, 0),
    ("json/36c3-main-v1.json", "json/36c3-main-v2.json"): (0, 0, 0),
    ("json/froscon2018-v1.json", "json/froscon2018-v2.json"): (1, 0, 11),
}
"""Two versions of a schedule, and how many talks really were added, removed and changed between them."""
PRESENT = [pair for pair in PAIRS if CORPUS and all((CORPUS / name).exists() for name in pair)]
BERLIN = ZoneInfo("Europe/Berlin")


def content(name: str) -> bytes:
    """Return a file of the corpus."""
    assert CORPUS is not None
    return (CORPUS / name).read_bytes()


def events_in(data: bytes) -> int:
    """Count the events of a file in another way than the importer reads it."""
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        return _events_in(json.loads(data, strict=False)["schedule"])
    parser = etree.XMLParser(resolve_entities=False)
    return len(list(etree.fromstring(data.lstrip(), parser).iter("event")))


def _events_in(schedule: dict[str, Any]) -> int:
    rooms = [room for day in schedule["conference"].get("days", []) for room in day.get("rooms", {}).values()]
    return sum(map(len, rooms)) + len(schedule.get("events", []))


def stored(found: Schedule) -> list[Known]:
    """Return what the tracker has after an import."""
    return [
        Known(n, n, t.guid, t.source_id, t.occurrence, t.title, {**t.properties, **lock}, "scheduled")
        for n, t in enumerate(found.talks)
        for lock in [{LOCK: lock_of(t)} if lock_of(t) else {}]
    ]


def read(data: bytes) -> Schedule | None:
    """Parse a file; None for one that is refused, as it has to be, in a sentence."""
    try:
        return parse(data, BERLIN)
    except FahrplanError as error:
        text = str(error)
        assert "\n" not in text and len(text) < 400 and text.endswith(".")
        return None


def fresh_project(slug: str = "real") -> Project:
    """Make a project that has seen no Fahrplan."""
    return projects.create(slug, slug, time_zone="Europe/Berlin")


def run(project: Project, data: bytes) -> Report:
    """Import a file."""
    return import_fahrplan(project, data, TRACKER, source="test")


def imports_whole_and_only_once(data: bytes) -> None:
    """Import a file into a fresh project, twice; assert that no event was lost and that the second time did nothing."""
    if read(data) is None:
        return
    project = fresh_project()
    report = run(project, data)
    assert report.counts["created"] + report.counts["skipped"] == events_in(data)
    assert len(queries.scheduled_talks(project.id)) == report.counts["created"]
    again = run(project, data)
    assert not again.effective
    assert (again.counts["unchanged"], again.counts["pending"]) == (report.counts["created"], 0)


def follows_from_one_version_to_the_next(pair: tuple[str, str]) -> None:
    """Import two versions one after the other; assert that tickets were made and locked for what really changed."""
    added, removed, _changed = PAIRS[pair]
    old, new = map(content, pair)
    project = fresh_project()
    before = run(project, old).counts
    report = run(project, new)
    if report.loss:
        assert removed > 100 and not report.effective
        assert {row.state for _, row in queries.scheduled_talks(project.id)} == {"scheduled", "locked"}
        assert run(project, old).counts["unchanged"] == before["created"]
        return
    assert (report.counts["created"], report.counts["gone"]) == (added, removed)
    assert not run(project, new).effective
