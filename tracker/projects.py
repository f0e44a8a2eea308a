"""Projects: made, switched, and how far along they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tracker import properties, queries, tickets
from tracker.db import db, unless_taken
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, Ticket
from tracker.statemachine import ENCODING, MISC, RECORDING, STATIC, TYPES, WORKFLOWS, talk_progress, workflow

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}\Z")
RESERVED = frozenset(
    (
        *("account", "acting", "api", "assets", "health", "invitation", "language", "login", "logout", "metrics"),
        *("profiles", "projects", "review", "rpc", "static", "users", "workers"),
    )
)
"""Pages of the tracker itself begin so; a project of that name would have none."""
LANGUAGE = re.compile(r"[a-z]{3}\Z")
KEEP: Mapping[str, tuple[str, ...]] = {
    RECORDING: ("locked", "copied"),
    ENCODING: ("material needed", "ready to encode", "released"),
    MISC: (),
}
"""States that cannot be switched off: the tracker itself moves tickets into them."""

MIN_NODE_TIMEOUT_S, MAX_NODE_TIMEOUT_S = 30, 24 * 3600
MAX_TITLE = 200


def get(slug: str) -> Project:
    """Return a project by its slug; raise NotFound."""
    found = queries.project_by_slug(slug) if SLUG.match(slug) else None
    if found is None:
        raise NotFound(f"There is no project {slug!r}.")
    return found


def create(
    slug: str,
    title: str,
    *,
    time_zone: str = "Europe/Berlin",
    languages: Collection[str] = (),
    values: Mapping[str, str] | None = None,
    workflow_name: str = "classic",
) -> Project:
    """Make a project with its properties. Languages are ISO 639-3 codes. Raises InvalidInput, naming the field."""
    if not SLUG.match(slug):
        raise InvalidInput(
            f"Slug {slug!r}: lower-case letters, digits, - and _, at most 50, letter or digit first.", "slug"
        )
    if slug in RESERVED:
        raise InvalidInput(f"Slug {slug!r} is the address of a page of the tracker itself; choose another one.", "slug")
    taken = InvalidInput(f"There is already a project {slug!r}.", "slug")
    if queries.project_by_slug(slug) is not None:
        raise taken
    if workflow_name not in WORKFLOWS:
        raise InvalidInput(f"Workflow {workflow_name!r} is unknown; there are: {', '.join(WORKFLOWS)}.", "workflow")
    project = Project(slug=slug, workflow=workflow_name)
    configure(project, title=title, time_zone=time_zone, languages=languages)
    with unless_taken(taken):
        db.session.add(project)
    properties.write(project, values or {})
    return project


def configure(
    project: Project,
    *,
    title: str | None = None,
    time_zone: str | None = None,
    languages: Collection[str] | None = None,
    read_only: bool | None = None,
    separate_checker: bool | None = None,
    max_attempts: int | None = None,
    disabled_states: Mapping[str, Collection[str]] | None = None,
    dependee_state: str | None = None,
) -> None:
    """Change the settings of a project; None leaves one alone. Raises InvalidInput, naming the field.

    *disabled_states* maps types of tickets to the states that are off; none of them may hold tickets. *dependee_state*
    is the static encoding state that a master has to reach before tickets that depend on it are handed out.
    """
    if title is not None:
        project.title = _title(title) or project.slug
    if time_zone is not None:
        project.time_zone = _zone(time_zone)
    if languages is not None:
        project.languages = _languages(languages)
    if read_only is not None:
        project.read_only = read_only
    if separate_checker is not None:
        project.separate_checker = separate_checker
    if max_attempts is not None:
        project.max_attempts = _attempts(max_attempts)
    if disabled_states is not None:
        project.disabled_states = _disabled(project, disabled_states)
    if dependee_state is not None:
        project.dependee_state = _dependee_state(project, dependee_state)
    if project.id and (disabled_states is not None or dependee_state is not None):
        tickets.settle_project(project)


def regulate(
    project: Project,
    *,
    stopped_states: Collection[str] | None = None,
    draining: bool | None = None,
    max_attempts: int | None = None,
    node_timeout_s: int | None = None,
) -> None:
    """Change how work of a project is handed out, from the next claim on; None leaves one alone.

    *stopped_states* are the process states for which no script gets work, with *draining* none gets any; what is under
    way goes on. *max_attempts*: so often silent workers may lose a ticket before it fails. *node_timeout_s*: seconds
    of silence after which a worker without a lease counts as lost. Raises InvalidInput, naming the field.
    """
    if stopped_states is not None:
        project.stopped_states = _stopped(project, stopped_states)
    if draining is not None:
        project.draining = draining
    if max_attempts is not None:
        project.max_attempts = _attempts(max_attempts)
    if node_timeout_s is not None:
        if not MIN_NODE_TIMEOUT_S <= node_timeout_s <= MAX_NODE_TIMEOUT_S:
            raise InvalidInput(
                f"A worker counts as lost after {MIN_NODE_TIMEOUT_S} to {MAX_NODE_TIMEOUT_S} seconds.", "node_timeout_s"
            )
        project.node_timeout_s = node_timeout_s
    db.session.flush()


def _title(text: str) -> str:
    if len(text.strip()) > MAX_TITLE:
        raise InvalidInput(f"The title of a project has at most {MAX_TITLE} characters.", "title")
    return text.strip()


def _stopped(project: Project, names: Collection[str]) -> list[str]:
    known = workflow(project.workflow).services
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InvalidInput(
            f"No script works in state {wrong[0]!r}; those can be stopped: {', '.join(known)}.", "stopped_states"
        )
    return [name for name in known if name in names]


def _attempts(number: int) -> int:
    if not 1 <= number <= 100:
        raise InvalidInput("A ticket may get lost 1 to 100 times before it fails.", "max_attempts")
    return number


_zones = cache(available_timezones)
"""Reading the names of all zones from disk takes 15 ms."""


def _zone(name: str) -> str:
    if name not in _zones():
        raise InvalidInput(f"Time zone {name!r} is unknown; use a name such as Europe/Berlin.", "time_zone")
    return ZoneInfo(name).key


def _languages(codes: Collection[str]) -> list[str]:
    wrong = [code for code in codes if not LANGUAGE.match(code)]
    if wrong:
        raise InvalidInput(f"Language {wrong[0]!r} is no ISO 639-3 code such as deu or eng.", "languages")
    return list(dict.fromkeys(codes))


def _disabled(project: Project, wanted: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    flow = workflow(project.workflow or "classic")
    for kind, names in wanted.items():
        for name in names:
            if kind not in TYPES or name not in flow.tables[kind].by_name:
                raise InvalidInput(f"{name!r} is no state of a {kind} ticket.", "disabled_states")
            if name in KEEP[kind]:
                raise InvalidInput(
                    f"State {name!r} cannot be switched off: the tracker itself uses it.", "disabled_states"
                )
    _are_empty(project, wanted)
    for kind, table in flow.tables.items():
        if table.initial_state(wanted.get(kind, ())) is None:
            raise InvalidInput(f"No state is left in which a {kind} ticket could begin.", "disabled_states")
    return {kind: list(names) for kind, names in wanted.items() if names}


def _are_empty(project: Project, wanted: Mapping[str, Collection[str]]) -> None:
    """Raise InvalidInput when tickets stand in a state that is to be switched off now."""
    if not project.id:
        return
    held: Counter[tuple[str, str]] = Counter()
    for kind, state, _failed, count in queries.state_counts(project.id):
        held[kind, state] += count
    for kind, names in wanted.items():
        for name in set(names) - set(project.disabled_states.get(kind, ())):
            if count := held[kind, name]:
                told = "1 ticket is" if count == 1 else f"{count} tickets are"
                raise InvalidInput(f"State {name!r} cannot be switched off: {told} in it.", "disabled_states")


def _dependee_state(project: Project, name: str) -> str:
    """Read the state a master has to reach; work under way is no state to rely on, so it is a static one."""
    table = workflow(project.workflow or "classic").tables[ENCODING]
    known = [state.name for state in table.states[1:] if state.kind == STATIC]
    if name not in known:
        raise InvalidInput(f"A master cannot be asked for {name!r}; there are: {', '.join(known)}.", "dependee_state")
    return name


def progress(project: Project) -> float:
    """Return the percent of a project: the mean over its talks that are not locked; 0 without any."""
    tables = workflow(project.workflow).tables
    talks: dict[int, list[float]] = {}
    for talk, kind, state in queries.talk_states(project.id):
        talks.setdefault(talk, []).append(tables[kind].by_name[state].progress)
    means = [sum(values) / len(values) for values in talks.values()]
    return sum(means) / len(means) if means else 0.0


def progress_of_talk(recording: Ticket) -> float:
    """Return the percent of a talk: the mean of its recording and its encoding tickets that are not off."""
    return talk_progress(
        recording.progress, [c.progress for c in recording.children if c.type == ENCODING and not c.off]
    )


@dataclass
class Overview:
    """How a project is doing: its percent (mean over talks that are not locked), talks, and what people have to do."""

    project: Project
    percent: float = 0.0
    talks: int = 0
    released: int = 0
    to_cut: int = 0
    to_check: int = 0
    to_release: int = 0
    failed: int = 0
    public: int = 0
    """Files still public although their release was reverted."""
    to_decide: int = 0
    """Talks about which the Fahrplan says something that waits for a person."""


def overviews(found: Sequence[Project]) -> list[Overview]:
    """Return the overviews of some projects, with two queries however many there are."""
    ids = [project.id for project in found]
    percents = {
        (name, kind, state.name): state.progress
        for name in {project.workflow for project in found}
        for kind, table in workflow(name).tables.items()
        for state in table.states
    }
    sums, waiting = queries.sums(ids, percents) if ids else {}, queries.waiting_fahrplan_changes(ids)
    return [
        Overview(
            project, **(asdict(sums[project.id]) if project.id in sums else {}), to_decide=waiting.get(project.id, 0)
        )
        for project in found
    ]
