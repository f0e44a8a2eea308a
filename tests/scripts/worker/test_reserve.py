from pathlib import Path

from scripts.worker.reserve import mount_of, shortage


def test_room_enough_is_no_shortage(tmp_path: Path) -> None:
    assert shortage([tmp_path], 1) is None


def test_the_mount_is_named_with_what_is_left(tmp_path: Path) -> None:
    short = shortage([Path("/dev/shm"), tmp_path], 10**9)
    assert short is not None
    assert short.mount == Path("/dev/shm")
    assert short.sentence.startswith("/dev/shm has only ")
    assert "FAHRWERK_RESERVE_MB keeps 1000000000 MB" in short.sentence


def test_a_mount_that_tells_no_size_keeps_nobody_from_work() -> None:
    assert shortage([Path("/proc")], 10**9) is None


def test_a_mount_that_is_missing_does(tmp_path: Path) -> None:
    short = shortage([tmp_path / "gone"], 1)
    assert short is not None
    assert short.sentence.startswith(f"{tmp_path}/gone cannot be read (No such file or directory): mount it again.")


def test_a_folder_belongs_to_the_mount_it_lies_on() -> None:
    assert mount_of(Path("/dev/shm/not/there")) == Path("/dev/shm")
