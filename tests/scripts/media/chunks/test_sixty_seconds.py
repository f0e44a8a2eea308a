"""A clip of 60 s in 10 segments, somebody killed in the middle: all frames are delivered (docs/evidence/faults.md).

Every frame of the clip carries its number, which is read back from every frame that was delivered.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest

from demo.footage import record_room
from demo.measure import av_offset_ms, frame_codes
from scripts.media import ffmpeg
from scripts.media.verify import verify_encoding
from tests.scripts.media.chunks.clip import Clip, Crew
from tests.scripts.media.chunks.crew import Bench, Cluster, until

pytestmark = pytest.mark.proof
SECONDS, COUNT, RATE = 60, 10, Fraction(25)
FRAMES = 1500


@pytest.fixture(scope="session")
def minute(works_folder: Path) -> Path:
    """Make a cut master of 60 s whose frames carry the numbers 0 to 1499, and which clicks every second."""
    start = datetime(2026, 5, 1, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    (recorded,) = record_room(works_folder / "raw", "saal1", start, SECONDS, segment_s=SECONDS)
    path = works_folder / "minute.mkv"
    both = ["-vf", "setpts=PTS-STARTPTS", "-af", "asetpts=PTS-STARTPTS"]
    coded = ["-c:v", "libx264", "-crf", "12", "-g", "25", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", "-i", str(recorded.path), *both, *coded, str(path)])
    return path


def test_all_frames_of_a_minute_are_delivered_though_one_is_killed(
    crew: Crew, bench: Bench, minute: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    clip = Clip(tmp_path, minute, crew, frames=FRAMES, seconds=SECONDS / COUNT, size="320:180", preset="medium")
    bench.slow()
    thread, ended = clip.begin()
    until(lambda: ended or len(clip.done()) >= 4)
    before = clip.done()
    crew.kill_one(clip.folder)
    bench.slow(False)
    thread.join()
    assert ended == [COUNT]
    measured = verify_encoding(clip.result, frames=FRAMES, seconds=SECONDS, rate=RATE, has_video=True)
    codes = frame_codes(clip.result)
    moved = av_offset_ms(clip.result, RATE) - av_offset_ms(minute, RATE)
    assert codes == list(range(FRAMES))
    assert abs(moved) < 1
    assert all(later > earlier for earlier, later in pairwise(_stamps(clip.result)))
    with capsys.disabled():
        who = "a worker of Dask" if isinstance(crew, Cluster) else "the ffmpeg of a thread"
        print(
            f"\n| {who}, when {len(before)} of {COUNT} chunks were done | {measured.frames} of {FRAMES} frames, codes "
            f"{codes[0]} to {codes[-1]} once each in order | {measured.seconds:.3f} s of picture, "
            f"{measured.sound_seconds:.3f} s of sound, {moved:+.1f} ms against the master |"
        )


def _stamps(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
