"""What keeps a ticket from scripts: its recording, its master, or that its format is not made; nothing stays stuck."""

from __future__ import annotations

import pytest

from tests.factories import encoding, events, make_recording, make_worker, put, states
from tests.tracker.tickets.sequences import depend
from tracker import profiles, projects, tickets
from tracker.db import db, now
from tracker.errors import InvalidInput
from tracker.statemachine import CLASSIC, ENCODING
from tracker.tickets import TRACKER, blocks, moves


@pytest.fixture
def ladder(project):
    """A project in which mp3 depends on hd and opus on mp3."""
    for slug in ("mp3", "opus"):
        profiles.use(project, slug)
    depend(project)
    return project


@pytest.fixture
def talk(ladder):
    return make_recording(ladder, "copied")


def blocked(talk):
    db.session.refresh(talk, ["children"])
    return {child.profile_version.profile.slug: child.blocked for child in talk.children if child.profile_version}


# --- the recording ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("material needed", ""),
        ("ready to encode", ""),
        ("encoding", ""),
        ("encoded", "recording"),
        ("checked", "recording"),
        ("ready to release", "recording"),
        ("released", ""),
        ("fixing", "recording"),
    ],
)
def test_a_file_waits_while_its_recording_is_worked_on_again(project, alice, state, reason):
    talk = make_recording(project, "copied")
    child = put(encoding(talk), state)
    put(talk, "cutting")
    tickets.set_state(child.id, alice, state)
    assert child.blocked == reason
    put(talk, "copied")
    assert child.blocked == ""


def test_what_a_person_made_ready_is_not_handed_out_once_the_recording_failed(project, alice, worker):
    talk = make_recording(project, "merged")
    child = tickets.set_state(encoding(talk).id, alice, "ready to encode")
    assert child.blocked == ""
    tickets.set_failed(talk.id, alice, True, comment="no sound")
    assert child.blocked == "recording" and tickets.claim_next(project, "encoding", worker) is None
    tickets.set_failed(talk.id, alice, False)
    assert tickets.claim_next(project, "encoding", worker) is child


def test_a_block_is_logged_with_the_field_it_changes(project):
    talk = make_recording(project, "copied")
    child = put(encoding(talk), "checked")
    put(talk, "cut")
    assert events(child)[-1] == ("Blocked.recording", "checked", "checked")
    put(talk, "copied")
    assert events(child)[-1] == ("Unblocked", "checked", "checked")


# --- the master ------------------------------------------------------------------------------------------------------


def test_dependants_wait_for_the_masters_state_one_after_the_other(ladder, talk, worker):
    projects.configure(ladder, dependee_state="encoded")
    assert blocked(talk) == {"hd": "", "mp3": "master", "opus": "master"}
    for slug in ("hd", "mp3", "opus"):
        found = tickets.claim_next(ladder, "encoding", worker)
        assert found == encoding(talk, slug) and tickets.claim_next(ladder, "encoding", worker) is None
        tickets.finish(found.id, ladder, worker)


def test_a_dependant_never_overtakes_its_master(ladder, talk):
    projects.configure(ladder, dependee_state="encoded")
    for state in ("encoded", "checked", "postprocessed", "ready to release"):
        put(encoding(talk, "hd"), state)
        put(encoding(talk, "mp3"), state)
        assert blocked(talk)["mp3"] == "master", state
    put(encoding(talk, "hd"), "releasing")
    assert blocked(talk)["mp3"] == "master", "the master is still being published"
    put(encoding(talk, "hd"), "released")
    assert blocked(talk)["mp3"] == ""


@pytest.mark.parametrize("event", ["fails", "goes back", "is fixed"])
def test_a_dependant_waits_again_when_its_master(ladder, talk, alice, event):
    hd = put(encoding(talk, "hd"), "released")
    assert blocked(talk)["mp3"] == ""
    if event == "fails":
        tickets.set_failed(hd.id, alice, True, comment="glitch")
    else:
        put(hd, {"goes back": "encoded", "is fixed": "fixing"}[event])
    assert blocked(talk)["mp3"] == "master"
    tickets.set_failed(hd.id, alice, False)
    put(hd, "released")
    assert blocked(talk)["mp3"] == ""


def test_a_missing_master_blocks_until_it_is_made(project, alice):
    profiles.use(project, "mp3")
    depend_on_hd = profiles.get("opus")
    depend_on_hd.depends_on_id = profiles.get("sd").id
    profiles.use(project, "opus")
    talk = make_recording(project, "copied")
    assert blocked(talk)["opus"] == "master"
    assert tickets.why_waiting(encoding(talk, "opus")) == "Waits for sd, of which this talk has no ticket."
    profiles.use(project, "sd")
    put(encoding(talk, "sd"), "released")
    assert blocked(talk)["opus"] == ""


def test_the_state_a_master_has_to_reach_is_a_setting_with_effect_at_once(ladder, talk):
    put(encoding(talk, "hd"), "checked")
    found = {}
    for state in ("released", "checked", "postprocessed", "encoded"):
        projects.configure(ladder, dependee_state=state)
        found[state] = blocked(talk)["mp3"]
    assert found == {"released": "master", "checked": "", "postprocessed": "master", "encoded": ""}


def test_a_master_that_is_off_is_stepped_over(ladder, talk):
    put(encoding(talk, "hd"), "released")
    moves.switch_off(encoding(talk, "mp3"), TRACKER, "would upscale")
    assert blocked(talk) == {"hd": "", "mp3": "off", "opus": ""}
    moves.switch_off(encoding(talk, "hd"), TRACKER, "would upscale")
    assert blocked(talk) == {"hd": "off", "mp3": "off", "opus": ""}
    moves.switch_off(encoding(talk, "mp3"), TRACKER, "")
    assert blocked(talk) == {"hd": "off", "mp3": "", "opus": "master"}


def test_what_is_off_is_neither_handed_out_nor_counted_nor_released(project, worker, alice):
    profiles.use(project, "mp3")
    talk = make_recording(project, "copied")
    put(encoding(talk), "postprocessed")
    off = put(encoding(talk, "mp3"), "postprocessed")
    moves.switch_off(off, TRACKER, "nobody listens")
    assert projects.progress_of_talk(talk) == (100 + 85) / 2 == projects.progress(project)
    assert projects.overviews([project])[0].to_release == 1
    assert tickets.why_waiting(off) == "This format is not made of this talk: nobody listens."
    assert tickets.mark_ready(talk.id, alice) == 1
    put(off, "checked")
    assert tickets.claim_next(project, "postprocessing", worker) is None


def test_a_circle_of_dependences_ends(ladder, talk):
    profiles.get("hd").depends_on_id = profiles.get("opus").id
    for slug in ("hd", "mp3", "opus"):
        moves.switch_off(encoding(talk, slug), TRACKER, "off")
    assert blocks.master_of(encoding(talk, "hd"), talk.children) is None


# --- the four ways to get stuck in the original (material needed for ever), and the blocked recording -------------


@pytest.mark.parametrize("by", ["locked before", "failed when copied", "by hand", "made later"])
def test_no_encoding_is_stuck_without_material(project, alice, by):
    talk = make_recording(project, "copying")
    if by == "locked before":
        put(talk, "locked")
        put(talk, "copied")
    elif by == "failed when copied":
        moves.move(talk, "copied", TRACKER, "Test", failed="disk full")
        assert states(talk) == {"hd": "material needed"}
        tickets.set_failed(talk.id, alice, False)
    elif by == "by hand":
        tickets.set_state(talk.id, alice, "copied")
    else:
        put(talk, "copied")
        profiles.use(project, "mp3")
    assert set(states(talk).values()) == {"ready to encode"}


@pytest.mark.parametrize("state", ["copied", "ready to encode", "material needed"])
def test_the_states_that_lead_there_cannot_be_switched_off(project, state):
    kind = "recording" if state == "copied" else ENCODING
    with pytest.raises(InvalidInput, match="the tracker itself uses it"):
        projects.configure(project, disabled_states={kind: [state]})


def test_a_recording_is_copied_though_ready_to_encode_were_off(project, worker):
    """A database from elsewhere may say so."""
    project.disabled_states = {ENCODING: ["ready to encode"]}
    talk = put(make_recording(project, "cut"), "copied")
    assert (talk.state, states(talk)) == ("copied", {"hd": "ready to encode"})


def test_a_failed_encoding_keeps_its_flag_while_the_recording_moves(project, alice):
    talk = make_recording(project, "merged")
    child = encoding(talk)
    tickets.set_failed(child.id, alice, True, comment="wrong profile")
    put(talk, "copied")
    assert (child.state, child.failed) == ("material needed", True)
    tickets.set_failed(child.id, alice, False)
    assert child.state == "ready to encode"


# --- a claim looks at its own row only -------------------------------------------------------------------------------


def test_a_claim_changes_no_block(ladder, talk, worker):
    projects.configure(ladder, dependee_state="ready to encode")
    before = blocked(talk)
    tickets.claim_next(ladder, "encoding", worker)
    assert blocked(talk) == before


def test_a_silent_worker_that_fails_the_master_stops_its_dependants(ladder, talk):
    hd = put(encoding(talk, "hd"), "ready to release")
    projects.configure(ladder, dependee_state="encoded", max_attempts=1)
    put(encoding(talk, "mp3"), "encoded")
    assert blocked(talk)["mp3"] == ""
    assert tickets.claim_next(ladder, "releasing", make_worker("e.example.org"), 60) is hd
    hd.lease_until = now().replace(year=2000)
    assert tickets.return_silent() == 1 and hd.failed
    assert blocked(talk)["mp3"] == "master"


def test_every_rank_is_that_of_a_static_state():
    table = CLASSIC.tables[ENCODING]
    reached = {name: table.reached(name, ["encoded"]) for name in table.by_name}
    assert reached["encoding"] == "ready to encode" and reached["checking"] == "ready to encode"
    assert reached["releasing"] == "ready to release" and reached["released"] == "released"
    assert reached["fixing"] == "ready to encode"
