"""A project like another one: what last year's event had, without its talks."""

from __future__ import annotations

from tracker import projects, properties, queries
from tracker.db import db
from tracker.models import Project
from tracker.queries import duplicates as rows

OF_THE_EVENT = frozenset(("Fahrplan.XML",))
"""Properties that stay behind: where the talks of that very event come from."""


def duplicate(source: Project, slug: str, title: str) -> Project:
    """Make a project with the settings, properties, rooms, formats, worker groups and policies of *source*.

    Its tickets, imports and uploads stay behind, so do the address and login of its Fahrplan, its webhook, and what
    was stopped, drained or archived for the moment. Raises InvalidInput, naming the field.
    """
    queries.lock_project(source.id)
    values = {name: value for name, value in properties.own(source).items() if name not in OF_THE_EVENT}
    made = projects.create(
        slug,
        title,
        time_zone=source.time_zone,
        languages=source.languages,
        values=values,
        workflow_name=source.workflow,
    )
    projects.configure(
        made,
        separate_checker=source.separate_checker,
        disabled_states=source.disabled_states,
        dependee_state=source.dependee_state,
    )
    projects.regulate(made, max_attempts=source.max_attempts, node_timeout_s=source.node_timeout_s)
    made.feedback = source.feedback
    db.session.flush()
    rows.copy_rows(source.id, made.id)
    return made
