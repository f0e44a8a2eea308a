"""Part a command of ffmpeg: the picture, which can be encoded in chunks, and all the rest, which is made once.

Only what is known to be the same in chunks is split. Everything else is refused with a reason and encoded in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

CODECS = ("libx264", "libx265", "libsvtav1", "libvpx-vp9")
"""Encoders whose chunks begin with closed groups of pictures when told to, and fit together."""
_FILTERS = ("scale", "setsar", "setdar", "format")
"""Filters that look at one picture at a time and neither turn nor cut it."""
_PICTURE = re.compile(
    r"-(vf|filter:v|vcodec|(c|codec|b|maxrate|bufsize|profile|level):v|preset|crf|maxrate|bufsize|level|tune|pix_fmt|"
    r"cpu-used|row-mt|deadline|tile-columns|tile-rows|g|keyint_min|sc_threshold|aq-mode)"
)
_GRID = ("-g", "-keyint_min", "-sc_threshold")
_JOINED = ("-movflags", "-tag:v", "-avoid_negative_ts", "-f", "-metadata")
_REST = re.compile(
    r"-(map|map_metadata|map_chapters|metadata:[sc]:\S+|disposition:[as]\S*|af|filter:a(:\d+)?|ac|ar|acodec|scodec|"
    r"(c|codec|b|q|ac|ar|profile|language):[as](:\d+)?)"
)
_FLAGS = frozenset(("-y", "-an", "-sn", "-dn"))
_PIECES = re.compile(r"((?:'[^']*'|\\.|[^,'\\])+)")


class NotSplit(Exception):
    """The job is not encoded in chunks; the sentence says why."""


@dataclass(frozen=True)
class Split:
    """A command in two: the picture of `master` by `graph` and `options`, one of `divisor` pictures; and the rest.

    `rest` is a command without its result, () when there is nothing besides the picture; `joined` are options of the
    finished file.
    """

    master: Path
    graph: str
    options: tuple[str, ...]
    divisor: int
    rest: tuple[str, ...]
    joined: tuple[str, ...]
    result: Path


def split(argv: Sequence[str], master: Path, rate: Fraction) -> Split:
    """Part the command *argv*, which reads *master* of *rate* (frames per second). Raise NotSplit with the reason."""
    inputs, options, result = _parted(argv)
    if not inputs or inputs[0] != ("-i", str(master)):
        raise NotSplit("the job does not read the cut master first")
    picture: dict[str, str] = {}
    joined: list[str] = []
    rest: list[str] = []
    shown = maps = 0
    for name, *value in options:
        if _PICTURE.fullmatch(name):
            picture[name] = value[0]
        elif name in _JOINED:
            joined += [name, *value]
        elif name == "-map" and value[0] in ("0:v", "0:v:0"):
            shown += 1
        elif name in _FLAGS or _REST.fullmatch(name):
            maps += name == "-map"
            rest += [name, *value]
        else:
            raise NotSplit(f"the job has the option {name}, of which it is not known that chunks may have it")
    if shown > 1 or (maps and not shown):
        raise NotSplit("the job makes none or several pictures")
    silent = maps == 0 and (shown == 1 or "-an" in rest)
    others = () if silent else ("ffmpeg", *(word for each in inputs for word in each), *rest, "-vn")
    graph = picture.pop("-vf", picture.pop("-filter:v", ""))
    divisor = _divisor(graph, rate)
    return Split(master, graph, _options(picture), divisor, others, tuple(joined), Path(result))


def _parted(argv: Sequence[str]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], str]:
    """Part a command into its inputs, the options of its result, and that."""
    if not argv or argv[0] != "ffmpeg":
        raise NotSplit("the job runs another program than ffmpeg")
    *words, result = [word for word in argv[1:] if word != "-y"]
    last = max((number for number, word in enumerate(words) if word == "-i"), default=-2) + 2
    inputs: list[tuple[str, ...]] = []
    begin = 0
    for number, word in enumerate(words[:last]):
        if word == "-i":
            inputs.append(tuple(words[begin : number + 2]))
            begin = number + 2
    return inputs, list(_pairs(words[last:])), result


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    number = 0
    while number < len(words):
        name = words[number]
        if not name.startswith("-") or (name not in _FLAGS and number + 1 == len(words)):
            raise NotSplit("the job has several results, or options that cannot be told apart")
        size = 1 if name in _FLAGS else 2
        yield tuple(words[number : number + size])
        number += size


def _divisor(graph: str, rate: Fraction) -> int:
    """Return of how many pictures one is kept; look at every filter on the way."""
    if re.sub(_PIECES, "", graph).strip(",") or ";" in graph or "[" in graph:
        raise NotSplit("the picture's filters cannot be told apart")
    divisor = 1
    for number, piece in enumerate(_PIECES.findall(graph)):
        name, _, value = piece.strip().partition("=")
        if name == "fps" and number == 0:
            divisor = _ratio(value, rate)
        elif name not in _FILTERS:
            raise NotSplit(f"the filter {name} may look at several pictures")
    return divisor


def _ratio(value: str, rate: Fraction) -> int:
    try:
        ratio = rate / Fraction(value.removeprefix("fps="))
    except (ValueError, ZeroDivisionError):
        raise NotSplit(f"the rate {value[:40]!r} is computed") from None
    if ratio.denominator != 1:
        raise NotSplit(f"the rate of the pictures is no whole part of {rate}")
    return ratio.numerator


def _options(picture: dict[str, str]) -> tuple[str, ...]:
    """Return the options of the encoder; refuse what spreads bits over the whole file."""
    codec = next((picture[name] for name in ("-c:v", "-codec:v", "-vcodec") if name in picture), "")
    if codec not in CODECS:
        raise NotSplit(f"the codec {codec or 'of the container'} is not encoded in chunks")
    if picture.get("-b:v", "0") != "0" or "-crf" not in picture:
        raise NotSplit("it aims at a bitrate, which every chunk would reach by itself")
    return tuple(word for name, value in picture.items() if name not in _GRID for word in (name, value))
