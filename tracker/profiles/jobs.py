"""The job of a talk: a template applied to its properties, and what no job may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from lxml import etree

from scripts.media.jobfile import programs_and_dangers
from scripts.media.programs import ProgramRefused, allowed
from tracker import properties, veil
from tracker.errors import InvalidInput, NoBasename, NoService, TrackerError
from tracker.models import Profile, ProfileVersion, Ticket
from tracker.profiles import stylesheet
from tracker.profiles.stylesheet import refusal
from tracker.statemachine import ENCODING

MILLISECONDS = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,3})?\Z")
SAMPLE: Mapping[str, str] = {
    "Encoding.Basename": "demo-7-eng-a_sample_talk",
    "EncodingProfile.Basename": "demo-7-eng-a_sample_talk-sample",
    "EncodingProfile.Extension": "mp4",
    "EncodingProfile.Slug": "sample",
    "Fahrplan.Abstract": "What it is about.",
    "Fahrplan.Date": "2026-05-01",
    "Fahrplan.DateTime": "2026-05-01T10:00:00+02:00",
    "Fahrplan.Day": "1",
    "Fahrplan.Duration": "00:30",
    "Fahrplan.ID": "7",
    "Fahrplan.Language": "en",
    "Fahrplan.Person_list": "Alice Sample, Bob Sample",
    "Fahrplan.Room": "Saal 1",
    "Fahrplan.Slug": "a_sample_talk",
    "Fahrplan.Start": "10:00",
    "Fahrplan.Subtitle": "",
    "Fahrplan.Title": "A sample talk",
    "Fahrplan.Track": "Samples",
    "Fahrplan.Type": "lecture",
    "Format.Audio.Bitrate": "128k",
    "Format.Audio.Codec": "aac",
    "Format.Video.CRF": "22",
    "Format.Video.Codec": "libx264",
    "Format.Video.MaxHeight": "720",
    "Format.Video.MaxWidth": "1280",
    "Format.Video.Preset": "medium",
    "Meta.Album": "Sample event",
    "Meta.License": "CC-BY-4.0",
    "Meta.Year": "2026",
    "Processing.Path.Output": "/video/output",
    "Processing.Path.Raw": "/video/raw",
    "Processing.Path.Tmp": "/video/tmp",
    "Project.Slug": "demo",
    "Project.TimeZone": "Europe/Berlin",
    "Record.AVDelay": "0",
    "Record.Cutdiffframes": "45000",
    "Record.Cutdiffseconds": "1800.000",
    "Record.Framerate": "25/1",
    "Record.Height": "1080",
    "Record.Language": "eng",
    "Record.Width": "1920",
    "Room.Key": "saal1",
}
"""The properties of a talk that there is not, to try templates with."""

_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,40}\Z")
_TRACK = r"[0-9]{1,2}:[a-z]{0,5}:(-?[0-9]{1,3}\.[0-9])?:[a-z]{3}"
_NUMERIC = {
    "Record.Framerate": (re.compile(r"[0-9]{1,6}(/[0-9]{1,6})?\Z"), "a rate like 25/1"),
    "Record.Cutdiffseconds": (re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?\Z"), "a number of seconds"),
    "Record.Audio": (
        re.compile(r"(left|right|both|mixed)(-(left|right|both|mixed)){0,15}\Z"),
        "left, right, both or mixed, or one of them for each language, joined by -",
    ),
    "Record.Interlaced": (re.compile(r"(0|1|tff|bff)\Z"), "0, 1, tff or bff"),
    "Encoding.Tracks": (re.compile(rf"{_TRACK}( {_TRACK}){{0,15}}\Z"), "a list of tracks like 0:both:-3.5:deu"),
    "Encoding.LeadSeconds": (re.compile(r"[0-9]{1,4}(\.[0-9]{1,9})?\Z"), "a number of seconds"),
    "Encoding.TrailSeconds": (re.compile(r"[0-9]{1,4}(\.[0-9]{1,9})?\Z"), "a number of seconds"),
    "Encoding.Gain": (re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,3})?\Z"), "a number of decibels"),
    "Processing.Video.AspectRatio": (re.compile(r"[0-9]{1,5}[:/][0-9]{1,5}\Z"), "a ratio like 16:9"),
}
"""What templates put into ffmpeg's filters, where a stray quote or comma would be another filter."""


def check_values(values: Mapping[str, str]) -> None:
    """Raise InvalidInput, naming the property, for values that would be more than a word or a number in a job."""
    for name, value in values.items():
        if name.startswith("Format.") and value and not _WORD.match(value):
            raise InvalidInput(f"{name} is {value[:60]!r}; letters, digits and . _ + - are allowed, at most 40.", name)
        form, wanted = _NUMERIC.get(name, (None, ""))
        if form is not None and not form.match(value):
            raise InvalidInput(f"{name} is {value[:60]!r}, which is not {wanted}.", name)


def made(template: str, values: Mapping[str, str]) -> etree._Element:
    """Apply *template* to *values*; Record.AVDelay appears in decimal seconds (design D7). Raises InvalidInput."""
    check_values(values)
    seen = {**values, "Record.AVDelay": _seconds(values.get("Record.AVDelay", ""))}
    return stylesheet.applied(template, {name: _xml_text(value) for name, value in seen.items()})


def check_job(job: etree._Element) -> None:
    """Raise InvalidInput for a job that names a program outside the allow-list, or does what no job may."""
    programs, dangers = programs_and_dangers(job)
    check_programs(programs)
    if dangers:
        raise refusal(dangers[0])


def check_programs(programs: Iterable[str]) -> None:
    """Raise InvalidInput when a program outside the allow-list is named."""
    try:
        known = allowed()
    except ProgramRefused as mistake:
        raise refusal(str(mistake)) from mistake
    wrong = [program for program in programs if program not in known]
    if wrong:
        raise refusal(f"The template runs {wrong[0]!r}; allowed are: {', '.join(sorted(known))}.")


def render(template: str, values: Mapping[str, str]) -> bytes:
    """Apply *template* to *values* by name; return the job as indented XML in UTF-8. Raises InvalidInput."""
    job = made(template, values)
    check_job(job)
    return _written(job)


def _written(job: etree._Element) -> bytes:
    return bytes(etree.tostring(job.getroottree(), encoding="UTF-8", xml_declaration=True, pretty_print=True))


def jobfile(ticket: Ticket) -> bytes:
    """Render the jobfile of an encoding ticket: its version's template over the merged properties.

    Raises NoService for other tickets, NoBasename while no language is chosen, InvalidInput when the template breaks.
    """
    if ticket.profile_version is None:
        raise _no_job(ticket)
    return _rendered(ticket, ticket.profile_version, properties.merged(ticket))


def shown_job(ticket: Ticket) -> str:
    """Render the jobfile of an encoding ticket as people see it, without passwords and keys. Raises as `jobfile`."""
    if ticket.profile_version is None:
        raise _no_job(ticket)
    values = properties.merged(ticket)
    return veil.veil(_rendered(ticket, ticket.profile_version, veil.shown(values)).decode(), values)


def _no_job(ticket: Ticket) -> NoService:
    return NoService(f"Ticket {ticket.id} is a {ticket.type} ticket; only encoding tickets have a jobfile.")


def _rendered(ticket: Ticket, version: ProfileVersion, values: Mapping[str, str]) -> bytes:
    if not values.get("EncodingProfile.Basename"):
        raise NoBasename(f"Ticket {ticket.id} has no output name yet: set Record.Language on the recording.")
    try:
        return render(version.template, values)
    except InvalidInput as error:
        if error.field != "template":
            raise
        revised = f"{values['EncodingProfile.Slug']}, revision {version.revision}"
        raise InvalidInput(f"{error} Correct the template of the encoding profile {revised}.", error.field) from error


def jobfile_or_error(ticket: Ticket) -> bytes:
    """Render the jobfile of a ticket, or one that says in <error> why there is none: workers then fail the ticket.

    The error stands in the job and in a task of each type that clients ask for: some take a job without a task of
    their type for done.
    """
    try:
        return jobfile(ticket)
    except TrackerError as error:
        job = etree.Element("job")
        tasks = etree.SubElement(job, "tasks")
        for parent in (job, *(etree.SubElement(tasks, "task", type=kind) for kind in _ASKED_FOR)):
            etree.SubElement(parent, "error").text = _xml_text(str(error))
        return _written(job)


_ASKED_FOR = ("encoding", "postencoding", "remux")
"""The types of tasks that the clients of API 4.0 carry out."""


def preview(template: str, profile: Profile | None = None, ticket: Ticket | None = None) -> bytes:
    """Render *template* as the one of *profile*, for a sample talk or for the talk of *ticket*. Raises InvalidInput.

    Nothing is stored. The ticket may be the recording or any encoding ticket of the talk.
    """
    values = dict(SAMPLE) if ticket is None else _values_of_talk(ticket)
    if profile is not None:
        base = values.get("Encoding.Basename") or SAMPLE["Encoding.Basename"]
        values |= properties.own(profile)
        values |= {
            "Encoding.Basename": base,
            "EncodingProfile.Basename": "-".join(filter(None, (base, profile.slug))),
            "EncodingProfile.Extension": profile.extension,
            "EncodingProfile.Slug": profile.slug,
        }
    return render(template, values)


def _values_of_talk(ticket: Ticket) -> dict[str, str]:
    talk = ticket.parent or ticket
    if talk.type != "recording" or ticket.type not in ("recording", ENCODING):
        raise NoService(f"Ticket {ticket.id} is a {ticket.type} ticket; a talk is needed to try a template with.")
    values = properties.merged(talk)
    base = talk.basename or properties.basename(talk.project, talk, values)
    return {**values, "Encoding.Basename": base, "EncodingProfile.Basename": base}


def _seconds(milliseconds: str) -> str:
    """Turn the milliseconds of Record.AVDelay into decimal seconds; '' and '0' become '0'."""
    if not MILLISECONDS.match(milliseconds or "0"):
        raise InvalidInput(f"Record.AVDelay is {milliseconds[:40]!r}, which is no number of milliseconds.")
    value = (Decimal(milliseconds or "0") / 1000).normalize()
    return format(value, "f") if value else "0"


def _xml_text(value: str) -> str:
    return "".join(
        c for c in value if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff")
    )
