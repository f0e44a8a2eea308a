"""Why a ticket waits: nothing sits anywhere without a sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import factories
from tests.factories import assign, make_encoding, make_recording, put
from tracker import profiles, projects, queries, tickets
from tracker.db import db, now
from tracker.statemachine import CLASSIC, ENCODING, RECORDING
from tracker.tickets import TRACKER, why_waiting
from tracker.workers import groups


def test_a_queued_ticket_names_the_script_that_will_come(project):
    ticket = make_encoding(project)
    assert why_waiting(ticket) == "No encoder asked for work in the last 10 minutes."
    queries.note_poll(project.id, "encoding")
    assert why_waiting(ticket) == "Queued for encoder."


def test_who_asked_long_ago_does_not_count(project):
    ticket = make_encoding(project, "checked")
    queries.note_poll(project.id, "postprocessing")
    db.session.execute(text("UPDATE poll SET asked = asked - interval '11 minutes'"))
    assert why_waiting(ticket) == "No script D asked for work in the last 10 minutes."
    queries.note_poll(project.id, "postprocessing")
    assert why_waiting(ticket) == "Queued for script D."


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("merged", "Waits for somebody to cut it."),
        ("cutting", "Nobody is at it; somebody has to take it up."),
        ("fixing", "Nobody is at it; somebody has to take it up."),
        ("merging", "No script B holds it; set it to 'recorded' to have it done."),
        ("locked", ""),
        ("recording", ""),
        ("copied", ""),
    ],
)
def test_a_recording_says_who_has_to_act(project, state, sentence):
    assert why_waiting(make_recording(project, state)) == sentence


def test_an_encoding_without_material_names_the_state_of_its_recording(project, alice):
    talk = make_recording(project, "merged")
    child = factories.encoding(talk)
    assert why_waiting(child) == "The recording is not copied yet (it is 'merged')."
    put(talk, "copied")
    tickets.set_state(child.id, alice, "material needed")
    assert why_waiting(child) == "A person set it to 'material needed'."


def test_an_encoding_of_a_failed_recording_says_so(project, alice):
    ticket = make_encoding(project, "encoded")
    tickets.set_failed(ticket.parent_id, alice, True, comment="wrong talk")
    told = {}
    for ticket.state in ("encoded", "material needed", "released"):
        told[ticket.state] = why_waiting(ticket)
    assert told == {
        "encoded": "The recording failed.",
        "material needed": "The recording failed.",
        "released": "",
    }


def test_a_failed_ticket_says_since_when_and_why(project, worker):
    ticket = assign(make_encoding(project), worker, "encoding")
    tickets.fail(ticket.id, project, worker, "no space on the mount")
    told = why_waiting(ticket)
    assert told.startswith("Failed since ") and told.endswith(": no space on the mount")


def test_a_ticket_that_somebody_holds_does_not_wait(project, worker, bob):
    assert why_waiting(assign(make_encoding(project), worker, "encoding", 60)) == ""
    assert why_waiting(tickets.start_cut(make_recording(project, "merged").id, bob)) == ""


def test_a_silent_worker_without_a_lease_is_named(project, worker):
    ticket = assign(make_encoding(project), worker, "encoding")
    worker.last_seen = now() - timedelta(hours=2)
    assert why_waiting(ticket).startswith("vm-encoder1.example.org was last heard of at ")
    ticket.lease_until = now() + timedelta(minutes=1)
    assert why_waiting(ticket) == ""


def test_a_profile_switched_off_says_so(project):
    ticket = make_encoding(project)
    ticket.priority = 0
    assert why_waiting(ticket) == "Its profile is switched off (priority 0)."


def test_files_still_public_come_before_everything(project, alice):
    ticket = make_encoding(project, "released")
    tickets.set_state(ticket.id, alice, "encoded")
    ticket.failed = True
    assert why_waiting(ticket) == "Its public files are still up; script E will withdraw them."


def test_an_archived_project_says_so(project):
    ticket = make_encoding(project)
    projects.configure(project, read_only=True)
    assert why_waiting(ticket) == "The project is archived."


def test_a_talk_that_is_over_but_not_recorded_says_so(project):
    talk = make_recording(project)
    talk.start, talk.end = now() - timedelta(hours=2), now() - timedelta(hours=1)
    assert why_waiting(talk) == "The talk is over, but no script A has moved it on."


def test_every_state_but_the_ends_has_a_sentence(project):
    """Free tickets, nobody asked for work: someone has to be named."""
    silent = {"locked", "scheduled", "recording", "copied", "released"}
    talk, child = make_recording(project), make_encoding(project)
    talk.end = now() + timedelta(hours=1)
    for kind, ticket in ((RECORDING, talk), (ENCODING, child)):
        for state in CLASSIC.tables[kind].by_name:
            ticket.state = state
            assert bool(why_waiting(ticket)) == (state not in silent), state


# --- who would get it ------------------------------------------------------------------------------------------------


def reasons(ticket) -> dict[str, str]:
    db.session.flush()
    return {prospect.group.name: prospect.reason for prospect in tickets.who_would_get(ticket)}


def test_each_group_says_whether_it_would_get_the_ticket(project, worker):
    group = groups.create("encoders", secret_key="k" * 64)[0]
    ticket = make_encoding(project)
    assert reasons(ticket) == {"encoders": "does not work for demo", "scripts": ""}
    groups.add_project(group, project)
    assert reasons(ticket)["encoders"] == ""
    groups.set_filter(group, project, {"property": "Room.Key", "is": "saal7"})
    assert reasons(ticket)["encoders"] == "asks for Room.Key is 'saal7'"
    groups.configure(group, states=["merging"])
    assert reasons(ticket)["encoders"] == "gets no work for 'encoding'"
    groups.configure(group, paused=True)
    assert reasons(ticket)["encoders"] == "is paused"


def test_a_group_that_has_enough_or_whose_workers_are_held_says_so(project, worker):
    ticket = make_encoding(project)
    worker.group.max_tickets = 1
    assert reasons(ticket) == {"scripts": ""}
    held = tickets.claim_next(project, "encoding", worker)
    other = make_encoding(project)
    assert held is ticket and reasons(other) == {"scripts": "has 1 tickets, 1 at most"}
    worker.group.max_tickets, worker.held = None, True
    assert reasons(other) == {"scripts": "is held, all its workers"}


def test_nobody_is_asked_about_a_ticket_that_a_person_has_to_take(project):
    assert tickets.who_would_get(make_encoding(project, "encoded")) == []
    not_made = make_encoding(project, "ready to encode")
    not_made.off, not_made.blocked = "would upscale 854x480 to 1280x720", "off"
    assert tickets.who_would_get(not_made) == []


def test_a_ticket_that_no_group_would_get_says_why(project, worker):
    ticket = make_encoding(project)
    queries.note_poll(project.id, "encoding")
    worker.group.paused = True
    assert why_waiting(ticket) == "No worker group gets it: scripts is paused."
    worker.group.paused = False
    assert why_waiting(ticket) == "Queued for encoder."


def test_the_project_says_when_a_silent_worker_counts_as_lost(project, worker):
    ticket = assign(make_encoding(project), worker, "encoding")
    worker.last_seen = now() - timedelta(minutes=2)
    assert why_waiting(ticket) == ""
    projects.regulate(project, node_timeout_s=60)
    assert why_waiting(ticket).startswith(f"{worker.name} was last heard of at ")


# --- masters, formats that are off, older cuts -----------------------------------------------------------------------


def test_a_dependant_names_its_master_and_what_that_lacks(project, alice):
    profiles.use(project, "mp3")
    profiles.get("mp3").depends_on_id = profiles.get("hd").id
    talk = make_recording(project, "copied")
    hd, mp3 = factories.encoding(talk, "hd"), factories.encoding(talk, "mp3")
    tickets.settle_project(project)
    assert why_waiting(mp3) == "Waits for hd, which is 'ready to encode' and has to be 'released'."
    tickets.set_failed(hd.id, alice, True, comment="blocky")
    assert why_waiting(mp3) == "Waits for hd, which failed."
    projects.configure(project, dependee_state="encoded")
    put(hd, "encoded")
    put(mp3, "encoded")
    put(hd, "checking")
    assert why_waiting(put(mp3, "checked")) == "Waits for hd (checking): it must not overtake it."
    put(hd, "checked")
    put(mp3, "encoded")
    assert why_waiting(mp3) == "Waits for somebody to check it."


def test_a_format_that_is_not_made_says_why_unless_it_is_public(project):
    ticket = make_encoding(project)
    tickets.switch_off(ticket, TRACKER, "would upscale 640x360 to 1280x720")
    assert why_waiting(ticket) == "This format is not made of this talk: would upscale 640x360 to 1280x720."
    assert why_waiting(put(ticket, "released")) == ""
