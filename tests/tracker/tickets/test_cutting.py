"""What cutters do; who may, who was faster, what follows."""

from __future__ import annotations

import threading

import pytest

from tests import factories
from tests.factories import committing, events, log_of, make_encoding, make_recording, put
from tracker import projects, properties, tickets, users
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput
from tracker.statemachine import CLASSIC, RECORDING

FRAMES = {"Record.DurationFrames": "9000"}


def cut(ticket, user, first=100, last=8000, language="deu", delay=0):
    return tickets.finish_cut(ticket.id, user, first, last, language, delay)


# --- cutting -------------------------------------------------------------------------------------------------


def test_a_cut_stores_its_marks_and_moves_on(cutting, bob):
    cut(cutting, bob, delay=200)
    assert (cutting.state, cutting.user_id, cutting.cut_by_id) == ("cut", None, bob.id)
    stored = properties.own(cutting)
    assert [stored[f"Record.{name}"] for name in ("Cutin", "Cutout", "Language", "AVDelay")] == [
        "100",
        "8000",
        "deu",
        "200",
    ]
    assert events(cutting)[-2:] == [("Action.cut.start", "merged", "cutting"), ("Action.cut", "cutting", "cut")]


def test_no_delay_is_no_property(cutting, bob):
    properties.write(cutting, {"Record.AVDelay": "100"})
    cut(cutting, bob)
    assert "Record.AVDelay" not in properties.own(cutting)


def test_the_whole_recording_may_be_the_talk(cutting, bob):
    assert cut(cutting, bob, 0, 9000).state == "cut"


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        ((-1, 10), "The in point is frame -1, before the recording begins"),
        ((10, 10), "The out point (frame 10) is not after the in point (frame 10)"),
        ((10, 5), "The out point (frame 5) is not after the in point (frame 10)"),
        ((0, 9001), "The out point is frame 9001; the recording has 9000 frames"),
    ],
)
def test_impossible_marks_are_refused_with_a_sentence(cutting, bob, marks, sentence):
    with pytest.raises(InvalidInput) as caught:
        cut(cutting, bob, *marks)
    assert sentence in str(caught.value) and caught.value.field in ("cut_in", "cut_out")
    assert (cutting.state, "Record.Cutin" in properties.own(cutting)) == ("cutting", False)


@pytest.mark.parametrize("frames", ["", "many", "²", "9" * 5000])
def test_a_length_that_is_no_number_does_not_stop_the_cutter(cutting, bob, frames):
    properties.write(cutting, {"Record.DurationFrames": frames})
    assert cut(cutting, bob).state == "cut"


@pytest.mark.parametrize("language", ["", "fra", "deu-fra", "DEU", "deu-", "german"])
def test_an_unknown_language_is_refused_with_those_that_are_known(cutting, bob, language):
    with pytest.raises(InvalidInput, match="demo has: deu, eng"):
        cut(cutting, bob, language=language)


def test_several_languages_are_joined(cutting, bob):
    cut(cutting, bob, language="deu-eng")
    assert properties.own(cutting)["Record.Language"] == "deu-eng"


def test_a_project_without_languages_asks_for_none(project, cutting, bob):
    projects.configure(project, languages=[])
    assert cut(cutting, bob, language="").state == "cut"


@pytest.mark.parametrize("delay", [60_001, -60_001])
def test_an_impossible_delay_is_refused(cutting, bob, delay):
    with pytest.raises(InvalidInput, match="A/V delay"):
        cut(cutting, bob, delay=delay)


@pytest.mark.parametrize("state", sorted(set(CLASSIC.tables[RECORDING].by_name) - {"merged", "cutting"}))
def test_only_merged_recordings_are_cut(project, bob, state):
    talk = make_recording(project, state)
    with pytest.raises(Conflict, match="it has to be 'merged'"):
        tickets.start_cut(talk.id, bob)


def test_only_recordings_are_cut_and_only_encodings_checked(project, merged, bob):
    child = make_encoding(project, "encoded")
    with pytest.raises(InvalidInput, match="not a recording ticket"):
        tickets.start_cut(child.id, bob)
    with pytest.raises(InvalidInput, match="not an encoding ticket"):
        tickets.start_check(merged.id, bob)


# --- two at the same ticket ------------------------------------------------------------------------------------


def test_the_second_who_begins_to_cut_is_told_who_is_at_it(cutting, alice, bob):
    with pytest.raises(Conflict, match="bob is working on ticket"):
        tickets.start_cut(cutting.id, alice)
    assert cutting.user_id == bob.id


def test_to_begin_twice_changes_nothing(cutting, bob):
    before = cutting.version
    assert tickets.start_cut(cutting.id, bob).version == before


def test_the_first_cannot_submit_after_somebody_took_over(cutting, alice, bob):
    tickets.start_cut(cutting.id, alice, take_over=True)
    assert log_of(cutting)[-1].comment == "taken over from bob"
    with pytest.raises(Conflict, match="held by alice; you no longer have it"):
        cut(cutting, bob)
    assert cut(cutting, alice).cut_by_id == alice.id


def test_a_taken_over_check_is_the_others(checking, alice, bob):
    tickets.start_check(checking.id, alice, take_over=True)
    for verb in (tickets.accept, lambda n, u: tickets.reject(n, u, "x"), lambda n, u: tickets.send_back(n, u, "x")):
        with pytest.raises(Conflict):
            verb(checking.id, bob)
    assert tickets.accept(checking.id, alice).state == "checked"


def test_of_two_who_begin_at_the_same_moment_one_is_refused(committed_db):
    """Real commits."""
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            number = make_recording(factories.make_project(), "merged").id
            for name in ("alice", "bob"):
                factories.make_user(name)
        both, answers = threading.Barrier(2, timeout=20), []

        def begin(name: str) -> None:
            both.wait()
            try:
                with app.app_context(), transaction():
                    answers.append(tickets.start_cut(number, users.get(name)).state)
            except Conflict as error:
                answers.append(type(error).__name__)

        threads = [threading.Thread(target=begin, args=(name,)) for name in ("alice", "bob")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["Conflict", "cutting"]


def test_who_leaves_a_ticket_frees_it(cutting, checking, alice, bob):
    assert tickets.leave(cutting.id, bob).state == "merged"
    assert tickets.leave(checking.id, bob).state == "encoded"
    assert (cutting.user_id, checking.user_id) == (None, None)
    with pytest.raises(Conflict):
        tickets.leave(cutting.id, bob)


# --- content extends, unable -------------------------------------------------------------------------------------


def test_expanding_grows_the_padding_from_the_value_in_force(project, cutting, bob):
    properties.write(project, {"Record.EndPadding": "60"})
    tickets.expand(cutting.id, bob, after_s=120)
    assert cutting.state == "recorded"
    stored = properties.own(cutting)
    assert (stored["Record.StartPadding"], stored["Record.EndPadding"]) == ("300", "180")


def test_expanding_twice_adds_up(cutting, bob):
    tickets.expand(cutting.id, bob, before_s=30)
    put(cutting, "merged")
    tickets.start_cut(cutting.id, bob)
    tickets.expand(cutting.id, bob, before_s=30, after_s=5)
    assert properties.own(cutting)["Record.StartPadding"] == "360"
    assert properties.own(cutting)["Record.EndPadding"] == "905"


@pytest.mark.parametrize(("before", "after"), [(0, 0), (-1, 5), (5, -1), (21601, 0)])
def test_expanding_by_nothing_or_too_much_is_refused(cutting, bob, before, after):
    with pytest.raises(InvalidInput, match="by how many seconds"):
        tickets.expand(cutting.id, bob, before, after)


def test_who_cannot_cut_says_why(cutting, alice, bob):
    with pytest.raises(InvalidInput, match="Say in a sentence"):
        tickets.unable(cutting.id, bob, "  ")
    tickets.unable(cutting.id, bob, "no sound at all\nsecond line")
    assert (cutting.state, cutting.failed, cutting.user_id, cutting.waiting) == (
        "cutting",
        True,
        None,
        "no sound at all",
    )
    tickets.start_cut(cutting.id, alice)
    assert (cutting.failed, cutting.user_id) == (False, alice.id)
