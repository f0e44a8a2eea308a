"""What waits for the crew: kept up to date by every import, decided by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracker import queries, tickets
from tracker.db import db
from tracker.fahrplan import policy as rules
from tracker.fahrplan.decide import OUTAGE, Proposal
from tracker.fahrplan.diff import Changes
from tracker.fahrplan.wanted import Wanted
from tracker.models import FahrplanChange, Project, Ticket

Parts = list[dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """What an import did to the list of what waits: *raised* is news, *overtaken* waits no longer."""

    raised: list[FahrplanChange] = field(default_factory=list)
    kept: list[FahrplanChange] = field(default_factory=list)
    overtaken: list[FahrplanChange] = field(default_factory=list)


def update(project: Project, proposals: Sequence[Proposal], changes: Changes) -> Waiting:
    """Bring what waits to what the last version of the Fahrplan asks; what it asked before is not news.

    The rows that are new have no import yet.
    """
    rows = queries.open_fahrplan_changes(project.id)
    before = {_key(row): row for row in rows if row.status == "waiting"}
    found = Waiting()
    for proposal in proposals:
        parts = [part.stored() for part in proposal.doing(rules.ASK)]
        if parts:
            key = proposal.known.ticket_id if proposal.known is not None else 0
            _ask(project, proposal, parts, before.pop(key, None), found)
    applied = {p.known.ticket_id for p in proposals if p.known is not None and p.doing(rules.APPLY)}
    for key, row in before.items():
        if changes.mass_loss:
            found.kept.append(row)  # what waits is missing like everything else
            continue
        row.status = "overtaken"
        if key not in applied:
            found.overtaken.append(row)
    _follow_declined(rows, changes)
    return found


def _key(row: FahrplanChange) -> int:
    return row.ticket_id if row.ticket_id is not None else -row.id


def _ask(project: Project, proposal: Proposal, parts: Parts, row: FahrplanChange | None, found: Waiting) -> None:
    if row is None:
        row = FahrplanChange(project_id=project.id, status="waiting", parts=[], revision=0, title=proposal.title)
        row.ticket = _ticket(proposal)
    if proposal.reason == OUTAGE and not proposal.wanted:
        if row.reason != OUTAGE and any(part["name"] == rules.GONE for part in row.parts):
            found.kept.append(row)  # the crew was asked about this one before, by itself
            return
        parts = [part for part in row.parts if part["name"] != rules.GONE] + parts
    news = [part for part in parts if _said(part) not in [_said(old) for old in row.parts]]
    if proposal.wanted is not None:
        row.wanted = proposal.wanted.stored()
    if row.parts != parts:
        row.parts = parts
        row.revision += 1
    row.reason = proposal.reason
    (found.raised if news else found.kept).append(row)


def _ticket(proposal: Proposal) -> Ticket | None:
    known = proposal.known
    return tickets.get(known.ticket_id) if known is not None and known.ticket_id > 0 else None


def _said(part: Mapping[str, Any]) -> tuple[str, str]:
    return part["name"], part["new"]


def _follow_declined(rows: Sequence[FahrplanChange], changes: Changes) -> None:
    """Recognise the talks that people did not want also under new keys, and forget those that are no more."""
    declined = {-row.id: row for row in rows if row.status == "declined"}
    for talk, known in changes.recognised:
        if known.ticket_id in declined:
            declined[known.ticket_id].wanted = Wanted.of(talk).stored()
    if not changes.mass_loss:
        for gone in changes.gone:
            if gone.known.ticket_id in declined:
                declined[gone.known.ticket_id].status = "overtaken"
    db.session.flush()
