"""The cut page without scripts: its form, its refusals, and that looking changes nothing."""

from __future__ import annotations

import json

import pytest

from tests.factories import events, make_recording, make_user, put
from tests.tracker.gui.visitor import enter, log_in, page, send, words
from tracker import projects, properties, tickets
from tracker.db import db

RECORD = {
    "Record.Framerate": "30000/1001",
    "Record.DurationFrames": "1000",
    "Record.StartPadding": "10",
    "Record.EndPadding": "5",
}
CUT = {"action": "cut", "cut_in": "100", "cut_out": "900", "language": "eng", "av_delay": "-40"}


@pytest.fixture
def talk(project):
    return make_recording(project, "merged", language="", values=RECORD)


@pytest.fixture
def path(client, talk):
    enter(client, "bob")
    return f"/demo/ticket/{talk.id}/cut"


@pytest.fixture
def held(client, path):
    assert send(client, path, {"action": "start"}).headers["Location"] == path
    return path


def test_looking_changes_nothing(client, talk, path):
    before = talk.version
    text = words(client.get(path))
    db.session.refresh(talk)
    assert (talk.state, talk.user_id, talk.version) == ("merged", None, before)
    assert "Start cutting" in text and "I finished cutting" not in text


def test_starting_takes_the_ticket(client, talk, held):
    db.session.refresh(talk)
    assert (talk.state, talk.user.name) == ("cutting", "bob")
    assert "I finished cutting" in words(client.get(held))


def test_the_marks_begin_where_the_schedule_says(client, held):
    shown = page(client.get(held))
    assert shown.xpath("//input[@name='cut_in']/@value") == ["300"]
    assert shown.xpath("//input[@name='cut_out']/@value") == ["850"]
    assert shown.xpath("//input[@name='language'][@checked]") == []


def test_a_cut_is_stored(client, talk, held):
    assert send(client, held, CUT).headers["Location"] == f"/demo/#t{talk.id}"
    own = properties.own(talk)
    db.session.refresh(talk)
    assert talk.state == "cut"
    assert [own[f"Record.{name}"] for name in ("Cutin", "Cutout", "Language", "AVDelay")] == [
        "100",
        "900",
        "eng",
        "-40",
    ]


def test_marks_may_be_typed_as_times(client, talk, held):
    assert send(client, held, {**CUT, "cut_in": "00:00:10.010", "cut_out": "30.03"}).status_code == 303
    assert [properties.own(talk)[f"Record.{name}"] for name in ("Cutin", "Cutout")] == ["300", "900"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("cut_in", "soon", "'soon' is neither a frame nor a time"),
        ("cut_in", "", "'' is neither a frame nor a time"),
        ("cut_in", "-1", "The in point is frame -1, before the recording begins."),
        ("cut_out", "100", "The out point (frame 100) is not after the in point (frame 100)."),
        ("cut_out", "1001", "The out point is frame 1001; the recording has 1000 frames."),
        ("cut_out", "99:00:00", "the recording has 1000 frames"),
        ("cut_out", "9" * 30, "is neither a frame nor a time"),
        ("language", "", "No language is chosen; project demo has: deu, eng."),
        ("language", "tlh", "Language 'tlh' is not known; project demo has: deu, eng."),
        ("av_delay", "late", "'late' is no whole number."),
        ("av_delay", "99999", "An A/V delay of 99999 ms is beyond 60000 ms."),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_kept(client, talk, held, field, value, sentence):
    answer = send(client, held, {**CUT, field: value})
    shown = page(answer)
    assert (answer.status_code, sentence in words(answer)) == (400, True)
    assert shown.xpath("//*[@aria-invalid]/@name") == [field]
    for name in {"cut_in", "cut_out", "av_delay"} - {field}:
        assert shown.xpath(f"//input[@name='{name}']/@value") == [CUT[name]]
    db.session.refresh(talk)
    assert (talk.state, "Record.Cutin" in properties.own(talk)) == ("cutting", False)


def test_an_unknown_action_is_named(client, held):
    answer = send(client, held, {"action": "dance"})
    assert (answer.status_code, "Action 'dance' is unknown" in words(answer)) == (400, True)


def test_the_content_extends(client, talk, held):
    assert send(client, held, {"action": "expand", "before": "2", "after": "", "unit": "min"}).status_code == 303
    own = properties.own(talk)
    db.session.refresh(talk)
    assert (talk.state, own["Record.StartPadding"], own["Record.EndPadding"]) == ("recorded", "130", "5")


def test_extending_by_nothing_is_refused(client, held):
    answer = send(client, held, {"action": "expand", "unit": "s"})
    assert (answer.status_code, "Say by how many seconds" in words(answer)) == (400, True)


def test_being_unable_needs_a_reason(client, talk, held):
    assert send(client, held, {"action": "unable", "comment": " "}).status_code == 400
    assert send(client, held, {"action": "unable", "comment": "No sound"}).status_code == 303
    db.session.refresh(talk)
    assert (talk.state, talk.failed, talk.user_id) == ("cutting", True, None)
    assert "No sound" in words(client.get(held))


def test_leaving_gives_the_ticket_back(client, talk, held):
    assert send(client, held, {"action": "leave"}).status_code == 303
    assert events(talk)[-1] == ("Action.abort", "cutting", "merged")


def test_somebody_else_sees_who_holds_it_and_can_take_over(client, app, talk, held):
    make_user("carol")
    other = app.test_client()
    log_in(other, "carol")
    assert "bob has been cutting this since" in words(other.get(held))
    assert send(other, held, {"action": "start"}).status_code == 409
    assert send(other, held, {"action": "start", "take_over": "1"}).status_code == 303
    answer = send(client, held, CUT)
    assert answer.status_code == 409
    assert "held by carol; you no longer have it" in words(answer)
    assert "100" in words(answer) and "900" in words(answer)


@pytest.mark.parametrize("state", ["recorded", "copied"])
def test_what_is_not_to_be_cut_says_so(client, talk, path, state):
    put(talk, state)
    db.session.flush()
    assert f"This recording is {state}; there is nothing to cut now." in words(client.get(path))
    assert send(client, path, {"action": "start"}).status_code == 409


def test_a_hole_and_a_missing_recording_are_shown(client, talk, path):
    properties.write(talk, {"Record.Holes": "2.0 s missing at 23:59:59"})
    text = words(client.get(path))
    assert "2.0 s missing at 23:59:59" in text
    assert "The recording cannot be played: There is no file timeline.json." in text


def chosen(client, path):
    return page(client.get(path)).xpath("//input[@name='language'][@checked]/@value")


def test_the_marks_of_the_timeline_are_suggested(client, talk, held, mount):
    properties.write(talk, {"Processing.Path.Tmp": str(mount)})
    folder = mount / "demo" / str(talk.fahrplan_id)
    folder.mkdir(parents=True)
    lines = [{"kind": "schedule", "frame": 222}, {"kind": "hole", "frame": 5}, {"kind": "schedule", "frame": 777}]
    for text, begin in ((json.dumps({"marks": lines}), "222"), ('{"marks": [1]}', "300"), ("no JSON", "300")):
        (folder / "timeline.json").write_text(text)
        assert page(client.get(held)).xpath("//input[@name='cut_in']/@value") == [begin]


def test_the_language_of_the_schedule_is_chosen_until_one_is_stored(client, talk, held):
    properties.write(talk, {"Fahrplan.Language": "en-GB"})
    assert chosen(client, held) == ["eng"]
    assert "English (eng) as the schedule says" in words(client.get(held))
    properties.write(talk, {"Record.Language": "deu"})
    assert chosen(client, held) == ["deu"]
    assert "as the schedule says" not in words(client.get(held))


@pytest.mark.parametrize("language", [["eng", "deu"], "deu-eng", ["eng-deu"]])
def test_a_talk_in_several_languages(client, talk, held, language):
    assert send(client, held, {**CUT, "language": language}).status_code == 303
    assert properties.own(talk)["Record.Language"] == "deu-eng"


def test_a_choice_of_languages_is_kept_when_something_else_is_wrong(client, talk, held):
    properties.write(talk, {"Fahrplan.Language": "en"})
    for language in (["deu", "eng"], ["deu"], []):
        answer = page(send(client, held, {**CUT, "cut_in": "soon", "language": language}))
        assert answer.xpath("//input[@name='language'][@checked]/@value") == language


def test_a_project_with_one_language_offers_no_choice_of_several(client, project, talk, held):
    assert page(client.get(held)).xpath("//input[@name='language']/@type") == ["checkbox", "checkbox"]
    projects.configure(project, languages=["deu"])
    db.session.flush()
    assert page(client.get(held)).xpath("//input[@name='language']/@type") == ["radio"]


def test_it_goes_on_to_the_next_talk_when_that_is_asked_for(client, project, talk, held):
    failed = make_recording(project, "merged", failed=True)
    following = make_recording(project, "merged")
    answer = send(client, held, CUT | {"action": "cut and next"})
    assert answer.headers["Location"] == f"/demo/ticket/{following.id}/cut" and failed.state == "merged"


def test_a_draft_is_kept_shown_and_dropped_when_it_is_sent_off(client, talk, held):
    kept = send(client, f"{held}/draft", {"cut_in": "123", "language": ["deu", "eng"], "action": "cut"})
    assert kept.status_code == 200 and kept.json["saved"]
    shown = page(client.get(held))
    assert shown.xpath("//input[@name='cut_in']/@value") == ["123"]
    assert len(shown.xpath("//input[@name='language'][@checked]")) == 2
    send(client, held, CUT)
    assert tickets.draft_of(talk) is None


def test_only_the_holder_keeps_a_draft(client, talk, held):
    enter(client, "carol")
    assert send(client, f"{held}/draft", {"cut_in": "1"}).status_code == 409
    assert tickets.draft_of(talk) is None


def test_parts_chapters_and_the_rest_are_stored(client, talk, held):
    more = {"leave_out": "200 - 300\n00:00:20.020 to 00:00:23.357", "chapters": "100 Begin\n400 The rest"}
    more |= {"audio": "left", "apology": "It hums."}
    assert send(client, held, CUT | more).status_code == 303
    own = properties.own(talk)
    assert own["Record.Ranges"] == "100-200,300-600,700-900"
    assert (own["Record.Chapters"], own["Record.Audio"]) == ("100 Begin\n400 The rest", "left")


def test_what_was_stored_before_stands_in_the_form(client, talk, held):
    properties.write(talk, {"Record.Ranges": "100-200,300-600,700-900", "Record.Audio": "left"})
    shown = page(client.get(held))
    (field,) = shown.xpath("//textarea[@name='leave_out']")
    assert field.text.split("\n") == ["00:00:06.673 - 00:00:10.010", "00:00:20.020 - 00:00:23.357"]
    assert shown.xpath("//select[@name='audio']/option[@selected]/@value") == ["left"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("leave_out", "200", "'200' is no part to leave out"),
        ("leave_out", "200 - soon", "is no part to leave out"),
        ("leave_out", "50 - 60", "do not lie between in (frame 100) and out (frame 900)"),
        ("chapters", "soon Questions", "'soon' is neither a frame nor a time"),
        ("chapters", "50 Early", "begins at frame 50, which is cut out"),
        ("audio", "loud", "Audio source 'loud' is unknown"),
        ("audio", "left-right", "The sound comes from 2 places"),
        ("apology", "x" * 501, "it has to fit on a slide"),
    ],
)
def test_what_is_wrong_besides_the_marks_is_named_and_kept(client, held, field, value, sentence):
    answer = send(client, held, CUT | {field: value})
    assert (answer.status_code, sentence in words(answer)) == (400, True)
    assert page(answer).xpath("//*[@aria-invalid]/@name") == [field]


def test_every_track_has_its_language_and_its_sound(client, talk, held):
    properties.write(talk, {"Record.Tracks": "3"})
    assert len(page(client.get(held)).xpath("//select[@name='track']")) == 3
    sent = CUT | {"language": [], "track": ["eng", "deu", "und"], "audio": ["both", "left", "both"]}
    assert send(client, held, sent).status_code == 303
    own = properties.own(talk)
    assert (own["Record.Language"], own["Record.Audio"]) == ("eng-deu", "both-left")
