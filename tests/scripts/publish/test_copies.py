import hashlib
import subprocess
from pathlib import Path

import pytest

from scripts.media.ffmpeg import Stopped
from scripts.publish import copies
from scripts.publish.copies import ChecksumDiffers, Copied, Watcher, copy_proven, measure, write_sidecar

QUIET = Watcher(lambda percent: None, lambda: False)
CONTENT = bytes(range(256)) * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(CONTENT)
    return path


def test_a_copy_is_the_same_and_its_checksum_known(source: Path, tmp_path: Path) -> None:
    copied = copy_proven(source, tmp_path / "b.mp4", QUIET, expected=SHA256)
    assert copied == Copied(SHA256, len(CONTENT)) == measure(tmp_path / "b.mp4", QUIET)
    assert (tmp_path / "b.mp4").read_bytes() == CONTENT


def test_progress_rises_to_the_end(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BLOCK", 1000)
    seen: list[float] = []
    copy_proven(source, tmp_path / "b.mp4", Watcher(seen.append, lambda: False))
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert len(seen) == 26


def test_another_file_than_expected_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ChecksumDiffers, match=rf"{source} has SHA-256 {SHA256[:16]}.*back to 'checked'"):
        copy_proven(source, tmp_path / "b.mp4", QUIET, expected="0" * 64)


def test_a_copy_stops_when_asked(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        copy_proven(source, tmp_path / "b.mp4", Watcher(lambda percent: None, lambda: True))


def test_sha256sum_reads_the_sidecar(source: Path) -> None:
    write_sidecar(source, SHA256, 1)
    command = ["sha256sum", "--check", "--strict", "a.mp4.sha256"]
    assert (
        subprocess.run(command, cwd=source.parent, capture_output=True, text=True, check=True).stdout == "a.mp4: OK\n"
    )
