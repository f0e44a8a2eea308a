"""What the players fetch from the mount: authorised, in ranges, and only files that a ticket names (design D10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from flask import Response, current_app, send_file

from tracker import properties
from tracker.errors import NotFound
from tracker.gui.access import bp, ticket_or_404
from tracker.models import Ticket
from tracker.statemachine import ENCODING, RECORDING

WORK_FILES = {
    "timeline.json": "application/json",
    "peaks.json": "application/json",
    "peaks.bin": "application/octet-stream",
    "thumbs.json": "application/json",
    "thumbs.jpg": "image/jpeg",
    "index.m3u8": "application/vnd.apple.mpegurl",
}
TYPES = {
    ".ts": "video/mp2t",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".ogv": "video/ogg",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
}
"""Nothing else is sent, so that no file of the mount is ever taken for a page."""

SEGMENTS_KEPT_S = 3600


@bp.get("/<slug>/ticket/<int:ticket_id>/media/<path:name>")
def media(slug: str, ticket_id: int, name: str) -> Response:
    """Send a work file, a segment of the recording, the encoded file (`encoded`) or its timeline."""
    ticket = ticket_or_404(slug, ticket_id)
    values = properties.merged(ticket)
    if name == "encoded":
        return send_media(encoded_file(ticket, values))
    if name == "timeline.json" and ticket.type == ENCODING:
        return send_media(work_file(values, f"{values.get('EncodingProfile.Basename', '')}.{name}"), WORK_FILES[name])
    if ticket.type != RECORDING:
        raise NotFound(f"Ticket {ticket_id} is a {ticket.type} ticket; only recordings have a timeline.")
    if name in WORK_FILES:
        return send_media(work_file(values, name), WORK_FILES[name])
    return send_media(segment(values, name), max_age=SEGMENTS_KEPT_S)


def send_media(path: Path, kind: str = "", max_age: int = 0) -> Response:
    """Send a file of the mount in ranges. Raises NotFound for a kind that pages do not play."""
    kind = kind or TYPES.get(path.suffix.lower(), "")
    if not kind:
        raise NotFound(f"{path.name} is no kind of file that pages play.")
    response = send_file(path, mimetype=kind, conditional=True, max_age=max_age)
    response.cache_control.private = True
    return response


def inside(path: Path) -> Path:
    """Return *path* with links resolved. Raises NotFound when it is no file or lies outside FAHRWERK_MEDIA_ROOTS."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise NotFound(f"There is no file {path.name}.") from None
    roots = (root.resolve() for root in current_app.config["SETTINGS"].media_roots)
    if not any(real.is_relative_to(root) for root in roots):
        raise NotFound(f"{path.name} lies outside of FAHRWERK_MEDIA_ROOTS; an admin has to add its folder there.")
    if not real.is_file():
        raise NotFound(f"{path.name} is no file.")
    return real


def folder(values: Mapping[str, str], name: str) -> Path:
    """Return the folder of the property *name*. Raises NotFound unless it is an absolute path."""
    text = values.get(name, "")
    if not text.startswith("/") or "\x00" in text:
        raise NotFound(f"Property {name} names no folder; set it on the project.")
    return Path(text)


def work_file(values: Mapping[str, str], name: str) -> Path:
    """Return a file that script B wrote into the work folder of the talk. Raises NotFound."""
    place = folder(values, "Processing.Path.Tmp") / values["Project.Slug"] / values["Fahrplan.ID"]
    return inside(place / name)


def segment(values: Mapping[str, str], name: str) -> Path:
    """Return a segment of the recording or its proxy, which has to be one that timeline.json lists. Raises NotFound."""
    timeline = work_file(values, "timeline.json")
    listed = _listed(timeline, timeline.stat().st_mtime_ns)
    if name in listed.proxies:
        return work_file(values, name)
    if name not in listed.files:
        raise NotFound(f"The recording has no segment {name}.")
    return inside((Path(listed.folder) if listed.folder else folder(values, "Processing.Path.Raw")) / name)


def schedule_marks(values: Mapping[str, str]) -> list[int]:
    """Return the frames at which the talk begins and ends by the schedule, as timeline.json has them; [] without."""
    try:
        found = json.loads(work_file(values, "timeline.json").read_bytes())["marks"]
        frames = [mark["frame"] for mark in found if mark["kind"] == "schedule"]
    except (NotFound, OSError, ValueError, KeyError, TypeError):
        return []
    return [frame for frame in frames if isinstance(frame, int)]


class _Listed(NamedTuple):
    """The files of a timeline, the proxies of those that browsers cannot play, the folder of the files."""

    files: frozenset[str]
    proxies: frozenset[str]
    folder: str


@lru_cache(maxsize=64)
def _listed(timeline: Path, changed: int) -> _Listed:
    """Return the files that a timeline lists; *changed* (its mtime) makes a new one be read again."""
    try:
        said = json.loads(timeline.read_bytes())
        parts, place = said["segments"], said.get("folder", "")
        files = frozenset(str(part["file"]) for part in parts)
        proxies = frozenset(str(part["played_as"]) for part in parts if "played_as" in part)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NotFound("The timeline of the recording cannot be read; have script B make it again.") from None
    return _Listed(files, proxies, place if isinstance(place, str) and place.startswith("/") else "")


def encoded_file(ticket: Ticket, values: Mapping[str, str]) -> Path:
    """Return the encoded file of an encoding ticket: the encoder's, else the hidden or public copy. Raises NotFound."""
    base, extension = values.get("EncodingProfile.Basename", ""), values.get("EncodingProfile.Extension", "")
    if ticket.type != ENCODING or not base:
        raise NotFound(f"Ticket {ticket.id} has no encoded file.")
    missing = NotFound(f"There is no file {base}.{extension} yet.")
    for place in ("Output", "Prerelease", "Release"):
        try:
            return inside(folder(values, f"Processing.Path.{place}") / f"{base}.{extension}")
        except NotFound as error:
            missing = error if place == "Output" else missing
    raise missing
