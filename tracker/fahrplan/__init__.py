"""The Fahrplan: read, compared with what the tracker has, decided about, applied. All but the last step are pure."""

from tracker.fahrplan.diff import Changed, Changes, Gone, Held, New, Unchanged, diff
from tracker.fahrplan.importer import import_fahrplan
from tracker.fahrplan.known import known_talks
from tracker.fahrplan.parse import parse
from tracker.fahrplan.report import Report
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
    "diff",
    "import_fahrplan",
    "known_talks",
    "parse",
]
