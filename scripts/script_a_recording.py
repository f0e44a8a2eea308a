"""Script A: scheduled -> recording -> recorded by the clock, paddings respected. It takes no tickets, it moves them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from scripts.schedule import NoPlan, Plan, plan_of
from scripts.worker.client import Project, Refused, Ticket, TrackerClient
from scripts.worker.job import Job
from scripts.worker.loop import Shift
from scripts.worker.main import main

TRUSTED = timedelta(seconds=300)
"""How long a plan is trusted before the ticket's properties are read again: schedules change."""
RETRY = timedelta(seconds=60)
"""How long a ticket is let alone that is due and could not be moved, or whose plan cannot be read."""


def due(state: str, plan: Plan) -> datetime:
    """Return when a ticket leaves *state*: `scheduled` at the padded start, `recording` at the padded end."""
    return plan.start if state == "scheduled" else plan.stop


class RecordingJob(Job):
    """Move recording tickets on by the clock."""

    kind = "record"
    uses_mount = False
    STATES: ClassVar = ("scheduled", "recording")

    def __init__(self) -> None:
        """Begin with every ticket still to be looked at."""
        self._not_before: dict[tuple[int, str], datetime] = {}

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        """Move what is due in *project*; a talk long over is moved twice, for its new state is listed next."""
        moved = False
        for state in self.STATES:
            for ticket in tracker.get_unassigned_tickets_in_state(state):
                if shift.stop.finish.is_set():
                    return moved
                moved = self._look_at(ticket, state, tracker, shift) or moved
        return moved

    def _look_at(self, ticket: Ticket, state: str, tracker: TrackerClient, shift: Shift) -> bool:
        """Move one ticket when it is due; what keeps it from being moved is told on the ticket, once."""
        now = datetime.now(UTC)
        if ticket.failed or now < self._not_before.get((ticket.id, state), now):
            return False
        try:
            moment = self._due(ticket, state, tracker)
            self._not_before[ticket.id, state] = now + RETRY if now >= moment else min(moment, now + TRUSTED)
            return now >= moment and self._move(ticket, state, moment, tracker)
        except (NoPlan, Refused) as error:
            self._not_before[ticket.id, state] = now + RETRY
            if shift.notices.is_news(("schedule", ticket.id), str(error)):
                tracker.add_log(ticket.id, f"The clock does not move this ticket: {error}")
        return False

    def _due(self, ticket: Ticket, state: str, tracker: TrackerClient) -> datetime:
        properties = tracker.get_ticket_properties(ticket.id)
        if properties.get("Fahrplan.Recording.Optout", "").strip() == "1":
            raise NoPlan("Fahrplan.Recording.Optout is 1, so it must not be recorded: lock it, or set it to 0.")
        return due(state, plan_of(properties))

    def _move(self, ticket: Ticket, state: str, moment: datetime, tracker: TrackerClient) -> bool:
        event = "the recording begins" if state == "scheduled" else "the recording is over"
        return tracker.set_ticket_next_state(ticket.id, state, f"By the clock: {event} at {moment:%Y-%m-%d %H:%M:%S}.")


if __name__ == "__main__":
    sys.exit(main(RecordingJob()))
