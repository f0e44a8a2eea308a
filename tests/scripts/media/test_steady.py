"""Sound that changes in the middle is decoded first, as far as it is used and where there is room for it."""

import errno
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.media import ffmpeg
from scripts.media.cut import Method, cut_master
from scripts.media.recording import Talk, build
from scripts.media.survey import survey
from scripts.media.timeline import Timeline
from scripts.worker.outcomes import Wait
from tests.scripts.media.conftest import BERLIN, START

SECONDS, CHANGE = 40, 3
BYTES_PER_S = 48_000 * 2 * 2


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Timeline, Path]:
    """Forty seconds whose sound is stereo for three and mono from then on."""
    folder = tmp_path_factory.mktemp("changing")
    target = folder / "saal1-2026-05-01_10-00-00.ts"
    parts = []
    for begin, seconds, channels in ((0, CHANGE, 2), (CHANGE, SECONDS - CHANGE, 1)):
        parts.append(folder / f"{begin}.part")
        read = ["-f", "lavfi", "-i", f"testsrc2=s=64x48:r=25:d={seconds}", "-f", "lavfi", "-i", f"sine=d={seconds}"]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "mp2", "-ac", str(channels)]
        ffmpeg.run(["ffmpeg", *read, *coded, "-output_ts_offset", str(begin + 1), "-f", "mpegts", str(parts[-1])])
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()
    end = START + timedelta(seconds=SECONDS)
    return build(survey(folder, "saal1", START, end, BERLIN), Talk("demo", 7, "A lamp", START, end)), folder


def cut(
    recording: tuple[Timeline, Path], target: Path, room: Callable[[Path, float], None], stop: Callable[[], bool]
) -> None:
    timeline, folder = recording
    cut_master(timeline, folder, [(0, 150)], target, 1, method=Method.FULL, room=room, stop=stop)


def test_no_more_is_decoded_than_is_used(changing: tuple[Timeline, Path], tmp_path: Path) -> None:
    asked: list[tuple[Path, float]] = []
    written: list[int] = []

    def look() -> bool:
        written.extend(file.stat().st_size for folder, _ in asked for file in folder.glob("*.nut"))
        return False

    cut(changing, tmp_path / "cut.mkv", lambda folder, size: asked.append((folder, size)), look)
    [(folder, size)] = asked
    assert size == pytest.approx(8 * BYTES_PER_S, rel=0.05)
    assert 6 * BYTES_PER_S < max(written) < 1.05 * size
    assert not folder.exists()


def test_a_full_scratch_folder_is_named(changing: tuple[Timeline, Path], tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as full:
        cut(changing, tmp_path / "cut.mkv", lambda folder, _: (folder / "0.nut").symlink_to("/dev/full"), lambda: False)
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, tempfile.gettempdir())
    assert not list(tmp_path.iterdir())


def test_nothing_is_decoded_without_room(changing: tuple[Timeline, Path], tmp_path: Path) -> None:
    def none(folder: Path, size: float) -> None:
        raise Wait(f"{size / 1e6:.1f} MB", 300)

    with pytest.raises(Wait, match=r"^1\.5 MB"):
        cut(changing, tmp_path / "cut.mkv", none, lambda: False)
