"""Reviewers without an account, and holds: what is held is not released, by whatever way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import encoding, events, make_project, make_recording, make_user, make_worker, put, states
from tracker import projects, properties, reviews, tickets
from tracker.db import db, now
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.tickets import dispatch, holds, moves


@pytest.fixture
def talk(db_session):
    talk = make_recording(make_project(formats=("hd", "mp3")), "copied")
    for slug in ("hd", "mp3"):
        put(encoding(talk, slug), "postprocessed")
    return talk


@pytest.fixture
def alice(talk):
    return make_user()


@pytest.fixture
def link(talk, alice):
    made, _ = reviews.invite(talk.id, alice, "Ada", 7)
    return made


def test_a_link_is_found_by_its_address_and_only_a_digest_is_kept(talk, alice):
    made, token = reviews.invite(talk.id, alice, "Ada", 7)
    assert reviews.find(token) is made and token not in repr(vars(made))
    with pytest.raises(NotFound):
        reviews.find(token + "x")
    assert events(talk)[-1][0] == "Review.invited"


def test_a_link_ends_by_itself_or_when_it_is_taken_back(talk, alice):
    first, one = reviews.invite(talk.id, alice, "Ada", 1)
    second, other = reviews.invite(talk.id, alice, "Bea", 1)
    first.expires = now() - timedelta(seconds=1)
    reviews.revoke(talk.id, alice, second.id)
    for token in (one, other):
        with pytest.raises(reviews.LinkOver):
            reviews.find(token)
    with pytest.raises(NotFound):
        reviews.revoke(make_recording(talk.project).id, alice, first.id)


@pytest.mark.parametrize(("name", "days"), [("", 7), ("a\nb", 7), ("x" * 81, 7), ("Ada", 0), ("Ada", 366)])
def test_a_link_is_for_somebody_and_for_a_while(talk, alice, name, days):
    with pytest.raises(InvalidInput):
        reviews.invite(talk.id, alice, name, days)


def test_what_is_held_cannot_be_released_in_any_way(talk, alice, link):
    reviews.hold(link, "My phone number is on the last slide")
    assert holds.held(talk) == "Ada: My phone number is on the last slide." and talk.needs_attention
    with pytest.raises(Conflict, match="phone number"):
        tickets.mark_ready(talk.id, alice)
    for state in ("ready to release", "releasing", "released"):
        with pytest.raises(Conflict, match="phone number"):
            tickets.set_state(encoding(talk).id, alice, state)
    assert "Held: Ada" in tickets.why_waiting(encoding(talk))
    assert set(states(talk).values()) == {"postprocessed"}


def test_a_hold_stops_what_is_on_its_way_and_marks_what_is_public(talk, link):
    put(encoding(talk, "hd"), "ready to release")
    public = put(encoding(talk, "mp3"), "released")
    reviews.hold(link, "Wait.")
    assert states(talk) == {"hd": "postprocessed", "mp3": "released"}
    assert public.needs_attention and not public.withdraw


def test_a_hold_while_a_script_publishes_withdraws_what_it_made_public(talk, link):
    child = put(put(encoding(talk), "ready to release"), "releasing")
    reviews.hold(link, "Wait.")
    assert (child.state, child.withdraw, child.worker_id) == ("postprocessed", True, None)


def test_a_hold_stops_a_file_whose_last_look_the_project_skips(talk, alice, link):
    child, other = (put(encoding(talk, slug), "checked") for slug in ("hd", "mp3"))
    projects.configure(talk.project, disabled_states={"encoding": ["postprocessed"]})
    worker = make_worker()
    for each in (child, other):
        moves.move(each, "postprocessing", tickets.Actor.of(worker), "test", holder=worker)
    assert dispatch.finish(other.id, talk.project, worker) and other.state == "ready to release"
    reviews.hold(link, "Wait.")
    assert dispatch.finish(child.id, talk.project, worker, "two copies")
    assert states(talk) == {"hd": "postprocessed", "mp3": "postprocessed"}
    assert events(child)[-1][0] == dispatch.DONE
    reviews.approve(link)
    assert tickets.mark_ready(talk.id, alice) == 2


def test_who_held_may_approve_after_all(talk, alice, link):
    reviews.hold(link, "Wait.")
    reviews.approve(link, "It is fine.")
    assert (holds.held(talk), link.verdict, talk.needs_attention) == ("", "approved", False)
    assert tickets.mark_ready(talk.id, alice) == 2


def test_the_hold_of_another_stands(talk, alice, link):
    other, _ = reviews.invite(talk.id, alice, "Bea", 7)
    holds.hold(talk.id, alice, "The crew waits for a slide.")
    reviews.hold(link, "Wait\nfor me")
    reviews.hold(other, "For me, too!")
    assert holds.held(talk).splitlines() == ["The crew waits for a slide.", "Ada: Wait for me.", "Bea: For me, too!"]
    reviews.approve(link)
    assert holds.held(talk).splitlines() == ["The crew waits for a slide.", "Bea: For me, too!"]


def test_the_crew_overrules_with_a_reason(talk, alice, link):
    reviews.hold(link, "Wait.")
    with pytest.raises(InvalidInput):
        reviews.overrule(talk.id, alice, " ")
    reviews.overrule(talk.id, alice, "Talked to Ada by phone.")
    assert (holds.held(talk), link.verdict) == ("", "overruled")
    with pytest.raises(Conflict, match="not held"):
        reviews.overrule(talk.id, alice, "Again")


def test_a_hold_needs_a_reason_and_an_approval_does_not(talk, link):
    with pytest.raises(InvalidInput):
        reviews.hold(link, "  ")
    reviews.approve(link)
    assert (link.verdict, holds.held(talk)) == ("approved", "")


def test_comments_are_the_reviewers_and_not_endless(talk, link, monkeypatch):
    monkeypatch.setattr(reviews, "MAX_COMMENTS", 2)
    for _ in range(2):
        reviews.comment(link, "00:01 my name is spelt Łucja \x00")
    with pytest.raises(InvalidInput):
        reviews.comment(link, "once more")
    with pytest.raises(InvalidInput):
        reviews.comment(link, "x" * 5001)
    assert events(talk)[-1][0] == "Comment.Add" and talk.needs_attention


# --- the public --------------------------------------------------------------------------------------------------


@pytest.fixture
def public(talk):
    talk.project.feedback = True
    put(encoding(talk), "released")
    db.session.flush()
    return talk


def test_feedback_opens_a_ticket_about_the_talk(public):
    ticket = reviews.say(public, "The sound is gone\nfrom 12:34 on", "bea@example.org", "192.0.2.1")
    assert (ticket.type, ticket.state, ticket.parent_id) == ("misc", "open", public.id)
    assert ticket.title == "Feedback: The sound is gone from 12:34 on" and ticket.needs_attention
    assert [each for each in events(ticket)][-1][0] == "Comment.Add"


def test_only_released_talks_of_projects_that_want_it_take_feedback(public):
    number, slug = public.fahrplan_id, public.project.slug
    assert reviews.talk_for_feedback(slug, number) is public
    for wrong in ((slug, number + 1), ("other", number), (slug, 0), (slug, 2**40)):
        with pytest.raises(NotFound):
            reviews.talk_for_feedback(*wrong)
    put(encoding(public), "postprocessed")
    with pytest.raises(NotFound):
        reviews.talk_for_feedback(slug, number)
    put(encoding(public), "released")
    reviews.open_feedback(public.project, False)
    with pytest.raises(NotFound):
        reviews.talk_for_feedback(slug, number)


def test_one_address_cannot_flood_the_crew(public):
    for _ in range(reviews.MAX_MESSAGES):
        reviews.say(public, "bad", "", "192.0.2.1")
    with pytest.raises(reviews.TooMany, match="your address"):
        reviews.say(public, "bad", "", "192.0.2.1")
    reviews.say(public, "bad", "", "192.0.2.2")


def test_many_addresses_cannot_flood_the_crew_either(public, monkeypatch):
    monkeypatch.setattr(reviews, "MAX_OPEN", 3)
    made = [reviews.say(public, "bad", "", f"192.0.2.{number}") for number in range(3)]
    with pytest.raises(reviews.TooMany, match="this talk"):
        reviews.say(public, "bad", "", "192.0.2.9")
    put(made[0], "resolved")
    reviews.say(public, "bad", "", "192.0.2.9")


@pytest.mark.parametrize(("text", "contact"), [("", ""), (" \n", ""), ("x" * 5001, ""), ("bad", "y" * 201)])
def test_feedback_says_something_and_not_too_much(public, text, contact):
    with pytest.raises(InvalidInput):
        reviews.say(public, text, contact, "192.0.2.1")
    assert properties.own(public).get("Release.Hold") is None
