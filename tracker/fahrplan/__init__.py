"""The Fahrplan: read, compared with what the tracker has, applied. Three separate steps, the first two pure."""

from tracker.fahrplan.apply import Report, apply, known_talks
from tracker.fahrplan.diff import Changed, Changes, Gone, Held, New, Unchanged, diff
from tracker.fahrplan.importer import import_fahrplan
from tracker.fahrplan.parse import parse
from tracker.fahrplan.schedule import Known, Schedule, Skipped, Talk

__all__ = [
    "Changed",
    "Changes",
    "Gone",
    "Held",
    "Known",
    "New",
    "Report",
    "Schedule",
    "Skipped",
    "Talk",
    "Unchanged",
    "apply",
    "diff",
    "import_fahrplan",
    "known_talks",
    "parse",
]
