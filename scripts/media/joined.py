"""One ffmpeg for several results: what a job's command reads, what it makes of it, and the command that makes all.

The master is decoded once, and every result has filters and encoders of its own, so it is the same as by itself.
Only what is known to belong to one result is joined. Everything else is refused with a reason and made by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_OWN = re.compile(
    r"-(map|map_metadata|map_chapters|metadata|disposition|vf|af|filter|c|codec|vcodec|acodec|scodec|b|q|crf|preset|"
    r"tune|profile|level|maxrate|minrate|bufsize|pix_fmt|g|keyint_min|sc_threshold|bf|refs|cpu-used|row-mt|deadline|"
    r"tile-columns|tile-rows|aq-mode|lag-in-frames|auto-alt-ref|quality|speed|compression_level|ac|ar|sample_fmt|"
    r"channel_layout|vbr|application|frames|r|s|aspect|t|to|f|movflags|avoid_negative_ts|tag|id3v2_version|threads|"
    r"color_primaries|color_trc|colorspace|color_range|x264-params|x265-params|svtav1-params)(:\S+)?"
)
"""Options whose value holds for the next result only."""
_FLAGS = frozenset(("-an", "-vn", "-sn", "-dn", "-shortest"))
_PARAMS, _PASSES = re.compile(r"-(x26[45]|svtav1)-params(:\S+)?"), re.compile(r"(^|:)\s*(pass|stats)\s*=")
_ALWAYS = ("-y",)


class NotJoined(Exception):
    """The job is made by itself; the text says why, to stand behind a colon."""


@dataclass(frozen=True)
class Share:
    """A command in two: what it reads, with the options for that, and its one result with its options."""

    inputs: tuple[str, ...]
    options: tuple[str, ...]
    result: Path


def share(tasks: Sequence[Sequence[Sequence[str]]], result: Path) -> Share:
    """Part the commands of the tasks of a job whose file is *result*. Raise NotJoined."""
    if len(tasks) != 1:
        raise NotJoined(f"its job has {len(tasks)} tasks, as two passes have")
    if len(tasks[0]) != 1:
        raise NotJoined("its programs are joined by pipes")
    command = tasks[0][0]
    if command[0] != "ffmpeg":
        raise NotJoined(f"its job runs {command[0]}")
    words = [word for word in command[1:] if word not in _ALWAYS]
    end = max((number for number, word in enumerate(words) if word == "-i"), default=-2) + 2
    if not end or not words or words[-1] != str(result):
        raise NotJoined("its job does not read a file and write the result")
    return Share(tuple(words[:end]), tuple(_own(words[end:-1])), result)


def _own(words: Sequence[str]) -> Iterator[str]:
    """Yield the options of the one result; refuse further results, and what holds for all that ffmpeg does."""
    number = 0
    while number < len(words):
        name = words[number]
        size = 1 if name in _FLAGS else 2
        if not name.startswith("-") or number + size > len(words):
            raise NotJoined("its job has several results, or options that cannot be told apart")
        if size == 2 and not _OWN.fullmatch(name):
            raise NotJoined(f"its job has the option {name[:40]}, of which it is not known that it is for one result")
        if size == 2 and _PARAMS.fullmatch(name) and _PASSES.search(words[number + 1]):
            raise NotJoined("it is encoded in two passes")
        yield from words[number : number + size]
        number += size


def command(shares: Sequence[Share]) -> list[str]:
    """Return the command that makes the results of all, which read the same."""
    results = (word for each in shares for word in (*each.options, str(each.result)))
    return ["ffmpeg", *_ALWAYS, *shares[0].inputs, *results]
