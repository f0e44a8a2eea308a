"""What can be done with a ticket from its page: taken up, repaired, sent back, assigned, reset."""

from __future__ import annotations

import pytest

from tests.factories import assign, encoding, make_misc, make_recording, make_user, make_worker, put
from tests.tracker.gui.visitor import enter, filled, page, send, words
from tracker import properties, tickets
from tracker.db import db


@pytest.fixture
def talk(project):
    return make_recording(project, "merged", title="Opening")


def act(client, ticket, kind, action, **fields):
    answer = send(client, f"/demo/ticket/{ticket.id}/{kind}", {"action": action, **fields})
    db.session.refresh(ticket)
    return answer


def offered(client, ticket):
    """Return the actions that the page of a ticket has forms for."""
    shown = page(client.get(f"/demo/ticket/{ticket.id}"))
    return set(shown.xpath("//section[@id='hands']//input[@name='action']/@value"))


def test_a_ticket_is_marked_and_the_list_shows_it(client, talk):
    enter(client, "bob")
    assert act(client, talk, "work", "attention", wanted="1").status_code == 303
    assert talk.needs_attention and page(client.get("/demo/")).xpath("//b[@title='somebody has to look at it']")
    act(client, talk, "work", "attention", wanted="0")
    assert not talk.needs_attention


def test_a_recording_is_repaired_with_a_new_source(client, talk):
    enter(client, "bob")
    act(client, talk, "work", "start_fix")
    assert {"finish_fix", "leave"} <= offered(client, talk)
    answer = act(client, talk, "work", "finish_fix", source="../etc/passwd")
    assert (answer.status_code, "is no path of a file" in words(answer)) == (400, True)
    act(client, talk, "work", "finish_fix", source="repair/opening.ts")
    assert (talk.state, properties.own(talk)["Record.SourceReplacement"]) == ("recorded", "repair/opening.ts")


def test_who_works_on_it_can_leave_and_others_can_take_over(client, app, talk):
    enter(client, "bob")
    tickets.start_cut(talk.id, make_user("carla"))
    assert "take_over" in offered(client, talk)
    act(client, talk, "work", "take_over")
    assert talk.user.name == "bob"
    act(client, talk, "work", "leave")
    assert (talk.state, talk.user_id) == ("merged", None)


def test_a_flaw_seen_on_any_page_sends_the_talk_back(client, talk):
    put(talk, "copied")
    file = put(encoding(talk), "postprocessed")
    enter(client, "bob")
    assert act(client, file, "work", "send_back").status_code == 400
    act(client, file, "work", "send_back", comment="begins too late")
    db.session.refresh(talk)
    assert (talk.state, talk.waiting, file.state) == ("cutting", "begins too late", "material needed")


def test_a_task_is_handled_and_ended(client, project):
    first, second = make_misc(project, "Too loud"), make_misc(project, "Too long")
    enter(client, "bob")
    act(client, first, "work", "handle")
    act(client, first, "work", "resolve", comment="done")
    act(client, second, "work", "wontfix", comment="the speaker wants it so")
    assert (first.state, second.state) == ("resolved", "wontfix")


def test_ones_own_comments_can_be_deleted_others_not(client, talk):
    enter(client, "bob")
    number = tickets.comment(talk.id, make_user("carla"), "Hm").id
    mine = send(client, f"/demo/ticket/{talk.id}/comment", {"comment": "Oh"})
    assert mine.status_code == 303
    (button,) = page(client.get(f"/demo/ticket/{talk.id}")).xpath("//input[@value='delete_comment']/..")
    assert act(client, talk, "work", "delete_comment", number=number).status_code == 403
    assert client.post(f"/demo/ticket/{talk.id}/work", data=filled(button)).status_code == 303
    assert (
        "Hm" in words(client.get(f"/demo/ticket/{talk.id}"))
        and act(client, talk, "work", "delete_comment", number=999999).status_code == 404
    )


def test_a_superuser_assigns_and_sets_priorities(client, talk):
    enter(client, "sue", "superuser")
    make_user("carla")
    assert {"assign", "priority", "reset", "duplicate"} <= offered(client, talk)
    act(client, talk, "manage", "assign", holder="carla")
    assert (talk.state, talk.user.name) == ("cutting", "carla")
    act(client, talk, "manage", "assign", holder="")
    act(client, talk, "manage", "priority", priority="1,5")
    assert (talk.user_id, talk.own_priority) == (None, 1.5)
    for wrong in ("much", "-1", "nan"):
        assert act(client, talk, "manage", "priority", priority=wrong).status_code == 400


def test_a_form_that_is_out_of_date_shows_both_versions(client, talk):
    enter(client)
    answer = act(client, talk, "manage", "priority", priority="2", version="99999")
    assert (answer.status_code, talk.own_priority) == (409, 1) and "changed meanwhile" in words(answer)


def test_a_reset_has_to_be_confirmed(client, talk):
    put(talk, "copied")
    put(encoding(talk), "checked")
    enter(client)
    assert act(client, talk, "manage", "reset").status_code == 400
    assert "2 tickets went back" in words(
        client.get(act(client, talk, "manage", "reset", confirm="1").headers["Location"])
    )
    assert talk.state == "scheduled"


def test_work_is_cancelled(client, project, talk):
    put(talk, "copied")
    enter(client)
    file = assign(encoding(talk), make_worker(), "encoding")
    assert "cancel" in offered(client, file)
    act(client, file, "manage", "cancel", comment="wrong host")
    assert (file.state, file.failed, file.worker_id) == ("ready to encode", True, None)


def test_a_talk_is_duplicated(client, talk):
    enter(client)
    answer = act(client, talk, "manage", "duplicate", with_cut="1")
    assert "is a duplicate, with the number" in words(client.get(answer.headers["Location"]))


def test_a_format_that_is_off_leaves_lists_and_release(client, talk):
    put(talk, "copied")
    file = put(encoding(talk), "postprocessed")
    tickets.switch_off(file, tickets.TRACKER, "would upscale")
    enter(client)
    assert "· off" in words(client.get(f"/demo/ticket/{file.id}")) and "would upscale" in words(
        client.get(f"/demo/ticket/{file.id}")
    )
    assert "No file is waiting" in words(client.get(f"/demo/ticket/{talk.id}/release"))
    assert "MP4" not in words(client.get(f"/demo/ticket/{talk.id}/release"))


def test_a_format_is_left_out_and_made_after_all(client, talk):
    file = encoding(talk)
    enter(client)
    act(client, file, "manage", "leave_out", comment="nobody needs it")
    assert (file.off, "make_anyway" in offered(client, file)) == ("nobody needs it", True)
    act(client, file, "manage", "make_anyway")
    assert file.off == "" and "leave_out" in offered(client, file)
