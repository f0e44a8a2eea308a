"""Whether an encoder takes further formats of the talk it got a ticket of, to make them in one run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.carrying import SWITCH as CHUNKS
from scripts.media.jobfile import JobfileError, parse
from scripts.media.joined import NotJoined, share
from scripts.media.slides import SlideError, chosen
from scripts.worker.client import Refused, Ticket, TrackerClient, TrackerUnavailable

log = logging.getLogger(__name__)

SWITCH = "Processing.Together"
"""Property of a project: 1 all that are ready, auto while other talks wait, 0 (or absent) none."""
ALWAYS, SPARE, NEVER = "1", "auto", ("", "0")
MOST = 16


def siblings(ticket: Ticket, tracker: TrackerClient, most: int) -> Sequence[Ticket]:
    """Take up to *most* further tickets of the talk, if its project wants that and the job of *ticket* allows it.

    Where that cannot be asked there are none: the ticket at hand is worked on in any case.
    """
    try:
        switch = tracker.get_ticket_property(ticket.id, SWITCH).strip() if most > 0 else ""
        if switch in NEVER:
            return ()
        if reason := _against(ticket, tracker, switch):
            tracker.add_log(ticket.id, f"Encoded by itself: {reason}.")
            return ()
        return tracker.assign_unassigned_siblings(ticket.id, min(most, MOST), spare=switch == SPARE)
    except (Refused, TrackerUnavailable) as error:
        log.warning("ticket %s: no further formats are taken: %s", ticket.id, error)
        return ()


def _against(ticket: Ticket, tracker: TrackerClient, switch: str) -> str:
    """Say why other formats cannot be made with this one; '' when they may."""
    if switch not in (ALWAYS, SPARE):
        return f"{SWITCH} is {switch[:40]!r}; write {ALWAYS}, {SPARE} or 0"
    properties = tracker.get_ticket_properties(ticket.id)
    if properties.get(CHUNKS, "").strip() == "1":
        return f"{CHUNKS} wants every talk in chunks"
    return _of_talk(properties) or _of_job(tracker.get_jobfile(ticket.id))


def _of_talk(properties: Mapping[str, str]) -> str:
    try:
        return "slides are shown around the picture of the talk" if list(chosen(properties)) else ""
    except SlideError:
        return ""  # which the work itself will say


def _of_job(job: str) -> str:
    try:
        tasks = parse(job)
        results = [path for task in tasks for path in task.files("out", "tmp")]
        if len(results) != 1:
            return "its job writes several files"
        share([[command.argv(Path) for command in task.commands] for task in tasks], results[0])
    except NotJoined as reason:
        return str(reason)
    except JobfileError:
        return ""
    return ""
