"""The ffmpeg command of a cut master. Nothing is run and no file opened here.

Everything is addressed by absolute time stamps. A seek in MPEG-TS lands anywhere, so seeking only saves reading; which
frames and samples are taken is decided by trimming at the stamps of docs/timeline.md. Picture and sound are cut at the
same stamps: what the recorder delayed stays delayed (design D8: the delay is applied once, by the encoder).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from scripts.media.pieces import PREROLL_S, Input, Piece
from scripts.media.timeline import PTS_CLOCK

SAMPLE_RATE = 48_000
_BLOCK = 4608  # else the size of the first scrap of sound becomes that of all FLAC blocks
_WRAP = 1 << 33  # MPEG-TS stamps count modulo this
_KEPT = ("-reinit_filter", "0")  # else a change in the middle begins to count anew, and loses the picture before it
_ALIKE = "scale=interl=-1,format=yuv420p"  # so one that is stored otherwise from some picture on is converted
_FILL = "async=1:min_hard_comp=0.02"  # one lost packet of sound (21 ms) becomes silence: what follows stays in place
_FILL_EXACTLY = "async=1:min_hard_comp=0.003"  # where the sound changes, less is missing, or there twice


@dataclass(frozen=True)
class Opened:
    """An input whose first file was opened.

    `names` are its files as they lie in the scratch folder; `shift` is what libav's clock shows more than the
    timeline's (1/90000 s); `sounds` counts the streams of sound; `format` is the container as libav names it;
    `interlaced` is as declared. `sound_file` has the sound instead of the files, where it changes in the middle.
    """

    input: Input
    names: tuple[str, ...]
    shift: int
    sounds: int
    format: str = "mpegts"
    interlaced: bool = False
    sound_file: str = ""

    def address(self, folder: Path | None = None) -> str:
        """Return what libav opens, in the scratch folder or from elsewhere: the files of a stream as one."""
        paths = [str(folder / name) if folder else name for name in self.names]
        return f"concat:{'|'.join(paths)}" if self.format == "mpegts" else paths[0]

    def seek_before(self, pts: int) -> int | None:
        """Return the stamp (libav's clock) to begin to read at so that a stamp of the timeline is reached in time.

        None from the beginning: where that is near, and where the clock wraps.
        """
        first, last = self.input.segments[0].first_pts, self.input.pieces[-1].end_pts
        start = pts - PREROLL_S * PTS_CLOCK
        wraps = first + self.shift < 0 or last + self.shift >= _WRAP
        return None if wraps or start - first <= PREROLL_S * PTS_CLOCK else start + self.shift


@dataclass(frozen=True)
class _Branch:
    """A piece on its way through the graph: its number, its input, the samples of sound it has to fill."""

    index: int
    number: int
    source: Opened
    piece: Piece
    samples: int


def build_command(opened: Sequence[Opened], rate: Fraction, layouts: Sequence[str], output: Path) -> list[str]:
    """Compose the ffmpeg command that reads `opened` and writes the cut master to `output`.

    One stream of picture at exactly `rate`; a stream of sound (48 kHz) for each of `layouts`, silence where an input
    has none. To be run in the folder where the inputs' names are.
    """
    graph = [*_splits(opened, rate, layouts, True), *_picture_graph(opened, rate), *_sound_graph(opened, rate, layouts)]
    maps = ["-map", "[v]", *_sound_maps(layouts)]
    return [*_reading(opened), "-filter_complex", ";".join(graph), *maps, *_encoding(opened, rate), *_container(output)]


def build_sound_command(opened: Sequence[Opened], rate: Fraction, layouts: Sequence[str], output: Path) -> list[str]:
    """Compose the ffmpeg command that writes the sound of a cut master alone."""
    graph = [*_splits(opened, rate, layouts, False), *_sound_graph(opened, rate, layouts)]
    maps = _sound_maps(layouts)
    return [*_reading(opened), "-filter_complex", ";".join(graph), *maps, "-c:a", "flac", *_container(output)]


def _reading(opened: Sequence[Opened]) -> list[str]:
    command = ["ffmpeg", "-copyts"]
    for source in opened:
        command += [*_KEPT, *reading(source)]
    for name in (source.sound_file for source in opened if source.sound_file):
        command += ["-f", "nut", "-i", name]
    return command


def reading(source: Opened) -> list[str]:
    """Return the part of a command that opens an input."""
    return [*_seek(source), "-f", source.format, "-i", source.address()]


def _sound_input(opened: Sequence[Opened], number: int) -> int:
    """Return the number of the input that has the sound of another one."""
    if not opened[number].sound_file:
        return number
    return len(opened) + sum(bool(before.sound_file) for before in opened[:number])


def _seek(source: Opened) -> list[str]:
    """Skip what lies long before the cut."""
    at = source.seek_before(source.input.pieces[0].start_pts)
    if at is None:
        return []
    return ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{at / PTS_CLOCK:.6f}"]


def _sound_maps(layouts: Sequence[str]) -> list[str]:
    return [word for sound in range(len(layouts)) for word in ("-map", f"[a{sound}]")]


def _container(output: Path) -> list[str]:
    return ["-max_muxing_queue_size", "4096", "-map_metadata", "-1", "-f", "matroska", "-y", str(output)]


def _encoding(opened: Sequence[Opened], rate: Fraction) -> list[str]:
    """Compress so lightly that the encoders after it do not suffer; a key frame every second for quick review.

    Interlaced pictures stay so: the encoder after it deinterlaces them, once.
    """
    return [
        *(("-flags", "+ilme+ildct") if any(source.interlaced for source in opened) else ()),
        *("-r", str(rate), "-fps_mode", "cfr", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16"),
        *("-pix_fmt", "yuv420p", "-g", str(round(rate)), "-bf", "2"),
        *("-c:a", "flac"),
    ]


def _splits(opened: Sequence[Opened], rate: Fraction, layouts: Sequence[str], picture: bool) -> Iterator[str]:
    """Give each piece its own copy of the streams of its input."""
    branches = list(_branches(opened, rate))
    for number, source in enumerate(opened):
        indices = [branch.index for branch in branches if branch.number == number]
        if picture:
            yield f"[{number}:v:0]split={len(indices)}" + "".join(f"[v{index}i]" for index in indices)
        for sound in range(min(source.sounds, len(layouts))):
            yield f"[{_sound_input(opened, number)}:a:{sound}]asplit={len(indices)}" + "".join(
                f"[a{index}s{sound}i]" for index in indices
            )


def _picture_graph(opened: Sequence[Opened], rate: Fraction) -> Iterator[str]:
    """Trim each piece, join them."""
    branches = list(_branches(opened, rate))
    for branch in branches:
        yield f"[v{branch.index}i]{_picture(branch.piece, branch.source.shift, rate)}[v{branch.index}o]"
    picture = "".join(f"[v{branch.index}o]" for branch in branches)
    yield f"{picture}concat=n={len(branches)}:v=1:a=0,settb={rate.denominator}/{rate.numerator},setpts=N[v]"


def _sound_graph(opened: Sequence[Opened], rate: Fraction, layouts: Sequence[str]) -> Iterator[str]:
    """Trim each piece, join them: apart from the picture, because the concat filter fills up the shorter of two."""
    branches = list(_branches(opened, rate))
    for sound, layout in enumerate(layouts):
        yield from (_sound(branch, sound, layout) for branch in branches)
        joined = "".join(f"[a{branch.index}s{sound}o]" for branch in branches)
        yield f"{joined}concat=n={len(branches)}:v=0:a=1,asetpts=N/SR/TB,asetnsamples={_BLOCK}:p=0[a{sound}]"


def _branches(opened: Sequence[Opened], rate: Fraction) -> Iterator[_Branch]:
    """Number the pieces; samples are counted from the beginning, so that rounding never adds up."""
    frames = 0
    placed = [(number, source, piece) for number, source in enumerate(opened) for piece in source.input.pieces]
    for index, (number, source, piece) in enumerate(placed):
        begin, frames = frames, frames + piece.frames
        samples = round(frames * SAMPLE_RATE / rate) - round(begin * SAMPLE_RATE / rate)
        yield _Branch(index, number, source, piece, samples)


def _picture(piece: Piece, shift: int, rate: Fraction) -> str:
    """Take just the frames of a piece, with half a frame of margin; one that cannot be decoded repeats the former."""
    half = PTS_CLOCK / rate / 2
    start, end = piece.start_pts + shift, piece.end_pts + shift
    return (
        f"settb=1/{PTS_CLOCK},trim=start_pts={math.ceil(start - half)}:end_pts={math.ceil(end - half)},"
        f"{_ALIKE},setpts=PTS-({start}),fps=fps={rate}:start_time=0:round=near,"
        f"tpad=stop=-1:stop_mode=clone,trim=end_frame={piece.frames}"
    )


def _sound(branch: _Branch, sound: int, layout: str) -> str:
    """Take just the samples that belong to a piece, or as much silence."""
    end = f"[a{branch.index}s{sound}o]"
    if sound >= branch.source.sounds:
        silence = f"anullsrc=r={SAMPLE_RATE}:cl={layout},aformat=sample_fmts=s16"
        return f"{silence},atrim=end_sample={branch.samples}{end}"
    shift, piece, fill = branch.source.shift, branch.piece, _FILL_EXACTLY if branch.source.sound_file else _FILL
    start, stop = (Fraction(pts + shift, PTS_CLOCK) for pts in (piece.start_pts, piece.end_pts))
    first = round(start * SAMPLE_RATE)
    return (
        f"[a{branch.index}s{sound}i]atrim=start={float(start) - 1:.6f}:end={float(stop) + 1:.6f},"
        f"aresample={SAMPLE_RATE}:{fill},aformat=sample_fmts=s16:channel_layouts={layout},"
        f"atrim=start_pts={first}:end_pts={first + branch.samples},asetpts=PTS-({first}),"
        f"aresample={fill}:first_pts=0,apad=whole_len={branch.samples},atrim=end_sample={branch.samples}{end}"
    )
