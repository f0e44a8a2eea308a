"""What a ticket looks like in lists: the colour of its state, and the button that takes it further."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for

from tracker import users
from tracker.gui.speech.spoken import counted, say
from tracker.models import Ticket, User
from tracker.statemachine import ENCODING, RECORDING

TONES = {
    "locked": "off",
    "scheduled": "plan",
    "recording": "busy",
    "recorded": "queue",
    "merging": "busy",
    "merged": "human",
    "cutting": "hands",
    "cut": "queue",
    "copying": "busy",
    "copied": "good",
    "fixing": "hands",
    "material needed": "off",
    "ready to encode": "queue",
    "encoding": "busy",
    "encoded": "human",
    "checking": "hands",
    "checked": "queue",
    "postprocessing": "busy",
    "postprocessed": "human",
    "ready to release": "queue",
    "releasing": "busy",
    "released": "good",
    "open": "human",
    "inprogress": "hands",
    "resolved": "good",
    "wontfix": "off",
}
"""State -> tone. Tones (colours in style.css): off, plan, queue (waits for a script), busy (a script works), human
(waits for a person), hands (a person works), good."""


def tone(ticket: Ticket) -> str:
    """Return the colour class of a ticket."""
    if ticket.off and ticket.state != "released":
        return "off"
    return "failed" if ticket.failed else TONES.get(ticket.state, "plan")


@dataclass(frozen=True)
class Step:
    """Something the user can do next about a talk: a link, or (without *url*) who is at it."""

    label: str
    url: str = ""
    note: str = ""
    fresh: bool = False
    """Nobody has begun it."""


def next_steps(talk: Ticket, user: User) -> list[Step]:
    """List what *user* can do about a talk now: cut, check, release; one step of a kind."""
    if talk.project.read_only or not users.may(user, "user"):
        return []
    found = [_cut(talk, user), _check(talk, user), _release(talk, user)]
    return [step for step in found if step is not None]


def _url(name: str, ticket: Ticket) -> str:
    return url_for(f"gui.{name}", slug=ticket.project.slug, ticket_id=ticket.id)


def _work(ticket: Ticket, user: User, waiting: str, working: str) -> Step | None:
    """Say what *user* can do about a ticket that people take from state *waiting* to *working*."""
    cuts = working == "cutting"
    url = _url("cut" if cuts else "check", ticket)
    if ticket.state == waiting and not ticket.failed and ticket.user_id is None:
        return Step(say("Cut") if cuts else say("Check"), url, fresh=True)
    if ticket.state != working:
        return None
    if ticket.failed or ticket.user is None:
        return Step(say("Cut again") if cuts else say("Check again"), url)
    if ticket.user_id == user.id:
        return Step(say("Continue cutting") if cuts else say("Continue checking"), url)
    name = ticket.user.name
    return Step(say("{1} is cutting", name) if cuts else say("{1} is checking", name))


def _cut(talk: Ticket, user: User) -> Step | None:
    return _work(talk, user, "merged", "cutting") if talk.type == RECORDING else None


def _check(talk: Ticket, user: User) -> Step | None:
    steps = [(child, step) for child, step in _checks(talk, user) if step is not None]
    ordered = sorted(steps, key=lambda pair: (not pair[1].url, pair[1].fresh, pair[0].id))
    if not ordered:
        return None
    if talk.project.separate_checker and talk.cut_by_id == user.id:
        return Step(say("Check"), note=say("somebody else has to check what you cut"))
    child, step = ordered[0]
    return Step(step.label, step.url, profile_name(child))


def _checks(talk: Ticket, user: User) -> Iterator[tuple[Ticket, Step | None]]:
    for child in talk.children:
        if child.type == ENCODING and not child.failed and not child.off:
            yield child, _work(child, user, "encoded", "checking")


def _release(talk: Ticket, user: User) -> Step | None:
    files = (child for child in talk.children if child.type == ENCODING and not child.failed and not child.off)
    ready = [child for child in files if child.state == "postprocessed"]
    if not ready or not users.may(user, "superuser"):
        return None
    return Step(say("Release"), _url("release", talk), counted(len(ready), "file"))


def profile_name(ticket: Ticket) -> str:
    """Return the short name of an encoding ticket's profile."""
    return ticket.profile_version.profile.slug if ticket.profile_version else ""
