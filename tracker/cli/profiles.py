"""``fahrwerk profile``: ways to encode, their templates and versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import click

from tracker import profiles, properties, queries, tickets
from tracker.cli.projects import VALUES, read_values
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.models import Profile
from tracker.profiles import SHIPPED

FILE = click.argument("file", type=click.File(encoding="utf-8"))
NOTE = click.option("--note", default="", help="What is different in this version.")
NAME = click.option("--name", help="What people call it.")
DESCRIPTION = click.option("--description", help="What it is for.")
FOLDER = click.option("--folder", help="Folder below the mirror that its files belong in.")
DEPENDS_ON = click.option(
    "--depends-on", metavar="SLUG", help="Encode only when the file of that profile is far enough; '' for none."
)


@click.group()
def command() -> None:
    """Make, change and try encoding profiles (docs/profiles.md)."""


@command.command("list")
def list_() -> None:
    """List all profiles: slug, extension, revisions, name, and which projects use them."""
    with application():
        found = queries.all_profiles()
        for profile in found:
            revision = profiles.version(profile).revision
            projects = ", ".join(project.slug for project in queries.projects_using(profile.id))
            click.echo(
                f"{profile.slug:<20} .{profile.extension:<5} r{revision:<3} {profile.name}  ({projects or 'unused'})"
            )
        waiting = [slug for slug in SHIPPED if slug not in {profile.slug for profile in found}]
        if waiting:
            click.echo(f"Shipped, made at their first use: {', '.join(waiting)}.")


@command.command()
@click.argument("slug")
@click.option("--revision", type=int, help="The version to show; the latest one by default.")
@click.option("--template", is_flag=True, help="Write the template of the version and nothing else.")
def show(slug: str, revision: int | None, template: bool) -> None:
    """Show the profile SLUG: what it is, its versions, its properties."""
    with application(), transaction():
        profile = profiles.get(slug)
        chosen = profiles.version(profile, revision)
        if template:
            click.echo(chosen.template, nl=not chosen.template.endswith("\n"))
            return
        for line in lines(profile):
            click.echo(line)


@command.command()
@click.argument("slug")
@FILE
@click.option("--extension", required=True, help="How its files end, without dot.")
@NAME
@DESCRIPTION
@FOLDER
@DEPENDS_ON
@VALUES
def add(
    slug: str,
    file: IO[str],
    extension: str,
    name: str | None,
    description: str | None,
    folder: str | None,
    depends_on: str | None,
    values: tuple[str, ...],
) -> None:
    """Make the profile SLUG with the template in FILE (- for standard input)."""
    with application(), transaction():
        template = _text(file)
        stored = read_values(values)
        profile = profiles.create(
            slug,
            name or slug,
            extension,
            template,
            stored,
            description=description or "",
            mirror_folder=folder or "",
            depends_on=depends_on or "",
        )
        _tell(template, stored)
        click.echo(f"Profile {profile.slug} is there, revision 1.")


@command.command()
@click.argument("slug")
@click.option(
    "--template", "file", type=click.File(encoding="utf-8"), help="A template instead (- for standard input)."
)
@click.option("--revision", type=int, help="The version that the template was written over, if not the latest.")
@NOTE
@click.option("--extension", help="How its files end; only while no ticket uses it.")
@NAME
@DESCRIPTION
@FOLDER
@DEPENDS_ON
@VALUES
def edit(
    slug: str,
    file: IO[str] | None,
    revision: int | None,
    note: str,
    extension: str | None,
    name: str | None,
    description: str | None,
    folder: str | None,
    depends_on: str | None,
    values: tuple[str, ...],
) -> None:
    """Change what is named of the profile SLUG; a version that tickets use stays, and there is a new one."""
    with application(), transaction():
        profile = profiles.get(slug)
        profiles.edit(
            profile,
            name=name,
            extension=extension,
            description=description,
            mirror_folder=folder,
            depends_on=depends_on,
            values=read_values(values) if values else None,
        )
        if file is not None:
            template = _text(file)
            saved = profiles.edit_template(profile, template, note, revision=revision)
            _tell(template, properties.own(profile))
            click.echo(f"The template is in revision {saved.revision}.")
    click.echo(f"Profile {slug} is changed.")


@command.command()
@click.argument("slug")
@FILE
@NOTE
def revise(slug: str, file: IO[str], note: str) -> None:
    """Add a version to the profile SLUG with the template in FILE; projects use it when they are told to."""
    with application(), transaction():
        profile, template = profiles.get(slug), _text(file)
        made = profiles.revise(profile, template, note)
        _tell(template, properties.own(profile))
        click.echo(f"Revision {made.revision} of profile {slug} is there.")


@command.command()
@click.argument("slug")
def delete(slug: str) -> None:
    """Delete the profile SLUG, if no project and no ticket uses it and no other profile depends on it."""
    with application(), transaction():
        profiles.delete(profiles.find(slug))
    click.echo(f"Profile {slug} is deleted.")


@command.command()
@click.argument("slug")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
def diff(slug: str, old: int | None, new: int | None) -> None:
    """Compare two revisions of the profile SLUG: by default the latest one with the one before."""
    with application(), transaction():
        profile = profiles.get(slug)
        later = profiles.version(profile, new)
        earlier = profiles.version(profile, old if old is not None else max(1, later.revision - 1))
        click.echo(profiles.diff(earlier, later) or "The templates are the same.")


@command.command()
@FILE
@click.option("--profile", "slug", help="Try it with the properties of this profile.")
def check(file: IO[str], slug: str | None) -> None:
    """Check the template in FILE as it would be checked on being saved."""
    with application(), transaction():
        _tell(_text(file), properties.own(profiles.get(slug)) if slug else {})
    click.echo("The template can be saved.")


@command.command()
@click.argument("slug")
@click.option("--revision", type=int, help="The version to try; the latest one by default.")
@click.option("--template", "file", type=click.File(encoding="utf-8"), help="Try this template instead.")
@click.option("--ticket", "number", type=int, help="For the talk of this ticket; by default for a sample.")
def render(slug: str, revision: int | None, file: IO[str] | None, number: int | None) -> None:
    """Write the job that the profile SLUG makes of a talk; nothing is stored or run."""
    with application(), transaction():
        profile = profiles.get(slug)
        template = _text(file) if file is not None else profiles.version(profile, revision).template
        job = profiles.preview(template, profile, tickets.get(number) if number is not None else None)
    click.echo(job.decode(), nl=False)


def lines(profile: Profile) -> list[str]:
    """Describe a profile, one line per fact."""
    master = next((each.slug for each in queries.all_profiles() if each.id == profile.depends_on_id), "")
    facts = {
        "name": profile.name,
        "description": profile.description,
        "extension": f".{profile.extension}",
        "folder": profile.mirror_folder,
        "depends on": master,
        "projects": ", ".join(project.slug for project in queries.projects_using(profile.id)) or "none",
    }
    described = [f"{name:<11} {text}" for name, text in facts.items() if text]
    for each in queries.profile_versions(profile.id):
        used = queries.tickets_of_version(each.id)
        described.append(
            f"revision {each.revision:<3} {each.created:%Y-%m-%d %H:%M}  {used} tickets  {each.description}".rstrip()
        )
    return described + [f"{name} = {value}" for name, value in properties.own(profile).items()]


def _text(file: IO[str]) -> str:
    try:
        return str(file.read())
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file.name} is not text in UTF-8: {error}.", "template") from error


def _tell(template: str, values: dict[str, str]) -> None:
    """Say what may not work with a template."""
    told: Iterable[str] = profiles.check_template(template, values)
    for sentence in told:
        click.echo(f"note: {sentence}", err=True)
