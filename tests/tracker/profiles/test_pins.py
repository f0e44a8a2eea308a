"""Which version a project encodes with, and what that means for tickets that are there."""

from __future__ import annotations

import pytest

from tests.factories import assign, encoding, events, make_recording, make_user, make_worker, put, states
from tests.tracker.profiles.sheets import sheet, task
from tracker import profiles, projects, queries, tickets
from tracker.db import db
from tracker.errors import InvalidInput, NotFound, NotPermitted


def revision(ticket):
    return ticket.profile_version.revision


def test_a_project_keeps_the_version_it_uses_until_it_takes_the_next(project, ticket):
    hd = profiles.get("hd")
    newer = profiles.revise(hd, sheet("new"), "try this")
    assert newer.revision == 2
    assert queries.project_profiles(project.id)[0].version.revision == ticket.profile_version.revision == 1
    profiles.use(project, "hd", 2.0)
    used = queries.project_profiles(project.id)[0]
    assert (used.version.revision, used.priority) == (2, 2.0)
    assert encoding(make_recording(project)).profile_version.revision == 2


def test_a_profile_switched_off_holds_the_tickets_that_are_and_those_to_come(project, ticket):
    profiles.use(project, "mp3", 0.0)
    profiles.use(project, "hd", 0.0)
    db.session.refresh(ticket)
    talk = make_recording(project, "copied")
    assert states(talk) == {"hd": "ready to encode", "mp3": "ready to encode"}
    assert [t.priority for t in (ticket, encoding(talk), encoding(talk, "mp3"))] == [0, 0, 0]
    profiles.use(project, "hd", 2.5)
    db.session.refresh(ticket)
    assert ticket.priority == 2.5 and encoding(talk, "mp3").priority == 0


def test_tickets_that_have_not_begun_take_the_new_version_and_others_keep_theirs(project):
    waiting, ready, begun, done, broken = (
        encoding(make_recording(project, state)) for state in ("merged", *("copied",) * 4)
    )
    for ticket in (broken, begun):
        ticket.own_priority = ticket.priority = 9.0
        assign(ticket, make_worker(f"vm-encoder{ticket.id}.example.org"), "encoding")
        if ticket is broken:
            tickets.fail(ticket.id, project, ticket.worker, "The template is wrong.")
    put(done, "encoded")
    profiles.revise(profiles.get("hd"), task())
    profiles.pin(project, "hd", latest=True)
    assert [revision(t) for t in (waiting, ready, begun, done, broken)] == [2, 2, 1, 1, 2]
    assert events(ready)[-1] == ("Profile.version", "ready to encode", "ready to encode")


def test_a_project_goes_back_to_an_older_version(project, ticket):
    profiles.revise(profiles.get("hd"), task())
    profiles.use(project, "hd")
    assert profiles.newer(profiles.pin(project, "hd", revision=1)).revision == 2
    assert revision(ticket) == 1
    with pytest.raises(NotFound, match="no revision 7"):
        profiles.pin(project, "hd", revision=7)


def test_a_change_of_priority_takes_no_other_version(project, ticket):
    profiles.revise(profiles.get("hd"), task())
    profiles.pin(project, "hd", priority=3)
    assert (revision(ticket), ticket.priority) == (1, 3)


@pytest.mark.parametrize("priority", [-1, float("nan"), float("inf"), 1e9])
def test_a_priority_is_a_small_number(project, priority):
    with pytest.raises(InvalidInput, match="a number from 0"):
        profiles.pin(project, "hd", priority=priority)


def test_without_auto_create_talks_get_no_ticket_and_none_is_deleted(project, ticket):
    profiles.pin(project, "hd", auto_create=False)
    later = make_recording(project)
    assert (states(ticket.parent), states(later)) == ({"hd": "ready to encode"}, {})
    profiles.pin(project, "hd", auto_create=True)
    assert states(later) == {"hd": "material needed"}


def test_a_new_profile_without_auto_create_makes_no_ticket(project, ticket):
    profiles.pin(project, "mp3", auto_create=False)
    assert states(ticket.parent) == {"hd": "ready to encode"}


def test_removed_are_only_tickets_that_nobody_worked_on(project):
    idle, locked, touched, done = (make_recording(project, s) for s in ("copied", "locked", "copied", "copied"))
    put(encoding(done), "encoded")
    tickets.comment(encoding(touched).id, make_user(), "Looks odd.")
    tickets.comment(idle.id, make_user("bob"), "The talk itself does not count.")
    removal = profiles.remove(project, "hd")
    assert (removal.deleted, removal.worked_on, removal.of_locked_talks) == (1, 2, 1)
    assert [states(talk) for talk in (idle, locked, touched, done)] == [
        {}, {"hd": "material needed"}, {"hd": "ready to encode"}, {"hd": "encoded"},
    ]  # fmt: skip
    assert events(idle)[-1] == ("Encoding.removed", "copied", "copied")
    assert removal.sentence("hd", "demo") == (
        "Project demo no longer uses profile 'hd'; 1 tickets are deleted. 2 tickets were worked on: they stay, with "
        "their files, and can be finished. 1 tickets of locked talks stay."
    )


def test_what_was_kept_can_be_removed_later_and_the_profile_comes_back(project):
    locked = make_recording(project, "locked")
    profiles.remove(project, "hd")
    put(locked, "merged")
    assert profiles.remove(project, "hd").deleted == 1
    with pytest.raises(NotFound, match="does not use profile 'hd'"):
        profiles.remove(project, "hd")
    profiles.use(project, "hd")
    assert states(locked) == {"hd": "material needed"}


def test_what_waited_for_a_removed_master_says_so(project, ticket):
    profiles.create("web", "x", "webm", task(), depends_on="hd")
    profiles.use(project, "web")
    talk = ticket.parent
    assert profiles.warnings(project) == []
    profiles.remove(project, "hd")
    assert encoding(talk, "web").blocked == "master"
    assert profiles.warnings(project) == [
        "Profile 'web' depends on 'hd', which project demo does not use: its tickets wait for files that nobody makes."
    ]
    profiles.use(project, "hd", 0)
    assert "which project demo has switched off (priority 0)" in profiles.warnings(project)[0]
    profiles.pin(project, "web", priority=0)
    assert profiles.warnings(project) == []


def test_nothing_changes_in_an_archived_project(project):
    projects.configure(project, read_only=True)
    for change in (lambda: profiles.use(project, "mp3"), lambda: profiles.remove(project, "hd")):
        with pytest.raises(NotPermitted, match="archived"):
            change()
