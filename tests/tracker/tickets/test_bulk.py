"""Many recordings at once are the same as one after the other: tickets, properties and log, row by row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, inspect

from tests import factories
from tests.factories import START
from tracker import profiles, projects, properties, queries, tickets
from tracker.db import db
from tracker.errors import InvalidInput
from tracker.models import LogEntry, Property, Ticket
from tracker.tickets import TRACKER, Actor, NewRecording

END = START + timedelta(minutes=45)
VALUES = {"Fahrplan.Title": "x", "Fahrplan.ID": "7", "Fahrplan.Abstract": 'a "b"\n\\c\t\u202e🚀', "Project.Slug": "no"}
WANTED = [
    NewRecording("First", 7, VALUES, "Saal 1", START, END),
    NewRecording(' Zoë\'s "talk" ', 3, {"Fahrplan.Title": "", "Own.Name": " kept "}, "saal 1", START),
    NewRecording("Opted out", 2**31 - 1, {}, "Großer Saal", START, END, locked="They opted out."),
    NewRecording("Nowhere", 4, {"A": "1"}, note="told by nobody"),
]
OWN = ("id", "ticket_id", "project_id", "parent_id", "created", "modified", "state_since", "room_id")
"""Columns that cannot be the same in two projects, or at two moments."""


@pytest.fixture
def pair(db_session):
    """Make two projects that differ in name alone."""
    made = [factories.make_project(slug, formats=("hd", "sd", "mp3", "opus")) for slug in ("one", "many")]
    for project in made:
        profiles.use(project, "sd", 0.5)
        profiles.use(project, "mp3", 0.0)
        projects.configure(project, disabled_states={"encoding": ["checking"]})
        next(u for u in queries.project_profiles(project.id) if u.version.profile.slug == "opus").auto_create = False
    return made


def columns(row):
    return {attr.key: getattr(row, attr.key) for attr in inspect(type(row)).column_attrs if attr.key not in OWN}


def written(project):
    """Return every talk with its parts: columns, room, properties and log of the recording and of its children."""
    db.session.expire_all()
    talks = db.session.query(Ticket).filter_by(project_id=project.id, type="recording").order_by(Ticket.id)
    return [[described(part) for part in (talk, *talk.children)] for talk in talks]


def described(ticket):
    entries = db.session.query(LogEntry).filter_by(ticket_id=ticket.id).order_by(LogEntry.id)
    room = ticket.room.key if ticket.room else None
    return columns(ticket), room, properties.own(ticket), [columns(entry) for entry in entries]


def one_by_one(project, actor, wanted):
    for each in wanted:
        tickets.create_recording(
            project,
            actor,
            title=each.title,
            room=each.room,
            start=each.start,
            end=each.end,
            fahrplan_id=each.fahrplan_id,
            values=each.values,
            locked=each.locked,
            note=each.note,
        )


def test_many_at_once_are_the_same_as_one_after_the_other(pair):
    one, many = pair
    actor = Actor.of(factories.make_user())
    one_by_one(one, actor, WANTED)
    tickets.create_recordings(many, actor, WANTED)
    assert written(many) == written(one)
    assert len(written(many)) == 4


def test_the_log_of_many_stands_in_the_order_of_one_after_the_other(pair):
    for project, make in zip(pair, (one_by_one, tickets.create_recordings), strict=True):
        make(project, TRACKER, WANTED)
    texts = [[(entry.event, entry.comment) for entry, _ in queries.recent_log(project.id, 100)] for project in pair]
    assert texts[0] == texts[1]


def test_the_ids_are_returned_in_order(pair):
    ids = tickets.create_recordings(pair[0], TRACKER, WANTED)
    assert [tickets.get(number).fahrplan_id for number in ids] == [each.fahrplan_id for each in WANTED]


def test_rooms_that_many_share_are_made_once(pair):
    tickets.create_recordings(pair[0], TRACKER, WANTED)
    assert [room.key for room in queries.rooms(pair[0].id)] == ["grossersaal", "saal1"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (NewRecording(" ", 9, {}), "needs a title"),
        (NewRecording("x", 7, {}), r"already has a talk with Fahrplan\.ID 7"),
        (NewRecording("x", 2**31, {}), "is not between 1 and"),
        (NewRecording("x", 9, {}, start=END, end=START), "ends before it begins"),
        (NewRecording("x", 9, {"a b": "c"}), "is not valid"),
        (NewRecording("x", 9, {"A": "\x00"}), "holds a NUL"),
        (NewRecording("x", 9, {}, room="???"), "no letter or digit"),
    ],
)
def test_one_that_cannot_be_made_is_refused_and_none_is(pair, bad, says):
    with pytest.raises(InvalidInput, match=says):
        tickets.create_recordings(pair[0], TRACKER, [*WANTED, bad])
    assert queries.fahrplan_ids(pair[0].id) == set()


def test_none_are_none(pair):
    assert tickets.create_recordings(pair[0], TRACKER, []) == []


def test_a_hundred_talks_take_no_more_statements_than_ten(pair, monkeypatch):
    seen = []
    bind = db.session.connection()
    event.listen(bind, "before_cursor_execute", lambda *given: seen.append(given[2]))
    counts = []
    for begin, count in ((1, 10), (11, 100)):
        seen.clear()
        talks = [NewRecording(f"Talk {n}", n, {"A": "b"}, "Saal 1", START, END) for n in range(begin, begin + count)]
        tickets.create_recordings(pair[0], TRACKER, talks)
        counts.append(len(seen))
    assert counts[1] <= counts[0] < 20
    assert db.session.query(Property).filter(Property.name == "A").count() == 110


def test_more_than_one_portion_is_as_good(pair, monkeypatch):
    monkeypatch.setattr("tracker.tickets.bulk.AT_ONCE", 3)
    monkeypatch.setattr("tracker.queries.bulk.ROWS", 2)
    one, many = pair
    one_by_one(one, TRACKER, WANTED)
    tickets.create_recordings(many, TRACKER, WANTED)
    assert written(many) == written(one)
