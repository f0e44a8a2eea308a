"""Read back from an MLT project what somebody left of a recording in Shotcut or Kdenlive.

Markers or guides called "in" and "out" count; without them, what is left on the first track that holds its files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path, PurePath

from lxml import etree

from scripts.media.timeline import Segment, Timeline

MOST_BYTES = 20_000_000
_SAME_RATE = 0.0001
_CLOCK = re.compile(r"(\d{1,3}):(\d\d):(\d\d)(?:[.,](\d{1,6}))?")


class NoMarks(Exception):
    """A file is no project, or says nothing of the recording; the sentence says why."""


@dataclass(frozen=True)
class Edit:
    """In, out (exclusive) and the parts between that were removed, in frames of the virtual recording."""

    cut_in: int
    cut_out: int
    left_out: tuple[tuple[int, int], ...] = ()


def read_marks(path: Path, timeline: Timeline) -> Edit:
    """Return how a project cuts the recording. Raises NoMarks."""
    root = _parsed(path)
    _check_rate(path, root, timeline)
    named = {text.strip().casefold(): frame for text, frame in _markers(root, timeline)}
    if "in" in named and "out" in named:
        if named["in"] >= named["out"]:
            raise NoMarks(f"In {path.name}, the marker 'out' does not come after 'in'.")
        return Edit(named["in"], named["out"])
    kept = list(_kept(root, timeline))
    if not kept:
        raise NoMarks(f"{path.name} has no markers 'in' and 'out', and no track with files of this recording.")
    if any(after[0] < before[1] for before, after in pairwise(kept)):
        raise NoMarks(f"In {path.name}, parts of the recording are not in their order.")
    gaps = [(before[1], after[0]) for before, after in pairwise(kept) if before[1] < after[0]]
    removed = tuple((first, stop) for first, stop in gaps if timeline.missing_between(first, stop) < stop - first)
    return Edit(kept[0][0], kept[-1][1], removed)


def _parsed(path: Path) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NoMarks(f"{path.name} is larger than {MOST_BYTES} bytes, which no project is.")
        root = etree.fromstring(path.read_bytes(), parser)
    except OSError as error:
        raise NoMarks(f"{path.name} cannot be read ({error.strerror}).") from error
    except etree.XMLSyntaxError as error:
        raise NoMarks(f"{path.name} is no MLT project ({error.msg}).") from error
    if root.tag != "mlt":
        raise NoMarks(f"{path.name} is no MLT project.")
    return root


def _check_rate(path: Path, root: etree._Element, timeline: Timeline) -> None:
    """Raise NoMarks when the project counts other frames than the recording."""
    profile = root.find("profile")
    values = [profile.get(f"frame_rate_{part}", "") for part in ("num", "den")] if profile is not None else []
    if all(value.isascii() and value.isdigit() and int(value[:9]) for value in values) and values:
        rate = Fraction(int(values[0][:9]), int(values[1][:9]))
        if abs(rate / timeline.rate - 1) > _SAME_RATE:
            raise NoMarks(
                f"{path.name} has {float(rate):.5g} frames per second, the recording {float(timeline.rate):.5g}: "
                "set the mode of the project to that of the recording."
            )


def _property(element: etree._Element, name: str) -> str:
    return next((each.text or "" for each in element.iterfind("property") if each.get("name") == name), "")


def _markers(root: etree._Element, timeline: Timeline) -> Iterator[tuple[str, int]]:
    """Yield text and frame of Shotcut's markers and Kdenlive's guides; the first of a name comes last."""
    for marker in root.iterfind(".//properties[@name='shotcut:markers']/properties"):
        frame = _frames(_property(marker, "start"), timeline)
        if frame is not None:
            yield _property(marker, "text"), frame
    for element in root.iter("property"):
        if str(element.get("name", "")).endswith("properties.guides"):
            yield from _guides(element.text or "")


def _guides(text: str) -> Iterator[tuple[str, int]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    for guide in found if isinstance(found, list) else ():
        if isinstance(guide, Mapping) and isinstance(guide.get("pos"), int):
            yield str(guide.get("comment", "")), guide["pos"]


def _kept(root: etree._Element, timeline: Timeline) -> Iterator[tuple[int, int]]:
    """Yield the frames (first, after the last) of the entries of the first track with files of the recording."""
    files = {PurePath(each.file).name: each for each in timeline.segments}
    clips: dict[str, Segment] = {}
    for kind in ("producer", "chain"):
        for clip in root.iterfind(kind):
            segment = files.get(PurePath(_property(clip, "resource")).name)
            if segment is not None:
                clips[str(clip.get("id"))] = segment
    for playlist in root.iterfind("playlist"):
        entries = [entry for entry in playlist.iterfind("entry") if entry.get("producer") in clips]
        if playlist.get("id") != "main_bin" and entries:
            yield from _ranges(entries, clips, timeline)
            return


def _ranges(
    entries: list[etree._Element], clips: Mapping[str, Segment], timeline: Timeline
) -> Iterator[tuple[int, int]]:
    for entry in entries:
        segment = clips[str(entry.get("producer"))]
        first = _frames(str(entry.get("in", "0")), timeline)
        last = _frames(str(entry.get("out", segment.frames - 1)), timeline)
        if first is None or last is None or not 0 <= first <= last < segment.frames:
            raise NoMarks(f"An entry of {segment.file} has no in and out that lie in the file.")
        yield segment.first_frame + first, segment.first_frame + last + 1


def _frames(text: str, timeline: Timeline) -> int | None:
    """Read a position: frames, or hh:mm:ss.mmm."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(f"{found[3]}.{found[4] or 0}")
    return round(seconds * timeline.rate)
