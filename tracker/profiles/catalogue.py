"""Profiles and their versions: made, changed, compared, deleted. What a ticket was made with never changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import unified_diff

from tracker import properties, queries, tickets
from tracker.db import db, unless_taken
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.models import Profile, ProfileVersion
from tracker.profiles import shipped
from tracker.profiles.jobs import check_values
from tracker.profiles.shipped import SHIPPED
from tracker.profiles.templates import check_template
from tracker.tickets import ladder

MAX_EXTENSION = 8
SLUG = re.compile(r"[A-Za-z0-9_-]{0,40}\Z")
FOLDER = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")
MAX_FOLDER = 200


def find(slug: str) -> Profile:
    """Return a profile by slug. Raises NotFound, naming those that there are."""
    found = queries.profile_by_slug(slug)
    if found is None:
        there = ", ".join(profile.slug for profile in queries.all_profiles()) or "none"
        raise NotFound(f"There is no encoding profile {slug!r}; there are: {there}; shipped are: {', '.join(SHIPPED)}.")
    return found


def get(slug: str) -> Profile:
    """Return a profile by slug, installing a shipped one at its first use. Raises NotFound."""
    if slug not in SHIPPED or queries.profile_by_slug(slug) is not None:
        return find(slug)
    name, extension, file, values = SHIPPED[slug]
    return create(slug, name, extension, shipped.template(file), values)


def version(profile: Profile, revision: int | None = None) -> ProfileVersion:
    """Return a version of a profile, the latest one without *revision*. Raises NotFound."""
    versions = queries.profile_versions(profile.id)
    chosen = [each for each in versions if revision in (None, each.revision)]
    if not chosen:
        there = ", ".join(str(each.revision) for each in versions)
        raise NotFound(f"Profile {profile.slug!r} has no revision {revision}; there are: {there or 'none'}.")
    return chosen[-1]


def create(
    slug: str,
    name: str,
    extension: str,
    template: str,
    values: Mapping[str, str] | None = None,
    *,
    description: str = "",
    mirror_folder: str = "",
    depends_on: str = "",
) -> Profile:
    """Make a profile with its first version and properties. Raises InvalidInput, naming the field, and NotFound.

    *depends_on* is the slug of the profile whose file has to be far enough before this one is encoded.
    """
    if not SLUG.match(slug):
        raise InvalidInput(f"Slug {slug!r}: letters, digits, - and _, at most 40.", "slug")
    taken = InvalidInput(f"There is already a profile {slug!r}.", "slug")
    if queries.profile_by_slug(slug) is not None:
        raise taken
    check_values(values or {})
    check_template(template, values)
    profile = Profile(slug=slug, name=name.strip() or slug, extension=_extension(extension))
    edit(profile, description=description, mirror_folder=mirror_folder)
    with unless_taken(taken):
        db.session.add(profile)
    db.session.add(ProfileVersion(profile_id=profile.id, revision=1, template=template))
    db.session.flush()
    properties.write(profile, values or {})
    if depends_on:
        edit(profile, depends_on=depends_on)
    return profile


def edit(
    profile: Profile,
    *,
    name: str | None = None,
    extension: str | None = None,
    description: str | None = None,
    mirror_folder: str | None = None,
    depends_on: str | None = None,
    values: Mapping[str, str] | None = None,
) -> None:
    """Change what all versions of a profile share; None leaves one alone. Raises InvalidInput, naming the field.

    *values* are properties, '' deletes one; *depends_on* is a slug, '' for none. The extension is part of the names of
    files, so it stays once there are tickets.
    """
    if name is not None:
        profile.name = name.strip() or profile.slug
    if extension is not None and extension != profile.extension:
        used = queries.tickets_of_profile(profile.id)
        if used:
            raise InvalidInput(
                f"{used} tickets use profile {profile.slug!r}, whose files end in .{profile.extension}; make another "
                "profile.",
                "extension",
            )
        profile.extension = _extension(extension)
    if description is not None:
        profile.description = description.strip()
    if mirror_folder is not None:
        profile.mirror_folder = _folder(mirror_folder)
    if values is not None:
        check_values(values)
        properties.write(profile, values)
        for project in queries.projects_using(profile.id) if ladder.BOUNDS & values.keys() else ():
            tickets.settle_ladders(project)
    if depends_on is not None:
        _depend(profile, depends_on)


def _extension(extension: str) -> str:
    if not (extension.isalnum() and extension.isascii() and len(extension) <= MAX_EXTENSION):
        raise InvalidInput(f"Extension {extension!r}: up to {MAX_EXTENSION} letters and digits, no dot.", "extension")
    return extension


def _folder(folder: str) -> str:
    folder = folder.strip().strip("/")
    if folder and (len(folder) > MAX_FOLDER or not FOLDER.match(folder)):
        raise InvalidInput(
            f"Folder {folder[:80]!r}: names of letters, digits, . _ and -, joined by /, at most {MAX_FOLDER}.",
            "mirror_folder",
        )
    return folder


def _depend(profile: Profile, slug: str) -> None:
    """Set what a profile depends on; the tickets of all projects that use it wait for another one from now on."""
    known = {each.id: each for each in queries.lock_profiles()}
    dependee = find(slug) if slug else None
    chain = [profile.slug]
    step = dependee
    while step is not None:
        chain.append(step.slug)
        if step.id == profile.id:
            raise InvalidInput(f"That would be a circle: {' depends on '.join(chain)}.", "depends_on")
        step = known.get(step.depends_on_id) if step.depends_on_id else None
    wanted = dependee.id if dependee else None
    if profile.depends_on_id == wanted:
        return
    profile.depends_on_id = wanted
    db.session.flush()
    for project in queries.projects_using(profile.id):
        tickets.settle_project(project)


def edit_template(
    profile: Profile, template: str, description: str = "", *, revision: int | None = None
) -> ProfileVersion:
    """Save a template that was written over *revision* (the latest one if not given); return the version it is in.

    The latest revision is written over while no ticket uses it; else there is a new one. Raises InvalidInput.
    """
    check_template(template, properties.own(profile))
    base = version(profile, revision)
    latest = queries.lock_version(version(profile).id)
    if base.id != latest.id or queries.tickets_of_version(latest.id):
        return _add_version(profile, template, description)
    latest.template = template
    latest.description = description.strip() or latest.description
    db.session.flush()
    return latest


def revise(profile: Profile, template: str, description: str = "") -> ProfileVersion:
    """Add a version with another template; those in use stay as they are. Raises InvalidInput."""
    check_template(template, properties.own(profile))
    return _add_version(profile, template, description)


def _add_version(profile: Profile, template: str, description: str) -> ProfileVersion:
    latest = queries.lock_version(version(profile).id)  # two who add one at a time wait for each other
    made = ProfileVersion(
        profile_id=profile.id, revision=1 + latest.revision, template=template, description=description.strip()
    )
    db.session.add(made)
    db.session.flush()
    return made


def delete(profile: Profile) -> None:
    """Delete a profile with its versions and properties. Raises Conflict while anything uses it."""
    queries.lock_profiles()
    used = queries.tickets_of_profile(profile.id)
    projects = [project.slug for project in queries.projects_using(profile.id)]
    dependants = [each.slug for each in queries.all_profiles() if each.depends_on_id == profile.id]
    reasons = [
        f"project {', '.join(projects)} uses it" if projects else "",
        f"{used} tickets were made with it" if used else "",
        f"{', '.join(dependants)} depends on it" if dependants else "",
    ]
    if any(reasons):
        raise Conflict(f"Profile {profile.slug!r} cannot be deleted: {'; '.join(filter(None, reasons))}.")
    queries.delete_versions(profile.id)
    db.session.delete(profile)
    db.session.flush()


def diff(old: ProfileVersion, new: ProfileVersion) -> str:
    """Compare the templates of two versions: a unified diff, '' when they are the same."""
    before, after = (f"{each.profile.slug} revision {each.revision}" for each in (old, new))
    return "\n".join(unified_diff(old.template.splitlines(), new.template.splitlines(), before, after, lineterm=""))
