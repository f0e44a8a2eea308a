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


def test_a_folder_belongs_to_the_mount_it_lies_on() -> None:
    assert mount_of(Path("/dev/shm/not/there")) == Path("/dev/shm")
