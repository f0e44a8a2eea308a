"""How many samples a FLAC packet holds is read from its header, exactly as a decoder finds it."""

from pathlib import Path

import av
import pytest

from scripts.media.ffmpeg import run
from scripts.media.scan import VerifyFailed, flac_samples, scan


@pytest.mark.parametrize("block", [4608, 4096, 192, 100, 1000])
def test_the_header_tells_what_the_decoder_finds(tmp_path: Path, block: int) -> None:
    path = tmp_path / "sound.mkv"
    sine = ["-f", "lavfi", "-i", "sine=r=48000:d=1.001", "-af", f"asetnsamples={block}:p=0"]
    run(["ffmpeg", *sine, "-c:a", "flac", str(path)])
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.pts is not None]
        told = [flac_samples(bytes(packet)[:16]) for packet in packets]
        assert told == [frame.samples for packet in packets for frame in packet.decode()]
    assert sum(told) == 48048


@pytest.mark.parametrize("header", [b"", b"RIFF1234", b"\xff\xf8\x09\x18\x00\x00\x00\x00"])
def test_what_is_no_flac_is_refused(header: bytes) -> None:
    with pytest.raises(VerifyFailed, match="FLAC frame"):
        flac_samples(header)


def test_a_picture_that_theora_only_repeats_counts(tmp_path: Path) -> None:
    still = "color=red:s=320x180:r=25:d=1[one];testsrc2=s=320x180:r=25:d=0.4[two];[one][two]concat[v]"
    path = tmp_path / "still.ogv"
    run(["ffmpeg", "-filter_complex", still, "-map", "[v]", "-c:v", "libtheora", "-q:v", "7", str(path)])
    found = scan(path, [24, 25])
    assert [round(time, 2) for time in found.times] == [round(number / 25, 2) for number in range(35)]
    assert (found.kept[24] != found.kept[25]).any()
