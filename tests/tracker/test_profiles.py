"""Encoding profiles: versions, the jobfile, and what a template may not do."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lxml import etree

from tests.factories import encoding, make_encoding, make_project, make_recording, states
from tracker import profiles, properties, queries
from tracker.db import db
from tracker.errors import InvalidInput, NoBasename, NoService, NotFound
from tracker.profiles import check_template, jobfile, render

HEAD = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'


def sheet(body: str, before: str = "") -> str:
    """Return a stylesheet whose job contains *body*; *before* stands in front of its template."""
    return f'{HEAD}{before}<xsl:template match="/"><job>{body}</job></xsl:template></xsl:stylesheet>'


def value_of(name: str) -> str:
    return f"<xsl:value-of select=\"/properties/property[@name='{name}']\"/>"


def options(job: bytes) -> list[str]:
    return [option.text or "" for option in etree.fromstring(job).iter("option")]


@pytest.fixture
def project(db_session):
    return make_project(values={"Meta.Album": "Demo & Söhne", "Meta.License": "CC-BY", "Meta.Year": "2026"})


@pytest.fixture
def ticket(project):
    ticket = make_encoding(project)
    properties.write(ticket.parent, {"Record.Framerate": "30000/1001", "Record.Cutdiffseconds": "30.000"})
    return ticket


# --- profiles and their versions -----------------------------------------------------------------------------


def test_four_formats_are_shipped_in_two_sizes_of_video_and_two_of_sound(db_session):
    made = {slug: profiles.get(slug) for slug in profiles.SHIPPED}
    assert {slug: profile.extension for slug, profile in made.items()} == {
        "hd": "mp4", "sd": "mp4", "mp3": "mp3", "opus": "opus",
    }  # fmt: skip
    assert profiles.get("hd") is made["hd"]


def test_an_unknown_profile_names_those_that_there_are(db_session):
    with pytest.raises(NotFound, match="shipped are: hd, sd, mp3, opus"):
        profiles.get("webm")


def test_a_project_keeps_the_version_it_uses_until_it_takes_the_next(project, ticket):
    hd = profiles.get("hd")
    newer = profiles.revise(hd, sheet("new"), "try this")
    assert newer.revision == 2
    assert queries.project_profiles(project.id)[0].version.revision == ticket.profile_version.revision == 1
    profiles.use(project, "hd", 2.0)
    used = queries.project_profiles(project.id)[0]
    assert (used.version.revision, used.priority) == (2, 2.0)
    assert encoding(make_recording(project)).profile_version.revision == 2


def test_a_profile_switched_off_holds_the_tickets_that_are_and_those_to_come(project, ticket):
    profiles.use(project, "mp3", 0.0)
    profiles.use(project, "hd", 0.0)
    db.session.refresh(ticket)
    talk = make_recording(project, "copied")
    assert states(talk) == {"hd": "ready to encode", "mp3": "ready to encode"}
    assert [t.priority for t in (ticket, encoding(talk), encoding(talk, "mp3"))] == [0, 0, 0]
    profiles.use(project, "hd", 2.5)
    db.session.refresh(ticket)
    assert ticket.priority == 2.5 and encoding(talk, "mp3").priority == 0


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


# --- the jobfile ---------------------------------------------------------------------------------------------


def test_the_job_of_a_video_names_its_files_and_metadata(ticket):
    job = jobfile(ticket)
    name = properties.merged(ticket)["EncodingProfile.Basename"]
    number = ticket.parent.fahrplan_id
    tree = etree.fromstring(job)
    assert [o.text for o in tree.iter("option") if o.get("filetype")] == [
        "ffmpeg", f"/video/tmp/demo/{number}/cut.mkv", f"/video/output/{name}.mp4",
    ]  # fmt: skip
    assert {"title=A talk", "album=Demo & Söhne", "copyright=CC-BY", "date=2026"} <= set(options(job))
    assert any(text.startswith("fps=30000/1001,") for text in options(job))


@pytest.mark.parametrize("slug", profiles.SHIPPED)
def test_every_shipped_profile_makes_a_job(project, slug):
    profiles.use(project, slug)
    talk = make_recording(project, "copied", values={"Record.Cutdiffseconds": "30.000"})
    assert options(jobfile(encoding(talk, slug)))[0] == "ffmpeg"


@pytest.mark.parametrize(
    ("milliseconds", "sound"),
    [
        ("", "apad,atrim=end=30.000"),
        ("0", "apad,atrim=end=30.000"),
        ("200", "atrim=start=0.2,asetpts=PTS-STARTPTS,apad,atrim=end=30.000"),
        ("-1500", "adelay=delays=1.5s:all=1,apad,atrim=end=30.000"),
    ],
)
def test_a_late_sound_is_moved_forward_by_seconds_and_an_early_one_back(ticket, milliseconds, sound):
    properties.write(ticket.parent, {"Record.AVDelay": milliseconds})
    assert sound in options(jobfile(ticket))


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ("200", "0.2"),
        ("-200", "-0.2"),
        ("-5", "-0.005"),
        ("1000", "1"),
        ("60000", "60"),
        ("0.5", "0.0005"),
        ("-0", "0"),
        ("", "0"),
    ],
)
def test_templates_see_the_delay_in_decimal_seconds(stored, seen):
    job = render(sheet(value_of("Record.AVDelay")), {"Record.AVDelay": stored})
    assert etree.fromstring(job).text == seen


@pytest.mark.parametrize("stored", ["abc", "0.2s", "1e3", "nan", "Infinity", "1e999999", "1_0", " 5", "٣"])
def test_a_delay_that_is_no_number_is_named(stored):
    with pytest.raises(InvalidInput, match=r"Record\.AVDelay is .* no number of milliseconds"):
        render(sheet(""), {"Record.AVDelay": stored})


def test_values_reach_the_template_as_text_never_as_markup():
    hostile = "<xsl:x/>&amp;]]>\x00\x08\ufffe ü"
    job = render(sheet(value_of("A.b")), {"A.b": hostile})
    assert etree.fromstring(job).text == "<xsl:x/>&amp;]]> ü"


def test_without_a_language_there_is_no_job(project):
    talk = make_recording(project, "copied", language="")
    with pytest.raises(NoBasename, match=r"set Record\.Language") as caught:
        jobfile(encoding(talk))
    assert caught.value.fault_code == 418


def test_only_encoding_tickets_have_a_job(ticket):
    with pytest.raises(NoService, match="only encoding tickets have a jobfile"):
        jobfile(ticket.parent)


def test_a_template_that_makes_nothing_or_stops_is_named():
    for body in (
        f'{HEAD}<xsl:template match="/"/></xsl:stylesheet>',
        sheet('<xsl:message terminate="yes">no</xsl:message>'),
    ):
        with pytest.raises(InvalidInput, match="The template") as caught:
            render(body, {})
        assert caught.value.field == "template"


# --- what a template may not do ------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret.xml"
    file.write_text(sheet("SECRET"))
    return file


@pytest.mark.parametrize("way", ["<xsl:import href='{}'/>", "<xsl:include href='{}'/>"])
@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_it_cannot_take_in_a_file(secret, way, form):
    before = way.format(form.format(secret))
    for use in (check_template, lambda text: render(text, {})):
        with pytest.raises(InvalidInput, match="in one piece"):
            use(sheet("", before))


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_it_cannot_read_a_file(secret, form):
    body = f"<xsl:copy-of select=\"document('{form.format(secret)}')\"/>"
    with pytest.raises(InvalidInput, match="denied"):
        render(sheet(body), {})


def test_it_cannot_write_a_file(tmp_path):
    body = f'<e:document xmlns:e="http://exslt.org/common" href="{tmp_path}/out.xml"><a/></e:document>'
    text = sheet(body).replace(
        'version="1.0"', 'version="1.0" extension-element-prefixes="e" xmlns:e="http://exslt.org/common"'
    )
    with pytest.raises(InvalidInput, match="denied"):
        render(text, {})
    assert list(tmp_path.iterdir()) == []


def test_it_cannot_reach_the_network():
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Trap) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        for text in (sheet(f"<xsl:copy-of select=\"document('{url}')\"/>"), sheet("", f"<xsl:import href='{url}'/>")):
            with pytest.raises(InvalidInput):
                render(text, {})
        server.shutdown()
    assert asked == []


@pytest.mark.parametrize("doctype", ['<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "<!DOCTYPE x>"])
def test_it_has_no_doctype(doctype):
    with pytest.raises(InvalidInput, match="DOCTYPE"):
        check_template(doctype + sheet("x"))


@pytest.mark.parametrize("program", ["rm", "/bin/sh", "ffmpeg;rm", "", "FFMPEG", "../ffmpeg"])
def test_a_template_that_names_another_program_is_refused(project, program):
    template = sheet(f'<tasks><task><option filetype="exe">{program}</option></task></tasks>')
    with pytest.raises(InvalidInput, match="allowed are: cp, ffmpeg, ffprobe, mv"):
        profiles.create("x", "x", "mp4", template)
    with pytest.raises(InvalidInput, match="allowed are"):
        profiles.revise(profiles.get("hd"), template)


@pytest.mark.parametrize(
    "body",
    [
        f'<option filetype="exe">{value_of("A.program")}</option>',
        '<xsl:element name="option"><xsl:attribute name="filetype">exe</xsl:attribute>rm</xsl:element>',
    ],
)
def test_a_program_that_is_computed_is_refused_in_the_job(body):
    check_template(sheet(body))
    with pytest.raises(InvalidInput, match="The template runs 'rm'"):
        render(sheet(body), {"A.program": "rm"})


def test_programs_of_the_list_may_be_computed():
    body = f'<option filetype="exe">{value_of("A.program")}</option>'
    assert options(render(sheet(body), {"A.program": "ffmpeg"})) == ["ffmpeg"]
