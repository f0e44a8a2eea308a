"""Whether a version says anything new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tracker.fahrplan.samples import BERLIN, event, optout, schedule
from tracker.fahrplan import Schedule, fingerprint, parse
from tracker.fahrplan.policy import Policy
from tracker.fahrplan.schedule import KnownRoom

EVENTS = [event(1), event(2, title=""), event(3)]


def of(*events: str) -> str:
    return fingerprint.of_content(parsed(*events), Policy())


def parsed(*events: str) -> Schedule:
    return parse(schedule(*events), BERLIN)


def test_order_version_and_clock_style_say_nothing_new() -> None:
    other = schedule(*EVENTS[::-1]).replace(b"<version>1<", b"<version>printed at noon<")
    in_utc = [event(1, date="2024-12-27T10:00:00Z"), *EVENTS[1:]]
    assert of(*EVENTS) == fingerprint.of_content(parse(other, BERLIN), Policy()) == of(*in_utc)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Else"},
        {"duration": "00:31"},
        {"room": "Saal 2"},
        {"extra": "<abstract>x</abstract>"},
        {"extra": "<persons><person>Ada</person></persons>"},
        {"extra": optout("true")},
        {"extra": optout("perhaps")},
        {"guid": "another"},
        {"id": "77"},
        {"extra": "<video_download_url>https://x.example</video_download_url>"},
    ],
    ids=str,
)
def test_every_field_counts(fields: dict[str, str]) -> None:
    assert of(event(1, **fields), *EVENTS[1:]) != of(*EVENTS)


def test_what_cannot_be_used_counts_too() -> None:
    assert of(*EVENTS[:2]) != of(*EVENTS) != of(EVENTS[0], EVENTS[2])


def test_what_decides_about_talks_counts() -> None:
    found, policy = parsed(*EVENTS), Policy()
    others = [replace(policy, hold="x"), replace(policy, loss_count=9), replace(policy, rooms=frozenset(("saal1",)))]
    others.append(replace(policy, rules={**policy.rules, "new": ("ask", "ask")}))
    prints = {fingerprint.of_content(found, each) for each in (policy, *others)}
    files = {fingerprint.of_surroundings([], "UTC", each) for each in (policy, *others)}
    assert (len(prints), len(files)) == (5, 5)


def test_a_file_is_the_same_only_among_the_same_rooms_and_in_the_same_zone() -> None:
    one, two = KnownRoom("a", "A"), KnownRoom("b", "B")
    prints = {
        fingerprint.of_file(file, fingerprint.of_surroundings(rooms, zone, Policy()))
        for file in (b"x", b"y")
        for rooms in ([], [one], [one, two])
        for zone in ("UTC", "Europe/Berlin")
    }
    assert len(prints) == 12
    either_way = [fingerprint.of_surroundings(rooms, "UTC", Policy()) for rooms in ([one, two], [two, one])]
    assert either_way[0] == either_way[1]
