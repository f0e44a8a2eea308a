"""Prove a cut master that was copied but for its edges.

What was copied is read back and compared packet by packet; around every joint, pictures are decoded and compared with
the recording's: the copied ones must be the same to the bit. So a mistake shows without decoding an hour of pictures.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from scripts.media import ffmpeg
from scripts.media.ffmpeg import FfmpegFailed, Stopped
from scripts.media.files import final_name
from scripts.media.pieces import Piece
from scripts.media.probe import opened, picture_stream
from scripts.media.scan import VerifyFailed, scan
from scripts.media.smart.codecs import CODECS, Codec, Entry
from scripts.media.smart.groups import BORDER
from scripts.media.smart.nal import Framing
from scripts.media.smart.write import Spliced, checksum
from scripts.media.sources import Sources, alike, luma
from scripts.media.verify.contents import Places, apart, compare_sounds
from scripts.media.verify.cut import CutMeasured, StopTest
from scripts.media.verify.spans import check_count, check_cut_sound, check_stamps

_BEFORE = 12
_LONGEST_WINDOW = 500
_LIKE = 4.0  # mean difference of brightness (of 255) that an edge may have at most
_BETWEEN = 6
_OF_THE_END = re.compile(r"\[(null|out#0/null) @|\s*Last message repeated")
"""What ffmpeg says of the times of pictures that are thrown away: milliseconds are too coarse for it."""


def verify_spliced(
    path: Path,
    pieces: Sequence[Piece],
    spliced: Spliced,
    rate: Fraction,
    sources: Sources,
    stop: StopTest = None,
) -> CutMeasured:
    """Compare a spliced cut master with its sources: count, stamps, packets, sound, pictures around the joints.

    Raise VerifyFailed with a sentence for any doubt, Stopped, MediaUnreadable for a source that vanished.
    """
    frames = sum(piece.frames for piece in pieces)
    packets = _Packets.of(path, rate)
    sound = scan(path, stop=stop, look=packets.look)
    check_count(path, len(packets.times), frames)
    check_stamps(path, sorted(packets.times), rate, start_s=0)
    packets.check(spliced)
    sound.times = packets.times
    check_cut_sound(path, sound, frames / rate)
    proof = _Proof(path, Places(pieces), spliced, rate, sources)
    borders = [begin for begin, _ in proof.places.parts[1:]]
    for first, last in _windows(spliced, sorted(packets.keys), borders, frames):
        if stop is not None and stop():
            raise Stopped("The check of the result was broken off on request.")
        proof.compare(first, last)
        begin = next((number for number in reversed(packets.clean) if first - _LONGEST_WINDOW < number <= first), first)
        begin = begin if begin in packets.clean else next((n for n in packets.clean if first < n < last), last)
        if begin < last:
            proof.hear_decoder(begin, last)
    return CutMeasured(
        frames=frames,
        seconds=float(frames / rate),
        sound_seconds=sound.sounds[0].seconds,
        pictures_compared=proof.compared,
        pictures_damaged=proof.missing,
        worst_difference=proof.worst,
        sounds_compared=compare_sounds(path, proof.places, rate, sources),
    )


@dataclass
class _Packets:
    """The packets of the picture as they stand in the file: when each is shown, checksums, key pictures, by number.

    `clean` are the key pictures at which a decoder begins without a word: an open group of H.264 makes it complain.
    """

    path: Path
    rate: Fraction
    framing: Framing
    codec: Codec
    times: list[float] = field(default_factory=list)
    checksums: dict[int, int] = field(default_factory=dict)
    keys: list[int] = field(default_factory=list)
    clean: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, rate: Fraction) -> _Packets:
        with opened(path) as container:
            stream = picture_stream(container)
            if stream is None:
                raise VerifyFailed(f"{final_name(path)} has no picture.")
            context = stream.codec_context
            return cls(path, rate, Framing.of(context.name, context.extradata), CODECS[context.name])

    def look(self, packet: Packet[Stream]) -> None:
        """Take note of a packet."""
        if packet.pts is None:
            return
        clock = packet.time_base
        time = packet.pts * clock.numerator / clock.denominator  # as a fraction would be, in a tenth of the time
        self.times.append(time)
        number = round(time * float(self.rate))
        data = bytes(packet)
        self.checksums[number] = checksum(self.framing, data)
        if packet.is_keyframe:
            self.keys.append(number)
            if self.codec.name == "hevc" or self.codec.entry(self.framing.split(data)) is Entry.CLOSED:
                self.clean.append(number)

    def check(self, spliced: Spliced) -> None:
        """Compare with what was written."""
        for number, written in enumerate(spliced.checksums):
            if self.checksums.get(number) != written:
                raise VerifyFailed(f"{final_name(self.path)}: frame {number} is not as it was written.")


def _windows(spliced: Spliced, keys: Sequence[int], borders: Sequence[int], frames: int) -> list[tuple[int, int]]:
    """List the ranges (end exclusive) to decode: both sides of each joint, in the copy up to its next key picture.

    And both sides of the `borders` of files, where packets could be damaged without a sign of it.
    """
    wanted = [(max(frames - _BEFORE, 0), frames)]
    for stretch in spliced.stretches:
        following = next((key for key in keys if key > stretch.first), stretch.stop)
        end = min(following, stretch.stop) if stretch.copied else stretch.stop
        wanted.append((max(stretch.first - _BEFORE, 0), min(end, stretch.first + _LONGEST_WINDOW)))
    wanted += [(max(border - BORDER, 0), min(border + BORDER, frames)) for border in borders]
    wanted += [(number, number + 1) for number in np.linspace(0, frames - 1, _BETWEEN + 2, dtype=int).tolist()]
    return _merged(sorted(wanted))


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, stop in ranges:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((first, stop))
    return merged


@dataclass
class _Proof:
    """Compares windows of the cut with the recording, and counts."""

    path: Path
    places: Places
    spliced: Spliced
    rate: Fraction
    sources: Sources
    compared: int = 0
    missing: int = 0
    worst: float = 0.0

    def compare(self, first: int, stop: int) -> None:
        """Compare the frames first..stop (exclusive)."""
        originals = _Neighbours(self.places.decoded(first, stop, self.sources))
        number = first
        for number, frame in self._own(first, stop):
            self._compare(number, frame, originals)
        if number + 1 != stop:
            raise VerifyFailed(f"{final_name(self.path)} cannot be decoded from frame {number + 1} on.")

    def _own(self, first: int, stop: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode frames of the cut. Raise VerifyFailed when one is left out or is there twice."""
        expected = first
        try:
            with opened(self.path) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                container.seek(int(first / self.rate * av.time_base))
                for frame in container.decode(stream):
                    number = round(Fraction(frame.time or 0) * self.rate)
                    if number < first:
                        continue
                    if number != expected:
                        raise VerifyFailed(f"{final_name(self.path)} shows frame {number} instead of {expected}.")
                    yield number, frame
                    expected += 1
                    if expected == stop:
                        return
        except FFmpegError as error:
            raise VerifyFailed(f"{final_name(self.path)} cannot be decoded at frame {expected}.") from error

    def _compare(self, number: int, frame: av.VideoFrame, originals: _Neighbours) -> None:
        near = originals.around(number)
        if number not in near:
            self.missing += 1
            return
        self.compared += 1
        if self._is_copied(number):
            if not alike(frame, near[number]):
                raise VerifyFailed(f"{final_name(self.path)}: frame {number} was copied and looks different.")
            return
        shown = luma(frame)
        differences = {other: apart(shown, luma(picture)) for other, picture in near.items()}
        self.worst = max(self.worst, differences[number])
        best = min(differences, key=lambda other: differences[other])
        if differences[number] > _LIKE or differences[number] - differences[best] > max(0.1, differences[number] / 4):
            raise VerifyFailed(
                f"{final_name(self.path)}: frame {number} shows something else than the recording "
                f"(difference {differences[number]:.2f}; {differences[best]:.2f} to frame {best})."
            )

    def _is_copied(self, number: int) -> bool:
        return next(each.copied for each in self.spliced.stretches if each.first <= number < each.stop)

    def hear_decoder(self, first: int, stop: int) -> None:
        """Let the decoder the encoders use read from a key picture on; it must have nothing to say."""
        start = max(first - 0.5, 0.0) / float(self.rate)
        command = ["ffmpeg", "-ss", f"{start:.6f}", "-i", str(self.path.resolve()), "-map", "0:v:0"]
        command += ["-fps_mode", "passthrough", "-frames:v", str(stop - first), "-f", "null", "-"]
        try:
            said = ffmpeg.run(command)
        except FfmpegFailed as failure:
            raise VerifyFailed(f"{final_name(self.path)}: {failure}") from failure
        lines = [line for line in said.splitlines() if not _OF_THE_END.match(line)]
        if lines:
            raise VerifyFailed(f"{final_name(self.path)}: near frame {first} the decoder says: {lines[0][:200]}")


class _Neighbours:
    """Pictures that come in order, each with the one before and the one after it."""

    def __init__(self, pictures: Iterator[tuple[int, av.VideoFrame]]) -> None:
        self._pictures = pictures
        self._held: deque[tuple[int, av.VideoFrame]] = deque()

    def around(self, number: int) -> dict[int, av.VideoFrame]:
        """Return the pictures number - 1 to number + 1, those that are there; numbers must rise."""
        while not self._held or self._held[-1][0] <= number:
            following = next(self._pictures, None)
            if following is None:
                break
            self._held.append(following)
        while self._held and self._held[0][0] < number - 1:
            self._held.popleft()
        return {other: picture for other, picture in self._held if abs(other - number) <= 1}
