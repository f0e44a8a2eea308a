"""The Fahrplan: read, compared with what the tracker has, applied. Three separate steps, the first two pure."""

from tracker.fahrplan.parse import parse
from tracker.fahrplan.schedule import Known, Schedule, Skipped, Talk

__all__ = ["Known", "Schedule", "Skipped", "Talk", "parse"]
