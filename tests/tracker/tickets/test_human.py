"""What people do: cut, check, release, change by hand; who may, who was faster, what follows."""

from __future__ import annotations

import threading

import pytest

from tests import factories
from tests.factories import committing, encoding, events, log_of, make_encoding, make_recording, put, states
from tracker import profiles, projects, properties, queries, tickets, users
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, NotPermitted
from tracker.statemachine import CLASSIC, ENCODING, RECORDING

FRAMES = {"Record.DurationFrames": "9000"}


@pytest.fixture
def talk(project):
    return make_recording(project, "merged", values=FRAMES)


@pytest.fixture
def cutting(talk, bob):
    return tickets.start_cut(talk.id, bob)


@pytest.fixture
def checking(project, bob):
    return tickets.start_check(make_encoding(project, "encoded").id, bob)


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


def test_only_recordings_are_cut_and_only_encodings_checked(project, talk, bob):
    child = make_encoding(project, "encoded")
    with pytest.raises(InvalidInput, match="not a recording ticket"):
        tickets.start_cut(child.id, bob)
    with pytest.raises(InvalidInput, match="not a encoding ticket"):
        tickets.start_check(talk.id, bob)


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
    assert tickets.abandon(cutting.id, bob).state == "merged"
    assert tickets.abandon(checking.id, bob).state == "encoded"
    assert (cutting.user_id, checking.user_id) == (None, None)
    with pytest.raises(Conflict):
        tickets.abandon(cutting.id, bob)


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


# --- checking ----------------------------------------------------------------------------------------------------


def test_an_accepted_encoding_is_checked(checking, bob):
    tickets.accept(checking.id, bob)
    assert (checking.state, checking.user_id) == ("checked", None)


def test_a_rejected_encoding_fails_with_its_reason(checking, bob):
    tickets.reject(checking.id, bob, "blocky")
    assert (checking.state, checking.failed, checking.waiting) == ("checking", True, "blocky")


def test_who_cut_may_not_check(project, alice, bob):
    talk = tickets.start_cut(make_recording(project, "merged", values=FRAMES).id, bob)
    cut(talk, bob)
    put(talk, "copied")
    child = put(encoding(talk), "encoded")
    with pytest.raises(NotPermitted, match="somebody else has to check"):
        tickets.start_check(child.id, bob)
    assert tickets.start_check(child.id, alice).user_id == alice.id


def test_who_cut_may_check_where_the_project_says_so(project, bob):
    projects.configure(project, separate_checker=False)
    talk = cut(tickets.start_cut(make_recording(project, "merged", values=FRAMES).id, bob), bob)
    put(talk, "copied")
    assert tickets.start_check(put(encoding(talk), "encoded").id, bob).user_id == bob.id


def test_sending_back_takes_the_recording_to_cutting_and_all_to_material_needed(project, alice, bob, worker):
    for slug in ("mp3", "opus", "sd"):
        profiles.use(project, slug)
    talk = make_recording(project, "copied")
    put(encoding(talk, "mp3"), "released")
    put(encoding(talk, "sd"), "checked")
    put(encoding(talk, "hd"), "encoded")
    factories.assign(encoding(talk, "opus"), worker, "encoding")
    tickets.start_check(encoding(talk, "hd").id, bob)
    recording = tickets.send_back(encoding(talk, "hd").id, bob, "the first sentence is missing")
    assert recording is talk and (talk.state, talk.failed) == ("cutting", True)
    assert talk.waiting == "the first sentence is missing"
    assert states(talk) == {
        "hd": "material needed",
        "mp3": "released",
        "opus": "material needed",
        "sd": "material needed",
    }
    assert tickets.heartbeat(worker, encoding(talk, "opus").id) == "Ticket lost"
    assert tickets.start_cut(talk.id, alice).failed is False


def test_sending_back_needs_a_reason(checking, bob):
    with pytest.raises(InvalidInput, match="what is wrong with the recording"):
        tickets.send_back(checking.id, bob, "")
    assert checking.state == "checking"


# --- releasing ---------------------------------------------------------------------------------------------------


def test_all_postprocessed_files_of_a_talk_become_ready_at_once(project, bob):
    profiles.use(project, "mp3")
    profiles.use(project, "opus")
    talk = make_recording(project, "copied")
    for slug, state in (("hd", "postprocessed"), ("mp3", "postprocessed"), ("opus", "checked")):
        put(encoding(talk, slug), state)
    encoding(talk, "mp3").failed = True
    assert tickets.mark_ready(talk.id, bob) == 1
    assert states(talk) == {"hd": "ready to release", "mp3": "postprocessed", "opus": "checked"}


def test_without_a_postprocessed_file_there_is_nothing_to_release(project, bob):
    with pytest.raises(Conflict, match="nothing to release"):
        tickets.mark_ready(make_recording(project, "copied").id, bob)


# --- by hand -----------------------------------------------------------------------------------------------------


def test_a_state_set_by_hand_is_logged_with_its_comment(talk, alice):
    tickets.set_state(talk.id, alice, "locked", version=talk.version, comment="speaker asked")
    entry = log_of(talk)[-1]
    assert (entry.event, entry.actor, entry.to_state, entry.comment) == (
        "Edit.state",
        "alice",
        "locked",
        "speaker asked",
    )


def test_a_form_that_is_out_of_date_conflicts(talk, alice):
    drawn = talk.version
    put(talk, "recorded")
    for change in (
        lambda: tickets.set_state(talk.id, alice, "cut", version=drawn),
        lambda: tickets.set_failed(talk.id, alice, True, version=drawn, comment="x"),
        lambda: tickets.edit_properties(talk.id, alice, {"A.b": "1"}, version=drawn),
    ):
        with pytest.raises(Conflict, match="it is now 'recorded'"):
            change()
    assert (talk.state, talk.failed, "A.b" in properties.own(talk)) == ("recorded", False, False)


def test_a_state_switched_off_cannot_be_set(project, alice):
    projects.configure(project, disabled_states={ENCODING: ["checking"]})
    with pytest.raises(InvalidInput, match="switched off"):
        tickets.set_state(make_encoding(project).id, alice, "checking")


@pytest.mark.parametrize(
    ("state", "source"),
    [("encoding", "ready to encode"), ("postprocessing", "checked"), ("releasing", "ready to release")],
)
def test_clearing_failed_in_a_scripts_state_queues_the_ticket_again(project, worker, alice, state, source):
    ticket = put(make_encoding(project), source)
    factories.assign(ticket, worker, state)
    tickets.fail(ticket.id, project, worker, "crashed")
    tickets.set_failed(ticket.id, alice, False, comment="disk was full")
    assert (ticket.state, ticket.failed, ticket.waiting, ticket.losses) == (source, False, "", 0)
    assert [e[0] for e in events(ticket)[-2:]] == ["Edit.retry", "Edit.unfailed"]
    assert tickets.claim_next(project, state, factories.make_worker("other.example")) is ticket


@pytest.mark.parametrize("state", ["scheduled", "recording", "recorded", "merged", "cutting"])
def test_clearing_failed_elsewhere_leaves_the_ticket_where_it_is(project, alice, state):
    talk = make_recording(project, state, failed=True)
    tickets.set_failed(talk.id, alice, False)
    assert (talk.state, talk.failed) == (state, False)


def test_setting_failed_needs_a_reason_and_frees_the_ticket(project, worker, alice):
    ticket = factories.assign(make_encoding(project), worker, "encoding")
    with pytest.raises(InvalidInput, match="Say in a sentence"):
        tickets.set_failed(ticket.id, alice, True)
    tickets.set_failed(ticket.id, alice, True, comment="wrong profile")
    assert (ticket.failed, ticket.worker_id, ticket.waiting) == (True, None, "wrong profile")
    assert tickets.heartbeat(worker, ticket.id) == "Ticket lost"


def test_edited_properties_are_logged_and_only_what_changed(talk, alice):
    properties.write(talk, {"A.a": "1", "A.b": "2"})
    changed = tickets.edit_properties(talk.id, alice, {"A.a": "1", "A.b": "", "A.c": "3", "Project.Slug": "x"})
    assert changed == {"A.b": "", "A.c": "3"}
    assert log_of(talk)[-1].comment == "deleting A.b\nA.c=3"
    before = talk.version
    assert tickets.edit_properties(talk.id, alice, {"A.c": "3"}) == {} and talk.version == before


def test_a_comment_is_kept_and_logged_and_disturbs_no_form(talk, bob):
    before = talk.version
    tickets.comment(talk.id, bob, "  sounds fine\x00 ")
    assert queries.comments([talk.id])[0].text == "sounds fine"
    assert (log_of(talk)[-1].event, talk.version) == ("Comment.Add", before)
    with pytest.raises(InvalidInput, match="empty"):
        tickets.comment(talk.id, bob, " \n")


def test_nothing_changes_in_an_archived_project(project, cutting, checking, bob):
    projects.configure(project, read_only=True)
    for change in (
        lambda: cut(cutting, bob),
        lambda: tickets.unable(cutting.id, bob, "x"),
        lambda: tickets.accept(checking.id, bob),
        lambda: tickets.set_state(cutting.id, bob, "merged"),
        lambda: tickets.set_failed(cutting.id, bob, True, comment="x"),
        lambda: tickets.edit_properties(cutting.id, bob, {"A.b": "1"}),
        lambda: tickets.comment(cutting.id, bob, "x"),
        lambda: tickets.mark_ready(cutting.id, bob),
    ):
        with pytest.raises(NotPermitted, match="demo is archived"):
            change()
