from datetime import datetime, timedelta

import pytest

from scripts.schedule import NoPlan, plan_of, stamp

TALK = {
    "Project.TimeZone": "Europe/Berlin",
    "Fahrplan.DateTime": "2027-12-27T11:30:00+01:00",
    "Fahrplan.Date": "1999-01-01",
    "Fahrplan.Start": "00:00",
    "Fahrplan.Duration": "00:45",
}


def test_the_exact_time_counts() -> None:
    plan = plan_of(TALK)
    assert plan.begins == datetime.fromisoformat("2027-12-27T11:30:00+01:00")
    assert plan.ends - plan.begins == timedelta(minutes=45)


def test_paddings_have_defaults_and_are_taken_from_the_ticket() -> None:
    plan = plan_of(TALK)
    assert (plan.begins - plan.start, plan.stop - plan.ends) == (timedelta(minutes=5), timedelta(minutes=15))
    plan = plan_of(TALK | {"Record.StartPadding": "5", "Record.EndPadding": "7.5"})
    assert (plan.begins - plan.start, plan.stop - plan.ends) == (timedelta(seconds=5), timedelta(seconds=7.5))


def test_without_it_date_and_start_are_local() -> None:
    plan = plan_of(TALK | {"Fahrplan.DateTime": "", "Fahrplan.Date": "2027-07-01", "Fahrplan.Start": "00:15"})
    assert plan.begins == datetime.fromisoformat("2027-06-30T22:15:00+00:00")
    assert stamp(plan.start, plan.zone) == "2027-07-01-00-10-00"


def test_a_time_without_offset_is_local() -> None:
    assert plan_of(TALK | {"Fahrplan.DateTime": "2027-12-27T11:30:00"}).begins.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [("25:00", timedelta(hours=25)), ("0:30", timedelta(minutes=30)), ("00:00:20", timedelta(seconds=20))],
)
def test_durations(text: str, length: timedelta) -> None:
    plan = plan_of(TALK | {"Fahrplan.Duration": text})
    assert plan.ends - plan.begins == length


def test_a_talk_over_the_change_of_clocks_keeps_its_length() -> None:
    plan = plan_of(TALK | {"Fahrplan.DateTime": "2027-10-31T01:30:00+02:00", "Fahrplan.Duration": "02:00"})
    assert stamp(plan.ends, plan.zone) == "2027-10-31-02-30-00"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Project.TimeZone", ""),
        ("Project.TimeZone", "../../etc/passwd"),
        ("Project.TimeZone", "Mars/Olympus"),
        ("Fahrplan.DateTime", "yesterday"),
        ("Fahrplan.Duration", ""),
        ("Fahrplan.Duration", "00:00"),
        ("Fahrplan.Duration", "00:75"),
        ("Record.StartPadding", "-5"),
        ("Record.EndPadding", "1e9"),
        ("Record.EndPadding", "nan"),
    ],
)
def test_what_is_garbled_is_named(name: str, value: str) -> None:
    with pytest.raises(NoPlan, match=name):
        plan_of(TALK | {name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("Fahrplan.Date", "27.12.2027"), ("Fahrplan.Start", "noon"), ("Fahrplan.Start", "25:00")]
)
def test_a_garbled_local_time_is_named(name: str, value: str) -> None:
    local = TALK | {"Fahrplan.DateTime": ""}
    with pytest.raises(NoPlan, match=f"{name} is '{value}'"):
        plan_of(local | {name: value})
