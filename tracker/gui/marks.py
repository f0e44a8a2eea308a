"""Cut marks as people type and read them: frames, or hh:mm:ss.mmm after the beginning of the recording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tracker import properties
from tracker.errors import InvalidInput

_FRAME = re.compile(r"-?\d{1,9}\Z", re.ASCII)
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):)?(\d{1,5}(?:[.,]\d{1,6})?)\Z", re.ASCII)
_CUT = re.compile(r"(\d+)-(\d+)-(.+?)-(-?\d+)\Z", re.ASCII)


def rate_of(values: Mapping[str, str]) -> Fraction | None:
    """Return Record.Framerate as frames per second, None while it is unknown."""
    try:
        rate = Fraction(values.get("Record.Framerate", ""))
    except (ValueError, ZeroDivisionError):
        return None
    return rate if rate > 0 else None


def frame_of(text: str, rate: Fraction | None, field: str) -> int:
    """Read a mark: a whole number is a frame, ``[[hh:]mm:]ss[.mmm]`` a time. Raises InvalidInput, naming *field*."""
    text = text.strip()
    if _FRAME.match(text):
        return int(text)
    found = _TIME.match(text)
    if found is None:
        raise InvalidInput(f"{text[:40]!r} is neither a frame nor a time such as 00:12:34.560.", field)
    if rate is None:
        raise InvalidInput("The frame rate of this recording is unknown; type a frame instead of a time.", field)
    hours, minutes, seconds = found.groups()
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60
    return round((whole + Fraction(seconds.replace(",", "."))) * rate)


def time_of(frame: int, rate: Fraction | None) -> str:
    """Write the time at which *frame* begins as hh:mm:ss.mmm; '' when the rate is unknown."""
    if rate is None:
        return ""
    milliseconds = round(frame / rate * 1000)
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def suggested(values: Mapping[str, str], schedule: Sequence[int] = ()) -> tuple[str, str]:
    """Return in and out to begin with: the marks already set, else begin and end of the talk by the schedule.

    *schedule* are the frames that the timeline marks so; without them the paddings in force (seconds) tell.
    """
    marks = values.get("Record.Cutin", ""), values.get("Record.Cutout", "")
    rate, frames = rate_of(values), values.get("Record.DurationFrames", "")
    if all(marks) or rate is None or not (frames.isascii() and frames.isdigit()):
        return marks
    for begin, end in (_pair(schedule), _unpadded(values, rate, int(frames[:18]))):
        if 0 <= begin < end <= int(frames[:18]):
            return str(begin), str(end)
    return "0", frames


def _pair(schedule: Sequence[int]) -> tuple[int, int]:
    return (min(schedule), max(schedule)) if schedule else (0, 0)


def _unpadded(values: Mapping[str, str], rate: Fraction, frames: int) -> tuple[int, int]:
    before, after = (_padding(values, f"Record.{side}Padding") for side in ("Start", "End"))
    return round(before * rate), frames - round(after * rate)


def _padding(values: Mapping[str, str], name: str) -> Fraction:
    try:
        return Fraction(properties.seconds(values, name))
    except InvalidInput:
        return Fraction(0)


def cut_in_words(cut: str) -> str:
    """Write Encoding.Cut (in-out-language-delay; frames, ms) for people; as it is when it is something else."""
    found = _CUT.match(cut)
    if found is None:
        return cut
    begin, end, language, delay = found.groups()
    return f"frames {begin} to {end}, {'no language' if language == '0' else language}, sound late by {delay} ms"
