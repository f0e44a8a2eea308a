"""Recorded answers of the original: FAHRWERK_WIRE names a folder of them. Without it nothing here is collected.

The calls are made again, in their order, in a project of ours. What is compared is their shape: the members of a struct
in their order, integer, boolean or text, the numbers of faults.
"""

from __future__ import annotations

import os
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests import factories
from tests.tracker.rpc.v4.clients import Php, Python
from tests.tracker.rpc.v4.conftest import HOST, Caller, make_group, read
from tracker import properties, queries, workers
from tracker.db import db
from tracker.models import Project, Ticket

FOLDER = Path(os.environ.get("FAHRWERK_WIRE") or "/nonexistent") / "v4_answers"
RECORDED = {path.name.split(".")[0]: path for path in sorted(FOLDER.glob("*.response.xml"))}

COMPUTED = (
    *("Encoding.Basename", "Encoding.LanguageTemplate", "EncodingProfile.Basename", "EncodingProfile.IsMaster"),
    *("EncodingProfile.Slug", "Fahrplan.Date", "Fahrplan.DateTime", "Fahrplan.Duration", "Fahrplan.ID"),
    *("Fahrplan.Person_list", "Fahrplan.Persons", "Fahrplan.Room", "Fahrplan.Slug", "Fahrplan.Start"),
    *("Fahrplan.Title", "Processing.Path.Output", "Processing.Path.Raw", "Processing.Path.Tmp", "Project.Slug"),
    *("Record.Language", "Record.Language.0"),
)
"""Members of an answer of getTicketProperties that every crew's scripts rely on; the others are the project's own."""


@dataclass
class Scene:
    """What the recorded calls are made against, and what earlier ones gave."""

    caller: Caller
    idle: Caller
    project: Project
    tickets: dict[str, Ticket] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)

    def profile(self, slug: str) -> int:
        found = queries.profile_by_slug(slug)
        return found.id if found else 0

    def take(self, *arguments: Any) -> Any:
        found = self.caller.assignNextUnassignedForState(*arguments)
        self.given["ticket"] = found["id"]
        return found

    def pause(self, paused: bool) -> None:
        group = workers.groups.by_token(self.caller.client.token)
        assert group is not None
        workers.groups.configure(group, paused=paused)
        db.session.commit()


def scene(client: FlaskClient) -> Scene:
    """Make a project with a master profile and two that depend on it, and talks in several states."""
    project = factories.make_project(formats=("hd", "sd", "mp3"))
    for slug in ("sd", "mp3"):
        queries.profile_by_slug(slug).depends_on_id = queries.profile_by_slug("hd").id
    project.disabled_states = {}
    group, secret = make_group(projects=(project,))
    idle, idle_secret = make_group("idle")
    caller, stranger = (
        Caller(client, Python(token=row.token, hostname=HOST, secret=key))
        for row, key in ((group, secret), (idle, idle_secret))
    )
    made = Scene(caller, stranger, project)
    for name, state, room in (
        ("copied", "copied", "Saal 1"),
        ("second", "copied", "Saal 2"),
        ("third", "copied", "Saal 3"),
        ("merged", "merged", "Saal 1"),
        ("bare", "copied", "Saal 1"),
    ):
        ticket = factories.make_recording(project, state, title=name, room=room)
        properties.write(ticket, {"Fahrplan.Persons": "Ada Example"})
        made.tickets[name] = ticket
    for child in list(made.tickets["bare"].children):
        if child.profile_version.profile.slug != "hd":
            db.session.delete(child)
    db.session.commit()
    return made


Act = Callable[[Scene], Any]
FILTER = {"Fahrplan.Room": "Saal 2"}
EARLY = {"Fahrplan.Room": "Saal 2", "Record.StartedBefore": "2020-01-01T00:00:00+0100"}


def _assign(*arguments: Any) -> Act:
    return lambda s: s.caller.assignNextUnassignedForState(*arguments)


def _with_ticket(method: str, *arguments: Any) -> Act:
    return lambda s: s.caller.call(method, s.given["ticket"], *arguments)


def _paused(s: Scene) -> Any:
    s.pause(True)
    try:
        return s.caller.assignNextUnassignedForState("encoding", "encoding", {})
    finally:
        s.pause(False)


def _meta(s: Scene) -> Any:
    made = s.caller.createMetaTicket(s.project.id, "Created by RPC", 5001, {"Fahrplan.Room": "Saal 9"})
    s.given["meta"] = made["id"]
    return made


def _raw(body: bytes, **query: str) -> Act:
    return lambda s: read(s.caller.send(body, **query))


def _signed(name: str) -> Act:
    return lambda s: read(s.caller.send(Python(token=s.caller.client.token, secret="x").call(name)))


CALLS: dict[str, Act] = {
    "02_getVersion": lambda s: s.caller.getVersion(),
    "03_getServiceableProjects": lambda s: s.caller.getServiceableProjects(),
    "04_getServiceableProjects_none": lambda s: s.idle.getServiceableProjects(),
    "05_getEncodingProfiles_all": lambda s: s.caller.getEncodingProfiles(s.project.id),
    "06_getEncodingProfiles_one": lambda s: s.caller.getEncodingProfiles(s.project.id, s.profile("sd")),
    "07_getEncodingProfiles_fault101": lambda s: s.caller.getEncodingProfiles(99),
    "08_getTicketsForState": lambda s: s.caller.getTicketsForState("recording", "prepared", {}),
    "09_getTicketsForState_none": lambda s: s.caller.getTicketsForState("recording", "cutting", {}),
    "10_getAssignedForState_none": lambda s: s.caller.getAssignedForState("encoding", "encoding", {}),
    "11_assignNextUnassignedForState": lambda s: s.take("encoding", "encoding", {}),
    "12_assignNextUnassignedForState_filter": _assign("encoding", "encoding", FILTER),
    "13_assignNextUnassignedForState_filter2_none": _assign("recording", "recording", EARLY),
    "14_assignNextUnassignedForState_none": _assign("recording", "preparing", {}),
    "15_assignNextUnassignedForState_noFilterArg": _assign("encoding", "releasing"),
    "16_assignNextUnassignedForState_filterEmptyArray": lambda s: read(s.caller.send(_empty_list(s))),
    "17_assignNextUnassignedForState_unknownFilter": _assign("encoding", "encoding", {"Nope.Nope": "x"}),
    "19_assignNextUnassignedForState_empty401": _assign("", "", {}),
    "20_assignNextUnassignedForState_paused": _paused,
    "21_getAssignedForState": lambda s: s.caller.getAssignedForState("encoding", "encoding", {}),
    "24_getTicketProperties_notfound": lambda s: s.caller.getTicketProperties(999999),
    "25_setTicketProperties": _with_ticket("setTicketProperties", {"Encoding.Test": "hällo <&> € 1/2", "A.Num": 42}),
    "26_setTicketProperties_deleteOne": _with_ticket("setTicketProperties", {"A.Num": ""}),
    "27_setTicketProperties_virtual": _with_ticket("setTicketProperties", {"Encoding.Basename": "ignored"}),
    "29_setTicketProperties_empty302": _with_ticket("setTicketProperties", {}),
    "31_getJobfile": _with_ticket("getJobfile"),
    "32_getJobfile_recording_702": lambda s: s.caller.getJobfile(s.tickets["copied"].id),
    "33_getTicketInfo_encoding": _with_ticket("getTicketInfo"),
    "34_getTicketInfo_meta": lambda s: s.caller.getTicketInfo(s.tickets["copied"].id),
    "35_getMetaTicketInfo": lambda s: s.caller.getMetaTicketInfo(s.project.id, s.tickets["copied"].fahrplan_id),
    "36_getMetaTicketInfo_1102": lambda s: s.caller.getMetaTicketInfo(s.project.id, 9999),
    "37_ping_idle": lambda s: s.caller.ping(),
    "38_ping_ticket": _with_ticket("ping", "progress 50%"),
    "39_ping_lost": lambda s: s.caller.ping("31"),
    "40_addLog": _with_ticket("addLog", "a log line\nwith two lines"),
    "41_setTicketDone": _with_ticket("setTicketDone"),
    "44_setTicketFailed": lambda s: s.caller.setTicketFailed(
        s.take("encoding", "encoding", {})["id"], b"fehler: &#228;"
    ),
    "45_createMetaTicket": _meta,
    "46_createMetaTicket_dup1004": lambda s: s.caller.createMetaTicket(s.project.id, "Created by RPC", 5001),
    "47_createEncodingTicket_dup1205": lambda s: s.caller.createEncodingTicket(s.tickets["bare"].id, s.profile("hd")),
    "49_createEncodingTicket_props": lambda s: s.caller.createEncodingTicket(
        s.tickets["bare"].id, s.profile("sd"), {"Encoding.Extra": "yes"}
    ),
    "50_setCommenceTicketState": lambda s: s.caller.setCommenceTicketState(s.given["meta"]),
    "51_setCommenceTicketState_1304": lambda s: s.caller.setCommenceTicketState(s.given["meta"]),
    "53_setTicketProperties_boolPerlForm": _with_ticket("setTicketProperties", {"Encoding.Bool": "1", "A.Zero": "0"}),
    "54_setTicketProperties_float": _with_ticket("setTicketProperties", {"Encoding.Float": 1.5}),
    "56_setTicketProperties_newline": _with_ticket("setTicketProperties", {"Encoding.Text": "a\nb\tc"}),
    "57_setTicketProperties_dashName": _with_ticket("setTicketProperties", {"Encoding.With-Dash": "x"}),
    "60_ping_nil": lambda s: s.caller.ping("", "x"),
    "61_getTicketInfo_stringid": lambda s: s.caller.getTicketInfo(str(s.given["ticket"])),
    "63_getTicketInfo_201": lambda s: s.caller.getTicketInfo(999999),
    "64_resetTicket": lambda s: s.caller.call("resetTicket", s.tickets["second"].id),
    "65_resetTicket_noTypes": lambda s: s.caller.call("resetTicket", s.tickets["third"].id),
    "66_fault_badSignature": _signed("C3TT.getVersion"),
    "67_fault_noSignature": _raw(xmlrpc.client.dumps((), "C3TT.getVersion").encode()),
    "68_fault_unknownGroup": _raw(xmlrpc.client.dumps(("x",), "C3TT.getVersion").encode(), group="unknown"),
    "69_fault_unknownMethod": lambda s: s.caller.noSuchMethod(),
    "70_fault_wrongArity": lambda s: s.caller.getTicketProperties(),
    "71_fault_emptyBody": _raw(b""),
    "72_fault_notXML": _raw(b"hello"),
    "73_fault_noGroup": _raw(xmlrpc.client.dumps(("x",), "C3TT.getVersion").encode(), group=""),
    "74_fault_noPrefix": _raw(xmlrpc.client.dumps(("x",), "getVersion").encode()),
}

BETTER: dict[str, tuple[Act, Any]] = {
    "01_getVersion_pypi": (lambda s: s.caller.getVersion(), "4.0"),
    "18_assignNextUnassignedForState_badState402": (_assign("encoding", "no such state", {}), False),
    "28_setTicketProperties_badName": (_with_ticket("setTicketProperties", {"bad name!": "x"}), 304),
    "42_setTicketDone_again502": (_with_ticket("setTicketDone"), True),
    "43_assignNext_postencoding": (_assign("encoding", "postencoding", {}), False),
    "48_createEncodingTicket": (
        lambda s: s.caller.createEncodingTicket(s.tickets["bare"].id, s.profile("mp3"))["properties"],
        {},
    ),
    "52_setTicketProperties_bool": (_with_ticket("setTicketProperties", {"Encoding.Bool": True}), True),
    "55_setTicketProperties_float2": (_with_ticket("setTicketProperties", {"Encoding.Float": 2.0}), True),
    "58_setTicketProperties_emptyLabel": (_with_ticket("setTicketProperties", {"Encoding..X": "x"}), 304),
    "62_getTicketInfo_nonnumeric": (lambda s: s.caller.getTicketInfo("abc"), 201),
}
"""Answers that are other ones on purpose: docs/api.md says why."""

PROPERTIES = ("22_getTicketProperties", "23_getTicketProperties_intid", "30_getTicketProperties_after",
              "59_getTicketProperties_after2")  # fmt: skip


def _empty_list(s: Scene) -> bytes:
    """An empty list in the place of an empty struct, as PHP writes it, signed as PHP does."""
    client = s.caller.client
    php = Php(token=client.token, hostname=client.hostname, secret=client.secret)
    return php.call("C3TT.assignNextUnassignedForState", "encoding", "releasing", [])


def shape(value: Any) -> Any:
    """Return what is compared of a value."""
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    if isinstance(value, list):
        return {repr(shape(item)) for item in value}
    return "boolean" if isinstance(value, bool) else "int" if isinstance(value, int) else "string"


def fits(ours: Any, theirs: Any) -> bool:
    """Compare two answers; a list of ours may have fewer kinds of items."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(fits(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return shape(ours) <= shape(theirs)
    return bool(shape(ours) == shape(theirs))


def answer(act: Act, s: Scene) -> Any:
    """Make a call; return its value, or the number of the fault."""
    try:
        return act(s)
    except xmlrpc.client.Fault as fault:
        return {"fault": fault.faultCode}


def recorded(name: str) -> Any:
    """Return a recorded answer; one that wraps faults alike."""
    try:
        return read(RECORDED[name].read_bytes())
    except xmlrpc.client.Fault as fault:
        return {"fault": fault.faultCode}


if RECORDED:

    def test_every_recorded_call_gets_an_answer_of_its_shape(client: FlaskClient) -> None:
        s, wrong = scene(client), {}
        for name in RECORDED:
            theirs = recorded(name)
            if name in PROPERTIES:
                ours = s.caller.getTicketProperties(s.given["ticket"])
                good = list(ours) == sorted(ours) and all(fits(ours[n], theirs[n]) for n in COMPUTED)
            elif name in BETTER:
                act, expected = BETTER[name]
                ours = answer(act, s)
                good = ours == ({"fault": expected} if type(expected) is int else expected) and ours != theirs
            else:
                ours = answer(CALLS[name], s)
                good = ours == theirs if "fault" in str(theirs)[:9] else fits(ours, theirs)
            if not good:
                wrong[name] = (ours, theirs)
        assert wrong == {}

    def test_no_recorded_call_is_left_out() -> None:
        assert set(RECORDED) == {*CALLS, *BETTER, *PROPERTIES}
