"""Where a project's Fahrplan comes from, and the policy it is treated by."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tracker import properties, queries
from tracker.db import db
from tracker.errors import FahrplanError, InvalidInput
from tracker.fahrplan import policy as rules
from tracker.fahrplan.policy import Policy
from tracker.models import FahrplanSource, Project

WATCH_S = 600
"""A source is asked so often, by default."""


def of(project: Project) -> FahrplanSource:
    """Return how a project's Fahrplan is treated; made as by default if nobody said anything."""
    found = queries.fahrplan_source(project.id)
    if found is None:
        found = FahrplanSource(project_id=project.id)
        db.session.add(found)
        db.session.flush()
    return found


def look(project: Project) -> FahrplanSource:
    """Return how a project's Fahrplan is treated, to look at; nothing is made."""
    return queries.fahrplan_source(project.id) or FahrplanSource(
        project_id=project.id,
        policy={},
        loss_share=rules.LOSS_SHARE,
        loss_count=rules.LOSS_COUNT,
        rooms=[],
        hold="",
        outage="",
        paused=False,
        every_s=WATCH_S,
        allow_private=False,
        failure="",
        failures=0,
        mail_to=[],
    )


def address(project: Project) -> str:
    """Return where the Fahrplan of a project is. Raises FahrplanError if nobody said so."""
    found = properties.own(project).get("Fahrplan.XML", "")
    if not found:
        raise FahrplanError(
            f"Project {project.slug} has no property Fahrplan.XML; set it, or name a file or an address."
        )
    return found


def policy_of(source: FahrplanSource) -> Policy:
    """Return the policy in force."""
    changed = {kind: (pair[0], pair[1]) for kind, pair in source.policy.items()}
    return Policy(
        {**rules.DEFAULTS, **changed}, source.loss_share, source.loss_count, source.hold, frozenset(source.rooms)
    )


def configure(
    project: Project,
    *,
    actions: Mapping[str, tuple[str, str]] | None = None,
    loss_share: float | None = None,
    loss_count: int | None = None,
    hold: str | None = None,
) -> FahrplanSource:
    """Change the policy of a project; None leaves one alone.

    *actions* maps classes of change to what is done before the recording and from it on; *hold* is why everything
    waits for the crew, '' to let policies decide again. Raises InvalidInput.
    """
    source = of(project)
    if actions is not None:
        source.policy = rules.checked({**policy_of(source).rules, **actions})
    if loss_share is not None:
        if not 0 < loss_share <= 1:
            raise InvalidInput(f"A share of {loss_share:g} is not above 0 and at most 1.", "loss_share")
        source.loss_share = loss_share
    if loss_count is not None:
        if not 0 < loss_count < 1_000_000:
            raise InvalidInput(f"A loss of {loss_count} talks is no number from 1 on.", "loss_count")
        source.loss_count = loss_count
    if hold is not None:
        source.hold = hold
    db.session.flush()
    return source


def release_hold(project: Project) -> None:
    """Let policies decide again once nothing waits any more."""
    if not any(change.status == "waiting" for change in queries.open_fahrplan_changes(project.id)):
        of(project).hold = ""
        db.session.flush()


def look_again(project: Project) -> None:
    """Have the source asked at once, and its file compared even if it says nothing new."""
    source = of(project)
    source.fingerprint = source.etag = source.last_modified = ""
    source.next_try = None
    db.session.flush()


def select_rooms(project: Project, keys: Collection[str]) -> None:
    """Record only the rooms with these keys; none: all of them."""
    of(project).rooms = sorted(set(keys))
    db.session.flush()
