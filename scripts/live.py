"""What there is of a talk while its room still records, so that it can be looked at and cut on paper before the end.

The same files as script B writes when the recording is over; the playlist grows, and what is to come is a hole.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts import material
from scripts.media import marks, peaks, recording
from scripts.media.demux import Unreadable
from scripts.media.ffmpeg import Stopped
from scripts.media.files import NothingWritten, PathRefused
from scripts.media.proxy import playable
from scripts.media.segments import NoFolder, complete, find
from scripts.media.survey import Survey, assess
from scripts.media.timeline import TimelineError
from scripts.schedule import NoPlan, Plan, plan_of
from scripts.worker.client import Refused, Ticket, TrackerClient
from scripts.worker.folders import folder, needed, talk_folder
from scripts.worker.loop import Shift
from scripts.worker.outcomes import JobFailed, Wait

log = logging.getLogger(__name__)

STATE = "recording"
PAUSE = timedelta(seconds=60)
_MEDIA = (NoFolder, TimelineError, Unreadable, NothingWritten, PathRefused, OSError, Stopped)
NOT_NOW = (NoPlan, JobFailed, Wait, Refused, *_MEDIA)
"""What keeps a talk from being shown; script B says it on the ticket when the recording is over."""


class Over(Exception):
    """The recording is over, or somebody took the ticket: the files are another's now."""


class Live:
    """Remembers what was shown of each talk, so that nothing is written anew without need."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown: dict[int, tuple[tuple[str, int], ...]] = {}
        self._not_before: dict[int, datetime] = {}

    def show_all(self, tracker: TrackerClient, shift: Shift) -> None:
        """Show the talks that are being recorded in the tracker's project, each at most once a minute."""
        for ticket in _recording(tracker):
            now = datetime.now(UTC)
            if shift.stop.finish.is_set():
                return
            if ticket.failed or now < self._not_before.get(ticket.id, now):
                continue
            self._not_before[ticket.id] = now + PAUSE
            try:
                self._show(ticket, tracker, shift, now)
            except NOT_NOW as error:
                log.debug("ticket %s is not shown yet: %s", ticket.id, error)
            except Over:
                self._shown.pop(ticket.id, None)

    def _show(self, ticket: Ticket, tracker: TrackerClient, shift: Shift, now: datetime) -> None:
        properties = tracker.get_ticket_properties(ticket.id)
        if properties.get(material.REPLACEMENT) or properties.get(material.SOURCE, "recording") != "recording":
            return
        target = talk_folder(properties, shift.settings.roots)
        raw, plan = folder(properties, "Processing.Path.Raw", shift.settings.roots), plan_of(properties)
        seen = _so_far(raw, material.recorders(properties), plan, material.clock_offsets(properties), now)
        known = tuple(_sizes(seen))
        if not known or self._shown.get(ticket.id) == known:
            return
        number = needed(properties, "Fahrplan.ID")
        if not number.isdigit():
            return
        talk = recording.Talk(properties["Project.Slug"], int(number), ticket.title, plan.begins, plan.ends)
        timeline = recording.build(seen, talk)
        if not all(playable(timeline, segment) for segment in timeline.segments):
            return
        measured = peaks.measure(timeline, raw, stopped=shift.stop.finish.is_set)
        recording.write_virtual_recording(
            marks.with_marks(timeline, marks.sound_marks(timeline, measured)),
            measured,
            target,
            f"live-{os.getpid()}",
            lambda: _still(ticket, tracker),
            ended=False,
        )
        self._shown[ticket.id] = known


def _recording(tracker: TrackerClient) -> list[Ticket]:
    """List the talks that are being recorded; none where this worker may not see them."""
    try:
        return tracker.get_unassigned_tickets_in_state(STATE)
    except Refused as error:
        log.debug("%s", error)
        return []


def _so_far(raw: Path, recorders: str, plan: Plan, offsets: dict[str, float], now: datetime) -> Survey:
    """Survey the files that are complete; of one that grows nobody knows where it ends."""
    found = find(raw, recorders, plan.start, plan.stop, plan.zone, offsets)
    done = [each for each in found if complete(each, now)]
    return assess(done, raw, recorders, plan.start, plan.stop, plan.zone)


def _sizes(seen: Survey) -> Iterator[tuple[str, int]]:
    for use in seen.used:
        yield use.placed.found.name, use.placed.found.size


def _still(ticket: Ticket, tracker: TrackerClient) -> None:
    """Raise Over when the ticket has moved on: script B may be writing the same files."""
    if all(each.id != ticket.id for each in tracker.get_unassigned_tickets_in_state(STATE)):
        raise Over
