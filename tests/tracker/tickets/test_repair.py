"""Fixing: a recording gets a new source, an encoding a file that somebody made right."""

from __future__ import annotations

import pytest

from tests.factories import assign, encoding, events, make_encoding, make_misc, make_recording, put
from tracker import projects, properties, tickets
from tracker.errors import Conflict, InvalidInput
from tracker.statemachine import RECORDING
from tracker.tickets import moves
from tracker.tickets.repair import MAX_PATH, check_path

SOURCE = "Record.SourceReplacement"


def test_a_repaired_recording_goes_to_recorded_with_its_new_source(project, alice, bob):
    talk = make_recording(project, "cutting", failed=True)
    tickets.start_fix(talk.id, bob)
    assert (talk.state, talk.user_id, talk.failed) == ("fixing", bob.id, False)
    with pytest.raises(Conflict, match="bob is working on"):
        tickets.start_fix(talk.id, alice)
    tickets.finish_fix(talk.id, bob, " repaired/talk.ts ")
    assert (talk.state, talk.user_id, properties.own(talk)[SOURCE]) == ("recorded", None, "repaired/talk.ts")
    assert events(talk)[-2:] == [("Action.fix.start", "cutting", "fixing"), ("Action.fix", "fixing", "recorded")]


def test_where_recorded_is_off_it_goes_to_where_script_b_takes_it_from(project, bob, worker):
    projects.configure(project, disabled_states={RECORDING: ["recording", "recorded"]})
    talk = tickets.fix(make_recording(project, "merged").id, bob, "a.ts")
    assert talk.state == "scheduled" and tickets.claim_next(project, "merging", worker) is talk


def test_one_repaired_in_place_goes_on_as_the_table_says(project, bob):
    talk = tickets.start_fix(make_recording(project, "merged").id, bob)
    assert talk.table.successor("fixing") == "merged"
    tickets.set_state(talk.id, bob, "merged")
    assert talk.state == "merged"


def test_a_source_stored_before_is_good_again(project, bob):
    talk = make_recording(project, "merged", values={SOURCE: "a.ts"})
    tickets.start_fix(talk.id, bob)
    assert tickets.finish_fix(talk.id, bob).state == "recorded"


def test_a_repaired_file_is_of_the_present_cut_and_unmeasured(project, bob):
    file = put(make_encoding(project), "encoded")
    properties.write(file, {"Encoding.Cut": "1-2-deu-0", "Encoding.Frames": "9", "Encoding.Seconds": "1"})
    tickets.fix(file.id, bob)
    assert (file.state, file.user_id) == ("encoded", None)
    assert properties.own(file) == {"Encoding.Cut": moves.cut_of(file)}


def test_a_released_file_that_is_fixed_is_withdrawn(project, bob):
    file = tickets.start_fix(make_encoding(project, "released").id, bob)
    assert (file.state, file.withdraw) == ("fixing", True)


def test_while_a_script_works_nobody_fixes(project, bob, worker):
    file = assign(make_encoding(project), worker, "encoding")
    with pytest.raises(Conflict, match="is working on ticket"):
        tickets.start_fix(file.id, bob)


def test_only_who_fixes_finishes_and_only_talks_and_files_are_fixed(project, alice, bob):
    talk = tickets.start_fix(make_recording(project).id, bob)
    with pytest.raises(Conflict, match="held by bob"):
        tickets.finish_fix(talk.id, alice, "a.ts")
    with pytest.raises(InvalidInput, match="nothing to fix"):
        tickets.start_fix(make_misc(project).id, bob)


@pytest.mark.parametrize("path", ["a.ts", "repair/a b.ts", "/video/repair/Ü.mov", "2026..ts"])
def test_paths_are_kept_as_they_are(path):
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "../a.ts", "/video/../etc", "a/", ".", "a\nb", "a\x00b", "x" * (MAX_PATH + 1)])
def test_what_is_no_path_of_a_file_is_refused_and_nothing_moves(project, bob, path):
    talk = tickets.start_fix(make_recording(project, "merged").id, bob)
    with pytest.raises(InvalidInput) as caught:
        tickets.finish_fix(talk.id, bob, path)
    assert (caught.value.field, talk.state, SOURCE in properties.own(talk)) == ("source", "fixing", False)


def test_the_recording_is_merged_cut_and_encoded_anew(project, bob, worker):
    talk = make_recording(project, "copied")
    put(encoding(talk), "encoded")
    tickets.fix(talk.id, bob, "new.ts")
    assert encoding(talk).blocked == "recording"
    assert tickets.claim_next(project, "merging", worker) is talk
