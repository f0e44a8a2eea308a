"""Properties as API 4.0 has them: other units and marks, a few more computed ones; and arguments read.

Record.AVDelay is in decimal seconds there and in milliseconds here (design D7), Record.Cutout names the last frame
there and the first one after it here (D8). What is computed there gives way to what is stored under the name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tracker import properties, wire
from tracker.errors import InvalidInput
from tracker.models import Ticket

DELAY, CUT_OUT = "Record.AVDelay", "Record.Cutout"

_NUMBER = re.compile(r"[-+]?[0-9]{1,6}(\.[0-9]{1,12})?\Z")
_FRAME = re.compile(r"[0-9]{1,12}\Z")
_DURATION = re.compile(r"[0-9]{1,3}:[0-9]{2}(:[0-9]{2})?\Z")


def told(ticket: Ticket) -> dict[str, Any]:
    """Return the properties in force for a ticket, sorted by name; Fahrplan.ID is an integer."""
    found: dict[str, Any] = dict(properties.merged(ticket))
    for name, change in ((DELAY, _seconds), (CUT_OUT, _last_frame)):
        if name in found:
            found[name] = change(found[name])
    found = _computed(ticket, found) | found
    if found.get("Fahrplan.ID", "").isdigit():
        found["Fahrplan.ID"] = int(found["Fahrplan.ID"])
    return dict(sorted(found.items()))


def kept(values: Mapping[str, str]) -> dict[str, str]:
    """Return properties that a client sent, in our units. Raises InvalidInput for what is no delay or no frame."""
    changes = {DELAY: _milliseconds, CUT_OUT: _end_frame}
    return {name: changes[name](value) if name in changes and value else value for name, value in values.items()}


def _seconds(milliseconds: str) -> str:
    """Write milliseconds as decimal seconds; what is no number stays as it is."""
    try:
        return _plain(Decimal(milliseconds) / 1000)
    except InvalidOperation:
        return milliseconds


def _milliseconds(seconds: str) -> str:
    if not _NUMBER.match(seconds):
        raise InvalidInput(f"{DELAY} is {seconds[:40]!r}, which is no number of seconds", DELAY)
    return _plain(Decimal(seconds) * 1000)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _last_frame(end: str) -> str:
    return str(int(end) - 1) if _FRAME.match(end) and int(end) > 0 else end


def _end_frame(last: str) -> str:
    if not _FRAME.match(last):
        raise InvalidInput(f"{CUT_OUT} is {last[:40]!r}, which is no frame number", CUT_OUT)
    return str(int(last) + 1)


# --- what API 4.0 computes -------------------------------------------------------------------------------------


def _computed(ticket: Ticket, values: Mapping[str, str]) -> dict[str, str]:
    talk = ticket.parent or ticket
    found = {"Fahrplan.Title": talk.title, **_when(values)}
    if "Fahrplan.Persons" in values:
        found["Fahrplan.Person_list"] = values["Fahrplan.Persons"]
    elif "Fahrplan.Person_list" in values:
        found["Fahrplan.Persons"] = values["Fahrplan.Person_list"]
    if values.get("Record.Language"):
        parts = values["Record.Language"].split("-")
        found |= {f"Record.Language.{place}": part for place, part in enumerate(parts)}
    if ticket.profile_version is not None:
        profile = ticket.profile_version.profile
        found["EncodingProfile.IsMaster"] = "no" if profile.depends_on_id else "yes"
        found["EncodingProfile.MirrorFolder"] = profile.mirror_folder
        found["Encoding.LanguageTemplate"] = _language_template(ticket, values)
    return found


def _when(values: Mapping[str, str]) -> dict[str, str]:
    """Return date and start of a talk in the offset that Fahrplan.DateTime is written in; nothing when it is broken."""
    try:
        start = datetime.fromisoformat(values.get("Fahrplan.DateTime", ""))
    except ValueError:
        return {}
    return {"Fahrplan.Date": f"{start:%Y-%m-%d}", "Fahrplan.Start": f"{start:%H:%M}"}


def _language_template(ticket: Ticket, values: Mapping[str, str]) -> str:
    """Return Encoding.Basename with ``%s`` in the place of the language, if the project has languages."""
    base, language = values.get("Encoding.Basename", ""), values.get("Record.Language", "")
    start = f"{ticket.project.slug}-{values.get('Fahrplan.ID', '')}-"
    if not language or not ticket.project.languages or not base.startswith(start + language):
        return base
    return f"{start}%s{base[len(start) + len(language) :]}"


# --- arguments -------------------------------------------------------------------------------------------------


def absent(value: Any) -> bool:
    """Tell whether an argument was left out; null and '' are the same on the wire, and so is an empty list."""
    return value is None or value in ("", [], {})


def text(value: Any) -> str:
    """Return a scalar as text; '' for a list or a struct."""
    return "" if isinstance(value, list | Mapping) else wire.text_of(value)


def number(value: Any) -> int | None:
    """Return a whole number above zero, None for anything else, also for one that no row can have."""
    written = text(value).strip()
    found = int(written) if written.isascii() and written.isdigit() and len(written) < 11 else 0
    return found if 0 < found < 2**31 else None


def texts(value: Any) -> dict[str, str]:
    """Return the members of a struct as text; nothing for an empty list, which is PHP's empty struct.

    Raises InvalidInput for any other value, and for lists and structs inside.
    """
    if absent(value):
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput("properties are a struct of names and texts")
    nested = [name for name, item in value.items() if isinstance(item, list | Mapping)]
    if nested:
        raise InvalidInput(f"property {str(nested[0])[:80]!r} is no text", str(nested[0]))
    return {str(name): wire.text_of(item) for name, item in value.items()}


def instant(written: str, zone: tzinfo) -> datetime:
    """Read a moment, ISO 8601 as PostgreSQL takes it; without offset it is in *zone*. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        raise InvalidInput(f"{written[:40]!r} is no moment like 2026-12-27T10:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def times(sent: Mapping[str, str], zone: str) -> tuple[datetime | None, datetime | None]:
    """Return start and end of a talk from Fahrplan.DateTime and Fahrplan.Duration (hours:minutes[:seconds]).

    Raises InvalidInput, naming the property.
    """
    if not sent.get("Fahrplan.DateTime"):
        return None, None
    try:
        start = instant(sent["Fahrplan.DateTime"], ZoneInfo(zone))
    except InvalidInput as error:
        raise InvalidInput(f"Fahrplan.DateTime: {error}", "Fahrplan.DateTime") from None
    duration = sent.get("Fahrplan.Duration", "")
    if not duration:
        return start, None
    if not _DURATION.match(duration):
        raise InvalidInput(f"Fahrplan.Duration is {duration[:40]!r}, not hours:minutes", "Fahrplan.Duration")
    hours, minutes, *seconds = (int(part) for part in duration.split(":"))
    return start, start + timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
