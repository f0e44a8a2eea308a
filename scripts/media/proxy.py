"""Proxies: what browsers play on the cut page instead of files that they cannot play.

A proxy shows the same pictures, one for one, so that frames keep their numbers; the cut is made from the file itself.
Where only the container or the sound is in the way, the picture is copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.demux import FORMATS, JOINABLE, Unreadable, read_media
from scripts.media.ffmpeg import StopTest
from scripts.media.files import inside, partial
from scripts.media.timeline import PTS_CLOCK, Segment, Timeline

FOLDER = "proxy"
HEIGHT = 540
_PLAYED = ("h264",)
_HEARD = ("", "aac", "mp3", "mp3float")
"""Sound that browsers play in a transport stream; of a timeline of old nothing is known."""
_LEAD_S = 10
"""Where the clock of a copy begins: before its first picture there must be room for what is decoded earlier."""


class When(Enum):
    """When to make proxies: where browsers cannot play the file, never, for every file."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


def with_proxies(
    timeline: Timeline,
    raw: Path,
    folder: Path,
    attempt: str | int,
    when: When,
    *,
    progress: Callable[[float], None] = lambda percent: None,
    stop: StopTest | None = None,
) -> tuple[Timeline, list[str]]:
    """Make the proxies that are missing in `proxy/` of the work folder; return the timeline that names them.

    Also sentences about proxies that do not show the same pictures. Those of other files are removed. Raises
    FfmpegFailed, Stopped, Unreadable (a whole sentence), OSError.
    """
    parts, problems = [], []
    for number, segment in enumerate(timeline.segments):
        if not _needed(timeline, segment, when):
            parts.append(segment)
            continue
        source = inside(raw, segment.file)
        target = folder / FOLDER / f"{_digest(source, timeline)}.ts"
        if not target.is_file():
            with partial(target, attempt) as part:
                share = _share(progress, number, len(timeline.segments))
                command = build_command(timeline, source, part, small=when is When.ALWAYS)
                ffmpeg.run(command, duration_s=float(segment.frames / timeline.rate), progress=share, stop=stop)
        part_of, said = _measured(timeline, segment, target)
        parts.append(part_of)
        problems += said
    _sweep(folder / FOLDER, {segment.played_as for segment in parts})
    lead = read_media(folder / parts[0].played_as).dts_lead if parts[0].played_as else None
    offset = timeline.first_dts_offset_ms if lead is None else lead * 1000 / PTS_CLOCK
    return replace(timeline, segments=tuple(parts), first_dts_offset_ms=offset), problems


def build_command(timeline: Timeline, source: Path, target: Path, *, small: bool = False) -> list[str]:
    """Compose the ffmpeg command of a proxy: small H.264 without B-frames, or a copy where only the rest differs.

    With *small* a transport stream is encoded, too: it is there for slow lines.
    """
    kind = FORMATS[source.suffix.lower()]
    clock = ["-copyts"] if kind == JOINABLE else []
    lead = [] if kind == JOINABLE else ["-output_ts_offset", str(_LEAD_S)]
    return [
        *("ffmpeg", *clock, "-f", kind, "-i", str(source), "-map", "0:v:0", "-map", "0:a:0?"),
        *(_copied() if timeline.video.codec in _PLAYED and not (small and kind == JOINABLE) else _encoded(timeline)),
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-muxdelay", "0", "-muxpreload", "0", *lead),
        *("-mpegts_copyts", "1", "-f", "mpegts", "-y", str(target)),
    ]


def _copied() -> list[str]:
    return ["-c:v", "copy"]


def _encoded(timeline: Timeline) -> list[str]:
    deinterlaced = "yadif=mode=send_frame:deint=interlaced," if timeline.interlaced else ""
    height = min(HEIGHT, timeline.video.height) // 2 * 2
    return [
        *("-vf", f"{deinterlaced}scale=-2:{height}", "-fps_mode", "passthrough", "-c:v", "libx264"),
        *("-preset", "veryfast", "-crf", "26", "-bf", "0", "-g", str(round(timeline.rate)), "-pix_fmt", "yuv420p"),
    ]


def playable(timeline: Timeline, segment: Segment) -> bool:
    """Tell whether browsers show the picture of a file as it is."""
    return timeline.video.codec in _PLAYED and FORMATS.get(Path(segment.file).suffix.lower()) == JOINABLE


def audible(timeline: Timeline) -> bool:
    """Tell whether browsers play the sound."""
    return timeline.audio is None or timeline.audio.codec in _HEARD


def _needed(timeline: Timeline, segment: Segment, when: When) -> bool:
    return when is When.ALWAYS or (when is When.AUTO and not (playable(timeline, segment) and audible(timeline)))


def _digest(source: Path, timeline: Timeline) -> str:
    """Name a proxy after what it is of, so that an attempt after a broken one goes on where that ended."""
    status = source.stat()
    known = f"{source}|{status.st_size}|{status.st_mtime_ns}|{timeline.interlaced}|{timeline.video}"
    return hashlib.sha256(known.encode()).hexdigest()[:20]


def _measured(timeline: Timeline, segment: Segment, target: Path) -> tuple[Segment, list[str]]:
    """Say of a segment what plays it; the first picture of the proxy is the first one of the file that is used."""
    try:
        media = read_media(target)
    except Unreadable as error:
        raise Unreadable(f"The proxy of {segment.file} {error}; clear the failed flag to make it anew.") from error
    positions = media.positions(timeline.rate)
    before = int(positions[-1]) + 1 - segment.frames  # pictures before the first one that can be decoded
    said = [] if before == 0 else [f"The proxy of {segment.file} shows {positions[-1] + 1} frames of {segment.frames}."]
    played = replace(segment, played_as=f"{FOLDER}/{target.name}", played_pts=media.first_pts)
    return played, said


def _share(progress: Callable[[float], None], number: int, count: int) -> Callable[[float], None]:
    return lambda percent: progress((100 * number + percent) / count)


def _sweep(folder: Path, used: set[str]) -> None:
    """Remove the proxies that nothing names any more."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if f"{FOLDER}/{entry.name}" not in used and entry.suffix == ".ts" and not entry.name.startswith("."):
            entry.unlink(missing_ok=True)
