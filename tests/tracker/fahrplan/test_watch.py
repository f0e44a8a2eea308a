"""Watching a source on a real socket: what is asked, what is remembered, what is told."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.factories import committing
from tests.tracker.fahrplan.exporter import Exporter, exporting
from tests.tracker.fahrplan.imports import SEVEN
from tests.tracker.fahrplan.samples import event, schedule
from tracker import projects, properties, queries
from tracker.cli.fahrplan.watch import Outcome, deliver, look, poll
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.fahrplan import access, import_fahrplan, sources, watching
from tracker.models import FahrplanSource
from tracker.settings import Settings
from tracker.tickets import TRACKER

MONDAY = datetime(2026, 12, 21, 8, tzinfo=UTC)
KEY = "k" * 64


@pytest.fixture(scope="module")
def app(new_database: Any) -> Iterator[Flask]:
    with committing(str(new_database())) as made, made.app_context():
        yield made


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.config["SETTINGS"]
    return found


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    with exporting() as server:
        server.file = schedule(*SEVEN)
        yield server


@pytest.fixture
def slug(app: Flask, exporter: Exporter, request: pytest.FixtureRequest) -> str:
    """A project of its own for each test, watched every ten minutes."""
    slug = f"p{abs(hash(request.node.name)) % 10**9}"
    with transaction():
        made = projects.create(slug, slug, values={"Fahrplan.XML": f"{exporter.url}/schedule.xml"})
        watching.configure(made, every_s=600, allow_private=True)
    return slug


def source(slug: str) -> FahrplanSource:
    return sources.of(projects.get(slug))


def known(slug: str) -> int:
    with transaction():
        return len(queries.scheduled_talks(projects.get(slug).id))


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


def ask(slug: str, settings: Settings, minutes: float = 0, **more: Any) -> Outcome:
    return poll(slug, at(minutes), settings, **more)


def test_a_first_look_imports_and_says_when_it_looks_again(slug: str, settings: Settings) -> None:
    report = ask(slug, settings).report
    found = source(slug)
    assert (len(report.created), known(slug)) == (7, 7)
    assert (found.last_success, found.next_try, found.failures) == (at(0), at(10), 0)


def test_an_unchanged_file_is_not_even_sent(slug: str, settings: Settings, exporter: Exporter) -> None:
    ask(slug, settings)
    assert ask(slug, settings, 10) == Outcome(slug)
    assert "If-None-Match" not in exporter.asked[0]
    assert exporter.asked[1]["If-None-Match"].startswith('"')


def test_after_an_import_by_hand_the_source_has_the_next_word(
    slug: str, settings: Settings, exporter: Exporter
) -> None:
    ask(slug, settings)
    with transaction():
        import_fahrplan(projects.get(slug), schedule(*SEVEN[:6], event(8)), TRACKER, source="file")
    ask(slug, settings, 10)
    assert "If-None-Match" not in exporter.asked[-1]


def test_a_new_version_that_says_nothing_new_is_no_news(slug: str, settings: Settings, exporter: Exporter) -> None:
    ask(slug, settings)
    exporter.file = schedule(*SEVEN[::-1]).replace(b"<version>1<", b"<version>2.0 at noon<")
    report = ask(slug, settings, 10).report
    assert report.same and not report.import_id
    exporter.file = schedule(*SEVEN, event(8))
    assert ask(slug, settings, 20).report.created == ["8 'Talk 8'"]


def test_a_policy_that_changed_looks_at_the_same_version_again(
    slug: str, settings: Settings, exporter: Exporter
) -> None:
    with transaction():
        sources.configure(projects.get(slug), actions={"new": ("ask", "ask")})
    assert len(ask(slug, settings).report.pending) == 7
    with transaction():
        sources.configure(projects.get(slug), actions={"new": ("apply", "apply")})
    exporter.file += b"\n"
    assert len(ask(slug, settings, 10).report.created) == 7


@pytest.mark.parametrize(
    ("mood", "says"),
    [
        ("missing", "answers 404"),
        ("broken", "answers 500"),
        ("truncated", "was cut off"),
        ("half", "/schedule.xml: "),
        ("page", "/schedule.xml: "),
    ],
)
def test_what_cannot_be_used_changes_nothing_and_is_remembered(
    slug: str, settings: Settings, exporter: Exporter, mood: str, says: str
) -> None:
    ask(slug, settings)
    exporter.mood, exporter.file = mood, schedule(*SEVEN[:2])
    outcome = ask(slug, settings, 10)
    found = source(slug)
    assert says in outcome.wrong and says in found.failure
    assert (found.last_success, found.last_failure, found.failures, found.next_try) == (at(0), at(10), 1, at(20))
    assert known(slug) == 7


def test_a_slow_answer_is_given_up(slug: str, settings: Settings, exporter: Exporter) -> None:
    exporter.mood = "slow"
    assert "did not answer completely" in ask(slug, settings, timeout_s=0.2).wrong
    assert known(slug) == 0


def test_a_redirect_into_the_own_network_is_refused(
    slug: str, settings: Settings, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.fetch._public", lambda address: address == "127.0.0.1")
    with transaction():
        watching.configure(projects.get(slug), allow_private=False)
    exporter.mood = "inward"
    assert "an address that is not public" in ask(slug, settings).wrong


def test_private_addresses_are_not_asked_unless_that_is_allowed(slug: str, settings: Settings) -> None:
    with transaction():
        watching.configure(projects.get(slug), allow_private=False)
    assert "not public" in ask(slug, settings).wrong


def test_a_source_that_fails_is_asked_less_and_less_often(slug: str, settings: Settings, exporter: Exporter) -> None:
    exporter.mood = "broken"
    waits, moment = [], at(0)
    for _ in range(6):
        poll(slug, moment, settings)
        again = source(slug).next_try
        assert again is not None
        waits.append((again - moment).total_seconds() / 60)
        moment = again
    assert waits == [10, 20, 40, 60, 60, 60]
    exporter.mood = "good"
    poll(slug, moment, settings)
    assert (source(slug).failures, source(slug).next_try) == (0, moment + timedelta(minutes=10))


def test_a_source_is_left_alone_as_long_as_it_asks_for(slug: str, settings: Settings, exporter: Exporter) -> None:
    exporter.mood = "busy"
    ask(slug, settings)
    assert source(slug).next_try == at(120)


def test_only_what_is_due_is_asked(slug: str, settings: Settings, exporter: Exporter) -> None:
    assert [outcome.slug for outcome in look(at(0), settings, [slug])] == [slug]
    assert list(look(at(9), settings, [slug])) == []
    assert len(list(look(at(10), settings, [slug]))) == 1
    assert len(list(look(at(11), settings, [slug], at_once=True))) == 1


@pytest.mark.parametrize("change", ["paused", "archived", "without an address"])
def test_what_is_not_watched_is_not_asked(slug: str, settings: Settings, change: str) -> None:
    with transaction():
        project = projects.get(slug)
        if change == "paused":
            watching.configure(project, paused=True)
        elif change == "archived":
            projects.configure(project, read_only=True)
        else:
            properties.write(project, {"Fahrplan.XML": ""})
    assert list(look(at(0), settings, [slug], at_once=True)) == []


def test_another_address_forgets_what_was_known_of_the_first(slug: str, settings: Settings, exporter: Exporter) -> None:
    ask(slug, settings)
    with transaction():
        properties.write(projects.get(slug), {"Fahrplan.XML": f"{exporter.url}/other.xml"})
    assert ask(slug, settings, 10).report.unchanged == 7
    assert "If-None-Match" not in exporter.asked[-1]


def test_two_runs_at_once_do_not_interleave(app: Flask, slug: str, settings: Settings, exporter: Exporter) -> None:
    exporter.mood = "waiting"
    first: list[Outcome] = []

    def run() -> None:
        with app.app_context():
            first.append(ask(slug, settings))

    thread = threading.Thread(target=run)
    thread.start()
    assert exporter.reached.wait(60)
    assert ask(slug, settings, 1) == Outcome(slug)
    exporter.patience.set()
    thread.join()
    assert (len(first[0].report.created), len(exporter.asked)) == (7, 1)


# --- credentials -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "header"),
    [
        ("basic", "crew", "Basic Y3Jldzpzc2gh"),
        ("token", "", "Bearer ssh!"),
        ("token", "Token", "Token ssh!"),
        ("header", "Authorization", "ssh!"),
    ],
)
def test_the_source_is_asked_with_the_credentials_it_wants(
    slug: str, settings: Settings, exporter: Exporter, kind: str, name: str, header: str
) -> None:
    exporter.mood, exporter.wants = "locked", header
    assert "answers 401" in ask(slug, settings).wrong
    with transaction():
        access.set_login(projects.get(slug), kind, name, "ssh!", KEY)
    assert ask(slug, settings, 20).report.created
    assert "ssh!" not in repr(source(slug).login)


def test_no_secret_reaches_an_error_a_log_or_what_is_shown(
    slug: str, settings: Settings, exporter: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    exporter.mood = "broken"
    with transaction():
        access.set_login(projects.get(slug), "basic", "crew", "s3cret-pass", KEY)
        properties.write(projects.get(slug), {"Fahrplan.XML": f"{exporter.url}/x.xml?token=s3cret-query"})
    with caplog.at_level(logging.DEBUG):
        (outcome,) = look(at(0), settings, [slug])
    shown = f"{outcome} {caplog.text} {source(slug).failure} {access.login_kind(source(slug), KEY)}"
    assert "s3cret" not in shown and "basic crew" in shown


def test_a_secret_is_not_told_another_host_than_it_was_given_for(
    slug: str, settings: Settings, exporter: Exporter
) -> None:
    with transaction():
        access.set_login(projects.get(slug), "token", "", "abc", KEY)
        properties.write(
            projects.get(slug), {"Fahrplan.XML": exporter.url.replace("127.0.0.1", "localhost") + "/s.xml"}
        )
    asked = len(exporter.asked)
    assert "is not told another host" in ask(slug, settings).wrong
    assert len(exporter.asked) == asked


def test_a_secret_needs_a_host(slug: str) -> None:
    with pytest.raises(InvalidInput, match="First say where"), transaction():
        properties.write(projects.get(slug), {"Fahrplan.XML": ""})
        access.set_login(projects.get(slug), "token", "", "abc", KEY)


def test_the_same_file_is_asked_for_once_more_when_something_else_decides_about_it(
    slug: str, settings: Settings, exporter: Exporter
) -> None:
    ask(slug, settings)
    with transaction():
        sources.select_rooms(projects.get(slug), ["elsewhere"])
    report = ask(slug, settings, 10).report
    assert report is not None and len(report.locked) == 7
    assert ask(slug, settings, 20).report is None
    assert "If-None-Match" in exporter.asked[-1] and "If-None-Match" not in exporter.asked[-2]


def test_credentials_of_another_key_are_refused_in_a_sentence(slug: str, settings: Settings) -> None:
    with transaction():
        access.set_login(projects.get(slug), "token", "", "abc", "another key " * 5)
    assert "encrypted with another FAHRWERK_SECRET_KEY" in ask(slug, settings).wrong


@pytest.mark.parametrize(
    ("kind", "name", "secret"),
    [
        ("magic", "", "x"),
        ("basic", "a:b", "x"),
        ("basic", "", "x"),
        ("header", "Host", "x"),
        ("header", "a b", "x"),
        ("token", "", ""),
        ("token", "", "two\r\nlines"),
        ("token", "", "\N{EURO SIGN}"),
    ],
)
def test_credentials_that_no_request_can_carry_are_refused(slug: str, kind: str, name: str, secret: str) -> None:
    with pytest.raises(InvalidInput) as caught, transaction():
        access.set_login(projects.get(slug), kind, name, secret, KEY)
    assert not secret or len(secret) < 2 or secret not in str(caught.value)


@pytest.mark.parametrize(
    "values", [{"every_s": 5}, {"mail_to": ["nobody"]}, {"mail_to": ["a@b\r\nBcc: c@d"]}, {"mail_to": ["a@b, c@d"]}]
)
def test_settings_that_make_no_sense_are_refused(slug: str, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput), transaction():
        watching.configure(projects.get(slug), **values)


# --- telling ---------------------------------------------------------------------------------------------------


@pytest.fixture
def told(slug: str, exporter: Exporter) -> Exporter:
    """The exporter takes the messages, too."""
    with transaction():
        access.set_webhook(projects.get(slug), f"{exporter.url}/hook/s3cret-path", "shared", KEY)
    return exporter


def test_a_change_set_is_told_once_in_words_and_signed(slug: str, settings: Settings, told: Exporter) -> None:
    list(look(at(0), settings, [slug]))
    told.file = schedule(*SEVEN[1:], event(8), event(1, title="Renamed"))
    list(look(at(10), settings, [slug]))
    list(look(at(20), settings, [slug]))
    assert len(told.posted) == 2
    headers, body = told.posted[1]
    assert body["applied"] == [
        "1 'Talk 1': title 'Talk 1' -> 'Renamed'",
        "8 'Talk 8': new, Fri 27 Dec 18:00 in Saal 1",
    ]
    assert body["subject"] == f"[{slug}] Fahrplan: 1 new, 1 changed"
    assert headers["X-Fahrwerk-Delivery"] == body["delivery"] != told.posted[0][1]["delivery"]
    signature = hmac.new(b"shared", told.raw[1], hashlib.sha256).hexdigest()
    assert headers["X-Fahrwerk-Signature"] == f"sha256={signature}"


def test_the_link_goes_to_the_review(slug: str, settings: Settings, told: Exporter) -> None:
    ask(slug, settings)
    deliver(at(0), Settings(**{**vars(settings), "public_url": "https://t.example"}))
    assert told.posted[0][1]["link"] == f"https://t.example/{slug}/fahrplan"


def test_a_message_that_is_not_taken_is_sent_again_later_under_the_same_key(
    slug: str, settings: Settings, told: Exporter
) -> None:
    told.taking = False
    list(look(at(0), settings, [slug]))
    (message,) = queries.unsent_messages(projects.get(slug).id)
    assert "answers 500" in message.error and "s3cret" not in message.error
    deliver(at(0.5), settings)
    told.taking = True
    deliver(at(2), settings)
    keys = [body["delivery"] for _, body in told.posted]
    assert (len(keys), len(set(keys))) == (2, 1)
    assert queries.unsent_messages(projects.get(slug).id) == []


def test_a_message_that_nobody_takes_for_days_is_given_up(slug: str, settings: Settings, told: Exporter) -> None:
    told.taking = False
    ask(slug, settings)
    (message,) = queries.unsent_messages(projects.get(slug).id)
    tries, first = 0, message.next_try
    moment = first
    while message.given_up is None:
        deliver(moment, settings)
        (message,) = queries.unsent_messages(projects.get(slug).id)
        tries, moment = tries + 1, message.next_try
    assert tries == 20
    assert deliver(moment + timedelta(days=9), settings) == []
    assert timedelta(days=2) < moment - first < timedelta(days=4)


def test_without_a_channel_nothing_is_queued(slug: str, settings: Settings) -> None:
    ask(slug, settings)
    assert queries.unsent_messages(projects.get(slug).id) == []


def test_an_outage_is_told_when_it_begins_and_when_it_ends(slug: str, settings: Settings, told: Exporter) -> None:
    list(look(at(0), settings, [slug]))
    for minutes, events in ((10, SEVEN[:3]), (20, SEVEN[:3]), (30, SEVEN), (40, SEVEN)):
        told.file = schedule(*events)
        list(look(at(minutes), settings, [slug]))
    subjects = [body["subject"].partition("] ")[2] for _, body in told.posted]
    assert subjects[1:] == [
        "Fahrplan: many talks are missing, nothing was changed",
        "Fahrplan: complete again",
    ]
    assert known(slug) == 7
