"""What would scale a picture up is not made; the smallest of each kind always is."""

from __future__ import annotations

import pytest

from tests.factories import (
    assign,
    encoding,
    events,
    log_of,
    make_project,
    make_recording,
    make_user,
    make_worker,
    put,
    states,
)
from tests.tracker.profiles.sheets import task
from tracker import profiles, properties, tickets
from tracker.errors import Conflict, InvalidInput, NotPermitted
from tracker.models import Profile
from tracker.tickets.ladder import Size, factor

BOXES = {"fhd": ("1920", "1080"), "hd": ("1280", "720"), "sd": ("640", "360")}


@pytest.fixture
def project(db_session):
    made = make_project(formats=("hd", "sd", "mp3"))
    rung("fhd", "mp4", *BOXES["fhd"])
    profiles.use(made, "fhd")
    return made


def rung(slug: str, extension: str, width: str, height: str = "") -> Profile:
    bounds = {"Format.Video.MaxWidth": width, "Format.Video.MaxHeight": height}
    return profiles.create(slug, slug, extension, task(), {name: value for name, value in bounds.items() if value})


def copied(project, width, height, state="copied"):
    return make_recording(project, state, values={"Record.Width": str(width), "Record.Height": str(height)})


def resize(talk, width, height):
    """Have the talk cut anew, from another source."""
    properties.write(talk, {"Record.Width": str(width), "Record.Height": str(height)})
    put(put(talk, "cut"), "copied")


def off(talk):
    """Name the formats that are off, sorted."""
    found = {slug: encoding(talk, slug) for slug in ("fhd", "hd", "sd", "mp3") if slug in states(talk)}
    assert all((ticket.blocked == "off") == bool(ticket.off) for ticket in found.values())
    return [slug for slug, ticket in found.items() if ticket.off]


@pytest.mark.parametrize(
    ("width", "height", "without"),
    [
        (3840, 2160, []),
        (1920, 1080, []),
        (1910, 1074, []),  # some lines cropped
        (1280, 720, ["fhd"]),
        (1440, 1080, []),  # 4:3 fills the box as far as it can
        (1024, 768, ["fhd"]),
        (1024, 576, ["fhd", "hd"]),
        (1080, 1920, []),  # a phone held upright
        (405, 720, ["fhd"]),
        (320, 180, ["fhd", "hd"]),
        ("", "", []),
        ("1280", "x", []),
        ("0", "0", []),
    ],
)
def test_a_format_that_would_scale_up_is_off_and_the_smallest_stays(project, width, height, without):
    assert off(copied(project, width, height)) == without


def test_the_ticket_says_why_and_so_does_its_log(project):
    fhd = encoding(copied(project, 1280, 720), "fhd")
    assert (fhd.off, fhd.blocked) == ("would upscale 1280x720 to 1920x1080", "off")
    entry = log_of(fhd)[-1]
    assert (entry.event, entry.comment) == ("Off", fhd.off)
    assert (entry.actor, entry.changes) == ("tracker", {"off": fhd.off, "blocked": "off"})
    assert tickets.claim_next(project, "encoding", make_worker()).profile_version.profile.slug != "fhd"


def test_before_it_is_copied_nothing_is_off(project):
    assert off(copied(project, 320, 180, state="cut")) == []


def test_every_kind_of_file_keeps_its_smallest(project):
    rung("webm", "webm", "1920", "1080")
    profiles.use(project, "webm")
    talk = copied(project, 1280, 720)
    assert off(talk) == ["fhd"]
    assert encoding(talk, "webm").off == ""


def test_two_formats_of_one_size_are_both_made(project):
    rung("small", "mp4", "640", "360")
    profiles.use(project, "small")
    talk = copied(project, 320, 180)
    assert off(talk) == ["fhd", "hd"]
    assert encoding(talk, "small").off == ""


def test_a_box_may_be_bounded_in_one_direction():
    assert factor(Size(1000, 500), {"Format.Video.MaxHeight": "1000"}) == 2
    assert factor(Size(1000, 500), {"Format.Video.MaxWidth": "500"}) == 0.5
    assert factor(Size(1000, 500), {"Format.Video.MaxWidth": "wide"}) is None


def test_a_profile_that_is_switched_off_is_not_the_smallest(project):
    profiles.pin(project, "sd", priority=0)
    talk = copied(project, 320, 180)
    assert off(talk) == ["fhd"]
    profiles.pin(project, "sd", priority=1)
    assert off(talk) == ["fhd", "hd"]
    profiles.remove(project, "sd")
    assert off(talk) == ["fhd"]


def test_a_change_of_a_box_is_looked_at(project):
    talk = copied(project, 1280, 720)
    profiles.edit(profiles.get("fhd"), values={"Format.Video.MaxWidth": "1280", "Format.Video.MaxHeight": "720"})
    assert off(talk) == []


def test_a_talk_that_was_copied_before_looks_at_a_new_profile(project):
    talk = copied(project, 1280, 720)
    rung("uhd", "mp4", "3840", "2160")
    profiles.use(project, "uhd")
    assert encoding(talk, "uhd").off == "would upscale 1280x720 to 3840x2160"
    one = profiles.pin(project, "opus", auto_create=False)
    assert tickets.create_encoding(talk.id, one, tickets.TRACKER).off == ""


def test_a_new_cut_of_another_size_is_looked_at_anew(project):
    talk = copied(project, 1280, 720)
    resize(talk, 1920, 1080)
    assert off(talk) == []
    resize(talk, 640, 360)
    assert off(talk) == ["fhd", "hd"]
    assert [event for event, *_ in events(encoding(talk, "fhd")) if event in ("On", "Off")] == ["Off", "On", "Off"]


def test_what_has_begun_is_left_alone(project):
    talk = copied(project, 1920, 1080)
    fhd = encoding(talk, "fhd")
    fhd.own_priority = fhd.priority = 9.0
    assign(fhd, make_worker(), "encoding")
    put(encoding(talk, "hd"), "released")
    resize(talk, 320, 180)
    assert off(talk) == []


def test_what_waits_for_a_format_that_is_off_does_not_wait_for_ever(project):
    profiles.edit(profiles.get("sd"), depends_on="fhd")
    talk = copied(project, 1280, 720)
    assert (encoding(talk, "fhd").blocked, encoding(talk, "sd").blocked) == ("off", "")


def test_a_person_may_have_it_made_as_long_as_the_size_stays(project):
    talk, alice = copied(project, 1280, 720), make_user()
    fhd = encoding(talk, "fhd")
    tickets.make_anyway(fhd.id, alice)
    assert (fhd.off, fhd.blocked, log_of(fhd)[-1].actor) == ("", "", "alice")
    resize(talk, 1280, 720)
    assert off(talk) == []
    resize(talk, 640, 360)
    assert off(talk) == ["fhd", "hd"]
    with pytest.raises(Conflict, match="is not switched off"):
        tickets.make_anyway(encoding(talk, "sd").id, alice)


def test_a_person_may_leave_a_format_out_and_the_next_one_is_the_smallest(project):
    talk, alice = copied(project, 320, 180), make_user()
    sd = encoding(talk, "sd")
    tickets.leave_out(sd.id, alice, "Nobody watches it.\nReally.")
    assert (sd.off, off(talk)) == ("Nobody watches it.", ["fhd", "sd"])
    resize(talk, 1920, 1080)
    assert off(talk) == ["sd"]
    tickets.make_anyway(sd.id, alice)
    assert off(talk) == []


def test_what_cannot_be_left_out_is_named(project):
    talk, alice = copied(project, 1280, 720), make_user()
    with pytest.raises(InvalidInput, match="Say in a sentence"):
        tickets.leave_out(encoding(talk, "sd").id, alice, " ")
    with pytest.raises(InvalidInput, match="not an encoding ticket"):
        tickets.make_anyway(talk.id, alice)
    put(encoding(talk, "sd"), "encoded")
    with pytest.raises(Conflict, match="only a format that has not begun"):
        tickets.leave_out(encoding(talk, "sd").id, alice, "No.")
    project.read_only = True
    with pytest.raises(NotPermitted, match="archived"):
        tickets.leave_out(encoding(talk, "hd").id, alice, "No.")
