"""``fahrwerk ticket``: look at tickets and change them by hand, as the pages do."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import click

from tracker import projects, properties, queries, tickets, users, veil
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import NotFound, NotPermitted
from tracker.models import LogEntry, Ticket, User
from tracker.statemachine import TYPES
from tracker.workers import fleet

NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1), metavar="TICKET")
AS = click.option(
    "--as", "name", metavar="NAME", help="The account that does it, for the log; by default that of the system user."
)
SEEN = click.option("--seen", type=int, metavar="VERSION", help="Refuse if the ticket changed since `show` told this.")
WHY = click.option("-m", "--comment", default="", help="Why, for the log.")


@click.group()
def command() -> None:
    """Look at tickets and change them by hand."""


@contextmanager
def acting(name: str | None) -> Iterator[User]:
    """Yield the user who changes something, inside one transaction. Raises NotFound and NotPermitted."""
    wanted = name or getpass.getuser()
    with application(), transaction():
        try:
            user = users.get(wanted)
        except NotFound as error:
            raise NotFound(f"{error} Name an account with --as NAME.") from None
        if not user.active:
            raise NotPermitted(f"The account {user.name} is switched off.")
        yield user


def told(ticket: Ticket) -> str:
    """Say in a line where a ticket is now."""
    holder = ticket.user or ticket.worker
    parts = [f"Ticket {ticket.id} is {ticket.state!r}"]
    parts += ["failed"] if ticket.failed else []
    parts += [f"held by {holder.name}"] if holder else []
    return ", ".join(parts) + "."


# --- looking ---------------------------------------------------------------------------------------------------------


@command.command("list")
@click.argument("project")
@click.option("--type", "kind", type=click.Choice(TYPES))
@click.option("--state")
@click.option("--failed/--not-failed", default=None)
@click.option("--attention", is_flag=True, help="Only those that a person has to look at.")
@click.option("--holder", default="", metavar="NAME", help="Only those of this person or worker.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True)
def list_(
    project: str, kind: str | None, state: str | None, failed: bool | None, attention: bool, holder: str, limit: int
) -> None:
    """List the tickets of PROJECT: number, talk, format, state, what is special."""
    with application():
        found = queries.find_tickets(
            projects.get(project).id,
            kind=kind or "",
            state=state or "",
            failed=failed,
            attention=attention,
            holder=holder,
            limit=limit,
        )
        for ticket in found:
            click.echo(line(ticket))


def line(ticket: Ticket) -> str:
    """Describe a ticket in a line of a list."""
    talk = ticket.parent or ticket
    what = ticket.profile_version.profile.slug if ticket.profile_version else ticket.type
    holder = ticket.user or ticket.worker
    marks = [
        "failed" if ticket.failed else "",
        "attention" if ticket.needs_attention else "",
        f"off: {ticket.off}" if ticket.off else "",
        f"{holder.name} has it" if holder else "",
    ]
    rest = ", ".join(mark for mark in marks if mark)
    title = ticket.title or talk.title
    return f"{ticket.id:>6} {talk.fahrplan_id or '':>6} {what:<10} {ticket.state:<16} {title[:60]}  {rest}".rstrip()


@command.command()
@NUMBER
def show(number: int) -> None:
    """Show everything about a ticket, and why it waits."""
    with application():
        for text in described(tickets.get(number)):
            click.echo(text)


def described(ticket: Ticket) -> list[str]:
    """Describe a ticket, one line per fact."""
    holder = ticket.user or ticket.worker
    version = ticket.profile_version
    facts = {
        "ticket": f"{ticket.id}, {ticket.type}, version {ticket.version}",
        "title": ticket.title or (ticket.parent.title if ticket.parent else ""),
        "project": ticket.project.slug,
        "talk": f"ticket {ticket.parent_id}" if ticket.parent_id else "",
        "profile": f"{version.profile.slug}, revision {version.revision}" if version else "",
        "state": ticket.state + (", failed" if ticket.failed else ""),
        "waits": tickets.why_waiting(ticket),
        "held by": holder.name if holder else "",
        "attention": "yes" if ticket.needs_attention else "",
        "priority": f"{ticket.own_priority:g} of its own, {ticket.priority:g} in force",
    }
    found = [f"{name:<9} {text}" for name, text in facts.items() if text]
    found += [f"child    {line(child)}" for child in ticket.children]
    found += [f"comment   {c.id} by {c.author}: {c.text}" for c in reversed(queries.comments([ticket.id]))]
    return found + [f"{name} = {value}" for name, value in properties.own(ticket).items()]


@command.command()
@NUMBER
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@click.option("--children", is_flag=True, help="Those of its children too.")
def log(number: int, limit: int, children: bool) -> None:
    """Write the log of a ticket, the newest row last."""
    with application():
        ticket = tickets.get(number)
        family = [ticket.id, *(child.id for child in ticket.children if children)]
        zone = ZoneInfo(ticket.project.time_zone)
        for entry in reversed(queries.history(family, limit)):
            click.echo(row(entry, zone))


def row(entry: LogEntry, zone: ZoneInfo) -> str:
    """Describe a row of the log; what follows the first line of its comment is indented."""
    moved = f" {entry.from_state or 'new'} -> {entry.to_state}" if entry.from_state != entry.to_state else ""
    changes = "".join(f" {name}={value}" for name, value in sorted(entry.changes.items()))
    comment = veil.log(entry.event, entry.comment).strip().replace("\n", "\n    ")
    moment = entry.created.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    head = f"{moment} {entry.ticket_id:>6} {entry.actor} {entry.event}{moved}{changes}"
    return f"{head}: {comment}" if comment else head


# --- changing --------------------------------------------------------------------------------------------------------


@command.command()
@NUMBER
@click.argument("state")
@WHY
@SEEN
@AS
def state(number: int, state: str, comment: str, seen: int | None, name: str | None) -> None:
    """Set any STATE of the ticket's type, or one of: next, previous, initial, commence (where scripts begin)."""
    with acting(name) as user:
        ticket = tickets.get(number)
        if state == "initial":
            tickets.reset_to_initial(number, user, version=seen, comment=comment)
        elif state == "commence":
            tickets.commence_by_hand(number, user, version=seen)
        else:
            tickets.set_state(number, user, _neighbour(ticket, state), version=seen, comment=comment)
        sentence = told(ticket)
    click.echo(sentence)


def _neighbour(ticket: Ticket, word: str) -> str:
    """Read the name of a state, or which neighbour is meant; the last state has none after it and stays."""
    if word == "next":
        return ticket.table.successor(ticket.state, ticket.disabled) or ticket.state
    if word == "previous":
        return ticket.table.predecessor(ticket.state, ticket.disabled) or ticket.state
    return word


def _change(name: str | None, verb: Callable[[User], Ticket]) -> None:
    """Do one thing to one ticket and say where it is then."""
    with acting(name) as user:
        sentence = told(verb(user))
    click.echo(sentence)


@command.command()
@NUMBER
@click.argument("reason")
@SEEN
@AS
def fail(number: int, reason: str, seen: int | None, name: str | None) -> None:
    """Mark a ticket as failed because of REASON: no script touches it."""
    _change(name, lambda user: tickets.set_failed(number, user, True, version=seen, comment=reason))


@command.command()
@NUMBER
@WHY
@SEEN
@AS
def unfail(number: int, comment: str, seen: int | None, name: str | None) -> None:
    """Clear the failed flag: what a script failed is tried again."""
    _change(name, lambda user: tickets.set_failed(number, user, False, version=seen, comment=comment))


@command.command()
@NUMBER
@click.argument("value", type=float)
@WHY
@SEEN
@AS
def priority(number: int, value: float, comment: str, seen: int | None, name: str | None) -> None:
    """Give a ticket a priority of its own: 1 is normal, 0 is never handed out; children of a recording follow."""
    with acting(name) as user:
        ticket = tickets.set_priority(number, user, value, version=seen, comment=comment)
        sentence = f"Ticket {ticket.id} has priority {ticket.priority:g}."
    click.echo(sentence)


@command.command()
@NUMBER
@click.option("--off", is_flag=True, help="Take the mark away.")
@WHY
@SEEN
@AS
def attention(number: int, off: bool, comment: str, seen: int | None, name: str | None) -> None:
    """Mark a ticket as one that a person has to look at."""
    _change(name, lambda user: tickets.set_attention(number, user, not off, version=seen, comment=comment))


@command.command()
@NUMBER
@click.argument("holder", required=False)
@click.option("--worker", is_flag=True, help="HOLDER is a worker, which gets the ticket when it asks for work next.")
@WHY
@SEEN
@AS
def assign(number: int, holder: str | None, worker: bool, comment: str, seen: int | None, name: str | None) -> None:
    """Give a ticket to HOLDER, a person unless told otherwise; without HOLDER take it from whoever has it."""
    with acting(name) as user:
        to = None if holder is None else fleet.get(holder) if worker else users.get(holder)
        sentence = told(tickets.assign(number, user, to, version=seen, comment=comment))
    click.echo(sentence)


@command.command()
@NUMBER
@click.option("--type", "types", multiple=True, type=click.Choice(TYPES), help="Only tickets of this type; repeatable.")
@click.option("--force", is_flag=True, help="Also what is being published just now.")
@WHY
@SEEN
@AS
def reset(number: int, types: tuple[str, ...], force: bool, comment: str, seen: int | None, name: str | None) -> None:
    """Take a ticket, its children and those that depend on it back to the beginning; public files are withdrawn."""
    with acting(name) as user:
        found = tickets.reset(number, user, types=types, force=force, version=seen, comment=comment)
        sentences = [told(ticket) for ticket in found]
    click.echo("\n".join(sentences) or "Nothing had to move.")


@command.command()
@NUMBER
@click.argument("source", required=False, default="")
@SEEN
@AS
def fix(number: int, source: str, seen: int | None, name: str | None) -> None:
    """The repair is there: SOURCE replaces a recording's video; the file of an encoding was put right in its place."""
    _change(name, lambda user: tickets.fix(number, user, source, version=seen))


@command.command("send-back")
@NUMBER
@click.argument("reason")
@SEEN
@AS
def send_back(number: int, reason: str, seen: int | None, name: str | None) -> None:
    """The cut or the source is flawed: the recording fails in cutting, its files are made again."""
    _change(name, lambda user: tickets.send_back(number, user, reason, version=seen))


@command.command()
@NUMBER
@click.argument("reason", required=False, default="")
@click.option("--requeue", is_flag=True, help="Let the next worker begin anew; otherwise the ticket is failed.")
@click.option("--force", is_flag=True, help="Also while it is being published; what is public is withdrawn.")
@click.option("--yes", is_flag=True, help="Do not ask whether --force is meant.")
@SEEN
@AS
def cancel(number: int, reason: str, requeue: bool, force: bool, yes: bool, seen: int | None, name: str | None) -> None:
    """Stop what a script does with a ticket."""
    if force and not yes:
        click.confirm("What of it is public already will be withdrawn. Cancel all the same?", abort=True)
    _change(name, lambda user: tickets.cancel(number, user, reason, force=force, requeue=requeue, version=seen))


@command.command()
@NUMBER
@click.option("--id", "fahrplan_id", type=int, help="Fahrplan.ID of the duplicate; without it the next free one.")
@click.option("--with-cut", is_flag=True, help="Copy marks, languages and A/V delay too.")
@AS
def duplicate(number: int, fahrplan_id: int | None, with_cut: bool, name: str | None) -> None:
    """Make a recording like this one, with its properties and a number of its own."""
    with acting(name) as user:
        made = tickets.duplicate(number, user, fahrplan_id=fahrplan_id, with_cut=with_cut)
        sentence = f"Ticket {made.id}: talk {made.fahrplan_id}, {made.title!r}."
    click.echo(sentence)


@command.command()
@NUMBER
@click.argument("text")
@click.option("--attention/--no-attention", default=None, help="Set or take away the mark that a person has to look.")
@AS
def comment(number: int, text: str, attention: bool | None, name: str | None) -> None:
    """Write a comment."""
    with acting(name) as user:
        made = tickets.comment(number, user, text, attention=attention).id
    click.echo(f"Comment {made} is written.")


@command.command("delete-comment")
@click.argument("number", type=click.IntRange(1, 2**31 - 1), metavar="COMMENT")
@AS
def delete_comment(number: int, name: str | None) -> None:
    """Take a comment away; the log keeps what it said."""
    with acting(name) as user:
        tickets.delete_comment(number, user)
    click.echo(f"Comment {number} is gone.")


# --- miscellaneous tickets -------------------------------------------------------------------------------------------


@command.command()
@click.argument("project")
@click.argument("title")
@click.option("--talk", type=int, metavar="TICKET", help="The recording it is about.")
@AS
def add(project: str, title: str, talk: int | None, name: str | None) -> None:
    """Make a miscellaneous ticket in PROJECT, free or about a talk."""
    with acting(name) as user:
        about = tickets.get(talk) if talk is not None else None
        sentence = told(tickets.create_misc(projects.get(project), tickets.Actor.of(user), title, about))
    click.echo(sentence)


@command.command()
@NUMBER
@click.argument("reason", required=False, default="")
@click.option("--wontfix", is_flag=True, help="It will not be done, because of REASON.")
@SEEN
@AS
def resolve(number: int, reason: str, wontfix: bool, seen: int | None, name: str | None) -> None:
    """Say that a miscellaneous ticket is done."""
    verb = tickets.wontfix if wontfix else tickets.resolve
    _change(name, lambda user: verb(number, user, reason, version=seen))
