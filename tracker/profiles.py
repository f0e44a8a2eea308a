"""Encoding profiles: versions of a template, which project uses which, and the jobfile they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources

from lxml import etree

from tracker import properties, queries, tickets
from tracker.db import db
from tracker.errors import InvalidInput, NoBasename, NoService, NotFound
from tracker.models import Profile, ProfileVersion, Project, ProjectProfile, Ticket

PROGRAMS = frozenset(("ffmpeg", "ffprobe", "cp", "mv"))
"""What a template may run; workers have the same allow-list (design D11)."""

XSL = "http://www.w3.org/1999/XSL/Transform"
MILLISECONDS = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,3})?\Z")
MAX_EXTENSION = 8
SLUG = re.compile(r"[A-Za-z0-9_-]{0,40}\Z")

_X264 = {
    "Format.Video.Codec": "libx264",
    "Format.Video.Preset": "medium",
    "Format.Audio.Codec": "aac",
}
SHIPPED: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = {
    "hd": (
        "MP4 H.264 720p",
        "mp4",
        "video.xsl",
        _X264
        | {
            "Format.Video.MaxWidth": "1280",
            "Format.Video.MaxHeight": "720",
            "Format.Video.CRF": "22",
            "Format.Audio.Bitrate": "128k",
        },
    ),
    "sd": (
        "MP4 H.264 360p",
        "mp4",
        "video.xsl",
        _X264
        | {
            "Format.Video.MaxWidth": "640",
            "Format.Video.MaxHeight": "360",
            "Format.Video.CRF": "24",
            "Format.Audio.Bitrate": "96k",
        },
    ),
    "mp3": ("MP3", "mp3", "audio.xsl", {"Format.Audio.Codec": "libmp3lame", "Format.Audio.Bitrate": "128k"}),
    "opus": ("Opus", "opus", "audio.xsl", {"Format.Audio.Codec": "libopus", "Format.Audio.Bitrate": "64k"}),
}
"""Slug -> name, extension, template file, properties."""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _stylesheet(template: str) -> etree.XSLT:
    try:
        document = etree.fromstring(template.encode(), _parser())
        if document.getroottree().docinfo.doctype:
            raise InvalidInput("The template has a DOCTYPE; remove it.", "template")
        for other in document.iter(f"{{{XSL}}}import", f"{{{XSL}}}include"):
            # The parser reads these files before any access control is asked.
            raise InvalidInput(f"The template takes in {other.get('href')}; it has to be in one piece.", "template")
        return etree.XSLT(document, access_control=etree.XSLTAccessControl.DENY_ALL)
    except (etree.XMLSyntaxError, etree.XSLTParseError) as error:
        raise InvalidInput(f"The template is no XSLT stylesheet: {error}", "template") from error


_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,40}\Z")
_NUMERIC = {
    "Record.Framerate": (re.compile(r"[0-9]{1,6}(/[0-9]{1,6})?\Z"), "a rate like 25/1"),
    "Record.Cutdiffseconds": (re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?\Z"), "a number of seconds"),
    "Processing.Video.AspectRatio": (re.compile(r"[0-9]{1,5}[:/][0-9]{1,5}\Z"), "a ratio like 16:9"),
}
"""What templates put into ffmpeg's filters, where a stray quote or comma would be another filter."""


def _check_values(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if name.startswith("Format.") and not _WORD.match(value):
            raise InvalidInput(f"{name} is {value[:60]!r}; letters, digits and . _ + - are allowed, at most 40.", name)
        form, wanted = _NUMERIC.get(name, (None, ""))
        if form is not None and not form.match(value):
            raise InvalidInput(f"{name} is {value[:60]!r}, which is not {wanted}.", name)


def check_template(template: str) -> None:
    """Raise InvalidInput unless *template* is a stylesheet that names only programs of the allow-list."""
    _stylesheet(template)
    _check_programs(etree.fromstring(template.encode(), _parser()))


def _check_programs(root: etree._Element) -> None:
    """Raise InvalidInput when a program outside the allow-list is named; one still to be computed has children."""
    for option in root.iter("option"):
        program = (option.text or "").strip()
        if option.get("filetype") == "exe" and len(option) == 0 and program not in PROGRAMS:
            allowed = ", ".join(sorted(PROGRAMS))
            raise InvalidInput(f"The template runs {program!r}; allowed are: {allowed}.", "template")


def create(slug: str, name: str, extension: str, template: str, values: Mapping[str, str] | None = None) -> Profile:
    """Make a profile with its first version and properties. Raises InvalidInput, naming the field."""
    if not SLUG.match(slug):
        raise InvalidInput(f"Slug {slug!r}: letters, digits, - and _, at most 40.", "slug")
    if queries.profile_by_slug(slug) is not None:
        raise InvalidInput(f"There is already a profile {slug!r}.", "slug")
    if not (extension.isalnum() and extension.isascii() and len(extension) <= MAX_EXTENSION):
        raise InvalidInput(f"Extension {extension!r}: up to {MAX_EXTENSION} letters and digits, no dot.", "extension")
    check_template(template)
    profile = Profile(slug=slug, name=name, extension=extension)
    db.session.add(profile)
    db.session.flush()
    db.session.add(ProfileVersion(profile_id=profile.id, revision=1, template=template))
    db.session.flush()
    properties.write(profile, values or {})
    return profile


def revise(profile: Profile, template: str, description: str = "") -> ProfileVersion:
    """Add a version with another template; those in use stay as they are."""
    check_template(template)
    latest = queries.latest_version(profile.id)
    revision = 1 + (latest.revision if latest else 0)
    version = ProfileVersion(profile_id=profile.id, revision=revision, template=template, description=description)
    db.session.add(version)
    db.session.flush()
    return version


def get(slug: str) -> Profile:
    """Return a profile by slug, installing a shipped one at its first use. Raises NotFound."""
    found = queries.profile_by_slug(slug)
    if found is not None:
        return found
    if slug not in SHIPPED:
        raise NotFound(f"There is no encoding profile {slug!r}; shipped are: {', '.join(SHIPPED)}.")
    name, extension, file, values = SHIPPED[slug]
    template = resources.files("tracker").joinpath("shipped", file).read_text(encoding="utf-8")
    return create(slug, name, extension, template, values)


def use(project: Project, slug: str, priority: float = 1.0) -> ProjectProfile:
    """Have a project encode with the latest version of a profile; talks that exist get their encoding tickets.

    *priority* holds for the encoding tickets that exist, too; 0 switches the profile off.
    """
    profile = get(slug)
    version = queries.latest_version(profile.id)
    if version is None:
        raise NotFound(f"Profile {slug!r} has no version.")
    used = db.session.get(ProjectProfile, (project.id, profile.id))
    if used is None:
        used = ProjectProfile(project_id=project.id, profile_id=profile.id, version=version, priority=priority)
        db.session.add(used)
    used.version, used.priority = version, priority
    db.session.flush()
    tickets.refresh_priorities(project, profile.id)
    tickets.create_encodings(project, used)
    return used


def jobfile(ticket: Ticket) -> bytes:
    """Render the jobfile of an encoding ticket: its version's template over the merged properties.

    Record.AVDelay appears in decimal seconds (design D7). Raises NoService for other tickets, NoBasename while no
    language is chosen, InvalidInput when the template breaks.
    """
    if ticket.profile_version is None:
        raise NoService(f"Ticket {ticket.id} is a {ticket.type} ticket; only encoding tickets have a jobfile.")
    values = properties.merged(ticket)
    if not values.get("EncodingProfile.Basename"):
        raise NoBasename(f"Ticket {ticket.id} has no output name yet: set Record.Language on the recording.")
    try:
        return render(ticket.profile_version.template, values)
    except InvalidInput as error:
        if error.field != "template":
            raise
        revised = f"{values['EncodingProfile.Slug']}, revision {ticket.profile_version.revision}"
        raise InvalidInput(f"{error} Correct the template of the encoding profile {revised}.", error.field) from error


def render(template: str, values: Mapping[str, str]) -> bytes:
    """Apply *template* to a ``<properties>`` document of *values*; return the job as XML in UTF-8."""
    _check_values(values)
    root = etree.Element("properties")
    for name, value in sorted((dict(values) | {"Record.AVDelay": _seconds(values.get("Record.AVDelay", ""))}).items()):
        etree.SubElement(root, "property", name=name).text = _xml_text(value)
    try:
        job = _stylesheet(template)(etree.ElementTree(root))
    except etree.XSLTApplyError as error:
        raise InvalidInput(f"The template cannot be applied: {error}", "template") from error
    if job.getroot() is None:
        raise InvalidInput("The template made no job.", "template")
    _check_programs(job.getroot())
    return bytes(etree.tostring(job, encoding="UTF-8", xml_declaration=True))


def _seconds(milliseconds: str) -> str:
    """Turn the milliseconds of Record.AVDelay into decimal seconds; '' and '0' become '0'."""
    if not MILLISECONDS.match(milliseconds or "0"):
        raise InvalidInput(f"Record.AVDelay is {milliseconds[:40]!r}, which is no number of milliseconds.")
    value = (Decimal(milliseconds or "0") / 1000).normalize()
    return format(value, "f") if value else "0"


def _xml_text(value: str) -> str:
    return "".join(c for c in value if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
