"""How much the database is asked during an import: it depends on what changed, and not on how many talks there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event as listen
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.samples import event, schedule
from tracker import profiles, projects
from tracker.db import db
from tracker.fahrplan import Report, import_fahrplan
from tracker.models import Project
from tracker.tickets import TRACKER


@pytest.fixture
def pair(db_session: scoped_session[Session]) -> list[Project]:
    made = [projects.create(slug, slug, time_zone="Europe/Berlin") for slug in ("few", "many")]
    for project in made:
        profiles.use(project, "hd")
        profiles.use(project, "mp3")
    return made


def run(project: Project, count: int, **changed: str) -> Report:
    """Import *count* talks, the first of them *changed*."""
    talks = [event(1, **changed), *(event(number) for number in range(2, count + 1))]
    return import_fahrplan(project, schedule(*talks), TRACKER, source="test.xml")


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*given: object) -> None:
        seen.append(str(given[2]))

    bind = db.session.connection()
    listen.listen(bind, "before_cursor_execute", note)
    yield seen
    listen.remove(bind, "before_cursor_execute", note)


def counted(pair: list[Project], **changed: str) -> list[int]:
    counts = []
    for project, talks in zip(pair, (10, 60), strict=True):
        with statements() as seen:
            run(project, talks, **changed)
        counts.append(len(seen))
    return counts


def test_a_first_import_of_many_talks_takes_as_many_statements_as_one_of_few(pair: list[Project]) -> None:
    few, many = counted(pair)
    assert many == few < 60


def test_so_does_an_import_that_changes_nothing_and_it_reads_no_texts(pair: list[Project]) -> None:
    counted(pair)
    few, many = counted(pair)
    assert many == few < 30
    with statements() as seen:
        assert run(pair[0], 10).counts["unchanged"] == 10
    assert not [text for text in seen if "property.name LIKE" in text]


def test_of_many_talks_only_the_changed_one_costs_anything(pair: list[Project]) -> None:
    counted(pair)
    few, many = counted(pair, title="Another")
    assert many == few < 60


def test_a_property_that_the_file_no_longer_has_is_seen(pair: list[Project]) -> None:
    run(pair[0], 3, subtitle="Of use")
    report = run(pair[0], 3)
    assert report.counts["changed"] == 1
