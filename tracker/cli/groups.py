"""``fahrwerk group``: worker groups, their secrets, projects and filters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from flask import current_app

from tracker import filters, projects, queries
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.models import WorkerGroup
from tracker.workers import groups


@click.group()
def command() -> None:
    """Make and change worker groups: who may work, for which projects, on which tickets."""


def _secret_key() -> str:
    return str(current_app.config["SECRET_KEY"])


@command.command()
@click.argument("name")
@click.option("--project", "slugs", multiple=True, metavar="SLUG", help="Work for this project; repeatable.")
@click.option("--all-projects", is_flag=True, help="Work for every project.")
def add(name: str, slugs: tuple[str, ...], all_projects: bool) -> None:
    """Make the group NAME; its token and its secret are shown, the secret only now."""
    with application(), transaction():
        group, secret = groups.create(name, secret_key=_secret_key(), all_projects=all_projects)
        for slug in slugs:
            groups.add_project(group, projects.get(slug))
        token = group.token
    click.echo(f"Group {name} is there.\ntoken   {token}\nsecret  {secret}\nThe secret is not shown again.")


@command.command("list")
def list_() -> None:
    """List all groups: name, whether they work, tickets in hand, projects."""
    with application():
        tallies = queries.group_tallies()
        for group in queries.all_groups():
            tally = tallies.get(group.id)
            works = "paused" if group.paused else "works"
            told = f"{tally.active} workers, {tally.tickets} tickets" if tally else "no workers"
            click.echo(f"{group.name:<20} {works:<7} {told:<24} {_projects(group)}")


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """Show the settings of the group NAME, and its filters. Secrets are never shown."""
    with application():
        for line in lines(groups.get(name)):
            click.echo(line)


@command.command()
@click.argument("name")
@click.option("--rename", metavar="NAME")
@click.option("--all-projects/--listed-projects", default=None, help="Work for every project, or for those listed.")
@click.option("--strict-filters/--lenient-filters", default=None, help="Refuse, or ignore, unknown filters of API 4.0.")
@click.option("--max-tickets", type=int, help="At most so many tickets at once; 0: no limit.")
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only this work; repeatable; 'all' for all.")
def edit(
    name: str,
    rename: str | None,
    all_projects: bool | None,
    strict_filters: bool | None,
    max_tickets: int | None,
    states: tuple[str, ...],
) -> None:
    """Change what is named of the group NAME, and leave the rest."""
    with application(), transaction():
        groups.configure(
            groups.get(name),
            name=rename,
            all_projects=all_projects,
            strict_filters=strict_filters,
            max_tickets=max_tickets,
            states=[state for state in states if state != "all"] if states else None,
        )
    click.echo(f"Group {rename or name} is changed.")


@command.command()
@click.argument("name")
@click.option("--end", is_flag=True, help="End the rotation under way: the secret before is refused from now on.")
def rotate(name: str, end: bool) -> None:
    """Give the group NAME a new secret; the one before stays good until --end."""
    with application(), transaction():
        group = groups.get(name)
        if end:
            groups.end_rotation(group)
        else:
            secret = groups.rotate(group, secret_key=_secret_key())
    if end:
        click.echo(f"Group {name} has one secret.")
    else:
        click.echo(f"secret  {secret}\nNot shown again. When all workers have it: fahrwerk group rotate {name!r} --end")


@command.command()
@click.argument("name")
def pause(name: str) -> None:
    """Give the workers of the group NAME no new work."""
    _pause(name, True)


@command.command()
@click.argument("name")
def resume(name: str) -> None:
    """Give the workers of the group NAME work again."""
    _pause(name, False)


def _pause(name: str, paused: bool) -> None:
    with application(), transaction():
        groups.configure(groups.get(name), paused=paused)
    click.echo(f"Group {name} {'pauses' if paused else 'works'}.")


@command.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete the group NAME with its workers; the tickets they hold return."""
    with application(), transaction():
        returned = groups.delete(groups.get(name))
    click.echo(f"Group {name} is gone; {returned} tickets returned.")


@command.command()
@click.argument("name")
@click.argument("slug")
@click.option("--remove", is_flag=True, help="Take the project away; tickets its workers hold there return.")
def project(name: str, slug: str, remove: bool) -> None:
    """Let the group NAME work for the project SLUG."""
    with application(), transaction():
        group, found = groups.get(name), projects.get(slug)
        if remove:
            returned = groups.remove_project(group, found)
            told = f"Group {name} no longer works for {slug}; {returned} tickets returned."
        else:
            groups.add_project(group, found)
            told = f"Group {name} works for {slug}."
    click.echo(told)


@command.command("filter")
@click.argument("name")
@click.argument("slug")
@click.argument("rule", metavar="JSON|none")
def filter_(name: str, slug: str, rule: str) -> None:
    """Give the group NAME only the tickets of the project SLUG that pass a filter.

    For example '{"property": "Fahrplan.Room", "is": "Saal 1"}'; docs/operating.md tells the whole language.
    """
    with application(), transaction():
        groups.set_filter(groups.get(name), projects.get(slug), _json(rule))
    click.echo(f"Group {name} gets of {slug}: {_words(_json(rule))}.")


def _json(text: str) -> Any:
    if text == "none":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The filter is no JSON: {error}.", "filter") from None


def _words(rule: Any) -> str:
    return "all tickets" if rule is None else filters.words(filters.read(rule))


def _projects(group: WorkerGroup) -> str:
    if group.all_projects:
        return "all projects"
    return ", ".join(each.slug for each in groups.projects_of(group, archived=True)) or "no project"


def lines(group: WorkerGroup) -> Sequence[str]:
    """Describe a group, one line per fact."""
    secret = (
        "FAHRWERK_SECRET" if group.v3 else "one" if group.previous_secret is None else "two, a rotation is under way"
    )
    facts = {
        "token": "none: API 3.0" if group.v3 else group.token,
        "secret": "FAHRWERK_SECRET" if group.v3 else secret,
        "works": "no, paused" if group.paused else "yes",
        "projects": _projects(group),
        "states": ", ".join(group.states) or "all",
        "at once": str(group.max_tickets or "any number"),
        "filters": "unknown ones are refused" if group.strict_filters else "unknown ones are ignored",
    }
    slugs = {each.id: each.slug for each in queries.all_projects()}
    rules = [
        f"{slugs[row.project_id]} only: {_words(row.filter)}" for row in queries.group_rows(group.id) if row.filter
    ]
    return [f"{name:<9} {text}" for name, text in facts.items()] + rules
