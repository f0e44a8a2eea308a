"""Whatever a file holds: it is read with every event accounted for, or refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.fahrplan import samples
from tests.tracker.fahrplan.samples import BERLIN, event, schedule
from tracker.errors import FahrplanError
from tracker.fahrplan import Schedule, parse

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["2024-12-27T10:00:00+01:00", "10:00", "00:30", "25:00", "true", "none", "Saal 1", "saal-1", "\x00"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["name", "guid", "en", "slug", ""]), inner)
    ),
    max_leaves=6,
)
NAMES = (
    *("id", "guid", "title", "date", "start", "end", "duration", "room", "persons", "participants", "speaker", "track"),
    *("recording", "do_not_record", "may_record", "video_privacy", "start_date", "end_date", "venue", "abstract"),
)
EVENTS = st.one_of(VALUES, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
ROOMS = st.dictionaries(st.text(max_size=5), st.one_of(VALUES, st.lists(EVENTS, max_size=3)), max_size=3)
DAYS = st.fixed_dictionaries({"rooms": ROOMS}, optional={"date": VALUES, "index": VALUES, "day_end": VALUES})


def read(data: bytes) -> Schedule | None:
    """Parse; assert that a refusal is one sentence."""
    try:
        return parse(data, BERLIN)
    except FahrplanError as error:
        text = str(error)
        assert "\n" not in text and len(text) < 400 and text.endswith(".")
        return None


def is_sound(found: Schedule) -> bool:
    """Tell whether nothing in a schedule could do harm further on."""
    texts = [text for talk in found.talks for text in (talk.title, talk.room, talk.abstract, talk.guid, *talk.persons)]
    texts += [skipped.reason + skipped.where for skipped in found.skipped]
    for text in texts:
        text.encode("utf-8")
    return not any("\x00" in text for text in texts) and all(talk.title for talk in found.talks)


def members(rooms: dict[str, Any]) -> int:
    return sum(len(events) if isinstance(events, list) else 1 for events in rooms.values())


@settings(max_examples=150, deadline=None)
@given(st.lists(DAYS, max_size=2), st.lists(EVENTS, max_size=3), VALUES, VALUES)
def test_every_event_of_any_json_is_a_talk_or_reported(
    days: list[dict[str, Any]], events: list[Any], rooms: Any, tracks: Any
) -> None:
    body = {"conference": {"days": days, "rooms": rooms, "tracks": tracks, "time_zone_name": tracks}, "events": events}
    found = read(json.dumps({"schedule": body}).encode())
    assert found is not None and is_sound(found)
    assert found.events == sum(members(day["rooms"]) for day in days) + len(events)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=4), st.lists(VALUES, max_size=3))
def test_every_occurrence_of_any_list_of_talks_is_accounted_for(events: list[Any], occurrences: list[Any]) -> None:
    found = read(json.dumps([{"title": "x", "occurrences": occurrences}, *events]).encode())
    assert found is not None and is_sound(found)
    assert found.events == max(len(occurrences), 1) + len(events)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    read(json.dumps(value).encode())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([samples.PENTABARF, samples.FRAB, samples.PRETALX, samples.WAFER, samples.HUB, samples.EMF]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=8)), min_size=1, max_size=4),
)
def test_a_damaged_file_is_read_or_refused(xml: bytes, damage: list[tuple[float, int, bytes]]) -> None:
    for where, length, instead in damage:
        at = int(where * len(xml))
        xml = xml[:at] + instead + xml[at + length :]
    found = read(xml)
    assert found is None or is_sound(found)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(("id", "guid", "title", "date", "start", "duration", "room")),
            st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=30),
        ),
        max_size=5,
    )
)
def test_every_event_of_any_xml_is_a_talk_or_reported(fields: list[dict[str, str]]) -> None:
    found = read(schedule(*(event(number, **each) for number, each in enumerate(fields))))
    assert found is not None and is_sound(found)
    assert found.events == len(fields)
