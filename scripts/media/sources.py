"""Look into the recorder's files at a given time stamp, without ffmpeg: the other opinion a verifier needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.plane import VideoPlane
from av.video.stream import VideoStream
from numpy.typing import NDArray

from scripts.media.files import inside
from scripts.media.probe import MediaUnreadable, check_there, opened, picture_stream
from scripts.media.timeline import PTS_CLOCK, Segment

SAMPLE_RATE = 48_000
_WRAP = 1 << 33
_JITTER = 3 * SAMPLE_RATE // 1000  # Matroska rounds times to a millisecond: that is no gap
_PREROLLS_S = (2, 12, None)  # how far before a picture to begin to decode; the last resort is the file's beginning

Luma = NDArray[np.uint8]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Sources:
    """The files of a timeline in the folder of the raw recordings; `tick` is the length of a frame in 1/90000 s."""

    folder: Path
    tick: Fraction
    _shifts: dict[str, int] = field(default_factory=dict)

    def path(self, segment: Segment) -> Path:
        """Return where a segment lies. Raise PathRefused when that is not in the folder."""
        return inside(self.folder, segment.file)

    def check(self, segment: Segment) -> None:
        """Raise MediaUnreadable when a file is not there or empty."""
        check_there(self.path(segment))

    def shift(self, segment: Segment) -> int:
        """Tell how much more libav's clock shows in this file than the timeline's (1/90000 s, a multiple of 2^33).

        Raise MediaUnreadable when the file is not there or has no picture.
        """
        if segment.file not in self._shifts:
            seen = _first_stamp(self.path(segment))
            self._shifts[segment.file] = round((seen - segment.first_pts) / _WRAP) * _WRAP
        return self._shifts[segment.file]

    def pictures(self, segment: Segment, pts: int, radius: int = 2) -> dict[int, Luma]:
        """Decode the pictures around a stamp (unwrapped): by how many frames they are later, those that are there."""
        target = pts + self.shift(segment)
        for preroll in _PREROLLS_S:
            with opened(self.path(segment)) as container:
                found, early_enough = _pictures(container, target, self.tick, radius, preroll)
            if early_enough:
                break
        return found

    def run(self, segment: Segment, pts: int, count: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode the pictures from a stamp on (unwrapped): those of the next `count` frames that are there."""
        target = pts + self.shift(segment)
        for preroll in _PREROLLS_S:
            with opened(self.path(segment)) as container:
                frames = _from_key(container, target, self.tick, preroll)
                first = next(frames, None)
                if preroll is not None and (first is None or first[0] > 0):
                    continue
                for later, frame in chain([first] if first else [], frames):
                    if later >= count:
                        return
                    if later >= 0:
                        yield later, frame
                return

    def damaged(self, segment: Segment, pts: int) -> bool:
        """Tell whether the file is damaged so near before a stamp that its picture there may be anything."""
        target = pts + self.shift(segment)
        preroll = next(seconds for seconds in reversed(_PREROLLS_S) if seconds is not None)
        with opened(self.path(segment)) as container:
            _seek(container.streams.video[0], target - preroll * PTS_CLOCK)
            return _damaged(container, target)

    def sound(self, segment: Segment, pts: int, seconds: float) -> Samples:
        """Decode `seconds` of the first sound from a stamp on (48 kHz, mono); silence where the file has none."""
        start = Fraction(pts + self.shift(segment), PTS_CLOCK)
        return sound_at(self.path(segment), start, seconds)


def _first_stamp(path: Path) -> int:
    with opened(path) as container:
        stream = picture_stream(container)
        if stream is not None:
            for packet in container.demux(stream):
                if packet.pts is not None:
                    return round(_ticks(packet.pts, packet.time_base))
    raise MediaUnreadable(f"{path.name} has no picture; copy it anew from the recorder.")


def _from_key(
    container: InputContainer, target: int, tick: Fraction, preroll: int | None
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from well before a stamp on: by how many frames each picture is later. The first one is a key picture."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    if preroll is not None:
        _seek(stream, target - preroll * PTS_CLOCK)
    began = False
    for packet in container.demux(stream):
        began = began or packet.is_keyframe  # what comes before refers to pictures that were skipped
        for frame in packet.decode() if began else ():
            if frame.pts is not None:
                yield round((_ticks(frame.pts, frame.time_base) - target) / tick), frame


def _ticks(stamp: int, time_base: Fraction | None) -> Fraction:
    """Return a stamp in 1/90000 s, whatever the clock of the container is."""
    return stamp * (time_base or Fraction(0)) * PTS_CLOCK


def _seek(stream: VideoStream, target: int) -> None:
    """Go to somewhere before a stamp (1/90000 s, as libav's clock shows it)."""
    container = stream.container
    assert stream.time_base is not None and isinstance(container, InputContainer)
    begin = stream.start_time or 0  # some containers refuse to go to before their beginning
    container.seek(max(int(Fraction(target, PTS_CLOCK) / stream.time_base), begin), stream=stream)


def _pictures(
    container: InputContainer, target: int, tick: Fraction, radius: int, preroll: int | None
) -> tuple[dict[int, Luma], bool]:
    """Return the pictures near a stamp, and whether decoding began early enough to have seen them all."""
    found: dict[int, Luma] = {}
    began = None
    for later, frame in _from_key(container, target, tick, preroll):
        began = later if began is None else began
        if later > radius:
            break
        if later >= -radius:
            found[later] = luma(frame)
    return found, preroll is None or (began is not None and began <= -radius)


def _damaged(container: InputContainer, target: int) -> bool:
    """Decode up to a stamp, this time without mercy."""
    stream = container.streams.video[0]
    stream.codec_context.options = {"err_detect": "explode"}
    began = False
    try:
        for packet in container.demux(stream):
            began = began or packet.is_keyframe
            if packet.pts is not None and _ticks(packet.pts, packet.time_base) > target + PTS_CLOCK:
                return False
            if began and packet.is_corrupt:
                return True
            if began:
                packet.decode()
    except FFmpegError:
        return True
    return False


def luma(frame: av.VideoFrame) -> Luma:
    """Return the brightness of a picture as 8-bit samples."""
    bits = frame.format.components[0].bits
    if not frame.format.name.startswith(("yuv", "gray")) or not frame.format.is_planar or bits not in (8, 10, 12):
        return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    plane = frame.planes[0]
    lines: Luma = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    if bits == 8:
        return lines[: frame.height, : frame.width].copy()
    wide = lines.view(np.uint16)[: frame.height, : frame.width]
    return np.asarray(wide >> (bits - 8), dtype=np.uint8)


def alike(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    """Tell whether two pictures are the same in every sample."""
    if (one.format.name, one.width, one.height) != (other.format.name, other.width, other.height):
        return False
    planes = zip(one.planes, other.planes, one.format.components, strict=False)
    return all(np.array_equal(_samples(mine, each.bits), _samples(its, each.bits)) for mine, its, each in planes)


def _samples(plane: VideoPlane, bits: int) -> Luma:
    lines: Luma = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width * ((bits + 7) // 8)]


def sound_at(path: Path, start: Fraction, seconds: float) -> Samples:
    """Decode `seconds` of the first sound from `start` on (seconds of libav's clock), at 48 kHz, mono."""
    out = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
    for preroll in _PREROLLS_S:
        with opened(path) as container:
            if not container.streams.audio:
                return out
            if preroll is not None:
                container.seek(int((start - preroll) * 1_000_000))
            if _place(out, round(start * SAMPLE_RATE), _resampled(container, float(start) - 0.1)):
                break
    return out


def _heard(container: InputContainer) -> Iterator[av.AudioFrame]:
    """Decode the first sound; packets that cannot be decoded are left out."""
    for packet in container.demux(container.streams.audio[0]):
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


def _resampled(container: InputContainer, start_s: float) -> Iterator[tuple[int, Samples]]:
    """Yield (number of the first sample, samples); what lies before `start_s` without samples."""
    resampler, former = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE), None
    for frame in _heard(container):
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if former not in (None, kind):
            resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)  # it takes one kind only
        former = kind
        if frame.time is not None and frame.time + frame.samples / frame.sample_rate < start_s:
            yield round(frame.time * SAMPLE_RATE), np.zeros(0, dtype=np.float32)
            continue
        for piece in resampler.resample(frame):
            if piece.pts is not None and piece.time_base is not None:
                yield round(piece.pts * piece.time_base * SAMPLE_RATE), piece.to_ndarray()[0]


def _place(out: Samples, first: int, pieces: Iterable[tuple[int, Samples]]) -> bool:
    """Write samples where they belong, up to the end; tell whether the first ones came early enough."""
    early_enough, following = False, None
    for number, samples in pieces:
        if following is None:
            early_enough = number <= first
        elif len(samples) and abs(number - following) < _JITTER:
            number = following
        following = number + len(samples)
        low, high = max(first, number), min(first + len(out), following)
        if high > low:
            out[low - first : high - first] = samples[low - number : high - number]
        if following >= first + len(out):
            break
    return early_enough
