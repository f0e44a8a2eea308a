"""The map of a day: what is there of every talk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_project, make_recording
from tests.tracker.gui.visitor import enter, page
from tracker import daymap, properties
from tracker.db import db

NOON = datetime(2026, 5, 2, 10, tzinfo=UTC)
"""Noon in Berlin."""


@pytest.fixture
def project(db_session):
    made = make_project()
    made.time_zone = "Europe/Berlin"
    return made


def at(project, hours, state="scheduled", **more):
    talk = make_recording(project, state, **more)
    talk.start, talk.end = NOON + timedelta(hours=hours), NOON + timedelta(hours=hours, minutes=30)
    db.session.flush()
    return talk


def verdicts(day):
    return [block.verdict for _, blocks in day.rooms for block in blocks]


def test_each_talk_has_a_verdict(project):
    at(project, -4, "merged")
    properties.write(at(project, -3, "copied"), {"Record.Holes": "6.0 s missing at 09:10:00"})
    at(project, -2, "merging", failed=True)
    at(project, -1, "recorded")
    at(project, -0.25, "recording")
    at(project, 1)
    at(project, 2, "locked")
    day = daymap.day_of(project, NOON)
    assert verdicts(day) == list(daymap.VERDICTS)
    assert [block.holes for block in day.wrong] == ["6.0 s missing at 09:10:00", ""]
    assert day.counts == [(verdict, 1) for verdict in daymap.VERDICTS]


def test_talks_stand_where_they_are_on_the_day(project):
    at(project, 0)
    at(project, 1.5)
    ((_, blocks),) = (day := daymap.day_of(project, NOON)).rooms
    assert [(block.left, block.width) for block in blocks] == [(0, 250), (750, 250)]
    assert day.hours == [500]


def test_every_full_hour_has_its_line(project):
    at(project, -1.25)  # 10:45 to 12:10 in all
    at(project, -0.33)
    assert len(daymap.day_of(project, NOON).hours) == 2


def test_a_day_ends_in_the_morning(project):
    for hours in (0, 13.5, 24):  # noon, half past one at night, noon
        at(project, hours)
    assert len(verdicts(daymap.day_of(project, NOON + timedelta(hours=14)))) == 2
    assert len(verdicts(daymap.day_of(project, NOON + timedelta(hours=24)))) == 1


@pytest.mark.parametrize(("moment", "begins"), [(-48, 0), (8, 0), (11, 0), (16, 24), (23, 24), (500, 24)])
def test_the_day_is_the_last_that_has_begun_or_begins_soon(project, moment, begins):
    for hours in (0, 24):
        at(project, hours)
    assert daymap.day_of(project, NOON + timedelta(hours=moment)).begin == NOON + timedelta(hours=begins)


def test_there_is_no_day_without_talks(project):
    assert daymap.day_of(project) is None


def test_the_page_draws_it_and_names_what_is_wrong(client, project):
    enter(client, "rita", "read only")
    properties.write(at(project, 0, "merged", title="Öfen"), {"Record.Holes": "6.0 s missing"})
    (section,) = page(client.get("/demo/now")).xpath("//section[@id='daymap']")
    assert (
        section.xpath(".//rect/@x") and "Öfen" in section.text_content() and "6.0 s missing" in section.text_content()
    )
