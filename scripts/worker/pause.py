"""Pausing: nothing new is taken, the programs of the job at hand are suspended, the ticket stays the worker's."""

from __future__ import annotations

import logging

from scripts.media import ffmpeg
from scripts.worker.hours import Hours

log = logging.getLogger(__name__)

PAUSE, RESUME = "pause", "resume"
"""Commands of an operator (`fahrwerk workers command NAME pause`)."""


class Pause:
    """Whether this worker pauses: because an operator asked it to, or outside of its hours."""

    def __init__(self) -> None:
        """Begin at work, at any hour."""
        self.asked = False
        self.hours = Hours()

    def look(self) -> bool:
        """Suspend programs, or let them go on, as it is due now; tell whether the worker pauses."""
        due = self.asked or not self.hours.open()
        if due != ffmpeg.PAUSED.is_set():
            log.warning("work is suspended" if due else "work goes on")
            (ffmpeg.PAUSED.set if due else ffmpeg.PAUSED.clear)()
        return due
