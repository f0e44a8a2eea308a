"""The virtual recording for other programs: an ffconcat list, and MLT projects for Shotcut and Kdenlive.

No video is copied: all three name the files by their absolute path. `edited.read_marks` reads back what was cut there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from scripts.media.files import inside
from scripts.media.timeline import PTS_CLOCK, Segment, Timeline

FFCONCAT, SHOTCUT, KDENLIVE = "recording.ffconcat", "recording.mlt", "recording.kdenlive"
TRACK = "playlist0"
_KDENLIVE_VERSION = "1.04"
_MARK_KINDS = ("schedule", "hole", "change", "operator", "silence", "loudness", "applause", "black", "frozen")


@dataclass(frozen=True)
class Run:
    """Frames that are taken from a file without a break; `segment` is None for a hole."""

    segment: Segment | None
    first: int
    stop: int


def runs(timeline: Timeline) -> list[Run]:
    """Return all frames of a recording in order; holes of single pictures inside of a file count as pictures."""
    found: list[Run] = []
    position = 0
    for segment in timeline.segments:
        if segment.used_from > position:
            found.append(Run(None, position, segment.used_from))
        found.append(Run(segment, segment.used_from, segment.used_to))
        position = segment.used_to
    return [*found, Run(None, position, timeline.frames)] if position < timeline.frames else found


def exports(timeline: Timeline, raw: Path) -> dict[str, str]:
    """Return the files to write beside the playlist: name -> text. Raises PathRefused."""
    shotcut, kdenlive = (_document(timeline, raw, each) for each in (_shotcut, _kdenlive))
    return {FFCONCAT: ffconcat(timeline, raw), SHOTCUT: shotcut, KDENLIVE: kdenlive}


def ffconcat(timeline: Timeline, raw: Path) -> str:
    """Return a list for ffmpeg's concat demuxer (`-safe 0 -f concat`): files from their beginning, without the holes.

    Lengths are given: without them the demuxer goes by the sound, and picture and sound drift apart at every joint. The
    beginning of a file is never cut, for that would be a search, which in transport streams ends anywhere.
    """
    lines = ["ffconcat version 1.0"]
    for segment in timeline.segments:
        path = str(inside(raw, segment.file)).replace("'", "'\\''")
        frames = segment.used_to - segment.first_frame
        lines.append(f"file '{path}'")
        if frames < segment.frames:
            begin = segment.first_pts % (1 << 33) / PTS_CLOCK
            lines.append(f"outpoint {begin + float(frames / timeline.rate):.6f}")
        lines.append(f"duration {float(frames / timeline.rate):.6f}")
    return "\n".join([*lines, ""])


# --- MLT --------------------------------------------------------------------------------------------------------------


def _document(timeline: Timeline, raw: Path, add: Callable[[etree._Element, Timeline], None]) -> str:
    root = etree.Element("mlt", LC_NUMERIC="C", version="7.0.0", producer="main_bin", title=timeline.title)
    _profile(root, timeline)
    for number, segment in enumerate(timeline.segments):
        _producer(root, number, segment, str(inside(raw, segment.file)))
    add(root, timeline)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return text.decode()


def _profile(root: etree._Element, timeline: Timeline) -> None:
    width, height = timeline.video.width, timeline.video.height
    etree.SubElement(
        root,
        "profile",
        description="recording",
        width=str(width),
        height=str(height),
        progressive=str(int(not timeline.interlaced)),
        sample_aspect_num="1",
        sample_aspect_den="1",
        display_aspect_num=str(width),
        display_aspect_den=str(height),
        frame_rate_num=str(timeline.rate.numerator),
        frame_rate_den=str(timeline.rate.denominator),
        colorspace="709" if height > 576 else "601",
    )


def _producer(root: etree._Element, number: int, segment: Segment, path: str) -> None:
    producer = etree.SubElement(
        root, "producer", id=f"producer{number}", attrib={"in": "0", "out": str(segment.frames - 1)}
    )
    _properties(
        producer,
        length=str(segment.frames),
        eof="pause",
        resource=path,
        mlt_service="avformat",
        seekable="1",
        **{"kdenlive:id": str(number + 2), "kdenlive:clip_type": "0", "shotcut:caption": segment.file},
    )


def _properties(element: etree._Element, **values: str) -> None:
    for name, value in values.items():
        etree.SubElement(element, "property", name=name).text = value


def _bin(root: etree._Element, timeline: Timeline, **values: str) -> None:
    playlist = etree.SubElement(root, "playlist", id="main_bin")
    _properties(playlist, xml_retain="1", **values)
    for number, segment in enumerate(timeline.segments):
        etree.SubElement(
            playlist, "entry", producer=f"producer{number}", attrib={"in": "0", "out": str(segment.frames - 1)}
        )


def _track(root: etree._Element, timeline: Timeline, name: str, **values: str) -> None:
    playlist = etree.SubElement(root, "playlist", id=name)
    _properties(playlist, **values)
    for run in runs(timeline):
        if run.segment is None:
            etree.SubElement(playlist, "blank", length=str(run.stop - run.first))
        else:
            number = timeline.segments.index(run.segment)
            first, last = run.first - run.segment.first_frame, run.stop - run.segment.first_frame - 1
            entry = etree.SubElement(
                playlist, "entry", producer=f"producer{number}", attrib={"in": str(first), "out": str(last)}
            )
            _properties(entry, **{"kdenlive:id": str(number + 2)})


def _black(root: etree._Element, timeline: Timeline, name: str) -> None:
    producer = etree.SubElement(root, "producer", id=name, attrib={"in": "0", "out": str(timeline.frames - 1)})
    _properties(producer, length=str(timeline.frames), eof="pause", resource="black", mlt_service="color")


def _tractor(root: etree._Element, timeline: Timeline, name: str, tracks: Sequence[tuple[str, str]]) -> etree._Element:
    tractor = etree.SubElement(root, "tractor", id=name, attrib={"in": "0", "out": str(timeline.frames - 1)})
    for track, hide in tracks:
        etree.SubElement(tractor, "track", producer=track, **({"hide": hide} if hide else {}))
    return tractor


def _shotcut(root: etree._Element, timeline: Timeline) -> None:
    _bin(root, timeline)
    _black(root, timeline, "black")
    background = etree.SubElement(root, "playlist", id="background")
    etree.SubElement(background, "entry", producer="black", attrib={"in": "0", "out": str(timeline.frames - 1)})
    _track(root, timeline, TRACK, **{"shotcut:video": "1", "shotcut:name": "V1"})
    tractor = _tractor(root, timeline, "tractor0", [("background", ""), (TRACK, "")])
    _properties(tractor, shotcut="1", **{"shotcut:projectAudioChannels": "2"})
    markers = etree.SubElement(tractor, "properties", name="shotcut:markers")
    for number, (frame, text) in enumerate(_guides(timeline)):
        marker = etree.SubElement(markers, "properties", name=str(number))
        clock = _clock(timeline, frame)
        _properties(marker, text=text, start=clock, end=clock, color="#008000")


def _kdenlive(root: etree._Element, timeline: Timeline) -> None:
    guides = [{"comment": text, "pos": frame, "type": 0} for frame, text in _guides(timeline)]
    _bin(
        root,
        timeline,
        **{
            "kdenlive:docproperties.version": _KDENLIVE_VERSION,
            "kdenlive:docproperties.guides": json.dumps(guides, ensure_ascii=False),
        },
    )
    _black(root, timeline, "black_track")
    _track(root, timeline, TRACK, **{"kdenlive:audio_track": "1"})
    etree.SubElement(root, "playlist", id="playlist1")
    _track(root, timeline, "playlist2")
    etree.SubElement(root, "playlist", id="playlist3")
    sound = _tractor(root, timeline, "tractor0", [(TRACK, "video"), ("playlist1", "video")])
    _properties(sound, **{"kdenlive:audio_track": "1", "kdenlive:timeline_active": "1"})
    picture = _tractor(root, timeline, "tractor1", [("playlist2", "audio"), ("playlist3", "audio")])
    _properties(picture, **{"kdenlive:timeline_active": "1"})
    whole = _tractor(root, timeline, "tractor2", [("black_track", ""), ("tractor0", ""), ("tractor1", "")])
    whole.set("global_feed", "1")


def _guides(timeline: Timeline) -> Iterator[tuple[int, str]]:
    for mark in timeline.marks:
        if mark.kind in _MARK_KINDS:
            yield min(mark.frame, timeline.frames - 1), f"{mark.kind}: {mark.text}"


def _clock(timeline: Timeline, frame: int) -> str:
    ms = round(frame / timeline.rate * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
