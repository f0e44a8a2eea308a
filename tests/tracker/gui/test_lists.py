"""The front page, the talks of a project, and the recording by hand."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask_login import login_user
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.factories import encoding, make_misc, make_project, make_recording, make_user, make_worker, put
from tests.tracker.gui.visitor import enter, log_in, page, send, words
from tracker import profiles, projects, queries, tickets
from tracker.db import db
from tracker.gui import live
from tracker.gui.looks import TONES, next_steps
from tracker.gui.views import lists
from tracker.statemachine import all_states
from tracker.workers import groups

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}"


@contextmanager
def counted():
    statements = []

    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_every_state_has_a_colour():
    assert set(TONES) == set(all_states())


@pytest.mark.parametrize("path", ["/", "/demo/"])
def test_more_talks_need_no_more_queries(client, project, path):
    enter(client)
    numbers = []
    for _ in range(2):
        for state in ("merged", "cutting", "copied"):
            talk = make_recording(project, state, failed=state == "cutting")
            put(encoding(talk), "encoded")
        db.session.expire_all()
        with counted() as statements:
            assert client.get(path).status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] < 14


def test_more_projects_need_no_more_queries(client, project):
    enter(client)
    with counted() as one:
        client.get("/")
    for slug in ("b", "c"):
        make_recording(make_project(slug))
    with counted() as three:
        client.get("/")
    assert len(one) == len(three)


def test_the_front_page_says_what_is_to_be_done(client, project):
    make_recording(project, "merged")
    make_recording(project, "cutting", failed=True)
    talk = make_recording(project, "copied")
    put(encoding(talk), "encoded"), put(encoding(talk, "mp3"), "postprocessed")
    make_recording(project, "locked")
    enter(client)
    text = words(client.get("/"))
    assert "3 talks, 0 released" in text
    for count in ("1 to cut", "1 to check", "1 to release", "1 failed"):
        assert count in text


def test_progress_is_the_same_in_one_and_in_many(project):
    for state in ("merged", "copied", "locked"):
        make_recording(project, state)
    overview = projects.overviews([project])[0]
    assert overview.percent == pytest.approx(projects.progress(project))
    assert overview.percent > 0


def test_talks_stand_under_their_day_also_after_midnight(client, project):
    late, early = make_recording(project, title="Late"), make_recording(project, title="Early")
    late.start = datetime(2026, 12, 27, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    early.start = datetime(2026, 12, 28, 9, 0, tzinfo=UTC)
    enter(client)
    days = page(client.get("/demo/")).xpath("//section[@class='day']")
    assert [" ".join(day.xpath("./h2/text()")[0].split()) for day in days] == [
        "Sunday, 27 December 2026",
        "Monday, 28 December 2026",
    ]
    assert [day.xpath(".//h3/a/text()") for day in days] == [["Late"], ["Early"]]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"One", "Two", "Three"}),
        ("text=tw", {"Two"}),
        ("text=%25", set()),
        ("room=saal2", {"Two"}),
        ("room=nowhere", {"One", "Two", "Three"}),
        ("state=merged", {"One"}),
        ("state=encoded", {"Three"}),
        ("state=nonsense", {"One", "Two", "Three"}),
        ("failed=1", {"Two"}),
        ("public=1", {"Three"}),
    ],
)
def test_filters_choose(client, project, query, shown):
    make_recording(project, "merged", title="One")
    make_recording(project, "cutting", title="Two", room="Saal 2", failed=True)
    third = make_recording(project, "copied", title="Three")
    put(put(encoding(third), "released"), "encoded")
    enter(client)
    assert set(page(client.get(f"/demo/?{query}")).xpath("//h3/a/text()")) == shown


def test_talks_are_shown_in_pages_that_keep_the_filter(client, project, monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 2)
    for number in range(3):
        make_recording(project, title=f"Talk {number}")
    make_recording(project, title="Something else")
    enter(client, "alice")
    first = page(client.get("/demo/?text=Talk&slug=other&_external=1"))
    assert first.xpath("//h3/a/text()") == ["Talk 0", "Talk 1"]
    second = page(client.get(first.xpath("//a[@rel='next']/@href")[0]))
    assert (second.xpath("//h3/a/text()"), second.xpath("//a[@rel='next']")) == (["Talk 2"], [])
    assert page(client.get(second.xpath("//a[@rel='prev']/@href")[0])).xpath("//h3/a/text()") == ["Talk 0", "Talk 1"]
    assert client.get("/demo/?page=99999999").status_code == 200


def test_a_number_finds_the_talk_with_this_id(client, project):
    talk = make_recording(project, title="One")
    make_recording(project, title="Two")
    enter(client)
    assert page(client.get(f"/demo/?text={talk.fahrplan_id}")).xpath("//h3/a/text()") == ["One"]


def test_a_failure_and_its_reason_stand_in_the_list(client, project):
    talk = make_recording(project, "cutting", failed=True)
    talk.waiting = "There is no sound at all."
    enter(client)
    assert "Recording failed: There is no sound at all." in words(client.get("/demo/"))


def test_hostile_titles_are_only_text(client, project):
    talk = make_recording(project, "merged", title=HOSTILE, room="<b>Saal</b>")
    enter(client)
    for path in ("/demo/", f"/demo/ticket/{talk.id}", f"/demo/ticket/{talk.id}/cut", f"/demo/ticket/{talk.id}/release"):
        shown = page(client.get(path))
        assert HOSTILE in shown.text_content()
        assert not shown.xpath("//img | //script[not(@src)]")


LONG = f"{HOSTILE} \u202eנהפך\u202c \U0001f469\u200d\U0001f680 {'lang ' * 70}"


def test_hostile_texts_are_only_text_on_all_other_pages_too(client, project):
    project.title = LONG
    talk = make_recording(project, "copied", title=LONG, room="<b>Saal</b>", values={"Fahrplan.Abstract": LONG})
    file, task = put(encoding(talk), "encoded"), make_misc(project, LONG)
    tickets.set_failed(
        make_recording(project, "merged", title=LONG).id, make_user("bob", "superuser"), True, comment=LONG
    )
    group, _ = groups.create("<img src=x onerror=alert(1)>", secret_key="k" * 64)
    groups.add_project(group, project)
    tickets.assign(encoding(talk, "mp3").id, make_user("carol", "admin"), make_worker())
    profiles.edit(profiles.find("hd"), name=LONG, description=LONG)
    enter(client)
    demo = (
        "",
        "now",
        "tickets",
        "new",
        "settings",
        f"ticket/{task.id}",
        f"ticket/{file.id}",
        f"ticket/{file.id}/check",
    )
    paths = [
        "/",
        *(f"/demo/{name}" for name in demo),
        "/workers",
        "/workers/groups",
        "/users",
        "/profiles",
        "/profiles/hd",
    ]
    answers = {path: client.get(path) for path in paths}
    chosen = {"ticket": [f"{task.id}:{task.version}"], "comment": LONG, "name": "A.B", "value": LONG}
    answers["mass"] = send(client, "/demo/tickets/edit", chosen)
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        assert HOSTILE in page(answer).text_content(), path
        assert not page(answer).xpath("//img | //b[.='Saal'] | //script[not(@src)] | //@onerror"), path


def test_the_next_step_depends_on_state_and_person(client, project):
    cutter, other, reader = make_user("bob"), make_user("carol"), make_user("rita", "read only")
    talk = make_recording(project, "merged")
    assert [step.label for step in next_steps_in(client, talk, cutter)] == ["Cut"]
    assert next_steps_in(client, talk, reader) == []
    put(talk, "cutting")
    talk.user = cutter
    db.session.flush()
    assert [step.label for step in next_steps_in(client, talk, cutter)] == ["Continue cutting"]
    assert [(step.label, step.url) for step in next_steps_in(client, talk, other)] == [("bob is cutting", "")]
    put(talk, "copied")
    talk.cut_by_id = cutter.id
    put(encoding(talk), "encoded")
    assert [(step.label, bool(step.url)) for step in next_steps_in(client, talk, cutter)] == [("Check", False)]
    assert [(step.label, step.note) for step in next_steps_in(client, talk, other)] == [("Check", "hd")]
    put(encoding(talk), "postprocessed")
    assert next_steps_in(client, talk, other) == []
    boss = make_user("sue", "superuser")
    assert [(step.label, step.note) for step in next_steps_in(client, talk, boss)] == [("Release", "1 file")]


def next_steps_in(client, talk, user):
    with client.application.test_request_context():
        return next_steps(talk, user)


def test_a_recording_is_made_by_hand_in_the_time_of_the_project(client, project):
    enter(client)
    fields = {"title": "Nachtschicht", "room": "Saal 7", "start": "2026-12-27T11:30", "end": "2026-12-27T12:00"}
    answer = send(client, "/demo/new", fields)
    assert answer.status_code == 303
    made = queries.talks(project.id)[0]
    assert answer.headers["Location"] == f"/demo/ticket/{made.id}"
    assert (made.title, made.start.isoformat(), made.room.key) == ("Nachtschicht", "2026-12-27T10:30:00+00:00", "saal7")
    assert len(made.children) == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "A recording needs a title."),
        ("start", "tomorrow", "The start 'tomorrow' is no date and time"),
        ("end", "2026-12-27T11:00", "The talk ends before it begins."),
        ("room", "!!!", "has no letter or digit"),
    ],
)
def test_what_is_wrong_with_a_recording_by_hand_is_named_and_the_rest_kept(client, project, field, value, sentence):
    enter(client)
    fields = {"title": "Kept", "room": "Saal 7", "start": "2026-12-27T11:30", "end": "2026-12-27T12:00", field: value}
    answer = send(client, "/demo/new", fields)
    assert (answer.status_code, sentence in words(answer)) == (400, True)
    shown = page(answer)
    assert shown.xpath("//*[@aria-invalid]/@name") == [field]
    assert {name: shown.xpath(f"//input[@name='{name}']/@value")[0].strip() for name in fields} == {
        name: text.strip() for name, text in fields.items()
    }


def test_a_page_that_did_not_change_is_not_sent_again(client, project):
    talk = make_recording(project, "merged")
    enter(client)
    for path in ("/demo/", f"/demo/ticket/{talk.id}"):
        tag = client.get(path).headers["ETag"]
        answer = client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.get_data()) == (304, b"")
    put(talk, "cutting")
    assert client.get("/demo/", headers={"If-None-Match": tag}).status_code == 200


def test_a_page_is_not_taken_for_that_of_another_user(client, app, project):
    enter(client)
    tag = client.get("/demo/").headers["ETag"]
    make_user("rita", "read only")
    other = app.test_client()
    log_in(other, "rita")
    assert other.get("/demo/", headers={"If-None-Match": tag}).status_code == 200


def test_workers_show_what_they_hold_but_not_to_those_who_may_not_see_it(client, app, project):
    worker = queries.register_worker(queries.v3_group().id, "vm-encoder1.example.org")
    talk = make_recording(project, "copied", title="Secret talk")
    child = put(encoding(talk), "encoding")
    child.worker_id, child.percent = worker.id, 43
    enter(client)
    assert "Secret talk hd encoding 43 %" in words(client.get("/workers"))
    make_user("charlie", only=[make_project("other", formats=())])
    other = app.test_client()
    log_in(other, "charlie")
    text = words(other.get("/workers"))
    assert "vm-encoder1.example.org" in text and "Secret" not in text and "a ticket of another project" in text


def test_only_who_may_release_is_called_to_do_it(client, app, project):
    talk = make_recording(project, "copied")
    put(encoding(talk), "postprocessed")
    enter(client, "bob")
    enter(boss := app.test_client(), "sue", "superuser")
    for path in ("/", "/demo/"):
        hers, his = page(boss.get(path)), page(client.get(path))
        assert hers.xpath("//ul[@class='todo']//a[contains(@href, 'state=postprocessed')]")
        assert not his.xpath("//ul[@class='todo']//a[contains(@href, 'state=postprocessed')]")
        assert "1 waits for release" in " ".join(his.text_content().split())


def test_sentences_about_waiting_are_renewed_every_minute(app, client, project):
    user = make_user()
    with app.test_request_context("/demo/"):
        login_user(user)
        when = [(27, 12, 0, 1), (27, 12, 0, 59), (27, 12, 1, 0), (28, 12, 0, 1)]
        tags = [live.stamp(project, datetime(2026, 12, *rest, tzinfo=UTC)) for rest in when]
    assert tags[0] == tags[1] and len(set(tags)) == 3
