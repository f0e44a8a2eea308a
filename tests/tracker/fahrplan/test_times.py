"""Clocks, dates and durations: what schedules print, and what nobody should have printed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tracker.fahrplan.samples import BERLIN
from tracker.fahrplan.times import (
    LAST_YEAR,
    MAX_DURATION,
    Day,
    find_start,
    print_duration,
    read_clock,
    read_duration,
    read_stamp,
)

DAY = Day(date(2024, 12, 27), time(4))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, BERLIN]))
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"]).map(ZoneInfo)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:45", 45),
        ("4:30", 270),
        ("25:00", 1500),
        ("55:23", 3323),
        ("100:00", 6000),
        ("90", 90),
        ("00:00", 0),
        ("0:00", 0),
        (":", 0),
        ("", 0),
        ("01:30:00", 90),
        ("0:45:00", 45),
        ("1:30:00", 90),
        ("1:02:30", 24 * 60 + 150),
    ],
)
def test_durations_of_every_producer_are_read(text: str, minutes: int) -> None:
    assert read_duration(text)[0] == timedelta(minutes=minutes)


def test_three_fields_are_seconds_where_the_whole_file_writes_them() -> None:
    assert read_duration("1:00:00", seconds=True)[0] == timedelta(hours=1)
    assert read_duration("1:00:00", seconds=False)[0] == timedelta(days=1)
    assert read_duration("1:00:00", seconds=True)[1] and read_duration("1:00:00")[1]
    assert read_duration("01:00:00")[1] == ""


@pytest.mark.parametrize(
    "text",
    [
        "-1:00",
        "PT1H30M",
        "1:5",
        "01:60",
        "1 hour",
        "\u0660\u0661:\u0660\u0660",
        "\uff10\uff11:00",
        "1_0:00",
        "99999999999999999999:00",
        "9999:00",
    ],
)
def test_what_is_no_duration_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="the duration"):
        read_duration(text)


@settings(deadline=None)
@given(st.timedeltas(timedelta(0), MAX_DURATION).map(lambda length: timedelta(seconds=length // timedelta(seconds=1))))
def test_a_printed_duration_reads_as_itself(length: timedelta) -> None:
    assert read_duration(print_duration(length)) == (length, "")


@settings(deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"[0-9]{0,5}:?[0-9]{0,3}:?[0-9]{0,3}", fullmatch=True), st.booleans())
@example("1:99:99", False)
def test_any_duration_is_read_or_refused_with_a_sentence(text: str, seconds: bool) -> None:
    try:
        length, doubt = read_duration(text, seconds=seconds)
    except ValueError as error:
        assert str(error).startswith("the duration ")
    else:
        assert timedelta(0) <= length <= MAX_DURATION
        assert doubt == "" or "is taken as" in doubt


@pytest.mark.parametrize("text", ["9:05", "09:05", "09:05:00", "09:05:00.5"])
def test_clocks_are_read(text: str) -> None:
    assert read_clock(text) == time(9, 5)


def test_seconds_of_a_date_are_kept_and_contradict_no_start() -> None:
    start, doubts = find_start("2024-12-27T22:00:40+01:00", "22:00", DAY, BERLIN)
    assert (start.isoformat(), doubts) == ("2024-12-27T22:00:40+01:00", ())
    assert find_start("2024-12-27T22:00:40Z", "22:00", DAY, BERLIN)[0] == start


def test_seconds_of_a_duration_are_kept() -> None:
    assert print_duration(read_duration("00:00:24")[0]) == "00:00:24"
    assert print_duration(read_duration("1:30:05")[0]) == "01:30:05"


@pytest.mark.parametrize("text", ["24:00", "25:61", "9", "9:5", "9:05:60", "\uff11\uff11:00", "", "11.00"])
def test_what_is_no_clock_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time of day"):
        read_clock(text)


@pytest.mark.parametrize(
    "text",
    ["2024-12-27T11:00:00+01:00", "2024-12-27T11:00:00+0100", "2024-12-27 11:00+01", "2024-12-27T10:00:00Z"],
)
def test_offsets_are_read_in_every_spelling(text: str) -> None:
    start, doubts = find_start(text, "", Day(), BERLIN)
    assert (start.isoformat(), doubts) == ("2024-12-27T11:00:00+01:00", ())


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30T10:00:00+01:00",
        "2024-12-27T25:61:00+01:00",
        "27.12.2024 11:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:00-12:00",
        "2024-12-27T11:00:00+99:00",
        "2024-12-27T\uff11\uff11:00:00+01:00",
        "tomorrow",
    ],
)
def test_an_impossible_date_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        find_start(text, "11:00", DAY, BERLIN)


@pytest.mark.parametrize("text", ["2024-12-27T11:00:00", "2024-12-27 11:00", "2024-12-27"])
def test_a_date_without_offset_is_local(text: str) -> None:
    start, doubts = find_start(text, "11:00", Day(), BERLIN)
    assert (start.isoformat(), doubts) == ("2024-12-27T11:00:00+01:00", ())


def test_a_date_in_true_utc_with_a_local_start_is_believed() -> None:
    start, doubts = find_start("2024-12-27T10:00:00+00:00", "11:00", DAY, BERLIN)
    assert (start.isoformat(), doubts) == ("2024-12-27T11:00:00+01:00", ())


def test_a_local_clock_under_a_wrong_offset_is_believed_and_flagged() -> None:
    start, doubts = find_start("2024-12-27T11:00:00+00:00", "11:00", DAY, BERLIN)
    assert start.isoformat() == "2024-12-27T11:00:00+01:00"
    assert doubts == ("the offset of its date is not that of Europe/Berlin; its start 11:00 is used",)


def test_where_date_and_start_contradict_the_date_is_used_and_flagged() -> None:
    start, doubts = find_start("2024-12-27T11:00:00+01:00", "14:00", DAY, BERLIN)
    assert start.isoformat() == "2024-12-27T11:00:00+01:00"
    assert doubts == ("its date says 11:00, its start 14:00; the date is used",)


def test_an_unreadable_start_beside_a_date_is_only_flagged() -> None:
    start, doubts = find_start("2024-12-27T11:00:00+01:00", "noon", DAY, BERLIN)
    assert start.hour == 11
    assert doubts == ("its start 'noon' is no time of day; the date is used",)


@pytest.mark.parametrize(("start", "day"), [("11:00", 27), ("23:59", 27), ("04:00", 27), ("03:59", 28), ("0:15", 28)])
def test_without_a_date_the_day_change_decides(start: str, day: int) -> None:
    found, doubts = find_start("", start, DAY, BERLIN)
    assert (found.day, doubts) == (day, ())


def test_without_a_day_change_an_early_start_is_the_next_night_and_flagged() -> None:
    found, doubts = find_start("", "01:30", Day(date(2024, 12, 27)), BERLIN)
    assert found.isoformat() == "2024-12-28T01:30:00+01:00"
    assert doubts == ("it has no date; 01:30 is taken as the night after 2024-12-27",)


@pytest.mark.parametrize(
    ("stamp", "start", "day", "reason"),
    [
        ("", "", DAY, "neither a date nor a start"),
        ("", "11:00", Day(), "no day that has one"),
        ("2024-12-27", "", DAY, "no time"),
        ("", "noon", DAY, "no time of day"),
    ],
)
def test_a_talk_that_is_nowhere_in_time_is_told(stamp: str, start: str, day: Day, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        find_start(stamp, start, day, BERLIN)


def test_a_clock_that_summer_time_leaves_out_moves_on() -> None:
    start, doubts = find_start("2024-03-31T02:30:00+01:00", "02:30", DAY, BERLIN)
    assert start.isoformat() == "2024-03-31T03:30:00+02:00"
    assert doubts[-1] == "2024-03-31 02:30 does not exist in Europe/Berlin; taken as 03:30"


def test_a_doubled_clock_is_settled_by_its_offset() -> None:
    for offset in ("+02:00", "+01:00"):
        start, doubts = find_start(f"2024-10-27T02:30:00{offset}", "02:30", DAY, BERLIN)
        assert (start.isoformat(), doubts) == (f"2024-10-27T02:30:00{offset}", ())
    assert "happens twice" in find_start("2024-10-27T02:30:00", "02:30", DAY, BERLIN)[1][0]


@settings(deadline=None)
@given(MOMENTS.map(lambda moment: moment.replace(second=0, microsecond=0, fold=0)), ZONES)
def test_an_instant_with_an_offset_is_that_instant_in_any_zone(moment: datetime, zone: ZoneInfo) -> None:
    there = moment.astimezone(UTC).astimezone(zone)
    start, doubts = find_start(moment.isoformat(), f"{there:%H:%M}", DAY, zone)
    assert (start, start.tzinfo, doubts) == (there, zone, ())


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=10))
def test_any_date_and_start_are_read_or_refused_with_a_sentence(stamp: str, start: str) -> None:
    try:
        found, _ = find_start(stamp, start, DAY, BERLIN)
    except ValueError as error:
        assert len(str(error)) > 10
    else:
        assert found.year <= LAST_YEAR + 1


def test_a_stamp_keeps_what_it_says() -> None:
    stamp = read_stamp("2024-12-27T11:00:00-05:30")
    assert (stamp.day, stamp.clock) == (date(2024, 12, 27), time(11))
    assert stamp.offset is not None and stamp.offset.utcoffset(None) == -timedelta(hours=5, minutes=30)
