"""The proof of a spliced cut finds what a splice could do wrong; each mistake is made here on purpose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pytest
from av.packet import Packet

from scripts.media.cutgraph import Opened, build_sound_command
from scripts.media.ffmpeg import run
from scripts.media.pieces import inputs, plan
from scripts.media.scan import VerifyFailed
from scripts.media.smart.groups import Reader
from scripts.media.smart.write import Spliced, write_spliced
from scripts.media.sources import Sources
from scripts.media.verify.spliced import verify_spliced
from tests.scripts.media.smart.films import RATES, Film, film

RANGE = (20, 180)
Change = Callable[[int, Packet], Packet | None]


@dataclass(frozen=True)
class Splice:
    """A film, its cut, and what the cut consists of."""

    source: Film
    target: Path
    spliced: Spliced

    def verify(self, path: Path | None = None, shift: int = 0, spliced: Spliced | None = None):
        pieces = plan(self.source.timeline, [(RANGE[0] + shift, RANGE[1] + shift)])
        sources = Sources(self.source.folder, self.source.timeline.tick)
        return verify_spliced(path or self.target, pieces, spliced or self.spliced, self.source.timeline.rate, sources)

    def changed(self, path: Path, change: Change) -> Path:
        """Write the cut anew, its packets of the picture changed; the first picture is number 0 in decoding order."""
        with av.open(str(self.target)) as container, av.open(str(path), "w") as out:
            streams = {stream.index: out.add_stream_from_template(stream) for stream in container.streams}
            for number, packet in enumerate(_in_order(container)):
                new = change(number, packet) if packet.stream.type == "video" else packet
                if new is not None:
                    new.stream = streams[packet.stream.index]
                    out.mux(new)
        return path


def _in_order(container) -> Iterator[Packet]:
    pictures = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    container.seek(0)
    sounds = [packet for packet in container.demux(container.streams.audio[0]) if packet.size]
    yield from [*pictures, *sounds]


@pytest.fixture(scope="module")
def splice(tmp_path_factory) -> Splice:
    source = film(tmp_path_factory.mktemp("film"), "h264 closed", RATES["25"], 8)
    scratch, target = tmp_path_factory.mktemp("scratch"), tmp_path_factory.mktemp("cut") / "cut.mkv"
    timeline = source.timeline
    (group,) = inputs(timeline, plan(timeline, [RANGE]))
    names = tuple(segment.file for segment in group.segments)
    for name in names:
        (scratch / name).symlink_to(source.folder / name)
    opened = Opened(group, names, 0, 1)
    run(build_sound_command([opened], timeline.rate, ["stereo"], target.with_name("sound.mkv")), cwd=scratch)
    readers = [Reader(opened, piece, timeline.rate, scratch) for piece in group.pieces]
    spliced = write_spliced(readers, target.with_name("sound.mkv"), target, lambda done: None, lambda: False)
    return Splice(source, target, spliced)


def test_the_right_cut_passes(splice: Splice) -> None:
    measured = splice.verify()
    assert [(each.first, each.stop, each.copied) for each in splice.spliced.stretches] == [
        (0, 30, False),
        (30, 130, True),
        (130, 160, False),
    ]
    assert (measured.frames, measured.sound_seconds, measured.pictures_damaged) == (160, 6.4, 0)
    assert measured.pictures_compared > 100
    assert measured.worst_difference < 2


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_shift_by_one_frame_is_found(splice: Splice, shift: int) -> None:
    with pytest.raises(VerifyFailed, match=r"shows something else|looks different"):
        splice.verify(shift=shift)


def test_a_lost_packet_is_found(splice: Splice, tmp_path: Path) -> None:
    path = splice.changed(tmp_path / "cut.mkv", lambda number, packet: None if number == 90 else packet)
    with pytest.raises(VerifyFailed, match="has 159 frames and should have 160"):
        splice.verify(path)


def test_a_changed_bit_in_the_copy_is_found(splice: Splice, tmp_path: Path) -> None:
    def change(number: int, packet: Packet) -> Packet:
        if number != 90:
            return packet
        data = bytearray(bytes(packet))
        data[-3] ^= 1
        new = Packet(bytes(data))
        new.pts, new.dts, new.time_base, new.duration = packet.pts, packet.dts, packet.time_base, packet.duration
        return new

    with pytest.raises(VerifyFailed, match=r"cut\.mkv: frame \d+ is not as it was written"):
        splice.verify(splice.changed(tmp_path / "cut.mkv", change))


def test_a_picture_that_is_shown_late_is_found(splice: Splice, tmp_path: Path) -> None:
    def change(number: int, packet: Packet) -> Packet:
        if packet.pts is not None and packet.pts >= 4000:
            packet.pts += 40
        return packet

    with pytest.raises(VerifyFailed, match=r"shows frame 100 at 4\.0400 s"):
        splice.verify(splice.changed(tmp_path / "cut.mkv", change))


def test_an_edge_that_passes_for_a_copy_is_found(splice: Splice) -> None:
    stretches = tuple(replace(each, copied=True) for each in splice.spliced.stretches)
    with pytest.raises(VerifyFailed, match="frame 0 was copied and looks different"):
        splice.verify(spliced=replace(splice.spliced, stretches=stretches))


def test_what_the_decoder_complains_of_is_found(splice: Splice, tmp_path: Path) -> None:
    """Without the first picture of the copy the next ones refer to nothing."""
    spliced = splice.spliced
    path = splice.changed(tmp_path / "cut.mkv", lambda number, packet: _blank(packet) if number == 30 else packet)
    checks = [check for check in spliced.checksums]
    checks[30] = 0
    with pytest.raises(VerifyFailed, match=r"cut\.mkv"):
        splice.verify(path, spliced=replace(spliced, checksums=tuple(checks)))


def _blank(packet: Packet) -> Packet:
    new = Packet(b"\0\0\0\2\x09\xf0")
    new.pts, new.dts, new.time_base, new.duration = packet.pts, packet.dts, packet.time_base, packet.duration
    return new
