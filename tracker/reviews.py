"""What people without an account say of a talk: reviewers by a link of their own, the public by a form."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from tracker import projects, queries, tickets
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.models import LoginFailure, Project, ReviewLink, Ticket, User
from tracker.queries import reviews as rows
from tracker.statemachine import RECORDING
from tracker.tickets import Actor, holds
from tracker.users import FAILURE_WINDOW, TooManyFailures

NAME = re.compile(r"[^\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069]{1,80}\Z")
MAX_DAYS = 365
MAX_LINKS = 50
MAX_TEXT = 5000
MAX_COMMENTS = 200
"""Of one link."""

MAX_MESSAGES = 5
"""From one address in 15 minutes."""
MAX_OPEN = 30
"""Feedback about one talk that nobody has dealt with; more would bury it."""
PUBLIC = Actor("public feedback")
_CLAIMED = "public feedback"
"""Stands for the claimed name where attempts are counted; no user can be called so."""


class LinkOver(NotFound):
    """This link is over; ask the person who sent it for another one."""

    http_status = 410


class TooMany(TooManyFailures):
    """Too many messages; try again later."""


def invite(recording_id: int, user: User, name: str, days: int) -> tuple[ReviewLink, str]:
    """Make a link for *name*, good for *days*; return its row and, once, the secret part of its address.

    Raises InvalidInput, naming the field.
    """
    recording = tickets.guards.lock(recording_id, kind=RECORDING)
    if not NAME.match(name):
        raise InvalidInput("Say in 1 to 80 characters for whom the link is.", "name")
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"A link is good for 1 to {MAX_DAYS} days.", "days")
    if len(rows.review_links(recording.id)) >= MAX_LINKS:
        raise InvalidInput(f"This talk has {MAX_LINKS} links already.", "name")
    token = secrets.token_urlsafe(32)
    until = now() + timedelta(days=days)
    made = ReviewLink(ticket=recording, name=name, hash=_digest(token), created_by=Actor.of(user).name, expires=until)
    db.session.add(made)
    tickets.moves.log(recording, Actor.of(user), "Review.invited", f"{name}, until {until:%Y-%m-%d %H:%M} UTC")
    db.session.flush()
    return made, token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def revoke(recording_id: int, user: User, link_id: int) -> ReviewLink:
    """Take a link back; what was said with it stands. Raises NotFound."""
    recording = tickets.guards.lock(recording_id, kind=RECORDING)
    found = next((each for each in rows.review_links(recording.id) if each.id == link_id), None)
    if found is None:
        raise NotFound(f"Talk {recording.fahrplan_id} has no link {link_id}.")
    if not found.revoked:
        found.revoked = True
        tickets.moves.log(recording, Actor.of(user), "Review.revoked", found.name)
        db.session.flush()
    return found


def is_over(link: ReviewLink) -> bool:
    """Tell whether a link opens nothing any more."""
    return link.revoked or link.expires <= now()


def find(token: str) -> ReviewLink:
    """Return the link of an address. Raises NotFound for an unknown one, LinkOver for one that is over."""
    found = rows.review_link(_digest(token)) if 0 < len(token) < 100 else None
    if found is None:
        raise NotFound("There is no such link; look whether all of the address was copied.")
    if is_over(found):
        raise LinkOver()
    return found


def note_opened(link: ReviewLink) -> None:
    """Remember that somebody looked."""
    link.opened = link.opened or now()


def author(link: ReviewLink) -> str:
    """Return under which name the crew sees what is said with a link."""
    return f"{link.name} (reviewer)"


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"That is longer than {MAX_TEXT} characters; say it shorter.", "comment")
    return text


def comment(link: ReviewLink, text: str) -> None:
    """Write a comment on the talk. Raises InvalidInput when it is empty or too long."""
    if len(rows.comments_by(link.ticket_id, author(link))) >= MAX_COMMENTS:
        raise InvalidInput(f"{MAX_COMMENTS} comments were written with this link; send the rest by mail.", "comment")
    tickets.comment(link.ticket_id, Actor(author(link)), _text(text), attention=True)


def approve(link: ReviewLink, text: str = "") -> None:
    """Say that the talk may be released; what the same link held it for is over, what others did stands."""
    recording = tickets.guards.lock(link.ticket_id, kind=RECORDING)
    before = _lines(recording, link)
    _decide(link, "approved", _text(text))
    tickets.moves.log(recording, Actor(author(link)), "Review.approved", text)
    if before is not None:
        holds.lift(recording.id, Actor(author(link)), "approved after all")
        if before:
            holds.hold(recording.id, Actor(author(link)), "\n".join(before))


def hold(link: ReviewLink, text: str) -> None:
    """Say that the talk must not be released, and why; a release that is on its way is stopped."""
    tickets.guards.needs_reason(_text(text), "Say in a sentence why it must not be released.")
    recording = tickets.guards.lock(link.ticket_id, kind=RECORDING)
    others = _lines(recording, link)
    if others is None:
        others = holds.held(recording).splitlines()
    _decide(link, "held", text.strip())
    holds.hold(recording.id, Actor(author(link)), "\n".join([*others, _sentence(link)]))


def _lines(recording: Ticket, link: ReviewLink) -> list[str] | None:
    """Return what a talk is held for besides what this link said, None when the link holds nothing."""
    lines = holds.held(recording).splitlines()
    own = _sentence(link)
    return [line for line in lines if line != own] if link.verdict == "held" and own in lines else None


def _decide(link: ReviewLink, verdict: str, reason: str) -> None:
    link.verdict, link.reason, link.decided = verdict, reason, now()
    db.session.flush()


def _sentence(link: ReviewLink) -> str:
    text = " ".join(link.reason.split())
    return f"{link.name}: {text}{'' if text.endswith(('.', '!', '?')) else '.'}"


def overrule(recording_id: int, user: User, comment: str, *, version: int | None = None) -> None:
    """Lift a hold for the crew; the links that held the talk are told so. Raises InvalidInput without a reason."""
    tickets.guards.needs_reason(comment, "Say why it may be released after all.")
    holds.lift(recording_id, user, comment, version=version)
    for link in rows.holding_links(recording_id):
        link.verdict = "overruled"
    db.session.flush()


# --- everybody ---------------------------------------------------------------------------------------------------


def talk_for_feedback(slug: str, fahrplan_id: int) -> Ticket:
    """Return a talk that the public may say something about: released, in a project that wants it. Raises NotFound."""
    missing = NotFound("There is no such talk, or nothing can be said about it.")
    try:
        project = projects.get(slug)
    except NotFound:
        raise missing from None
    number = fahrplan_id if 0 < fahrplan_id < 2**31 else 0
    found = queries.recording_by_fahrplan_id(project.id, number) if project.feedback else None
    if found is None or project.read_only or not rows.released_files(found.id):
        raise missing
    return found


def say(talk: Ticket, text: str, contact: str, address: str) -> Ticket:
    """Open a miscellaneous ticket with what somebody of the public wrote about a talk.

    Raises InvalidInput for an empty or long text, TooMany for too many from *address* or about this talk.
    """
    if not text.strip():
        raise InvalidInput("Say in a sentence what is wrong.", "text")
    if len(text) > MAX_TEXT or len(contact) > 200:
        raise InvalidInput(f"At most {MAX_TEXT} characters, and 200 for how to reach you.", "text")
    _count(address)
    if rows.open_feedback(talk.id, PUBLIC.name) >= MAX_OPEN:
        raise TooMany("Much was said about this talk already; the crew is at it.")
    first = " ".join(text.split())
    ticket = tickets.create_misc(talk.project, PUBLIC, f"Feedback: {first[:80]}", talk)
    tickets.comment(ticket.id, PUBLIC, f"{text}\n\nFrom: {contact}" if contact else text, attention=True)
    return ticket


def _count(address: str) -> None:
    since = now() - FAILURE_WINDOW
    if queries.login_failures(address, _CLAIMED, since) >= MAX_MESSAGES:
        raise TooMany("Too many messages from your address; try again in 15 minutes.")
    queries.forget_login_failures(since)
    db.session.add(LoginFailure(address=address, name=_CLAIMED))
    db.session.flush()


def open_feedback(project: Project, wanted: bool) -> None:
    """Let the public say what is wrong with released talks, or not."""
    project.feedback = wanted
    db.session.flush()
