"""Methods of API 4.0 about projects, tickets and properties. Each is one domain verb; refusals have its codes."""

from __future__ import annotations

from typing import Any

from tracker import profiles, queries, tickets
from tracker.errors import Conflict, InvalidInput, NotAssigned
from tracker.models import Project, Ticket
from tracker.rpc.table import Call
from tracker.rpc.v4 import states, structs, table, values
from tracker.rpc.v4.table import FAILED, FOREIGN, Refused, method
from tracker.statemachine import ENCODING, RECORDING
from tracker.tickets import Actor

NO_PROJECT = "project not assigned to worker group"


@method("getVersion")
def get_version(call: Call) -> str:
    """Return the version of this API, "4.0", as a string: clients give up at anything else."""
    return "4.0"


@method("getServiceableProjects")
def get_serviceable_projects(call: Call) -> list[Any]:
    """Return the ids of the projects that the caller's group works for."""
    return [each.id for each in table.projects_of(call)]


@method("getEncodingProfiles", faults=(101, 102))
def get_encoding_profiles(
    call: Call, project_id: int, encoding_profile_id: int | None = None
) -> list[Any] | dict[str, Any]:
    """Return the encoding profiles of a project, or, as a struct, the one with this id."""
    found = table.project(call, project_id, Refused(101, f"getEncodingProfiles: {NO_PROJECT}"))
    used = queries.project_profiles(found.id)
    if values.absent(encoding_profile_id):
        return [structs.profile(each) for each in used]
    wanted = values.number(encoding_profile_id)
    chosen = next((each for each in used if each.profile_id == wanted), None)
    if chosen is None:
        raise Refused(102, "getEncodingProfiles: encoding profile is not assigned to the project")
    return structs.profile(chosen)


# --- tickets ---------------------------------------------------------------------------------------------------


@method("getTicketInfo", faults=(201, 202))
def get_ticket_info(call: Call, ticket_id: int) -> dict[str, Any]:
    """Return where a ticket stands; a recording with its encoding tickets as ``children``."""
    found = _ticket(call, ticket_id, "getTicketInfo", 201, 202)
    return structs.with_children(structs.info(found), (structs.info(each) for each in structs.encodings_of(found)))


@method("getMetaTicketInfo", faults=(1101, 1102))
def get_meta_ticket_info(call: Call, project_id: int, fahrplan_id: int) -> dict[str, Any]:
    """Return where a talk stands: the meta ticket that its recording plays, with all its tickets as ``children``."""
    name = "getMetaTicketInfo"
    found = table.project(call, project_id, Refused(1101, f"{name}: {NO_PROJECT}"))
    recording = queries.recording_by_fahrplan_id(found.id, values.number(fahrplan_id) or 0)
    if recording is None:
        raise Refused(1102, f"{name}: no meta ticket found in this project for given fahrplan id")
    return structs.meta_info(recording)


def _ticket(call: Call, ticket_id: Any, name: str, missing: int, foreign: int) -> Ticket:
    not_found = Refused(missing, f"{name}: ticket not found")
    return table.ticket(call, ticket_id, not_found, Refused(foreign, f"{name}: {FOREIGN}"))


@method("createMetaTicket", writes=True, faults=(1001, 1002, 1003, 1004, 1006))
def create_meta_ticket(
    call: Call, project_id: int, title: str, fahrplan_id: int, properties: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make a talk, with its recording and encoding tickets. It is locked (in staging) until setCommenceTicketState.

    Room, start and end of the talk are taken from the properties Fahrplan.Room, .DateTime and .Duration.
    """
    name = "createMetaTicket"
    found = table.project(call, project_id, Refused(1001, f"{name}: {NO_PROJECT}"))
    if not values.text(title).strip():
        raise Refused(1002, f"{name}: ticket title is empty")
    number = values.number(fahrplan_id)
    if number is None:
        raise Refused(1003, f"{name}: fahrplan ID is invalid")
    if queries.recording_by_fahrplan_id(found.id, number) is not None:
        raise Refused(1004, f"{name}: ticket with given fahrplan ID already exists")
    try:
        sent = values.texts(properties)
        made = _create_talk(call, found, values.text(title), number, values.kept(sent))
    except InvalidInput as error:
        raise Refused(1006, f"{name}: ticket creation failed. reason: {error}") from None
    return structs.created_meta(made, sent)


def _create_talk(call: Call, project: Project, title: str, fahrplan_id: int, sent: dict[str, str]) -> Ticket:
    start, end = values.times(sent, project.time_zone)
    made = tickets.create_recording(
        project,
        Actor.of(call.worker),
        title=title,
        room=sent.get("Fahrplan.Room", ""),
        start=start,
        end=end,
        fahrplan_id=fahrplan_id,
        locked="ticket created",
        event="RPC.createMetaTicket",
    )
    if sent:
        tickets.set_properties(made.id, project, call.worker, sent)
    return made


@method("createEncodingTicket", writes=True, faults=(1201, 1202, 1203, 1204, 1205, 1206))
def create_encoding_ticket(
    call: Call, meta_ticket_id: int, encoding_profile_id: int, properties: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make the encoding ticket of a talk for one profile of its project."""
    name = "createEncodingTicket"
    missing = Refused(1201, f"{name}: meta ticket not found")
    recording = table.ticket(call, meta_ticket_id, missing, Refused(1202, f"{name}: {FOREIGN}"))
    if recording.type != RECORDING:
        raise missing
    number = values.number(encoding_profile_id)
    if number is None:
        raise Refused(1203, f"{name}: encoding profile is invalid")
    used = next((each for each in queries.project_profiles(recording.project_id) if each.profile_id == number), None)
    if used is None:
        raise Refused(1204, f"{name}: given encoding profile not available in this project")
    if any(child.profile_id == number for child in structs.encodings_of(recording)):
        raise Refused(1206, "Ticket with given encoding profile already exists; a talk has one of each.")
    try:
        sent = values.texts(properties)
        made = tickets.create_encoding(recording.id, used, Actor.of(call.worker))
        if sent:
            tickets.set_properties(made.id, recording.project, call.worker, values.kept(sent))
    except InvalidInput as error:
        raise Refused(1205, f"{name}: ticket creation failed. reason: {error}") from None
    return structs.created_encoding(made, sent)


@method("setCommenceTicketState", writes=True, faults=(1301, 1302, 1303, 1304))
def set_commence_ticket_state(call: Call, ticket_id: int) -> bool:
    """Take a ticket out of its initial state to where work can begin.

    A talk in staging (locked) becomes scheduled; an encoding ticket that lacks its material becomes ready to encode,
    false while the recording has none.
    """
    name = "setCommenceTicketState"
    found = _ticket(call, ticket_id, name, 1301, 1303)
    if found.worker_id is not None or found.user_id is not None:
        raise Refused(1302, f"{name}: ticket is currently assigned")
    moved = tickets.commence(found.id, found.project, call.worker)
    if moved is None:
        raise Refused(1304, f"{name}: ticket is not in initial state!")
    return moved


@method("resetTicket", writes=True, faults=(1401, 1402, 1403))
def reset_ticket(call: Call, ticket_id: int, ticket_types: list[Any] | None = None) -> int:
    """Take a ticket, its children and what depends on it back to the beginning, or those of some types only.

    Returns how many tickets changed their state.
    """
    name = "resetTicket"
    found = _ticket(call, ticket_id, name, 1401, 1402)
    given = [] if values.absent(ticket_types) else ticket_types
    kinds = [values.text(kind) for kind in given] if isinstance(given, list) else [""]
    unknown = [kind for kind in kinds if kind not in (*states.TYPES, *states.THEIR_TYPES)]
    if unknown:
        raise Refused(FAILED, f"{name}: {unknown[0][:40]!r} is no ticket type")
    wanted = [kind for kind in states.TYPES if kind in kinds or not kinds]
    try:
        return len(tickets.reset(found.id, call.worker, types=wanted)) if wanted else 0
    except Conflict as error:
        raise Refused(1403, f"{name}: {error}") from None


# --- properties, jobfile, log ----------------------------------------------------------------------------------


@method("getTicketProperties", faults=(404,))
def get_ticket_properties(call: Call, ticket_id: int) -> dict[str, Any]:
    """Return all properties in force for a ticket, inherited and computed ones too, by name."""
    return values.told(_ticket(call, ticket_id, "getTicketProperties", 404, 404))


@method("setTicketProperties", writes=True, faults=(301, 302, 303, 304))
def set_ticket_properties(call: Call, ticket_id: int, properties: dict[str, Any]) -> bool:
    """Store properties of a ticket, all or none; '' deletes; virtual names are ignored."""
    name = "setTicketProperties"
    found = _ticket(call, ticket_id, name, 301, 303)
    try:
        sent = values.texts(properties)
        if not sent:
            raise Refused(302, f"{name}: no properties given")
        tickets.set_properties(found.id, found.project, call.worker, values.kept(sent))
    except (InvalidInput, NotAssigned) as error:
        raise Refused(304, f"{name}: {error}") from None
    return True


@method("getJobfile", faults=(404, 702))
def get_jobfile(call: Call, ticket_id: int) -> str:
    """Return the job of an encoding ticket as XML. One that cannot be made says why in an ``error`` element."""
    found = _ticket(call, ticket_id, "getJobfile", 404, 404)
    if found.type != ENCODING:
        raise Refused(702, "getJobfile: encoding profile not found")
    return profiles.jobfile_or_error(found).decode()


@method("addLog", writes=True, faults=(801, 802))
def add_log(call: Call, ticket_id: int, log_message: str) -> bool:
    """Write a message into the log of a ticket."""
    found = _ticket(call, ticket_id, "addLog", 801, 802)
    tickets.add_log(found.id, found.project, call.worker, values.text(log_message))
    return True
