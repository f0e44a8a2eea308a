"""What a project lacks before its event: properties that a state or a format needs, rooms, formats, workers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tracker import properties, queries
from tracker.db import now
from tracker.models import Project
from tracker.statemachine import ENCODING, RECORDING, SCRIPT_A, workflow
from tracker.tickets.prospects import withheld
from tracker.tickets.waiting import ASKED_WITHIN

REQUIRED: Mapping[str, tuple[str, str, str]] = {
    "Processing.Path.Raw": (RECORDING, "merging", "The folder that the recorders write to."),
    "Processing.Path.Tmp": (RECORDING, "merging", "The folder for cut masters and what the cut page shows."),
    "Processing.Path.Output": (ENCODING, "encoding", "The folder for encoded files."),
    "Processing.Path.Prerelease": (ENCODING, "postprocessing", "The hidden folder that files wait in."),
    "Processing.Path.Release": (ENCODING, "releasing", "The public folder."),
}
"""Property -> type of ticket, the state whose script needs it, what it is. Without it the script fails."""

ADVISED: Mapping[str, tuple[str, str, str]] = {
    "Fahrplan.XML": (RECORDING, "scheduled", "The address of the Fahrplan; without it talks are imported by hand."),
    "Release.URL": (ENCODING, "released", "The address of the public folder, for links to released files."),
}
"""What works without, but worse."""

USED = re.compile(r"\bMeta\.[A-Za-z0-9_]+")
"""Properties that a template writes into the files of a project."""


@dataclass(frozen=True)
class Lack:
    """Something that is missing: its *name*, in a sentence what it is for, and the page (*where*) to set it.

    *needed_for* is the state or the formats that need it; what is not *urgent* works without.
    """

    name: str
    sentence: str
    where: str
    needed_for: str = ""
    urgent: bool = True


def lacking(project: Project) -> list[Lack]:
    """List what a project lacks, what is urgent first."""
    return sorted(
        [*_properties(project), *_surroundings(project), *_workers(project)], key=lambda lack: not lack.urgent
    )


def _properties(project: Project) -> Iterator[Lack]:
    own = properties.own(project)
    for wanted, urgent in ((REQUIRED, True), (ADVISED, False)):
        for name, (kind, state, sentence) in wanted.items():
            if state not in project.disabled_states.get(kind, []):
                if not own.get(name):
                    yield Lack(name, sentence, "properties", state, urgent)
                elif ".Path." in name and not own[name].startswith("/"):
                    yield Lack(name, f"{own[name]!r} is no absolute path.", "properties", state)
    for name, formats in _used(project).items():
        if name not in own:
            yield Lack(name, "Templates write it into the files.", "properties", ", ".join(formats), urgent=False)


def _used(project: Project) -> dict[str, list[str]]:
    """Return the Meta.* that templates of a project use and their profiles do not have: name -> slugs."""
    found: dict[str, list[str]] = {}
    used = queries.project_profiles(project.id)
    stored = queries.named_values(
        _names(each.version.template for each in used), profile_ids=[u.profile_id for u in used]
    )
    for each in used:
        for name in _names([each.version.template]) - stored.get(("profile", each.profile_id), {}).keys():
            found.setdefault(name, []).append(each.version.profile.slug)
    return dict(sorted(found.items()))


def _names(templates: Iterable[str]) -> set[str]:
    return {name for template in templates for name in USED.findall(template)}


def _surroundings(project: Project) -> Iterator[Lack]:
    if not queries.project_profiles(project.id):
        yield Lack("Formats", "The project encodes nothing yet.", "profile")
    if not project.languages:
        yield Lack("Languages", "Cutters are not asked which language a talk is in.", "general", urgent=False)
    if not queries.rooms(project.id):
        yield Lack("Rooms", "There are none yet; the Fahrplan brings them.", "fahrplan", urgent=False)


def _workers(project: Project) -> Iterator[Lack]:
    rows = {row.group_id for row in queries.group_rows() if row.project_id == project.id}
    works = [each for each in queries.all_groups() if each.all_projects or each.id in rows]
    if not works:
        yield Lack("Workers", "No worker group works for the project.", "groups")
    elif all(each.paused for each in works):
        yield Lack("Workers", "Every worker group of the project is paused.", "groups", urgent=False)
    if project.read_only or project.draining:
        yield Lack("Workers", withheld(project, ""), "policies", urgent=False)
    if project.stopped_states:
        yield Lack(
            "Workers", "These are stopped in this project.", "policies", ", ".join(project.stopped_states), False
        )
    asked = queries.polled_since(project.id, now() - ASKED_WITHIN)
    if silent := [name for name in _served(project) if name not in asked]:
        unasked = "No worker asked for this in the last 10 minutes."
        yield Lack("Workers", unasked, "workers", ", ".join(silent), urgent=False)


def _served(project: Project) -> Iterator[str]:
    """Yield the states that scripts ask for work in, in order; script A moves talks by the clock, without asking."""
    for kind in (RECORDING, ENCODING):
        for state in workflow(project.workflow).tables[kind].states:
            if state.script not in (None, SCRIPT_A) and state.name not in project.disabled_states.get(kind, []):
                yield state.name
