"""Properties: rows of text, inherited, merged; virtual ones computed; nothing dropped silently."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from tests import factories
from tracker import profiles, projects, properties, queries, tickets
from tracker.db import db, transaction
from tracker.errors import InvalidInput
from tracker.fahrplan.schedule import IMPORTED
from tracker.properties import VIRTUAL, basename, merged, own, seconds, write

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "properties.md"


@pytest.fixture
def project(db_session):
    return factories.make_project()


@pytest.fixture
def ticket(project):
    return factories.make_encoding(project)


# --- writing -------------------------------------------------------------------------------------------------


def test_a_value_is_kept_as_it_was_written(ticket):
    write(ticket, {"Record.Room": "007", "A.b": " x\r\n ü ", "Record.Cutdiffseconds": "10.000"})
    assert own(ticket) == {"A.b": " x\r\n ü ", "Record.Cutdiffseconds": "10.000", "Record.Room": "007"}


def test_an_empty_value_deletes(ticket):
    write(ticket, {"A.b": "1", "A.c": "2"})
    assert write(ticket, {"A.b": "", "A.d": ""}) == {"A.b": "", "A.d": ""}
    assert own(ticket) == {"A.c": "2"}


def test_a_property_has_one_value(ticket):
    for value in ("1", "2"):
        write(ticket, {"A.b": value})
    assert own(ticket) == {"A.b": "2"}


@pytest.mark.parametrize("name", ["", "A b", "A..b", ".A", "A.", "-A", "A.b\n", "A/b", "A;b", "a" * 201, "A.\x00"])
def test_a_malformed_name_is_refused_and_nothing_is_written(ticket, name):
    with pytest.raises(InvalidInput, match="Property name"):
        write(ticket, {"A.good": "1", name: "2", "Z.good": "3"})
    assert own(ticket) == {}


@pytest.mark.parametrize("name", ["A", "A.b-c.d_e", "Fahrplan.Person_list", "Ä.ö", "0.1", "a" * 200])
def test_a_well_formed_name_is_taken(ticket, name):
    write(ticket, {name: "1"})
    assert own(ticket) == {name: "1"}


@pytest.mark.parametrize("value", ["x" * 1_000_001, "a\x00b"])
def test_a_value_that_cannot_be_stored_is_refused_and_nothing_is_written(ticket, value):
    with pytest.raises(InvalidInput, match=r"Property A\.bad"):
        write(ticket, {"A.bad": value, "A.good": "1"})
    assert own(ticket) == {}


def test_virtual_names_are_not_written(ticket, project):
    for owner in (ticket, project):
        before = own(owner)
        assert write(owner, dict.fromkeys(VIRTUAL, "x")) == {}
        assert own(owner) == before


def test_two_workers_that_write_different_properties_at_once_both_do(committed_db):
    """Real commits: both hold their transaction open at the same time."""
    with factories.committing(committed_db) as app:
        with app.app_context(), transaction():
            number = factories.make_encoding(factories.make_project()).id
        both = threading.Barrier(2, timeout=20)

        def work(name: str) -> None:
            with app.app_context(), transaction():
                write(tickets.get(number), {f"A.{name}": name, f"B.{name}": name})
                both.wait()

        threads = [threading.Thread(target=work, args=(name,)) for name in ("x", "y")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            assert own(tickets.get(number)) == {"A.x": "x", "A.y": "y", "B.x": "x", "B.y": "y"}


# --- what is in force ----------------------------------------------------------------------------------------


def test_ticket_goes_before_profile_before_parent_before_project(project, ticket):
    owners = [project, ticket.parent, ticket.profile_version.profile, ticket]
    for rank, owner in enumerate(owners):
        write(owner, {f"X.{name}": str(rank) for name in range(rank + 1)})
    found = merged(ticket)
    assert [found[f"X.{name}"] for name in range(4)] == ["3", "3", "3", "3"]
    for owner, rest in zip(reversed(owners), ("2", "1", "0"), strict=False):
        write(owner, {"X.0": ""})
        assert merged(ticket)["X.0"] == rest


def test_a_recording_inherits_from_the_project_alone(project, ticket):
    write(ticket, {"X.child": "1"})
    write(ticket.parent, {"Record.EndPadding": "60"})
    write(project, {"Record.EndPadding": "30", "Meta.Year": "2026"})
    found = merged(ticket.parent)
    assert (found["Record.EndPadding"], found["Meta.Year"], "X.child" in found) == ("60", "2026", False)


def test_other_projects_and_talks_do_not_leak_in(project, ticket):
    other = factories.make_encoding(factories.make_project("other"))
    for owner in (other, other.parent, other.project):
        write(owner, {"X.y": "1"})
    assert "X.y" not in merged(ticket)


def test_the_names_come_sorted(ticket):
    assert list(merged(ticket)) == sorted(merged(ticket))


# --- virtual properties --------------------------------------------------------------------------------------


def test_an_encoding_ticket_has_the_virtual_properties_of_the_seed(project, ticket):
    write(ticket.parent, {"Record.Language": "deu", "Fahrplan.Slug": "a_talk"})
    number = ticket.parent.fahrplan_id
    ticket.parent.basename = ""
    assert {name: value for name, value in merged(ticket).items() if name in VIRTUAL | {"Fahrplan.ID"}} == {
        "Encoding.Basename": f"demo-{number}-deu-a_talk",
        "EncodingProfile.Basename": f"demo-{number}-deu-a_talk-hd",
        "EncodingProfile.Extension": "mp4",
        "EncodingProfile.IsMaster": "yes",
        "EncodingProfile.Slug": "hd",
        "Fahrplan.ID": str(number),
        "Project.Slug": "demo",
        "Project.TimeZone": "Europe/Berlin",
        "Room.Key": "saal1",
        "Room.Recorders": "saal1",
    }


def test_a_recording_has_no_virtual_property_of_a_profile(ticket):
    assert [name for name in merged(ticket.parent) if name.startswith("Encoding")] == []


def test_the_name_is_empty_while_no_language_is_chosen(project, ticket):
    write(ticket.parent, {"Record.Language": ""})
    ticket.parent.basename = ""
    found = merged(ticket)
    assert (found["Encoding.Basename"], found["EncodingProfile.Basename"]) == ("", "")


def test_a_project_without_languages_needs_none(project, ticket):
    projects.configure(project, languages=[])
    assert basename(project, ticket.parent, {"Fahrplan.Slug": "x"}) == f"demo-{ticket.parent.fahrplan_id}-x"


HOSTILE = ["../../etc/passwd", 'a/b\\c:d*e?f"g<h>i|j', "-rf", ". .", "\x00\n\r\t", "Öl & Straße; rm -rf ~", "日本"]


@pytest.mark.parametrize("slug", HOSTILE)
def test_a_hostile_slug_makes_a_plain_name(project, ticket, slug):
    name = basename(project, ticket.parent, {"Record.Language": "deu", "Fahrplan.Slug": slug})
    assert name.startswith(f"demo-{ticket.parent.fahrplan_id}-deu")
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def test_an_output_file_has_a_name_of_at_most_200_bytes(db_session):
    """Also with the longest slugs that there can be; the part file of an attempt has to fit into 255."""
    project = factories.make_project("p" * 50, formats=())
    profiles.create("s" * 40, "long", "x" * 8, queries.latest_version(profiles.get("hd").id).template)
    profiles.use(project, "s" * 40)
    recording = factories.make_recording(project, "copied", values={"Fahrplan.Slug": "ü" * 500 + "x" * 500})
    found = merged(factories.encoding(recording, "s" * 40))
    name = f"{found['EncodingProfile.Basename']}.{found['EncodingProfile.Extension']}"
    assert 150 < len(name.encode()) <= 200


# --- seconds -------------------------------------------------------------------------------------------------


def test_paddings_have_defaults_in_seconds():
    assert (seconds({}, "Record.StartPadding"), seconds({}, "Record.EndPadding")) == (300, 900)
    assert seconds({"Record.EndPadding": "7.5"}, "Record.EndPadding") == 7.5


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-1", "1e999"])
def test_a_padding_that_is_no_number_of_seconds_is_named(text):
    with pytest.raises(InvalidInput, match=r"Record\.EndPadding is"):
        seconds({"Record.EndPadding": text}, "Record.EndPadding")


def test_the_owner_is_one_row_even_for_the_same_name(project, ticket):
    for owner in (project, ticket, ticket.parent, ticket.profile_version.profile):
        write(owner, {"X.same": owner.__tablename__})
    db.session.flush()
    assert own(project)["X.same"] == "project" and own(ticket.parent)["X.same"] == "ticket"


# --- the document --------------------------------------------------------------------------------------------

# typed from the property table of seed 003
OF_THE_SEED = """
Fahrplan.XML Meta.Album Meta.License Meta.Year
Fahrplan.ID Fahrplan.Date Fahrplan.Start Fahrplan.Day Fahrplan.Duration Fahrplan.Room Fahrplan.Slug Fahrplan.Title
Fahrplan.Subtitle Fahrplan.Track Fahrplan.Language Fahrplan.Abstract Fahrplan.Person_list
Record.Starttime Record.Stoptime Record.EndPadding Record.Room Record.Cutin Record.Cutout Record.Cutintime
Record.Cutouttime Record.DurationFrames Record.DurationSeconds Record.Language Record.SourceReplacement Record.AVDelay
Project.Slug Encoding.Basename EncodingProfile.Basename EncodingProfile.Extension EncodingProfile.Slug
Release.Datetime Release.Count
Processing.Path.Raw Processing.Path.Tmp Processing.Path.Output Processing.Video.AspectRatio
"""


def documented() -> dict[str, tuple[str, list[str]]]:
    """Return section and cells of every row of docs/properties.md, by name."""
    found: dict[str, tuple[str, list[str]]] = {}
    section = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        section = line[3:] if line.startswith("## ") else section
        if line.startswith("| `"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert name.strip("`") not in found, f"{name} is there twice"
            found[name.strip("`")] = (section, cells)
    return found


def test_the_document_marks_every_row_of_the_seed():
    assert {name for name, (_, cells) in documented().items() if cells[0] == "yes"} == set(OF_THE_SEED.split())


def test_the_document_names_the_virtual_properties():
    assert {name for name, (section, _) in documented().items() if section == "Virtual"} == VIRTUAL


def test_the_document_names_every_property_of_the_schedule():
    assert IMPORTED - set(documented()) == set()


def test_the_document_names_every_property_that_code_and_templates_use():
    family = "Fahrplan|Meta|Record|Processing|Encoding|EncodingProfile|Release|Project|Room"
    quoted = re.compile(rf"""["'](?:{family})(?:\.[A-Z][A-Za-z_]+)+["']""")
    files = [p for top in ("tracker", "scripts") for p in (ROOT / top).rglob("*") if p.suffix in (".py", ".xsl")]
    used = {match.strip("\"'") for p in files for match in quoted.findall(p.read_text(encoding="utf-8"))}
    assert len(used) > 30 and used - set(documented()) == set()


@pytest.mark.parametrize(("name", "default"), properties.DEFAULTS.items())
def test_the_document_tells_the_defaults(name, default):
    assert f"{default} when nothing is stored" in documented()[name][1][1]


def test_properties_of_many_tickets_are_written_as_those_of_one(db_session):
    project = factories.make_project()
    one, many, other = (factories.make_recording(project, values={"A": "1", "B": "2"}) for _ in range(3))
    values = {"A": "", "B": 'x "\\\n🚀', "C": "3", "Project.Slug": "no", "D": ""}
    properties.write(one, values)
    properties.write_tickets({many.id: values, other.id: {"D": ""}})
    stored = [{name: value for name, value in own(ticket).items() if len(name) == 1} for ticket in (one, many, other)]
    assert stored == [{"B": 'x "\\\n🚀', "C": "3"}] * 2 + [{"A": "1", "B": "2"}]


def test_of_many_properties_none_is_written_when_one_is_refused(db_session):
    talk, other = (factories.make_recording(factories.make_project(slug)) for slug in ("one", "two"))
    with pytest.raises(InvalidInput, match="is not valid"):
        properties.write_tickets({talk.id: {"A": "1"}, other.id: {"not a name": "2"}})
    assert "A" not in properties.own(talk)
