"""``fahrwerk project``: events, their settings, properties and encoding profiles."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tracker import duplicates, profiles, projects, properties, queries
from tracker.cli import slides
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.models import Project

ZONE = click.option("--zone", help="Time zone (IANA); the names of segments are in it.")
LANGUAGES = click.option(
    "--language", "languages", multiple=True, metavar="CODE", help="Language to choose from, ISO 639-3; repeatable."
)
PROFILES = click.option(
    "--profile",
    "formats",
    multiple=True,
    metavar="NAME[=PRIORITY]",
    help=f"Encode with a profile; priority 0 switches it off; repeatable. Shipped: {', '.join(profiles.SHIPPED)}.",
)
VALUES = click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="Set a property; an empty value deletes; repeatable."
)


@click.group()
def command() -> None:
    """Make and change projects."""


@command.command()
@click.argument("slug")
@click.argument("title")
@ZONE
@LANGUAGES
@PROFILES
@VALUES
def add(
    slug: str,
    title: str,
    zone: str | None,
    languages: tuple[str, ...],
    formats: tuple[str, ...],
    values: tuple[str, ...],
) -> None:
    """Make the project SLUG; SLUG begins the names of its files."""
    with application(), transaction():
        project = projects.create(slug, title, languages=languages, values=read_values(values))
        projects.configure(project, time_zone=zone)
        _use(project, formats)
    click.echo(f"Project {slug} is there.")


@command.command("set")
@click.argument("slug")
@click.option("--title")
@ZONE
@LANGUAGES
@PROFILES
@VALUES
@click.option("--max-attempts", type=int, help="So often silent workers may lose a ticket before it fails.")
@click.option("--separate-checker/--any-checker", default=None, help="Who cut a talk may not check it, or may.")
@click.option(
    "--off",
    multiple=True,
    metavar="TYPE:STATE",
    help="Switch a state off (all others on); repeatable; 'none' for none.",
)
@click.option("--dependee-state", metavar="STATE", help="A format that depends on another waits until that is so far.")
def set_(
    slug: str,
    title: str | None,
    zone: str | None,
    languages: tuple[str, ...],
    formats: tuple[str, ...],
    values: tuple[str, ...],
    max_attempts: int | None,
    separate_checker: bool | None,
    off: tuple[str, ...],
    dependee_state: str | None,
) -> None:
    """Change what is named of the project SLUG, and leave the rest."""
    with application(), transaction():
        project = projects.get(slug)
        projects.configure(
            project,
            title=title,
            time_zone=zone,
            languages=languages or None,
            max_attempts=max_attempts,
            separate_checker=separate_checker,
            disabled_states=_states(off) if off else None,
            dependee_state=dependee_state,
        )
        properties.write(project, properties.typed(read_values(values)))
        _use(project, formats)
    click.echo(f"Project {slug} is changed.")


@command.command()
@click.argument("slug")
@click.option("--stop", multiple=True, metavar="STATE", help="Hand out no work for this state; repeatable.")
@click.option("--start", multiple=True, metavar="STATE", help="Hand out work for it again; repeatable.")
@click.option("--drain/--no-drain", "draining", default=None, help="Hand out no work at all, or do again.")
@click.option("--max-attempts", type=int, help="So often silent workers may lose a ticket before it fails.")
@click.option("--node-timeout", type=int, metavar="SECONDS", help="A worker silent for longer counts as lost.")
def policy(
    slug: str,
    stop: tuple[str, ...],
    start: tuple[str, ...],
    draining: bool | None,
    max_attempts: int | None,
    node_timeout: int | None,
) -> None:
    """Change how work of the project SLUG is handed out; it holds from the next question on."""
    with application(), transaction():
        project = projects.get(slug)
        stopped = [state for state in (*project.stopped_states, *stop) if state not in start]
        projects.regulate(
            project,
            stopped_states=stopped,
            draining=draining,
            max_attempts=max_attempts,
            node_timeout_s=node_timeout,
        )
        told = policies(project)
    click.echo(f"Project {slug}: {told}.")


def policies(project: Project) -> str:
    """Describe how work of a project is handed out."""
    stopped = ", ".join(project.stopped_states)
    served = "drained" if project.draining else f"work is handed out, but not for {stopped}" if stopped else "served"
    limits = f"{project.max_attempts} attempts, workers count as lost after {project.node_timeout_s} s"
    return f"{served}; {limits}"


@command.command()
@click.argument("slug")
def show(slug: str) -> None:
    """Show settings, profiles, properties and progress of the project SLUG."""
    with application():
        for line in lines(projects.get(slug)):
            click.echo(line)


@command.command("list")
def list_() -> None:
    """List all projects: slug, progress, title."""
    with application():
        for project in queries.all_projects():
            archived = " (archived)" if project.read_only else ""
            click.echo(f"{project.slug:<20} {projects.progress(project):5.1f} %  {project.title}{archived}")


@command.command()
@click.argument("slug")
@click.option("--undo", is_flag=True, help="Make it writable again.")
def archive(slug: str, undo: bool) -> None:
    """Make the project SLUG read-only: nothing in it changes any more, and no script works on it."""
    with application(), transaction():
        projects.configure(projects.get(slug), read_only=not undo)
    click.echo(f"Project {slug} is {'writable' if undo else 'archived'}.")


@command.command()
@click.argument("source")
@click.argument("slug")
@click.argument("title")
def duplicate(source: str, slug: str, title: str) -> None:
    """Make the project SLUG with the settings, rooms, formats and policies of the project SOURCE, without its talks."""
    with application(), transaction():
        duplicates.duplicate(projects.get(source), slug, title)
    click.echo(f"Project {slug} is there, like {source}.")


@command.command()
@click.argument("project")
@click.argument("slug", required=False)
@click.option("--revision", type=int, help="Pin this version.")
@click.option("--latest", is_flag=True, help="Pin the latest version.")
@click.option("--priority", type=float, help="0 switches the profile off.")
@click.option("--auto-create/--no-auto-create", default=None, help="Whether every talk gets a ticket of it by itself.")
@click.option("--remove", is_flag=True, help="Use it no longer; tickets that were worked on stay.")
def profile(
    project: str,
    slug: str | None,
    revision: int | None,
    latest: bool,
    priority: float | None,
    auto_create: bool | None,
    remove: bool,
) -> None:
    """Have PROJECT encode with the profile SLUG, or change how; without SLUG list its profiles.

    With another version, encoding tickets that have not begun are made with that one.
    """
    with application(), transaction():
        row = projects.get(project)
        if slug and remove:
            click.echo(profiles.remove(row, slug).sentence(slug, project))
        elif slug:
            profiles.pin(row, slug, revision=revision, latest=latest, priority=priority, auto_create=auto_create)
        for line in [] if remove else _pins(row):
            click.echo(line)
        for warning in profiles.warnings(row):
            click.echo(f"note: {warning}", err=True)


def _pins(project: Project) -> Iterable[str]:
    for used in queries.project_profiles(project.id):
        newer = profiles.newer(used)
        told = [
            f"priority {used.priority:g}" if used.priority else "switched off",
            "" if used.auto_create else "tickets by hand",
            f"there is revision {newer.revision}" if newer else "",
        ]
        yield f"{used.version.profile.slug:<20} r{used.version.revision:<3} {', '.join(filter(None, told))}"


def lines(project: Project) -> list[str]:
    """Describe a project, one line per fact."""
    off = [f"{kind}:{state}" for kind, states in project.disabled_states.items() for state in states]
    used = [f"{p.version.profile.slug}={p.priority:g}" for p in queries.project_profiles(project.id)]
    counts = [f"{count} {kind} {state}" for kind, state, _failed, count in queries.state_counts(project.id)]
    facts = {
        "title": project.title,
        "progress": f"{projects.progress(project):.1f} %",
        "archived": "yes" if project.read_only else "no",
        "time zone": project.time_zone,
        "languages": ", ".join(project.languages) or "not asked for",
        "profiles": ", ".join(used) or "none",
        "rooms": ", ".join(f"{room.name} ({room.key}-…)" for room in queries.rooms(project.id)) or "none",
        "checker": "not who cut the talk" if project.separate_checker else "anybody",
        "policy": policies(project),
        "states off": ", ".join(off) or "none",
        "masters": f"have to be {project.dependee_state!r}",
        "tickets": ", ".join(counts) or "none",
    }
    described = [f"{name:<11} {text}" for name, text in facts.items()]
    return described + [f"{name} = {value}" for name, value in properties.own(project).items()]


def read_values(given: Iterable[str]) -> dict[str, str]:
    """Read ``Name=value`` words. Raises InvalidInput for one without '='."""
    wrong = [word for word in given if "=" not in word]
    if wrong:
        raise InvalidInput(f"{wrong[0]!r} sets nothing; write Name=value.", "set")
    return dict(word.split("=", 1) for word in given)


def _use(project: Project, formats: Iterable[str]) -> None:
    for word in formats:
        slug, _, priority = word.partition("=")
        profiles.use(project, slug, _priority(word, priority))


def _priority(word: str, text: str) -> float:
    if not text.replace(".", "", 1).isascii() or not (text or "1").replace(".", "", 1).isdigit():
        raise InvalidInput(f"{word!r}: a priority is a number from 0.", "profile")
    return float(text or "1")


def _states(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word != "none":
            kind, _, state = word.partition(":")
            found.setdefault(kind, []).append(state)
    return found


command.add_command(slides.command)
