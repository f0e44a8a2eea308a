"""How work on a ticket made by a script begins: API 4.0 makes talks that wait to be let go."""

from __future__ import annotations

from tracker.models import Project, Ticket, Worker
from tracker.statemachine import RECORDING, workflow
from tracker.tickets import moves
from tracker.tickets.actor import Actor
from tracker.tickets.create import initial_state
from tracker.tickets.dispatch import in_project

COMMENCE = "RPC.setCommenceTicketState"


def commence(ticket_id: int, project: Project, worker: Worker) -> bool | None:
    """Take a ticket nobody holds from its first state to the one in which work can begin.

    A locked talk becomes scheduled, an encoding ticket without material ready to encode. False when the recording has
    no material, None when the ticket is not in its first state. Raises NotFound.
    """
    ticket = in_project(ticket_id, project)
    target = _first_workable(ticket)
    if target is None:
        return None
    if ticket.parent is not None and not moves.has_material(ticket.parent):
        return False
    moves.move(ticket, target, Actor.of(worker), COMMENCE, "advanced ticket from initial state")
    return True


def _first_workable(ticket: Ticket) -> str | None:
    flow = workflow(ticket.project.workflow)
    if ticket.type == RECORDING:
        return initial_state(ticket.project, RECORDING) if ticket.state == "locked" else None
    return flow.ready if ticket.state == flow.needed else None
