"""The jobfile of a ticket, and that no template reaches files or the network."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lxml import etree

from scripts.media.jobfile import JobfileError, parse
from tests.factories import encoding, make_misc, make_recording
from tests.tracker.profiles.sheets import HEAD, options, sheet, task, value_of
from tracker import profiles, properties
from tracker.errors import InvalidInput, NoBasename, NoService
from tracker.profiles import check_template, jobfile, jobfile_or_error, preview, render


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
        ("-1500", "adelay=delays=1500:all=1,apad,atrim=end=30.000"),
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


# --- looked at, and instead of a job -----------------------------------------------------------------------------


def test_a_job_is_indented_but_nothing_is_put_into_an_option():
    job = render(task("<option>a\n b</option>"), {}).decode()
    assert job.startswith("<?xml version='1.0' encoding='UTF-8'?>\n<job>\n  <tasks>\n")
    assert "      <option>a\n b</option>\n" in job


def test_without_a_job_there_is_one_that_says_why(ticket):
    assert jobfile_or_error(ticket) == jobfile(ticket)
    ticket.parent.basename = ""
    properties.write(ticket.parent, {"Record.Language": ""})
    job = jobfile_or_error(ticket).decode()
    for kind in ("encoding", "postencoding", "remux"):
        with pytest.raises(JobfileError, match=r"^Ticket \d+ has no output name yet: set Record\.Language"):
            parse(job, kind)
    assert etree.fromstring(job.encode()).findtext("error").startswith("Ticket ")
    assert "only encoding tickets" in jobfile_or_error(ticket.parent).decode()


def test_a_template_is_tried_with_a_sample_or_a_real_talk(ticket):
    sd, template = profiles.get("sd"), profiles.version(profiles.get("sd")).template
    names = [options(preview(template, sd, talk))[-1] for talk in (None, ticket, ticket.parent)]
    number = ticket.parent.fahrplan_id
    assert names[0] == "/video/output/demo-7-eng-a_sample_talk-sd.mp4"
    assert names[1] == names[2] == f"/video/output/demo-{number}-deu-A_talk-sd.mp4"
    assert "scale=w='min(640,iw)'" in " ".join(options(preview(template, sd, ticket)))
    with pytest.raises(NoService, match="a talk is needed"):
        preview(template, sd, make_misc(ticket.project))
