"""A whole talk taken back from the public."""

from __future__ import annotations

import pytest

from tests.factories import encoding, events, make_project, make_recording, make_user, make_worker, put, states
from tracker import projects, queries, tickets
from tracker.errors import Conflict, NotPermitted
from tracker.tickets import Actor


@pytest.fixture
def talk(db_session):
    """A talk with one released file, one that waits for its release, and one half-way."""
    found = make_recording(make_project(formats=("hd", "mp3", "opus")), "copied")
    for slug, state in (("hd", "released"), ("mp3", "postprocessed"), ("opus", "releasing")):
        put(encoding(found, slug), state)
    return found


def test_every_file_that_may_be_public_is_withdrawn(talk):
    assert tickets.withdraw_talk(talk.id, Actor("crew"), "opted out") == 2
    assert states(talk) == {"hd": "postprocessed", "mp3": "postprocessed", "opus": "postprocessed"}
    queued = {row.profile_version.profile.slug for row in queries.withdrawals(talk.project_id)}
    assert queued == {"hd", "opus"}
    assert events(encoding(talk, "hd"))[-1] == ("Action.withdraw", "released", "postprocessed")


def test_a_locked_talk_is_withdrawn_too_and_nothing_of_it_is_published_again(talk):
    tickets.move(tickets.lock(talk.id), "locked", Actor("importer"), "Fahrplan.locked")
    tickets.withdraw_talk(talk.id, make_user("alice"))
    worker = make_worker()
    assert all(tickets.claim_next(talk.project, state, worker) is None for state in ("releasing", "postprocessing"))
    assert tickets.withdrawn(encoding(talk, "hd").id, talk.project, worker)
    assert not encoding(talk, "hd").exposed


def test_there_has_to_be_something_to_withdraw(talk):
    tickets.withdraw_talk(talk.id, Actor("crew"))
    with pytest.raises(Conflict, match="nothing to withdraw"):
        tickets.withdraw_talk(talk.id, Actor("crew"))


def test_a_withdrawal_minds_the_version_and_the_archive(talk):
    with pytest.raises(Conflict, match="changed meanwhile"):
        tickets.withdraw_talk(talk.id, Actor("crew"), version=talk.version - 1)
    projects.configure(talk.project, read_only=True)
    with pytest.raises(NotPermitted):
        tickets.withdraw_talk(talk.id, Actor("crew"))
