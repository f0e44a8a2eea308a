"""Subtitles: WebVTT in, brought to the time of a cut, WebVTT out.

What is not understood is told with its line. Of the markup, what players and other formats know is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

MOST_BYTES = 5_000_000
MOST_CUES = 20_000
_SHORTEST_S = 0.05
_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(\S.*))?")
_SETTING = re.compile(r"(vertical|line|position|size|align):[A-Za-z0-9.,%-]{1,30}")
_TAG = re.compile(r"</?(?:b|i|u|ruby|rt|c|v|lang)(?:[ .][^<>&]{0,200})?>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

Span = tuple[float, float]
"""Begin and end in seconds."""


class BadSubtitles(Exception):
    """A file is no WebVTT; the sentence names file and line."""


@dataclass(frozen=True)
class Cue:
    """A text that is shown from `begin_s` to before `end_s`, with settings like ``align:start``."""

    begin_s: float
    end_s: float
    text: str
    settings: str = ""


def parse(data: bytes, name: str) -> list[Cue]:
    """Read WebVTT, in the order of time. Raise BadSubtitles, naming the file *name* and the line, for anything else."""
    if len(data) > MOST_BYTES:
        raise BadSubtitles(f"{name} has more than {MOST_BYTES} bytes: those are no subtitles.")
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadSubtitles(f"{name} is not UTF-8 (byte {error.start}): save it so.") from error
    if not re.fullmatch(r"WEBVTT([ \t].*)?", lines[0]):
        raise BadSubtitles(f"{name} does not begin with WEBVTT: export the subtitles as WebVTT.")
    cues = [cue for number, block in _blocks(lines) for cue in _cue(block, number, name)]
    if len(cues) > MOST_CUES:
        raise BadSubtitles(f"{name} has more than {MOST_CUES} texts: those are no subtitles.")
    return sorted(cues, key=lambda cue: (cue.begin_s, cue.end_s))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Part the lines behind the header at blank ones; number of the first line of each part, from 1."""
    for filled, group in groupby(enumerate(lines, 1), key=lambda each: bool(each[1].strip())):
        block = list(group)
        if filled and block[0][0] > 1:
            yield block[0][0], [line for _, line in block]


def _cue(block: Sequence[str], number: int, name: str) -> Iterator[Cue]:
    """Read one part: a cue, with or without a name of its own; notes, styles and regions are passed over."""
    if re.match(r"(NOTE|STYLE|REGION)\b", block[0]) and "-->" not in block[0]:
        return
    at = next((place for place, line in enumerate(block[:2]) if "-->" in line), None)
    if at is None:
        raise BadSubtitles(f"{name}, line {number}: {block[0][:60]!r} is no time like 00:01:02.000 --> 00:01:04.500.")
    found = _TIMING.fullmatch(block[at].rstrip())
    if found is None:
        raise BadSubtitles(
            f"{name}, line {number + at}: {block[at][:60]!r} is no time like 00:01:02.000 --> 00:01:04.500."
        )
    begin, end = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:8])
    if end <= begin:
        raise BadSubtitles(f"{name}, line {number + at}: the text ends before it begins.")
    settings = " ".join(word for word in (found[9] or "").split() if _SETTING.fullmatch(word))
    text = "\n".join(filter(None, (_clean(line) for line in block[at + 1 :])))
    if text:
        yield Cue(begin, end, text, settings)


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(thousandths)) / 1000


def _clean(line: str) -> str:
    """Keep known tags; anything else that looks like markup becomes text."""
    line = _CONTROL.sub("", line).replace("-->", "->").strip()
    pieces, begin = [], 0
    for tag in _TAG.finditer(line):
        pieces += [_text(line[begin : tag.start()]), tag[0]]
        begin = tag.end()
    return "".join([*pieces, _text(line[begin:])])


def _text(piece: str) -> str:
    entities = re.sub(r"&(?!(?:amp|lt|gt|lrm|rlm|nbsp|#\d{1,6});)", "&amp;", piece)
    return entities.replace("<", "&lt;").replace(">", "&gt;")


def moved(cues: Sequence[Cue], kept: Sequence[Span], begin_s: float) -> list[Cue]:
    """Return the cues by the time of a cut that consists of the *kept* parts of the recording and begins at *begin_s*.

    A cue is shortened to what is kept of it; one over a part that was left out is shown across the joint.
    """
    found = []
    for cue in cues:
        length, pieces = begin_s, []
        for first, stop in kept:
            low, high = max(cue.begin_s, first), min(cue.end_s, stop)
            if low < high:
                pieces.append((length + low - first, length + high - first))
            length += stop - first
        if pieces and pieces[-1][1] - pieces[0][0] >= _SHORTEST_S:
            found.append(Cue(round(pieces[0][0], 3), round(pieces[-1][1], 3), cue.text, cue.settings))
    return found


def written(cues: Sequence[Cue]) -> str:
    """Return WebVTT."""
    blocks = [
        f"{_stamp(cue.begin_s)} --> {_stamp(cue.end_s)} {cue.settings}".rstrip() + f"\n{cue.text}" for cue in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _stamp(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}.{whole % 1000:03d}"
