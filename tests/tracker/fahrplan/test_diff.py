"""Which talk is which, and what changed: ids are re-dealt, guids re-made, sources fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.fahrplan.samples import BERLIN, event, schedule
from tracker.fahrplan import Changes, Known, Schedule, Skipped, Talk, diff, parse
from tracker.fahrplan.diff import GONE, LOCK, OPTED_OUT

TEN = datetime(2024, 12, 27, 10, tzinfo=BERLIN)


def talk(title: str = "Talk", guid: str = "", source_id: str = "", hour: int = 0, **more: Any) -> Talk:
    """Make a talk in Saal 1 at 10 o'clock plus *hour*."""
    start, length = TEN + timedelta(hours=hour), timedelta(minutes=30)
    values: dict[str, Any] = {"occurrence": 0, "room": "Saal 1", "where": title, "duration": length, "start": start}
    return Talk(guid=guid, source_id=source_id, title=title, **values | more)


def known(talks: Sequence[Talk], **more: str) -> list[Known]:
    """Return what the tracker has after these talks were imported; *more* are further properties of each."""
    return [
        Known(n, n + 1, t.guid, t.source_id, t.occurrence, t.title, {**t.properties, **more}, "scheduled")
        for n, t in enumerate(talks)
    ]


def compare(before: Sequence[Talk], after: Sequence[Talk], *skipped: Skipped) -> Changes:
    return diff(Schedule("", tuple(after), skipped), known(before))


def summary(changes: Changes) -> tuple[int, int, int, int]:
    return len(changes.new), len(changes.gone), len(changes.changed), len(changes.unchanged)


SERIES = [talk(f"Talk {n}", f"g{n}", str(n), n) for n in range(6)]


def test_the_same_schedule_changes_nothing() -> None:
    assert summary(compare(SERIES, SERIES)) == (0, 0, 0, 6)


def test_a_first_import_is_all_new() -> None:
    assert summary(compare([], SERIES)) == (6, 0, 0, 0)


def test_order_in_the_file_does_not_matter() -> None:
    assert summary(compare(SERIES, SERIES[::-1])) == (0, 0, 0, 6)


def test_added_removed_and_changed_talks_are_told_apart() -> None:
    after = [*SERIES[1:5], replace(SERIES[5], room="Saal 2"), talk("New", "g9", "9", 9)]
    changes = compare(SERIES, after)
    assert [new.talk.title for new in changes.new] == ["New"]
    assert [gone.known.title for gone in changes.gone] == ["Talk 0"]
    assert [change.fields for change in changes.changed] == [{"Fahrplan.Room": ("Saal 1", "Saal 2")}]


def test_redealt_ids_are_no_changes() -> None:
    after = [replace(t, source_id=str((n + 1) % 6)) for n, t in enumerate(SERIES)]
    assert summary(compare(SERIES, after)) == (0, 0, 0, 6)


def test_remade_guids_with_redealt_ids_change_only_the_guid() -> None:
    after = [replace(t, guid=f"new{n}", source_id=str((n + 1) % 6)) for n, t in enumerate(SERIES)]
    changes = compare(SERIES, after)
    assert summary(changes) == (0, 0, 6, 0)
    assert all(change.quiet and change.known.title == change.talk.title for change in changes.changed)


def test_an_id_under_which_guid_and_title_both_differ_is_another_talk() -> None:
    before, after = [talk("Old", "a", "1")], [talk("Other", "b", "1")]
    assert summary(compare(before, after)) == (1, 1, 0, 0)


@pytest.mark.parametrize(("old", "new"), [("", ""), ("a", ""), ("", "b")])
def test_an_id_is_enough_where_a_guid_is_missing(old: str, new: str) -> None:
    changes = compare([talk("Old title", old, "1")], [talk("New title", new, "1", 3)])
    assert summary(changes) == (0, 0, 1, 0)
    assert changes.changed[0].kinds == {"retitled", "moved in time"}


def test_an_id_with_the_same_title_is_enough_whatever_the_guid() -> None:
    assert summary(compare([talk("T", "a", "1")], [talk("T", "b", "1", 3)])) == (0, 0, 1, 0)


def test_without_any_key_title_start_and_room_decide() -> None:
    before = [talk("Same"), talk("Same", hour=2), talk("Else", hour=3)]
    after = [talk("Same", hour=2), talk("SAME "), talk("Else", hour=4)]
    changes = compare(before, after)
    assert summary(changes) == (1, 1, 1, 1)
    assert changes.changed[0].fields == {"Fahrplan.Title": ("Same", "SAME ")}


def test_a_guid_is_stronger_than_an_id() -> None:
    before = [talk("A", "a", "1"), talk("B", "b", "2", 1)]
    after = [talk("A", "b", "1"), talk("B", "a", "2", 1)]
    assert {c.known.guid: c.talk.guid for c in compare(before, after).changed} == {"a": "a", "b": "b"}


def test_several_sessions_of_one_guid_keep_their_places() -> None:
    before = [talk("Yoga", "y", "5", hour) for hour in range(4)]
    after = [talk("Yoga", "y", "5", hour) for hour in (3, 1, 0, 8)]
    changes = compare(before, after)
    assert summary(changes) == (0, 0, 1, 3)
    assert changes.changed[0].fields["Fahrplan.Start"] == ("12:00", "18:00")


def test_guids_dealt_anew_among_the_sessions_of_one_title_move_nobody() -> None:
    before = [talk("Yoga", f"y{n}", str(n), n) for n in range(4)]
    after = [talk("Yoga", f"y{(n + 1) % 4}", str((n + 2) % 4), n) for n in range(4)]
    changes = compare(before, after)
    assert summary(changes) == (0, 0, 4, 0)
    assert all(change.quiet for change in changes.changed)


def test_moved_sessions_of_one_title_all_stay_known() -> None:
    before = [talk("Yoga", f"y{n}", str(n), n) for n in range(4)]
    after = [talk("Yoga", f"y{n}", str(n), (1, 0, 7, 8)[n]) for n in range(4)]
    changes = compare(before, after)
    assert summary(changes) == (0, 0, 4, 0)
    moved = {c.known.guid for c in changes.changed if not c.quiet}
    assert moved == {"y2", "y3"}


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"title": "Else"}, {"retitled"}),
        ({"start": TEN + timedelta(minutes=15)}, {"moved in time"}),
        ({"duration": timedelta(hours=2)}, {"moved in time"}),
        ({"room": "Saal 2"}, {"moved to a room"}),
        ({"persons": ("Ada",)}, {"speakers"}),
        ({"abstract": "x", "slug": "y"}, {"text only"}),
        ({"abstract": "x", "room": "Foyer"}, {"moved to a room"}),
        ({"optout": True}, {"opt-out set"}),
        ({"day": "4"}, set()),
    ],
)
def test_changes_are_classified(change: dict[str, Any], kinds: set[str]) -> None:
    before = talk("Talk", "g", "1")
    (found,) = compare([before], [replace(before, **change)]).changed
    assert found.kinds == kinds
    assert found.quiet == (not kinds)


def test_an_optout_withdrawn_is_told() -> None:
    before = talk("Talk", "g", "1", optout=True)
    after = replace(before, optout=False)
    (found,) = diff(Schedule("", (after,), ()), known([before], **{LOCK: OPTED_OUT})).changed
    assert found.kinds == {"opt-out withdrawn"}


def test_properties_that_are_not_the_importers_are_left_alone() -> None:
    mine = {"Fahrplan.Custom": "x", "Record.Cutin": "7", "Custom.Manual": "y", "Fahrplan.ID": "1"}
    assert summary(diff(Schedule("", tuple(SERIES), ()), known(SERIES, **mine))) == (0, 0, 0, 6)


def test_a_lost_text_deletes_its_property() -> None:
    before = talk("Talk", "g", "1", subtitle="Sub")
    (found,) = compare([before], [replace(before, subtitle="")]).changed
    assert found.fields == {"Fahrplan.Subtitle": ("Sub", "")}


def test_a_talk_gone_before_is_not_gone_again_and_can_come_back() -> None:
    there = known(SERIES[:1], **{LOCK: GONE})
    assert summary(diff(Schedule("", (), ()), there)) == (0, 0, 0, 0)
    (back,) = diff(Schedule("", (SERIES[0],), ()), there).changed
    assert back.kinds == {"back"}


@pytest.mark.parametrize(
    ("total", "lost", "outage"),
    [(20, 2, False), (20, 3, True), (5, 2, False), (40, 3, False), (40, 4, True), (3, 3, True), (1, 1, True)],
)
def test_a_mass_loss_is_an_outage(total: int, lost: int, outage: bool) -> None:
    talks = [talk(f"Talk {n}", f"g{n}", str(n), n) for n in range(total)]
    changes = compare(talks, talks[lost:])
    assert (len(changes.gone), changes.mass_loss) == (lost, outage)


def test_talks_gone_before_do_not_count_for_an_outage() -> None:
    talks = [talk(f"Talk {n}", f"g{n}", str(n), n) for n in range(40)]
    there = [replace(k, properties={**k.properties, LOCK: GONE}) if n < 20 else k for n, k in enumerate(known(talks))]
    assert diff(Schedule("", tuple(talks[23:]), ()), there).mass_loss


@pytest.mark.parametrize("guid", ["g0", ""])
def test_a_talk_whose_event_cannot_be_used_is_held_and_not_gone(guid: str) -> None:
    skipped = Skipped("It has no date.", "event 1", guid, "0", "Talk 0")
    changes = compare(SERIES, SERIES[1:], skipped)
    assert changes.gone == ()
    assert [held.known.title for held in changes.held] == ["Talk 0"]


def test_a_parsed_schedule_compared_with_itself_is_unchanged() -> None:
    found = parse(schedule(*(event(n, extra="<abstract>a\r\nb</abstract>") for n in range(9))), BERLIN)
    assert summary(diff(found, known(found.talks))) == (0, 0, 0, 9)


def test_a_change_of_the_projects_zone_keeps_every_talk() -> None:
    before = [talk(f"Talk {n}", hour=n) for n in range(4)]
    after = [replace(t, start=t.start.astimezone(ZoneInfo("Asia/Tokyo"))) for t in before]
    changes = compare(before, after)
    assert (len(changes.new), len(changes.gone)) == (0, 0)


TALKS = st.lists(
    st.builds(
        talk,
        title=st.sampled_from("ABC"),
        guid=st.sampled_from(["", "g", "h", "i"]),
        source_id=st.sampled_from(["", "1", "2", "3"]),
        hour=st.integers(0, 3),
        room=st.sampled_from(["Saal 1", "Saal 2"]),
        optout=st.sampled_from([None, True]),
    ),
    max_size=9,
    unique_by=lambda t: (t.guid, t.source_id, t.title, t.start, t.room),  # parse() reports twins
)


@settings(deadline=None)
@given(TALKS, TALKS)
def test_every_talk_and_every_known_one_is_accounted_for_once(before: list[Talk], after: list[Talk]) -> None:
    changes = compare(before, after)
    matched = [change.known.ticket_id for change in changes.changed]
    matched += [same.known.ticket_id for same in changes.unchanged]
    assert len(matched) + len(changes.new) == len(after)
    assert sorted(matched + [gone.known.ticket_id for gone in changes.gone]) == list(range(len(before)))


@settings(deadline=None)
@given(TALKS, st.randoms())
def test_the_order_in_the_file_adds_and_removes_nothing(talks: list[Talk], random: Any) -> None:
    shuffled = random.sample(talks, len(talks))
    changes = compare(talks, shuffled)
    assert (changes.new, changes.gone) == ((), ())
    assert all(change.fields.keys() <= {LOCK} for change in changes.changed)
