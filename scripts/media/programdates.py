"""Real times of segments, from the HLS playlist that a recorder writes beside them (RFC 8216, 4.3.2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from urllib.parse import unquote

from scripts.media.demux import FORMATS

SUFFIX = ".m3u8"
MOST_BYTES = 8_000_000
_DATE, _LENGTH, _BREAK = "#EXT-X-PROGRAM-DATE-TIME:", "#EXTINF:", "#EXT-X-DISCONTINUITY"


def program_dates(root: Path, folder: str, recorder: str, names: Sequence[str], zone: tzinfo) -> dict[str, datetime]:
    """Return when the files of a folder begin (aware), by the playlists of a recorder in it; name -> time.

    In the folder of the recorder that is every playlist, in the one above it `<recorder>.m3u8` and
    `<recorder>-*.m3u8`. A date without offset is local. What cannot be read tells nothing; of two playlists that
    name a file, the one whose name comes later counts. `folder` is relative to `root`, '' or with a slash at its end.
    """
    own = folder != ""
    found: dict[str, datetime] = {}
    for name in sorted(names):
        if name.endswith(SUFFIX) and (own or name == recorder + SUFFIX or name.startswith(f"{recorder}-")):
            found |= dict(_listed(_text(root, folder + name), zone))
    return found


def _text(root: Path, name: str) -> str:
    path = root / name
    try:
        if not path.resolve().is_relative_to(root) or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, RuntimeError):
        return ""


def _listed(text: str, zone: tzinfo) -> Iterator[tuple[str, datetime]]:
    """Yield the segments whose time is known: it stands before them, or follows from the one before."""
    moment: datetime | None = None
    length = timedelta(0)
    for line in map(str.strip, text.splitlines()):
        if line.startswith(_DATE):
            moment = _moment(line.removeprefix(_DATE), zone)
        elif line.startswith(_LENGTH):
            length = _length(line.removeprefix(_LENGTH))
        elif line == _BREAK:
            moment = None
        elif line and not line.startswith("#"):
            name = unquote(line)
            if moment is not None and Path(name).suffix.lower() in FORMATS and "/" not in name and name.isprintable():
                yield name, moment
            moment = moment + length if moment is not None and length else None
            length = timedelta(0)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _length(text: str) -> timedelta:
    """Return a length; nothing for what is none, which ends the counting on."""
    try:
        return timedelta(seconds=max(float(text.split(",")[0]), 0.0))
    except (ValueError, OverflowError):
        return timedelta(0)
