"""The waveform of a virtual recording: the lowest and highest sample of every twentieth of a second, and finer ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from scripts.media.demux import Unreadable, only, opened, ticks
from scripts.media.ffmpeg import Stopped
from scripts.media.files import inside
from scripts.media.segments import signed
from scripts.media.timeline import PTS_CLOCK, Segment, Timeline

PER_SECOND = 20
FINE_PER_SECOND = 200
"""Fine enough to see how late the sound of a clap is."""
VERSION = 1
_FULL_SCALE = 127
_MOST_CHANNELS = 2
_MOST_TRACKS = 8
_GROUP = FINE_PER_SECOND // PER_SECOND
_BLOCK_SAMPLES = 1 << 18
"""How many samples are looked at together; done for each decoded frame, most of the time would be overhead."""
_DRIFT_S = 0.02
"""Sound whose time stamps leave the count of samples by more is placed anew."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Peaks:
    """`length` pairs per channel, min and max in turn as int8 (127 is full scale), from frame 0 on.

    `others` are the channels of further tracks. `fine` has FINE_PER_SECOND pairs: pair x channel (of all tracks) x 2.
    """

    channels: tuple[NDArray[np.int8], ...]
    length: int
    others: tuple[tuple[NDArray[np.int8], ...], ...] = ()
    fine: NDArray[np.int8] | None = None

    @property
    def tracks(self) -> tuple[tuple[NDArray[np.int8], ...], ...]:
        """Return the channels of every track."""
        return (self.channels, *self.others)

    def to_json(self) -> str:
        """Return the text of peaks.json."""
        data: dict[str, object] = {
            "version": VERSION,
            "per_second": PER_SECOND,
            "channels": [channel.tolist() for channel in self.channels],
            "frames_zero_s": 0.0,
            "length": self.length,
        }
        if self.others:
            data["others"] = [[channel.tolist() for channel in track] for track in self.others]
        if self.fine is not None:
            data["fine"] = {
                "per_second": FINE_PER_SECOND,
                "channels": [len(track) for track in self.tracks],
                "pairs": len(self.fine),
            }
        return json.dumps(data, separators=(",", ":")) + "\n"


def measure(
    timeline: Timeline,
    raw_folder: Path,
    progress: Callable[[float], None] = lambda part: None,
    stopped: Callable[[], bool] = lambda: False,
    hear: Callable[[int, Samples, int], None] = lambda position, block, rate: None,
) -> Peaks:
    """Decode the sound of the used parts of all files; holes are silent. A recording without sound has one channel.

    `hear` gets what is used of the first track: position in samples, samples, samples per second.
    `progress` is called with 0..1, `stopped` asked about every five seconds of sound. Raises Stopped when it says
    so; Unreadable, a whole sentence, when a file is gone; PathRefused when a name leads out of the folder.
    """
    count = min(timeline.audio.channels, _MOST_CHANNELS) if timeline.audio else 1
    length = -(-timeline.frames * PER_SECOND * timeline.rate.denominator // timeline.rate.numerator)
    tracks = [_Canvas(count, length)]
    for segment in timeline.segments if timeline.audio else ():
        for track, position, block, rate in _sound(timeline, segment, raw_folder):
            if stopped():
                raise Stopped
            while track >= len(tracks):
                tracks.append(_Canvas(min(len(block), _MOST_CHANNELS), length))
            used = _used(timeline, segment, position, block, rate)
            tracks[track].draw(*used, rate)
            if track == 0:
                hear(*used, rate)
                progress(min(max(position / rate / timeline.duration_s, 0.0), 1.0))
    progress(1.0)
    first, *others = (canvas.coarse() for canvas in tracks)
    return Peaks(first, length, tuple(others), np.concatenate([canvas.fine() for canvas in tracks], axis=1))


class _Canvas:
    """The pairs of a track while they are being found, as floats; a pair that nothing touched becomes silence."""

    def __init__(self, channels: int, length: int) -> None:
        self.low = np.full((channels, length * _GROUP), np.inf, dtype=np.float32)
        self.high = np.full((channels, length * _GROUP), -np.inf, dtype=np.float32)

    def draw(self, position: int, block: Samples, rate: int) -> None:
        """Add samples (channels x n), the first of which is number `position` since frame 0."""
        if not block.shape[1]:
            return
        first, last = (number * FINE_PER_SECOND // rate for number in (position, position + block.shape[1] - 1))
        pairs = np.arange(first, min(last + 1, self.low.shape[1]))
        edges = np.maximum(-(-pairs * rate // FINE_PER_SECOND) - position, 0)
        channels = block[: len(self.low)]  # one channel is drawn into both
        self.low[:, pairs] = np.minimum(self.low[:, pairs], np.minimum.reduceat(channels, edges, axis=1))
        self.high[:, pairs] = np.maximum(self.high[:, pairs], np.maximum.reduceat(channels, edges, axis=1))

    def coarse(self) -> tuple[NDArray[np.int8], ...]:
        """Return min and max in turn, PER_SECOND of them, for each channel."""
        groups = (len(self.low), -1, _GROUP)
        pairs = _whole(self.low.reshape(groups).min(axis=2), self.high.reshape(groups).max(axis=2))
        return tuple(channel.reshape(-1) for channel in pairs)

    def fine(self) -> NDArray[np.int8]:
        """Return pair x channel x (min, max), FINE_PER_SECOND of them."""
        return _whole(self.low, self.high).swapaxes(0, 1)


def _whole(low: Samples, high: Samples) -> NDArray[np.int8]:
    """Return channel x pair x (min, max) as int8; what nothing touched is silent."""
    pairs = np.stack([low, high], axis=2)
    pairs[~np.isfinite(pairs)] = 0
    return np.clip(np.rint(pairs * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE).astype(np.int8)


def _used(timeline: Timeline, segment: Segment, position: int, block: Samples, rate: int) -> tuple[int, Samples]:
    """Leave out the sound of frames that are not taken from this file."""
    first, stop = (round(frame / timeline.rate * rate) for frame in (segment.used_from, segment.used_to))
    begin = min(max(first - position, 0), block.shape[1])
    return position + begin, block[:, begin : max(stop - position, begin)]


def _sound(timeline: Timeline, segment: Segment, raw_folder: Path) -> Iterator[tuple[int, int, Samples, int]]:
    """Yield track, position (samples since frame 0), samples and samples per second of the sound of a file, in blocks.

    One track after the other: the file is read once for each.
    """
    track, tracks = 0, 1
    try:
        while track < tracks:
            with opened(inside(raw_folder, segment.file)) as container:
                tracks = min(len(container.streams.audio), _MOST_TRACKS)
                for block in _blocks(container, segment, timeline.rate, track) if tracks else ():
                    yield track, *block
            track += 1
    except Unreadable as error:
        raise Unreadable(f"{segment.file} {error}.") from error


def _blocks(
    container: InputContainer, segment: Segment, rate: Fraction, track: int
) -> Iterator[tuple[int, Samples, int]]:
    """Join decoded frames that follow each other and are of one kind."""
    zero = round(segment.first_frame * PTS_CLOCK / rate)
    fifo, position, kind = av.AudioFifo(), 0, (0, "", "")
    for frame in _frames(container, track):
        stamp = ticks(frame.pts or 0, Fraction(frame.time_base or 0))
        at = round((zero + signed(stamp - segment.first_pts)) * frame.sample_rate / PTS_CLOCK)
        now = (frame.sample_rate, frame.format.name, frame.layout.name)
        apart = now != kind or abs(at - position - fifo.samples) > _DRIFT_S * frame.sample_rate
        if fifo.samples and (apart or fifo.samples >= _BLOCK_SAMPLES):
            block = _taken(fifo)
            yield position, block, kind[0]
            position += block.shape[1]
        if apart:
            fifo, position, kind = av.AudioFifo(), at, now
        frame.pts = None  # the queue would check it, and more strictly than recorders keep it
        fifo.write(frame)
    if fifo.samples:
        yield position, _taken(fifo), kind[0]


def _frames(container: InputContainer, track: int) -> Iterator[av.AudioFrame]:
    """Decode the sound of a track; packets that cannot be decoded are left out."""
    stream = container.streams.audio[track]
    only(container, stream)
    for packet in _packets(container, stream):
        try:
            yield from stream.codec_context.decode(packet)
        except FFmpegError:
            continue


def _packets(container: InputContainer, stream: av.AudioStream) -> Iterator[av.Packet[av.AudioStream]]:
    """Read packets till the end, or till where a damaged file cannot be read on; an error of the disk is one."""
    try:
        yield from container.demux(stream)
    except OSError:
        raise
    except FFmpegError:
        return


def _taken(fifo: av.AudioFifo) -> Samples:
    """Empty the queue: channels x samples, full scale being 1."""
    frame = fifo.read()
    if frame is None:
        return np.zeros((1, 0), dtype=np.float32)
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(frame.samples, -1).T
    if samples.dtype.kind == "f":
        return samples.astype(np.float32, copy=False)
    return (samples / float(1 << (8 * samples.dtype.itemsize - 1))).astype(np.float32)
