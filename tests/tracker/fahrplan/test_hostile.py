"""Files that want to do harm, or are not what they claim: refused in one sentence, or reported event by event."""

from __future__ import annotations

import re
import tracemalloc

import pytest

from tests.tracker.fahrplan.samples import BERLIN, FRAB, event, schedule
from tracker.errors import FahrplanError
from tracker.fahrplan import Schedule, parse, raw, xml_reader
from tracker.fahrplan.schedule import KnownRoom

BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def refusal(xml: bytes) -> str:
    with pytest.raises(FahrplanError) as caught:
        parse(xml, BERLIN)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 400 and text.endswith(".")
    return text


def reasons(found: Schedule) -> list[str]:
    return [event.reason for event in found.skipped]


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE schedule>",
        '<!DOCTYPE schedule [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE schedule SYSTEM "http://127.0.0.1:9/x.dtd">',
        f'<!DOCTYPE schedule [<!ENTITY l0 "lol">{BOMB}]>',
        f"<!-- {'-> ' * 1000} --><?php x?>\n<!doctype schedule [",
        "<!---->\n<!DOCTYPE schedule>",
    ],
)
def test_it_refuses_a_doctype(head: str) -> None:
    text = f"<?xml version='1.0'?>{head}<schedule>{event(title='&l11;&x;')}</schedule>".replace("&amp;", "&")
    assert "DOCTYPE" in refusal(text.encode())


def test_a_doctype_costs_no_memory() -> None:
    xml = f"<!DOCTYPE schedule [<!ENTITY l0 'lol'>{BOMB}]><schedule>&l11;</schedule>".encode() + b" " * 8_000_000
    tracemalloc.start()
    refusal(xml)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_a_doctype_hides_in_no_encoding(encoding: str) -> None:
    name = encoding if encoding == "iso-8859-1" else "utf-16"
    text = f"<?xml version='1.0' encoding='{name}'?><!DOCTYPE schedule><schedule/>"
    assert "DOCTYPE" in refusal(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "iso-8859-1", "windows-1252", "utf-8-sig"])
def test_declared_encodings_are_read(encoding: str) -> None:
    declared = {"utf-16-le": "utf-16", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f"<?xml version='1.0' encoding='{declared}'?>\n<schedule>{event(title='Größe')}</schedule>"
    assert parse(text.encode(encoding), BERLIN).talks[0].title == "Größe"


@pytest.mark.parametrize("space", [b"\n", b"\r\n  \t", b"\xef\xbb\xbf\n"])
def test_blanks_before_the_declaration_are_harmless(space: bytes) -> None:
    assert len(parse(space + FRAB, BERLIN).talks) == 1


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"<rss version='2.0'><channel/></rss>", "<rss>"),
        (b"<!DOCTYPE html><html><body>502<br></body></html>", "HTML page"),
        (b"<html><body><p>502</body></html>", "HTML page"),
        (b"<schedule xmlns='http://example.org/x'/>", "namespace http://example.org/x"),
        (b"<response><schedule/></response>", "<response>"),
        (b"Not Found", "neither XML nor JSON"),
        (b"<!-- for ever", "cut off"),
        (b"<schedule", "well-formed"),
        (b"<schedule>&nbsp;</schedule>", "well-formed"),
        (b"<schedule>\x01</schedule>", "well-formed"),
        (b"<schedule>&#1;</schedule>", "well-formed"),
        (b"<schedule>\xff</schedule>", "well-formed"),
        (b"<schedule/><schedule/>", "well-formed"),
        (b"<?xml version='1.0' encoding='ascii'?><schedule>\xc3\xa4</schedule>", "no ascii"),
        (b"<?xml version='1.0' encoding='klingon'?><schedule/>", "encoding 'klingon'"),
        (b"<?xml version='1.0' encoding='rot13'?><schedule/>", "encoding 'rot13'"),
        (b"<?xml version='1.0' encoding='utf-7'?><schedule/>", "encoding 'utf-7'"),
        ("<schedule/>".encode("utf-32"), "encoding 'UTF-32'"),
        (b"<schedule>" + b"<a>" * 100 + b"<event/>" + b"</a>" * 100 + b"</schedule>", "deeper than 64"),
        (b"<schedule>" + b"<a>" * 20_000 + b"</a>" * 20_000, "Excessive depth"),
        (b"<schedule><x>" + b"x" * 12_000_000 + b"</x></schedule>", "well-formed"),
    ],
)
def test_what_is_no_fahrplan_is_refused_in_one_sentence(xml: bytes, says: str) -> None:
    assert says in refusal(xml)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused_as_a_whole(share: float) -> None:
    xml = schedule(*(event(n, title=f"Größe {n} 🚀") for n in range(50)))
    assert "well-formed" in refusal(xml[: int(len(xml) * share)])


def test_too_many_tags_and_events_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_reader, "MAX_TAGS", 1000)
    assert "more than 1000 tags" in refusal(b"<schedule>" + b"<x/>" * 1001 + b"</schedule>")
    monkeypatch.setattr(raw, "MAX_EVENTS", 10)
    assert "more than 10 events" in refusal(schedule(*(event(n) for n in range(11))))


def test_three_hundred_thousand_attributes_do_no_harm() -> None:
    attributes = " ".join(f'a{n}=""' for n in range(300_000))
    assert parse(f"<schedule {attributes}>{event()}</schedule>".encode(), BERLIN).events == 1


@pytest.mark.parametrize("xml", [b"<schedule/>", schedule(), b"<schedule><day date='2024-12-27'/></schedule>"])
def test_a_schedule_without_events_is_one(xml: bytes) -> None:
    assert parse(xml, BERLIN).events == 0


def test_an_event_that_cannot_be_used_is_reported_and_the_rest_imported() -> None:
    bad = [
        event(1, title=""),
        event(2, date="27.12.2024 11:00"),
        event(3, duration="-1:00"),
        event(4, date=None, start=None),
    ]
    found = parse(schedule(*bad, event(5)), BERLIN)
    assert [talk.title for talk in found.talks] == ["Talk 5"]
    assert reasons(found) == [
        "It has no title.",
        "The date '27.12.2024 11:00' cannot be read.",
        "The duration '-1:00' cannot be read.",
        "It has neither a date nor a start.",
    ]
    assert found.skipped[1].where == "event 2, id 2, 'Talk 2'"


def test_an_event_inside_an_event_is_reported() -> None:
    found = parse(schedule(event(1, extra=event(2))), BERLIN)
    assert (found.events, reasons(found)) == (2, ["It stands inside another event."])


def test_events_of_one_id_or_guid_are_kept_apart_and_twins_reported() -> None:
    twin = event(1)
    others = (event(2, id="1"), event(3, guid="00000000-0000-4000-8000-000000000001", id="1"))
    found = parse(schedule(twin, *others, twin), BERLIN)
    assert [(talk.source_id, talk.occurrence) for talk in found.talks] == [("1", 0), ("1", 0), ("1", 1)]
    assert reasons(found) == ["It repeats event 1, id 1, 'Talk 1'."]


def test_rooms_that_would_be_recorded_under_one_name_are_refused_with_both_names() -> None:
    found = parse(schedule(event(1, room="HS1/2"), event(2, room="HS 12"), event(3)), BERLIN)
    assert [talk.title for talk in found.talks] == ["Talk 3"]
    assert reasons(found) == ["The rooms 'HS1/2' and 'HS 12' would have the same name 'hs12' at the recorders; "
                              "one must be renamed."] * 2  # fmt: skip


def test_a_room_the_project_has_keeps_its_name_against_a_newcomer() -> None:
    found = parse(schedule(event(1, room="HS1/2"), event(2, room="HS 12")), BERLIN, rooms=[KnownRoom("hs12", "HS1/2")])
    assert [talk.room for talk in found.talks] == ["HS1/2"]
    assert len(found.skipped) == 1


def test_case_makes_no_other_room() -> None:
    assert len(parse(schedule(event(1, room="DACH"), event(2, room="Dach")), BERLIN).talks) == 2


NASTY = "../../x; rm -rf $(id) `id` <script>alert(1)</script> '\"\\ --help %s {0}"


def test_injections_are_imported_literally() -> None:
    found = parse(schedule(event(title=NASTY, room=NASTY, slug=NASTY, url="javascript:alert(1)")), BERLIN)
    (talk,) = found.talks
    assert talk.title == talk.room == talk.slug == NASTY
    assert talk.url == "javascript:alert(1)"
    assert re.fullmatch("[a-z0-9]{1,80}", talk.room_key)


def test_endless_fields_are_cut_and_it_is_told() -> None:
    (talk,) = parse(schedule(event(title="x" * 1_000_000, guid="g" * 5000, abstract="y" * 300_000)), BERLIN).talks
    assert (len(talk.title), len(talk.guid), len(talk.abstract)) == (2000, 200, 200_000)
    assert talk.doubts == (
        "its title is longer than 2000 characters and was cut",
        "its abstract is longer than 200000 characters and was cut",
    )


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 300])
def test_an_unknown_zone_is_told_and_the_projects_used(zone: str) -> None:
    found = parse(schedule(event(date="2024-12-27T11:00:00"), zone=zone), BERLIN)
    assert found.talks[0].start.isoformat() == "2024-12-27T11:00:00+01:00"
    assert "is unknown; Europe/Berlin is used" in found.notes[0]


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "utf-16"])
def test_utf8_under_another_name_is_read_as_utf8_and_it_is_told(declared: str) -> None:
    text = f"<?xml version='1.0' encoding='{declared}'?><schedule>{event(title='Größe')}</schedule>"
    found = parse(text.encode(), BERLIN)
    assert found.talks[0].title == "Größe"
    assert found.notes == (f"The Fahrplan declares {declared} but is in UTF-8; it was read as UTF-8.",)


def test_marks_that_turn_text_around_and_markup_stay_text() -> None:
    turned = "\u202eabc\u2066 <b>x</b> &amp; \u200f"
    (talk,) = parse(schedule(event(title=turned, abstract=turned, room=turned)), BERLIN).talks
    assert (talk.title, talk.abstract, talk.room) == (turned, turned, turned)
    assert re.fullmatch("[a-z0-9]+", talk.room_key)


def test_many_events_take_little_more_memory_than_what_they_say() -> None:
    xml = schedule(*(event(n, abstract="lorem ipsum " * 20) for n in range(2000)))
    tracemalloc.start()
    assert len(parse(xml, BERLIN).talks) == 2000
    assert tracemalloc.get_traced_memory()[1] < 8 * len(xml)
    tracemalloc.stop()
