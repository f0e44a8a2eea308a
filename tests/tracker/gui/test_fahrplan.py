"""The page about the Fahrplan, and its feed."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from lxml import etree

from tests.factories import encoding, make_project, make_user, put
from tests.tracker.fahrplan.imports import SEVEN, but, run, stored, talk
from tests.tracker.fahrplan.samples import event, optout, schedule
from tests.tracker.gui.visitor import enter, filled, page, send, words
from tracker import profiles, projects, properties, queries, tokens
from tracker.db import db
from tracker.fahrplan import sources, verdicts

PATH = "/demo/fahrplan"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def project(client, db_session):
    """A conference whose third talk is recorded."""
    made = projects.create("demo", "Project demo", values={"Fahrplan.XML": "https://me.example/s.xml?token=s3cret"})
    profiles.use(made, "hd")
    run(made, *SEVEN)
    put(talk(made, 3), "recorded")
    return made


def form(answer):
    """Return what a browser sends of the review when nobody touches it."""
    return filled(page(answer).xpath("//section[@id='review']/form")[0])


def shown(client):
    return client.get(PATH)


def test_the_page_shows_what_waits_and_where_the_fahrplan_is_from(client, project):
    run(project, *but(3, title="Other <b>"))
    enter(client)
    said = words(shown(client))
    assert "title 'Talk 3' -> 'Other <b>'" in said and "https://me.example/s.xml" in said
    assert "s3cret" not in said


def test_the_list_of_talks_and_the_front_page_say_that_something_waits(client, project):
    enter(client)
    assert "in the Fahrplan to decide" not in words(client.get("/demo/"))
    run(project, *but(3, title="Other"))
    for path in ("/", "/demo/"):
        assert "1 in the Fahrplan to decide" in words(client.get(path))


def test_an_untouched_form_decides_nothing(client, project):
    run(project, *but(3, title="Other"))
    enter(client)
    answer = send(client, PATH, form(shown(client)))
    assert (answer.status_code, "Nothing was chosen" in words(answer)) == (400, True)
    assert stored(project, 3)["Fahrplan.Title"] == "Talk 3"


def test_what_is_ticked_is_taken_over_and_the_rest_stays(client, project):
    run(project, *but(3, title="Other", room="Saal 2"))
    enter(client)
    (item,) = verdicts.items(project)
    sent = form(shown(client)) | {f"do-{item.id}": ["apply"], f"take-{item.id}": ["title", "slug"]}
    assert send(client, PATH, sent).headers["Location"] == PATH
    db.session.expire_all()
    values = stored(project, 3)
    assert (values["Fahrplan.Title"], values["Fahrplan.Room"]) == ("Other", "Saal 1")
    assert verdicts.items(project) == []
    assert not run(project, *but(3, title="Other", room="Saal 2")).pending


def test_everything_can_be_chosen_with_one_link(client, project):
    put(talk(project, 4), "recorded")
    run(project, *but(3, title="Other")[:3], event(4, title="Else"), *SEVEN[4:])
    enter(client)
    send(client, PATH, form(client.get(f"{PATH}?choose=leave")))
    assert verdicts.items(project) == []
    assert talk(project, 3).title == "Talk 3"


def test_another_talk_gets_a_ticket_of_its_own(client, project):
    run(project, *but(3, title="Other"))
    enter(client)
    (item,) = verdicts.items(project)
    send(client, PATH, form(shown(client)) | {f"do-{item.id}": ["another"]})
    assert {row.title for _, row in queries.scheduled_talks(project.id)} >= {"Talk 3", "Other"}


def test_somebody_was_faster_and_the_choices_stay(client, project):
    run(project, *but(3, title="Other", room="Saal 2"))
    enter(client)
    (item,) = verdicts.items(project)
    sent = form(shown(client)) | {f"do-{item.id}": ["apply"], f"take-{item.id}": ["room"]}
    put(talk(project, 3), "merged")
    answer = send(client, PATH, sent)
    assert (answer.status_code, "something changed about 'Talk 3'" in words(answer)) == (409, True)
    again = form(answer)
    assert (again[f"do-{item.id}"], again[f"take-{item.id}"]) == (["apply"], ["room"])
    assert send(client, PATH, again).status_code == 303


@pytest.mark.parametrize("choice", ["apply", "leave", "another"])
def test_a_choice_that_does_not_say_what_was_seen_is_refused(client, project, choice):
    run(project, *but(3, title="Other"))
    enter(client)
    (item,) = verdicts.items(project)
    sent = form(shown(client)) | {f"do-{item.id}": [choice]}
    del sent[f"stamp-{item.id}"]
    answer = send(client, PATH, sent)
    assert (answer.status_code, "does not say what you saw" in words(answer)) == (400, True)
    assert [each.id for each in verdicts.items(project)] == [item.id]


def test_an_import_is_undone_from_its_place_in_the_history(client, project):
    number = run(project, *SEVEN, event(8)).import_id
    enter(client)
    answer = send(client, PATH, {"action": "undo", "import": str(number)}, follow_redirects=True)
    said = words(answer)
    assert "1 were removed" in said and "undone by alice" in said and "Everything waits for you" in said
    send(client, PATH, {"action": "resume"})
    assert sources.of(project).hold == ""


def test_an_undo_that_is_too_late_says_why(client, project):
    number = run(project, *SEVEN, event(8)).import_id
    put(talk(project, 8), "recording")
    enter(client)
    answer = send(client, PATH, {"action": "undo", "import": str(number)})
    assert (answer.status_code, "something was done since with 'Talk 8'" in words(answer)) == (409, True)


def test_who_opted_out_and_is_public_is_an_alarm_with_one_click(client, project):
    put(talk(project, 3), "copied")
    file = put(encoding(talk(project, 3)), "released")
    run(project, *but(3, extra=optout("true")))
    enter(client)
    answer = shown(client)
    assert "Public although the speakers opted out" in words(answer)
    (button,) = page(answer).xpath("//section[@role='alert']/form")
    send(client, PATH, filled(button))
    db.session.expire_all()
    assert (file.state, file.withdraw) == ("postprocessed", True)
    assert "Public although" not in words(shown(client))


def test_a_room_that_was_renamed_is_told_with_one_click(client, project):
    run(project, *(event(n, room="Aula") for n in range(1, 8)), room="Aula")
    enter(client)
    answer = shown(client)
    assert "Room Saal 1 is gone, and its talks are in Aula now." in words(answer)
    assert "7 talks only moved with the room" in words(answer)
    (button,) = page(answer).xpath("//form[input[@name='action'][@value='renamed']]")
    send(client, PATH, filled(button))
    db.session.expire_all()
    report = run(project, *(event(n, room="Aula") for n in range(1, 8)), room="Aula")
    assert (report.pending, [(room.key, room.name) for room in queries.rooms(project.id)]) == ([], [("saal1", "Aula")])


def test_a_talk_nobody_wanted_can_be_made_after_all(client, project):
    sources.configure(project, actions={"new": ("ask", "ask")})
    run(project, *SEVEN, event(8))
    enter(client)
    send(client, PATH, form(client.get(f"{PATH}?choose=leave")))
    (again,) = page(shown(client)).xpath("//details//form")
    send(client, PATH, filled(again))
    assert queries.recording_by_fahrplan_id(project.id, 8) is not None


def test_the_file_of_an_import_comes_as_it_was_read_and_is_never_shown(client, project):
    number = queries.last_import(project.id).id
    enter(client)
    answer = client.get(f"{PATH}/{number}/file")
    assert answer.data == schedule(*SEVEN)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="schedule-demo-')
    assert answer.mimetype == "application/octet-stream"
    assert client.get(f"{PATH}/{number + 999}/file").status_code == 404


def test_who_may_only_look_gets_no_buttons(client, project):
    run(project, *but(3, title="Other"))
    enter(client, "rita", "read only")
    answer = page(shown(client))
    assert answer.xpath("//main//form//button | //main//input[@type='radio']") == []
    assert "Other" in answer.text_content()


def test_an_import_of_another_project_is_not_found(client, project):
    make_project("other", formats=())
    number = queries.last_import(project.id).id
    enter(client)
    assert client.get(f"/other/fahrplan/{number}/file").status_code == 404
    assert send(client, "/other/fahrplan", {"action": "undo", "import": str(number)}).status_code == 404
    ticket = {"action": "withdraw", "ticket": str(talk(project, 3).id)}
    assert send(client, "/other/fahrplan", ticket).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [{"action": "nothing"}, {"action": "decide", "change": "x"}, {"action": "undo", "import": "one"}],
)
def test_a_form_that_makes_no_sense_is_answered_with_a_sentence(client, project, fields):
    enter(client)
    assert send(client, PATH, fields).status_code == 400


# --- in German ---


def german(client):
    return words(client.get(PATH, headers={"Accept-Language": "de"}))


def test_the_review_is_german_but_for_what_people_wrote(client, project):
    run(project, *but(3, title="new", room="Saal 2"))
    enter(client)
    said = german(client)
    assert "Raum 'Saal 1' -> 'Saal 2'; Titel 'Talk 3' -> 'new'" in said
    assert "Titel hier Talk 3" in said and "Fahrplan new" in said
    assert "später übernehmen, was angekreuzt ist lassen, wie es ist" in said
    assert "zeitlich verlegt" in said and "moved in time" not in said


def test_an_opt_out_and_times_are_german(client, project):
    put(talk(project, 4), "recorded")
    run(project, *but(3, extra=optout("true"))[:3], event(4, date="2026-12-28T13:00:00+01:00"), *SEVEN[4:])
    enter(client)
    said = german(client)
    assert "3 'Talk 3': die Vortragenden wollen keine Aufnahme" in said
    assert "-> Mo 28. Dez 13:00" in said


def test_the_history_is_german(client, project):
    run(project, *but(1, title="a; title 'b' -> 'c'"), event(8))
    enter(client)
    said = german(client)
    assert "8 'Talk 8': neu, Fr 27. Dez 18:00 in Saal 1" in said
    assert "'Talk 1' -> 'a; " in said


# --- the feed --------------------------------------------------------------------------------------------------


def entries(answer):
    return etree.parse(BytesIO(answer.data)).getroot().findall(f"{ATOM}entry")


def test_the_feed_has_every_change_set_in_words(client, project):
    run(project, *but(3, room="Saal 2"), event(8, title="\N{ROCKET} <b>"))
    enter(client)
    answer = client.get(f"{PATH}.atom")
    newest, oldest = entries(answer)
    assert answer.mimetype == "application/atom+xml"
    assert "8 '\N{ROCKET} <b>': new, Fri 27 Dec 18:00 in Saal 1" in newest.findtext(f"{ATOM}content")
    assert oldest.findtext(f"{ATOM}title") == "Imported: 7 created"
    tagged = client.get(f"{PATH}.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert tagged.status_code == 304


@pytest.mark.parametrize("way", ["bearer", "basic"])
def test_the_feed_is_read_with_a_token(client, project, way):
    _, text = tokens.create(make_user("charlie", only=[project]), "reader")
    basic = base64.b64encode(f"anything:{text}".encode()).decode()
    header = {"bearer": f"Bearer {text}", "basic": f"Basic {basic}"}[way]
    answer = client.get(f"{PATH}.atom", headers={"Authorization": header})
    assert (answer.status_code, len(entries(answer))) == (200, 1)
    make_project("other", formats=())
    assert client.get("/other/fahrplan.atom", headers={"Authorization": header}).status_code == 404


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic nonsense"}])
def test_without_a_login_or_a_token_there_is_no_feed(client, project, header):
    answer = client.get(f"{PATH}.atom", headers=header)
    assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]


def test_control_characters_do_not_break_the_feed(client, project):
    properties.write(talk(project, 1), {"Fahrplan.Track": "a\x01b"})
    run(project, *but(1, extra="<track>c</track>"))
    enter(client)
    assert len(entries(client.get(f"{PATH}.atom"))) == 2


def test_no_address_of_a_fahrplan_becomes_a_link_that_runs(client, project):
    extra = "<video_download_url>file:///etc/passwd</video_download_url>"
    run(project, *but(2, url="javascript:alert(1)", extra=extra))
    assert stored(project, 2)["Fahrplan.URL"] == "javascript:alert(1)"
    enter(client)
    for path in (f"/demo/ticket/{talk(project, 2).id}", "/demo/", PATH):
        links = page(client.get(path)).xpath("//@href | //@src | //@action")
        assert [link for link in links if link.startswith(("javascript:", "file:", "data:"))] == []
