"""Which programs may run, and which file they are."""

from pathlib import Path

import pytest

from scripts.media.programs import ProgramMissing, ProgramRefused, allowed, program


def test_a_program_is_an_absolute_path() -> None:
    assert Path(program("ffmpeg")).is_absolute()
    assert Path(program("cp")).name == "cp"


@pytest.mark.parametrize("name", ["bash", "", "/bin/cp", "../cp", "ffmpeg "])
def test_it_refuses_what_is_not_on_the_list(name: str) -> None:
    with pytest.raises(ProgramRefused, match="not allowed here; allowed are ffmpeg, ffprobe, cp, mv"):
        program(name)


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "my-ffmpeg"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("FAHRWERK_FFMPEG", str(own))
    assert program("ffmpeg") == str(own)


@pytest.mark.parametrize("value", ["ffmpeg", "/nowhere/ffmpeg"])
def test_a_variable_that_names_no_program_is_said_so(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHRWERK_FFMPEG", value)
    with pytest.raises(ProgramMissing, match=f"FAHRWERK_FFMPEG is '{value}'"):
        program("ffmpeg")


def test_the_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("ffmpeg") == str(tmp_path / "ffmpeg")
    with pytest.raises(ProgramMissing, match="ffprobe is not installed: install ffmpeg"):
        program("ffprobe")


def test_the_operator_may_allow_more_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "cat, MP4Box:cp")
    assert allowed() == ("ffmpeg", "ffprobe", "cp", "mv", "cat", "MP4Box")
    assert Path(program("cat")).is_absolute()


def test_a_program_is_allowed_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "lame /bin/cat")
    with pytest.raises(ProgramRefused, match="FAHRWERK_PROGRAMS has '/bin/cat', which is no name of a program"):
        program("ffmpeg")
