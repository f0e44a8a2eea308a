"""What is refused and what is told when a template is saved."""

from __future__ import annotations

import re

import pytest

from tests.tracker.profiles.sheets import options, sheet, task, value_of
from tracker import profiles, properties
from tracker.errors import InvalidInput
from tracker.profiles import check_template, render


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
    with pytest.raises(InvalidInput, match="The template runs 'rm'"):
        render(sheet(body), {"A.program": "rm"})


def test_programs_of_the_list_may_be_computed():
    body = f'<option filetype="exe">{value_of("A.program")}</option>'
    assert options(render(sheet(body), {"A.program": "ffmpeg"})) == ["ffmpeg"]


# --- refused, with the place -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("", "no well-formed XML: .*, line 1, column 1"),
        ("<a>\n <b></a>", "no well-formed XML: .*, line 2, column 9"),
        ("<a/>", "no XSLT stylesheet: .*not a stylesheet"),
        (sheet("<xsl:value-of/>"), "no XSLT stylesheet: .*line 1, column 1"),
        (sheet('\n  <xsl:value-of select="a[1"/>'), r"could not compile select expression 'a\[1', line 2, column 3"),
        (sheet('\n <xsl:copy-of select="document(&apos;x&apos;)"/>'), "reads a document at line 2, column 2"),
        (sheet("", '\n<xsl:include href="other.xsl"/>'), "takes in other.xsl at line 2"),
        (sheet('\n<xsl:document href="/tmp/x"><a/></xsl:document>'), "takes in /tmp/x at line 2, column 1"),
        (sheet("x" * 500_001), "longer than 500000"),
        (sheet("\ud800"), "no XML can have"),
    ],
)
def test_a_template_that_is_none_is_refused_with_its_place(template, told):
    with pytest.raises(InvalidInput, match=told) as caught:
        check_template(template)
    assert caught.value.field == "template"


UNSAFE = {
    '<option quoted="no">-c copy; rm x</option>': "shell syntax",
    '<option quoted="no">-y > /tmp/x</option>': "shell syntax",
    '<option quoted="no">-x <xsl:value-of select="1"/> `id`</option>': "shell syntax",
    '<option quoted="no">- | rm x</option>': "runs 'rm'",
    '<option quoted="maybe">-y</option>': "quoted='maybe': write yes or no",
    "<option>-vf</option><option>movie=/etc/passwd</option>": "names a file",
    '<option>-vf</option><option>fps=<xsl:value-of select="1"/>,amovie=x</option>': "names a file",
    "<option>-vf</option><option><xsl:if test='false()'>subtitles=x</xsl:if></option>": "names a file",
    "<option>-filter_script:v</option><option>x</option>": "reads a file nobody checks",
    "<option>-/filter:v</option><option>x</option>": "reads a file nobody checks",
    "<option>-i</option><option>concat:/etc/passwd</option>": "'concat:/etc/passwd'",
    "<option>-i</option><option>http://example.org/<xsl:value-of select='1'/></option>": "'http://example",
}


@pytest.mark.parametrize("kind", ["encoding", "postencoding"])
@pytest.mark.parametrize(("options", "told"), UNSAFE.items())
def test_what_no_job_may_do_is_refused_where_it_stands(options, told, kind):
    with pytest.raises(InvalidInput, match=told) as caught:
        check_template(task("\n   " + options, kind=kind))
    assert "(line 2, column " in str(caught.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidInput, match=r"(?s)'rm'.*\(line 1, column \d+\).*'maybe'"):
        check_template(task('<option filetype="exe">rm</option><option quoted="maybe">x</option>'))


def test_a_value_cannot_bring_in_what_a_template_may_not_have():
    template = task(f'<option quoted="no">-metadata title={value_of("Fahrplan.Title")}</option>')
    check_template(template)
    with pytest.raises(InvalidInput, match="shell syntax"):
        render(template, {"Fahrplan.Title": "Talk; rm -rf /"})
    graph = task(f"<option>-vf</option><option>drawtext=text={value_of('Fahrplan.Title')}</option>")
    with pytest.raises(InvalidInput, match="names a file"):
        render(graph, {"Fahrplan.Title": "x,movie=/etc/passwd"})


# --- told ------------------------------------------------------------------------------------------------------


def test_the_shipped_templates_have_nothing_to_tell_of(db_session):
    for slug in profiles.SHIPPED:
        profile = profiles.get(slug)
        assert check_template(profiles.version(profile).template, properties.own(profile)) == []


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (task("<option>/etc/x</option>"), "path or address '/etc/x' in an option without filetype"),
        (task("<option>-i</option><option>cut.mkv</option>"), "encoder would refuse .* reads 'cut.mkv'"),
        (task(kind="postencoding"), "encoder would refuse .* no task of type 'encoding'"),
        (sheet("<error>no</error>"), "encoder would refuse the job of a sample talk: no"),
        (task('<option filetype="pipe">x</option>'), "filetype 'pipe'"),
        (task('<xsl:message terminate="yes">stop</xsl:message>'), "With a sample talk: .* cannot be applied: stop"),
        (task('<option><xsl:value-of select="nothing()"/></option>'), "With a sample talk: .* cannot be applied"),
    ],
)
def test_what_may_not_work_is_told_and_saved(template, told):
    found = check_template(template)
    assert any(re.search(told, sentence) for sentence in found), found


def test_pipes_and_programs_the_operator_allows_may_be_used(monkeypatch):
    template = task('<option quoted="no">-f wav - | lame -b 96 -</option>')
    with pytest.raises(InvalidInput, match="runs 'lame'"):
        check_template(template)
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "lame")
    assert check_template(template) == []


def test_a_wrong_list_of_programs_is_told(monkeypatch):
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "/bin/lame")
    with pytest.raises(InvalidInput, match="FAHRWERK_PROGRAMS has '/bin/lame'"):
        check_template(task())
