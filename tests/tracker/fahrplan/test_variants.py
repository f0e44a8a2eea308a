"""Every producer prints its own Fahrplan; each becomes the same kind of talk."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.tracker.fahrplan import samples
from tests.tracker.fahrplan.samples import BERLIN, event, schedule
from tracker.fahrplan import Talk, parse


def talks(xml: bytes, zone: ZoneInfo = BERLIN) -> tuple[Talk, ...]:
    found = parse(xml, zone)
    assert found.skipped == ()
    return found.talks


def test_a_frab_event_gives_every_property() -> None:
    (talk,) = talks(samples.FRAB)
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
        "Fahrplan.Person_list": "Zoë 🚀",
        "Fahrplan.URL": "https://fahrplan.example/7550",
        "Fahrplan.VideoDownloadURL": "https://media.example/7550.mp4",
        "Fahrplan.Recording.License": "CC BY 4.0",
        "Fahrplan.Recording.Optout": "1",
    }
    assert (talk.source_id, talk.room_key, talk.unclear, talk.doubts) == ("7550", "grossersaal", "", ())
    assert talk.end - talk.start == timedelta(hours=1)


def test_a_pentabarf_talk_after_midnight_belongs_to_the_next_date() -> None:
    late, night = talks(samples.PENTABARF)
    assert late.start.isoformat() == "2010-12-27T23:00:00+01:00"
    assert night.start.isoformat() == "2010-12-28T00:15:00+01:00"
    assert night.properties["Fahrplan.Day"] == "1"
    assert night.doubts == ()


def test_pentabarf_gives_its_release_its_tag_and_one_kind_of_line_end() -> None:
    found = parse(samples.PENTABARF, BERLIN)
    assert found.version == "Version 0.7"
    assert found.talks[0].slug == "late_show"
    assert found.talks[0].abstract == "First line\nsecond line"
    assert found.talks[0].persons == ("Ada Löw", "Bo")
    assert "Fahrplan.Recording.Optout" not in found.talks[0].properties


def test_pretalx_slots_of_one_submission_stay_apart() -> None:
    found = parse(samples.PRETALX, ZoneInfo("Europe/Lisbon"))
    first, second = found.talks
    assert first.source_id == second.source_id == "17"
    assert first.guid != second.guid
    assert first.code == "TFEDKN"
    assert second.duration == timedelta(days=1, hours=12)
    assert second.doubts == ("the duration '1:12:00' is taken as days, hours and minutes",)


def test_starts_are_given_in_the_zone_of_the_project() -> None:
    found = parse(samples.PRETALX, BERLIN)
    assert found.talks[0].properties["Fahrplan.Start"] == "11:00"
    assert found.notes == ("The Fahrplan is in Europe/Lisbon; starts are converted to the project's Europe/Berlin.",)


def test_wafer_local_clocks_labelled_utc_are_believed_and_flagged() -> None:
    talk, lunch = talks(samples.WAFER, ZoneInfo("America/Montreal"))
    assert talk.start.isoformat() == "2017-08-05T10:00:00-04:00"
    assert talk.doubts == ("the offset of its date is not that of America/Montreal; its start 10:00 is used",)
    assert lunch.source_id == ""


def test_wafer_prints_an_empty_abstract_first_and_no_duration() -> None:
    talk, lunch = talks(samples.WAFER, ZoneInfo("America/Montreal"))
    assert talk.abstract == "The real one"
    assert talk.optout is True
    assert talk.slug == "Slots"
    assert (lunch.duration, lunch.unclear) == (timedelta(0), "it has no duration")


def test_the_hub_gives_a_code_two_languages_and_a_short_duration() -> None:
    found = parse(samples.HUB, BERLIN)
    (talk,) = found.talks
    assert (talk.code, talk.language, talk.properties["Fahrplan.Duration"]) == ("ABCDEF", "de, en", "04:30")
    assert talk.persons == ("Dora, DK6TM",)
    assert found.notes == ()


def test_emf_prints_short_durations_and_days() -> None:
    short, long = talks(samples.EMF, ZoneInfo("Europe/London"))
    assert short.duration == timedelta(minutes=20)
    assert long.duration == timedelta(days=2)
    assert short.start.isoformat() == "2022-06-03T13:00:00+01:00"


def test_merged_schedules_hide_names_in_child_elements_and_have_talks_without_a_room() -> None:
    opening, session = talks(samples.MERGED)
    assert opening.persons == ("jinx", "smtw", "Käthe")
    assert session.properties["Fahrplan.Duration"] == "25:00"
    assert session.properties["Fahrplan.Start"] == "16:15"
    assert (session.room, session.unclear, session.slug) == ("Curie", "", "Self-organised")


def test_a_talk_without_any_room_is_unclear_but_imported() -> None:
    (talk,) = talks(schedule(event(room=None), room=""))
    assert talk.unclear == "it has no room"


@pytest.mark.parametrize("text", ["true", "True", " 1 ", "yes"])
def test_an_optout_is_understood(text: str) -> None:
    (talk,) = talks(schedule(event(extra=samples.optout(text))))
    assert talk.optout is True


@pytest.mark.parametrize(("text", "said"), [("false", False), ("0", False), ("no", False), ("", None)])
def test_no_optout_is_not_an_optout_and_nothing_is_not_a_no(text: str, said: bool | None) -> None:
    (talk,) = talks(schedule(event(extra=samples.optout(text))))
    assert (talk.optout, talk.unclear) == (said, "")


def test_an_optout_nobody_understands_is_unclear() -> None:
    (talk,) = talks(schedule(event(extra=samples.optout("maybe"))))
    assert talk.unclear == "its opt-out says 'maybe', which is neither yes nor no"


def test_markup_comments_and_cdata_are_joined_to_text() -> None:
    inner = "<abstract>a<!-- no --><p>b <b>c</b></p><![CDATA[<d>]]><?no no?></abstract>"
    (talk,) = talks(schedule(event(extra=inner)))
    assert talk.abstract == "ab c<d>"


def test_of_two_titles_the_first_wins_and_it_is_told() -> None:
    (talk,) = talks(schedule(event(extra="<title>Other</title>")))
    assert (talk.title, talk.doubts) == ("Talk 1", ("it has more than one title; the first is used",))


def test_the_room_of_the_event_counts_and_a_contradiction_is_told() -> None:
    (talk,) = talks(schedule(event(room="Foyer"), room="Saal 1"))
    assert talk.room == "Foyer"
    assert talk.doubts == ("its room says 'Foyer', but it stands in 'Saal 1'; the first is used",)


def test_the_room_around_is_taken_for_a_spelling_of_itself() -> None:
    (talk,) = talks(schedule(event(room="janson"), room="Janson"))
    assert (talk.room, talk.doubts) == ("Janson", ())


def test_texts_are_trimmed_and_lose_control_characters() -> None:
    (talk,) = talks(
        schedule(event(title=" A\n \u0085B\u200b\u007f ", extra="<description>\n x\r\n\ty \n</description>"))
    )
    assert talk.title == "A B\u200b"
    assert talk.description == "x\n\ty"


def test_events_outside_of_rooms_and_days_are_imported() -> None:
    inner = event(1) + f"<day date='2024-12-27'>{event(2, date=None)}</day>"
    first, second = talks(f"<schedule>{inner}</schedule>".encode())
    assert first.doubts == second.doubts == ("it stands outside of a room",)
    assert second.start.isoformat() == "2024-12-27T12:00:00+01:00"
