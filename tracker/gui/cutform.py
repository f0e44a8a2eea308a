"""What the cut form holds besides in and out, as people type and read it: parts left out, chapters, tracks, sound."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tracker import tickets
from tracker.errors import InvalidInput
from tracker.gui import forms, marks, spoken
from tracker.tickets.cutlists import UNUSED, Range, gaps, read_chapters, read_ranges

_LEFT_OUT = re.compile(r"([\d:.,]+)\s*(?:-|\u2013|\bto\b|\s)\s*([\d:.,]+)\Z")
_MOST_TRACKS = 8
__all__ = ["UNUSED", "chapters", "language", "left_out", "more", "stored", "tracks_of"]


def tracks_of(values: Mapping[str, str]) -> int:
    """Return how many audio tracks the recording has, 1 when that is not known."""
    text = values.get("Record.Tracks", "")
    return min(max(int(text), 1), _MOST_TRACKS) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def left_out(text: str, rate: Fraction | None) -> list[Range]:
    """Read the parts to leave out, one a line: two marks. Raises InvalidInput (`leave_out`)."""
    parts = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _LEFT_OUT.match(line)
        if found is None:
            raise InvalidInput(
                f"{line[:60]!r} is no part to leave out, such as 00:12:34.000 - 00:13:00.000.", "leave_out"
            )
        first, stop = (marks.frame_of(mark, rate, "leave_out") for mark in found.groups())
        parts.append((first, stop))
    return parts


def chapters(text: str, rate: Fraction | None) -> list[tickets.Chapter]:
    """Read the chapters, one a line: a mark and a title. Raises InvalidInput (`chapters`)."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        mark, _, title = line.partition(" ")
        found.append(tickets.Chapter(marks.frame_of(mark, rate, "chapters"), title))
    return found


def more(rate: Fraction | None, tracks: int) -> tickets.More:
    """Read from the form what a cut says besides its marks. Raises InvalidInput, naming the field."""
    return tickets.More(
        leave_out=left_out(forms.text("leave_out"), rate),
        chapters=chapters(forms.text("chapters"), rate),
        audio=audio(tracks),
        apology=forms.text("apology"),
    )


def language(known: Sequence[str]) -> str:
    """Return the languages sent: one for each track in their order, else those that were chosen."""
    by_track = [code for code in forms.texts("track") if code]
    return "-".join(_used(by_track)) if by_track else spoken.joined(forms.texts("language"), known)


def _used(by_track: list[str]) -> list[str]:
    """Leave tracks out at the end that are not released."""
    while len(by_track) > 1 and by_track[-1] == UNUSED:
        by_track = by_track[:-1]
    return by_track


def audio(tracks: int) -> str:
    """Return where the sound is good, once or for each track that is used."""
    words = [word for word in forms.texts("audio") if word]
    if tracks > 1:
        words = words[: len(_used([code for code in forms.texts("track") if code]))]
    return words[0] if words and set(words) == {words[0]} else "-".join(words)


def stored(values: Mapping[str, str], rate: Fraction | None) -> dict[str, str]:
    """Return what the form begins with: what the recording has already."""

    def written(frame: int) -> str:
        return marks.time_of(frame, rate) or str(frame)

    parts = gaps(read_ranges(values.get("Record.Ranges", "")))
    return {
        "leave_out": "\n".join(f"{written(first)} - {written(stop)}" for first, stop in parts),
        "chapters": "\n".join(
            f"{written(each.frame)} {each.title}" for each in read_chapters(values.get("Record.Chapters", ""))
        ),
        "apology": values.get("Record.Apology", ""),
    }
