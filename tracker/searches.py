"""Questions about the tickets of a project that people keep: each their own, and those that all may ask."""

from __future__ import annotations

import re

from tracker import asking, queries, users
from tracker.db import db, unless_taken
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import Project, SavedSearch, User
from tracker.queries import searches as rows

NAME = re.compile(r"[^\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069]{1,60}\Z")
MOST = 50
"""Searches of one person in one project."""


def read(question: str, user: User) -> asking.Question:
    """Read a search as *user* may ask it. Raises InvalidInput for what is none, and for a secret below superuser."""
    found = asking.read(question)
    return found if users.may(user, "superuser") else asking.for_lookers(found)


def save(project: Project, user: User, name: str, question: str, *, shared: bool = False) -> SavedSearch:
    """Keep a question under a name; one of the same name is replaced. Superusers may share it with the whole project.

    Raises InvalidInput, naming the field, for a name that is none and a question that cannot be asked.
    """
    if not NAME.match(name):
        raise InvalidInput("A search needs a name of 1 to 60 characters.", "saved")
    if not question.strip():
        raise InvalidInput("Ask for something first; all tickets are shown without a search.", "saved")
    read(question, user)
    if shared:
        users.require(user, "superuser")
    queries.lock_again(user)
    mine = [each for each in rows.saved_searches(project.id, user.id) if each.user_id == user.id]
    found = next((each for each in mine if each.name == name), None)
    if found is None:
        if len(mine) >= MOST:
            raise InvalidInput(f"You have {MOST} searches here already; delete one.", "saved")
        found = SavedSearch(project_id=project.id, user=user, name=name, question=question, shared=shared)
        with unless_taken(InvalidInput(f"There is a search {name!r} already.", "saved")):
            db.session.add(found)
    found.question, found.shared = question, shared
    db.session.flush()
    return found


def delete(project: Project, user: User, search_id: int) -> SavedSearch:
    """Delete a search of one's own, a superuser any that is shared. Raises NotFound and NotPermitted."""
    found = next((each for each in rows.saved_searches(project.id, user.id) if each.id == search_id), None)
    if found is None:
        raise NotFound("There is no such search.")
    if found.user_id != user.id and not users.may(user, "superuser"):
        raise NotPermitted(f"The search is {found.user.name}'s; only {found.user.name} and superusers may delete it.")
    db.session.delete(found)
    db.session.flush()
    return found
