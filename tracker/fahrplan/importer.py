"""The whole import: read, compare, apply, and keep the file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tracker import queries
from tracker.db import db
from tracker.errors import FahrplanError
from tracker.fahrplan.apply import Report, apply, known_talks
from tracker.fahrplan.diff import diff
from tracker.fahrplan.files import keep
from tracker.fahrplan.parse import parse
from tracker.models import FahrplanImport, Project
from tracker.tickets import Actor


def import_fahrplan(project: Project, xml: bytes, actor: Actor, *, source: str) -> Report:
    """Import a Fahrplan into a project; *source* is where it came from, for messages and the history.

    Flushes and does not commit. The file is kept if it changed anything. Raises FahrplanError when the file is
    refused, ProjectReadOnly for an archived project.
    """
    queries.lock_project(project.id)
    rooms = [room.name for room in queries.rooms(project.id)]
    try:
        schedule = parse(xml, ZoneInfo(project.time_zone), rooms)
    except FahrplanError as error:
        raise FahrplanError(f"{source}: {error}") from None
    report = apply(project, diff(schedule, known_talks(project)), actor)
    if report.effective:
        db.session.add(
            FahrplanImport(
                project_id=project.id,
                source=source,
                version=schedule.version,
                file_id=keep(project, xml).id,
                summary=report.counts,
            )
        )
        db.session.flush()
    return report
