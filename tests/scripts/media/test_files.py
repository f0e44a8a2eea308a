"""Files are whole or absent under their final name, and stay in their folders."""

import os
from pathlib import Path

import pytest

from scripts.media.files import NothingWritten, PathRefused, free_bytes, inside, partial


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    final = tmp_path / "new" / "cut.mkv"
    with partial(final, 3) as part:
        assert part.name == ".cut.3.part.mkv"
        part.write_bytes(b"film")
        assert not final.exists()
    assert final.read_bytes() == b"film"
    assert os.listdir(final.parent) == ["cut.mkv"]


def test_a_failure_leaves_the_former_file_and_no_part(tmp_path: Path) -> None:
    final = tmp_path / "cut.mkv"
    final.write_bytes(b"former")
    with pytest.raises(KeyboardInterrupt), partial(final, 1) as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert (os.listdir(tmp_path), final.read_bytes()) == (["cut.mkv"], b"former")


def test_the_last_question_comes_when_the_part_is_whole_and_a_no_drops_it(tmp_path: Path) -> None:
    final = tmp_path / "cut.mkv"
    seen: list[tuple[str, bytes]] = []

    def confirm() -> None:
        seen.extend((path.name, path.read_bytes()) for path in tmp_path.iterdir())
        raise LookupError

    with pytest.raises(LookupError), partial(final, 1, confirm) as part:
        part.write_bytes(b"film")
    assert seen == [(".cut.1.part.mkv", b"film")]
    assert os.listdir(tmp_path) == []


def test_nobody_is_asked_for_what_failed_before(tmp_path: Path) -> None:
    asked: list[str] = []
    with pytest.raises(NothingWritten), partial(tmp_path / "cut.mkv", 1, lambda: asked.append("?")) as part:
        part.touch()
    assert asked == []


def test_older_parts_of_the_same_file_are_removed_and_no_others(tmp_path: Path) -> None:
    for name in (".cut.7.part.mkv", ".cut.x.y.part.mkv", ".cut2.7.part.mkv", ".cut.7.part.mp4"):
        (tmp_path / name).touch()
    with partial(tmp_path / "cut.mkv", 8) as part:
        part.write_bytes(b"film")
    assert set(os.listdir(tmp_path)) == {"cut.mkv", ".cut.x.y.part.mkv", ".cut2.7.part.mkv", ".cut.7.part.mp4"}


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NothingWritten, match=r"cut\.mkv"), partial(tmp_path / "cut.mkv", 1) as part:
        part.touch()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("attempt", ["../1", "", "a.b", "x" * 41])
def test_an_attempt_must_fit_into_a_name(tmp_path: Path, attempt: str) -> None:
    with pytest.raises(ValueError, match="file name"), partial(tmp_path / "cut.mkv", attempt):
        raise AssertionError("not reached")


def test_a_path_inside_is_resolved(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.ts") == tmp_path.resolve() / "b.ts"
    assert inside([tmp_path, Path("/srv")], "/srv/x") == Path("/srv/x").resolve()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "link/passwd", "a\0b", "circle"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(PathRefused):
        inside(tmp_path, path)


def test_a_relative_path_needs_one_root(tmp_path: Path) -> None:
    with pytest.raises(PathRefused, match="no absolute path"):
        inside([tmp_path, tmp_path / "b"], "x")


def test_free_bytes_are_known_for_a_folder_to_come(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") > 0
