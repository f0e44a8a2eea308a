"""Schedules as JSON: each producer's shape becomes the same talks as its XML; nothing is lost or trusted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tracker.fahrplan.samples import BERLIN
from tracker.errors import FahrplanError
from tracker.fahrplan import Schedule, Talk, json_reader, parse, raw

LONDON = ZoneInfo("Europe/London")
FRAB = {
    "id": 7550,
    "guid": "9d6b6f43-4d63-4b3f-9a0e-000000000001",
    "date": "2024-12-28T00:30:00+01:00",
    "start": "00:30",
    "duration": "01:00",
    "room": "Großer Saal",
    "slug": "fc24-7550-night_talk",
    "url": "https://fahrplan.example/7550",
    "title": "Night talk",
    "subtitle": None,
    "track": "Art & Play",
    "type": "lecture",
    "language": "de",
    "abstract": "<p>Hi</p>",
    "description": "",
    "recording_license": "CC BY 4.0",
    "do_not_record": True,
    "persons": [{"id": 1, "public_name": "Zoë 🚀"}, {"id": 2, "full_public_name": "Bo"}],
    "links": [{"url": "https://example.org", "title": "x"}],
}
HUB = {
    "type": "TALK",
    "guid": "270fa44c-0000-577f-8ca3-000000000001",
    "code": "HQCCYH",
    "start": "2024-12-27T23:30:00+00:00",
    "end": "2024-12-28T00:15:00+00:00",
    "room": {"name": "Saal 1", "slug": "saal-1", "guid": "ba692ba3-0000-5371-8309-000000000001"},
    "slug": "hub-opening",
    "title": "Opening",
    "subtitle": None,
    "track": {"slug": "ccc"},
    "language": "en",
    "abstract": {"de": "Hallo", "en": "Hello"},
    "participants": [{"guid": "p1", "name": "Ada", "role": "SPEAKER"}, {"name": "Bo", "role": "CONTRIBUTOR"}],
}
EMF = {
    "id": 309,
    "source": "database",
    "start_date": "2018-09-02 19:20:00",
    "start_time": "19:20",
    "end_date": "2018-09-02 20:00:00",
    "end_time": "20:00",
    "slug": "zombies",
    "venue": "Stage A",
    "title": "Zombies",
    "speaker": "Dr. Tyr, and a friend",
    "description": "Deep.",
    "type": "talk",
    "may_record": True,
    "link": "https://camp.example/309",
    "latlon": [52.03, -2.37],
}


def print_frab(*events: Any, room: str = "Saal 1", day: dict[str, Any] | None = None, **conference: Any) -> bytes:
    days = [{"index": 1, "date": "2024-12-27", "day_end": "2024-12-28T04:00:00+01:00", "rooms": {room: list(events)}}]
    body = {"version": "1.3", "conference": {"title": "Conf", "days": [{**days[0], **(day or {})}], **conference}}
    return json.dumps({"schedule": body}).encode()


def print_hub(*events: Any, **conference: Any) -> bytes:
    tracks = [{"slug": "ccc", "name": "The CCC"}]
    body = {"version": "9", "conference": {"time_zone_name": "Europe/Berlin", "tracks": tracks, **conference}}
    return json.dumps({"schedule": {**body, "events": list(events)}}).encode()


def only(found: Schedule) -> Talk:
    assert found.skipped == ()
    (talk,) = found.talks
    return talk


def refusal(data: bytes) -> str:
    with pytest.raises(FahrplanError) as caught:
        parse(data, BERLIN)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 300 and text.endswith(".")
    return text


def reasons(found: Schedule) -> list[str]:
    return [event.reason for event in found.skipped]


# --- the shapes ------------------------------------------------------------------------------------------------


def test_a_frab_event_gives_every_property() -> None:
    found = parse(print_frab(FRAB, room="Großer Saal"), BERLIN)
    talk = only(found)
    assert found.version == "1.3"
    assert talk.properties == {
        "Fahrplan.GUID": "9d6b6f43-4d63-4b3f-9a0e-000000000001",
        "Fahrplan.Date": "2024-12-28",
        "Fahrplan.Start": "00:30",
        "Fahrplan.DateTime": "2024-12-28T00:30:00+01:00",
        "Fahrplan.Day": "1",
        "Fahrplan.Duration": "01:00",
        "Fahrplan.Room": "Großer Saal",
        "Fahrplan.Slug": "fc24-7550-night_talk",
        "Fahrplan.Title": "Night talk",
        "Fahrplan.Track": "Art & Play",
        "Fahrplan.Type": "lecture",
        "Fahrplan.Language": "de",
        "Fahrplan.Abstract": "<p>Hi</p>",
        "Fahrplan.Person_list": "Zoë 🚀, Bo",
        "Fahrplan.URL": "https://fahrplan.example/7550",
        "Fahrplan.Recording.License": "CC BY 4.0",
        "Fahrplan.Recording.Optout": "1",
    }
    assert (talk.source_id, talk.unclear, talk.doubts) == ("7550", "", ())


def test_pretalx_lists_its_rooms_with_guids_and_its_slots_under_one_id() -> None:
    slots = [{**FRAB, "guid": f"g{n}", "start": f"1{n}:00", "date": f"2024-12-27T1{n}:00:00+01:00"} for n in range(2)]
    rooms = [{"name": "Großer Saal", "guid": "r1"}, {"name": "Foyer", "guid": None}]
    found = parse(print_frab(*slots, room="Großer Saal", rooms=rooms), BERLIN)
    assert [(talk.source_id, talk.guid, talk.room_guid) for talk in found.talks] == [
        ("7550", "g0", "r1"),
        ("7550", "g1", "r1"),
    ]


def test_a_guid_that_several_rooms_share_names_none_of_them() -> None:
    rooms = [{"name": "Saal 1", "guid": "r"}, {"name": "Saal 2", "guid": "r"}]
    talk = only(parse(print_frab({**FRAB, "room": "Saal 1"}, rooms=rooms), BERLIN))
    assert talk.room_guid == ""


def test_the_hub_gives_moments_an_end_a_room_with_a_guid_and_texts_in_languages() -> None:
    found = parse(print_hub(HUB), BERLIN)
    talk = only(found)
    assert talk.start.isoformat() == "2024-12-28T00:30:00+01:00"
    assert talk.duration == timedelta(minutes=45)
    assert (talk.room, talk.room_guid) == ("Saal 1", "ba692ba3-0000-5371-8309-000000000001")
    assert (talk.track, talk.abstract, talk.code, talk.persons) == ("The CCC", "Hello", "HQCCYH", ("Ada", "Bo"))
    assert (talk.optout, talk.unclear, talk.doubts, found.notes) == (None, "", (), ())


def test_the_hub_may_name_a_room_by_its_guid_alone() -> None:
    talk = only(parse(print_hub({**HUB, "room": {"guid": "r9"}}, rooms=[{"name": "Saal 9", "guid": "r9"}]), BERLIN))
    assert (talk.room, talk.room_guid) == ("Saal 9", "r9")


def test_emf_lists_talks_with_venue_local_times_and_an_end() -> None:
    talk = only(parse(json.dumps([EMF]).encode(), LONDON))
    assert talk.start.isoformat() == "2018-09-02T19:20:00+01:00"
    assert (talk.duration, talk.room, talk.source_id) == (timedelta(minutes=40), "Stage A", "309")
    assert (talk.persons, talk.url) == (("Dr. Tyr, and a friend",), "https://camp.example/309")
    assert (talk.optout, talk.unclear, talk.doubts) == (False, "", ())


@pytest.mark.parametrize(("said", "optout"), [(True, False), (False, True), (None, None)])
def test_emf_says_whether_a_talk_may_be_recorded(said: bool | None, optout: bool | None) -> None:
    assert only(parse(json.dumps([{**EMF, "may_record": said}]).encode(), LONDON)).optout is optout


def test_emf_since_2026_gives_each_occurrence_of_a_talk() -> None:
    when = [
        {"start_date": f"2026-07-1{n} 10:00:00", "end_date": f"2026-07-1{n} 10:30:00", "venue": f"Stage {n}"}
        | {"video_privacy": privacy}
        for n, privacy in enumerate(("public", "review", "none"))
    ]
    found = parse(json.dumps([{"id": 5, "title": "Thrice", "names": "Eve", "occurrences": when}]).encode(), LONDON)
    assert [(talk.source_id, talk.room, talk.optout) for talk in found.talks] == [
        ("5", "Stage 0", False),
        ("5", "Stage 1", False),
        ("5", "Stage 2", True),
    ]
    assert found.talks[1].doubts == ("its speakers want to see the recording before it is released",)


def test_emf_before_2014_gives_no_end_so_the_talk_waits_for_clarification() -> None:
    first = {"id": 1, "title": "Opening", "venue": "Stage", "start_date": "2012-08-31T15:30:00", "start_time": "15:30"}
    talk = only(parse(json.dumps([first]).encode(), LONDON))
    assert (talk.start.isoformat(), talk.unclear) == ("2012-08-31T15:30:00+01:00", "it has no duration")


def test_a_talk_without_a_date_stands_in_its_day_as_in_xml() -> None:
    late = {"id": 1, "title": "Late", "start": "02:00", "duration": "00:30"}
    talk = only(parse(print_frab(late), BERLIN))
    assert (talk.start.isoformat(), talk.room) == ("2024-12-28T02:00:00+01:00", "Saal 1")


def test_rooms_may_be_a_list_and_events_may_stand_in_the_day() -> None:
    rooms = [{"name": "Saal 1", "events": [{**FRAB, "room": "Saal 1"}]}, {"name": "Leer"}]
    data = print_frab(day={"rooms": rooms[:1], "events": [{**FRAB, "guid": "other", "id": 2}]})
    found = parse(data, BERLIN)
    assert [talk.room for talk in found.talks] == ["Großer Saal", "Saal 1"]
    assert found.talks[0].doubts == ("it stands outside of a room",)


def test_the_same_schedule_as_xml_and_as_json_gives_the_same_talk() -> None:
    xml = (
        "<schedule><day index='1' date='2024-12-27'><room name='Saal 1'>"
        "<event id='4' guid='g4'><date>2024-12-27T11:00:00+01:00</date><start>11:00</start><duration>0:45</duration>"
        "<title>Twin</title><slug>twin</slug><language>en</language><persons><person>Ada</person></persons>"
        "<recording><license>CC0</license><optout>false</optout></recording></event></room></day></schedule>"
    )
    twin = {"id": 4, "guid": "g4", "date": "2024-12-27T11:00:00+01:00", "start": "11:00", "duration": "0:45"}
    more = {"title": "Twin", "slug": "twin", "language": "en", "persons": ["Ada"]}
    recording = {"recording_license": "CC0", "do_not_record": False}
    assert parse(print_frab({**twin, **more, **recording}), BERLIN).talks == parse(xml.encode(), BERLIN).talks


# --- what is odd in it -----------------------------------------------------------------------------------------


def test_what_cannot_be_used_is_reported_event_by_event() -> None:
    found = parse(print_frab(FRAB, None, "talk", 5, [], {}, {**FRAB, "id": 1, "date": "tomorrow"}), BERLIN)
    assert (len(found.talks), found.events) == (1, 7)
    assert reasons(found) == ["It is no object with the fields of an event."] * 4 + [
        "It has no title.",
        "The date 'tomorrow' cannot be read.",
    ]


@pytest.mark.parametrize("day", [None, "2024-12-27", []])
def test_a_day_that_is_none_counts_as_one_event_that_cannot_be_used(day: object) -> None:
    found = parse(json.dumps({"schedule": {"conference": {"days": [day]}}}).encode(), BERLIN)
    assert reasons(found) == ["It is no object with the fields of an event."]


def test_a_room_that_holds_no_list_counts_as_one_event_that_cannot_be_used() -> None:
    found = parse(print_frab(day={"rooms": {"Saal 1": {"0": FRAB}, "Saal 2": [{**FRAB, "room": "Saal 2"}]}}), BERLIN)
    assert (len(found.talks), len(found.skipped)) == (1, 1)


def test_a_room_that_stands_twice_loses_no_event() -> None:
    one, two = (json.dumps({**FRAB, "guid": name, "id": name, "room": "A"}) for name in ("x", "y"))
    text = f'{{"schedule": {{"conference": {{"days": "1", "days": [{{"rooms": {{"A": [{one}], "A": [{two}]}}}}]}}}}}}'
    assert [talk.guid for talk in parse(text.encode(), BERLIN).talks] == ["x", "y"]


def test_of_a_field_that_stands_twice_the_first_with_a_text_counts_and_it_is_told() -> None:
    event = json.dumps(FRAB)[:-1] + ', "title": "", "title": "Other"}'
    data = b'{"schedule": {"conference": {"days": [{"rooms": {"A": [' + event.encode() + b"]}}]}}}"
    talk = only(parse(data, BERLIN))
    assert talk.title == "Night talk"
    assert "it says title twice; the first that says something is used" in talk.doubts


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 5000, "1.5", "-3"])
def test_numbers_that_are_none_are_texts_and_harm_nobody(number: str) -> None:
    event = json.dumps({**FRAB, "id": "@"}).replace('"@"', number)
    data = b'{"schedule": {"conference": {"days": [{"rooms": {"A": [' + event.encode() + b"]}}]}}}"
    assert only(parse(data, BERLIN)).source_id == number[:200]


def test_a_start_that_is_not_a_number_is_told_and_the_date_used() -> None:
    data = print_frab({**FRAB, "start": "@"}).replace(b'"@"', b"NaN")
    assert only(parse(data, BERLIN)).doubts[-1] == "its start 'NaN' is no time of day; the date is used"


def test_line_breaks_and_control_characters_inside_of_texts_are_let_through_and_cleaned() -> None:
    data = print_frab({**FRAB, "description": "@@", "title": "A\x00B\ud800C"}).replace(b"@@", b"a\r\nb\x07\x1bc")
    talk = only(parse(data, BERLIN))
    assert (talk.title, talk.description) == ("ABC", "a\nbc")


def test_values_of_a_wrong_kind_are_no_text() -> None:
    odd = {**FRAB, "title": 1984, "track": [], "slug": {"a": {"b": "c"}}, "abstract": True, "persons": {"name": "Ada"}}
    talk = only(parse(print_frab(odd), BERLIN))
    assert (talk.title, talk.track, talk.slug, talk.abstract) == ("1984", "", "1984", "true")
    assert talk.persons == ("Ada",)


# --- what is refused as a whole --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{}", "neither schedule.conference.days nor schedule.events"),
        (b'{"error": "not found"}', "neither schedule.conference.days"),
        (b'{"schedule": {}}', "neither schedule.conference.days"),
        (b'{"schedule": {"conference": {"days": "3"}}}', "neither schedule.conference.days"),
        (b"[]", "none of its items has a title"),
        (b'[1, "x", {"file": "a.xml"}]', "none of its items has a title"),
        (b'{"schedule": ', "well-formed JSON"),
        (b'{"schedule": {"conference": {"days": [}}}', "line 1, column 39"),
        (b'{"schedule": {}} trailing', "Extra data"),
        (b"{'schedule': {}}", "well-formed JSON"),
        (b'{"schedule": "\xff"}', "no UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "far deeper"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "far deeper"),
    ],
)
def test_what_is_no_fahrplan_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    assert says in refusal(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused_as_a_whole(share: float) -> None:
    data = print_frab(*({**FRAB, "id": n} for n in range(20)))
    assert "well-formed" in refusal(data[: int(len(data) * share)])


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "MAX_EVENTS", 3)
    assert "more than 3 events" in refusal(print_frab(*[FRAB] * 4))
    monkeypatch.setattr(json_reader, "MAX_BYTES", 1000)
    assert "at most 1000 are read as JSON" in refusal(print_frab(FRAB, {"title": "x" * 1000}))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_json_is_read_in_every_unicode_encoding(encoding: str) -> None:
    assert only(parse(print_frab(FRAB).decode().encode(encoding), BERLIN)).title == "Night talk"


def test_the_format_is_told_by_the_content_after_any_blanks() -> None:
    assert only(parse(b"\xef\xbb\xbf\r\n \t" + print_frab(FRAB), BERLIN)).title == "Night talk"
