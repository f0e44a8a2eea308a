"""Profiles and versions: made, changed, compared, deleted."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.factories import encoding
from tests.tracker.profiles.sheets import sheet, task
from tracker import profiles, properties
from tracker.errors import Conflict, InvalidInput, NotFound


def test_formats_for_picture_and_sound_are_shipped(db_session):
    made = {slug: profiles.get(slug) for slug in profiles.SHIPPED}
    assert {slug: profile.extension for slug, profile in made.items()} == {
        **dict.fromkeys(["2160p", "1080p", "hd", "480p", "sd"], "mp4"),
        **{"vp9": "webm", "av1": "webm", "mkv": "mkv", "avi": "avi", "theora": "ogv", "mp3": "mp3", "opus": "opus"},
    }
    assert profiles.get("hd") is made["hd"]


def test_an_unknown_profile_names_those_that_there_are(db_session):
    with pytest.raises(
        NotFound, match="shipped are: 2160p, 1080p, hd, 480p, sd, vp9, av1, mkv, avi, theora, mp3, opus"
    ):
        profiles.get("webm")


@pytest.mark.parametrize(
    ("slug", "extension", "template", "field"),
    [
        ("hd", "mp4", sheet(""), "slug"),
        ("a b", "mp4", sheet(""), "slug"),
        ("s" * 41, "mp4", sheet(""), "slug"),
        ("x", ".mp4", sheet(""), "extension"),
        ("x", "", sheet(""), "extension"),
        ("x", "a/b", sheet(""), "extension"),
        ("x", "a" * 9, sheet(""), "extension"),
        ("x", "mp4", "<a/>", "template"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(project, slug, extension, template, field):
    with pytest.raises(InvalidInput) as caught:
        profiles.create(slug, "x", extension, template)
    assert caught.value.field == field


@pytest.fixture
def webm(db_session):
    return profiles.create("webm", "WebM", "webm", task("<option>-an</option>"), {"Format.Video.CRF": "30"})


# --- what all versions share -----------------------------------------------------------------------------------


def test_a_profile_has_a_description_a_folder_and_properties(webm):
    profiles.edit(
        webm, name=" ", description=" for browsers ", mirror_folder="/webm-hd/", values={"Format.Video.CRF": ""}
    )
    assert (webm.name, webm.description, webm.mirror_folder) == ("webm", "for browsers", "webm-hd")
    assert properties.own(webm) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"extension": "a.b"}, "extension"),
        ({"mirror_folder": "../up"}, "mirror_folder"),
        ({"mirror_folder": "a//b"}, "mirror_folder"),
        ({"values": {"Format.Video.CRF": "30,movie=x"}}, "Format.Video.CRF"),
        ({"values": {"a b": "x"}}, "name"),
        ({"depends_on": "webm"}, "depends_on"),
    ],
)
def test_what_cannot_be_is_refused_by_name(webm, change, field):
    with pytest.raises(InvalidInput) as caught:
        profiles.edit(webm, **change)
    assert caught.value.field == field


def test_the_extension_stays_once_there_are_files(project, ticket, webm):
    profiles.edit(webm, extension="mkv")
    assert webm.extension == "mkv"
    with pytest.raises(InvalidInput, match=r"1 tickets use profile 'hd', whose files end in \.mp4"):
        profiles.edit(profiles.get("hd"), extension="mkv")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_nothing_depends_on_itself_however_long_the_way(db_session, length):
    chain = [profiles.create(f"p{n}", "x", "mp4", task()) for n in range(length)]
    for lower, upper in pairwise(chain):
        profiles.edit(lower, depends_on=upper.slug)
    with pytest.raises(InvalidInput, match=r"That would be a circle: p.* depends on p0"):
        profiles.edit(chain[-1], depends_on="p0")
    profiles.edit(chain[0], depends_on="")
    assert chain[0].depends_on_id is None


def test_what_depends_on_another_waits_from_then_on(project, ticket):
    profiles.use(project, "sd")
    sd = encoding(ticket.parent, "sd")
    profiles.edit(profiles.get("sd"), depends_on="hd")
    assert (sd.blocked, ticket.blocked) == ("master", "")
    profiles.edit(profiles.get("sd"), depends_on="")
    assert sd.blocked == ""


# --- versions --------------------------------------------------------------------------------------------------


def test_a_version_that_no_ticket_uses_is_written_over(webm):
    changed = profiles.edit_template(webm, task("<option>-sn</option>"), "without subtitles")
    assert (changed.revision, changed.description) == (1, "without subtitles")
    assert "-sn" in profiles.version(webm).template


def test_a_version_in_use_never_changes(project, ticket):
    before = ticket.profile_version.template
    changed = profiles.edit_template(profiles.get("hd"), task())
    assert (changed.revision, ticket.profile_version.template) == (2, before)
    assert profiles.edit_template(profiles.get("hd"), task("<option>-sn</option>")).revision == 2


def test_an_edit_of_an_older_version_is_a_new_one(webm):
    profiles.revise(webm, task("<option>-sn</option>"))
    assert profiles.edit_template(webm, task("<option>-dn</option>"), revision=1).revision == 3
    assert "-sn" in profiles.version(webm, 2).template
    with pytest.raises(NotFound, match="no revision 4; there are: 1, 2, 3"):
        profiles.version(webm, 4)


def test_two_versions_are_compared_line_by_line(webm):
    profiles.revise(webm, profiles.version(webm).template.replace("-an", "-sn"))
    shown = profiles.diff(profiles.version(webm, 1), profiles.version(webm, 2)).splitlines()
    assert shown[:2] == ["--- webm revision 1", "+++ webm revision 2"]
    assert [line[0] for line in shown[3:]] == ["-", "+"]
    assert profiles.diff(profiles.version(webm), profiles.version(webm)) == ""


def test_a_profile_in_use_is_not_deleted(project, ticket, webm):
    profiles.edit(webm, depends_on="hd")
    with pytest.raises(Conflict, match="project demo uses it; 1 tickets were made with it; webm depends on it"):
        profiles.delete(profiles.get("hd"))
    profiles.delete(webm)
    with pytest.raises(NotFound, match="there are: hd;"):
        profiles.find("webm")
