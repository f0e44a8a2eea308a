"""The runner: progress, failures, and that nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psutil
import pytest

from scripts.media.ffmpeg import PAUSED, FfmpegFailed, PipeFailed, Stopped, complete, run, run_pipe
from scripts.media.programs import ProgramRefused

ENDLESS = ["ffmpeg", "-re", "-f", "lavfi", "-i", "testsrc=s=64x36", "-y"]


def _running_with(word: str) -> list[int]:
    """List the processes that have a word in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line:
                found.append(int(entry.name))
    return found


def _wait_until(condition, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(met)


def test_it_reports_percent_up_to_the_end(tmp_path: Path) -> None:
    seen: list[float] = []
    source = ["-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=8"]
    run(["ffmpeg", *source, "-c:v", "mpeg4", str(tmp_path / "a.mkv")], duration_s=8, progress=seen.append)
    assert seen == sorted(set(seen))
    assert seen[-1] == pytest.approx(100, abs=2)


def test_a_failure_carries_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(FfmpegFailed) as failed:
        run(["ffmpeg", "-i", str(tmp_path / "missing.ts"), str(tmp_path / "a.mkv")])
    assert failed.value.returncode > 0
    assert "No such file" in failed.value.tail
    assert "No such file" in str(failed.value)


def test_the_log_is_kept_short(tmp_path: Path) -> None:
    noise = tmp_path / "noise.ts"
    noise.write_bytes(b"G" + os.urandom(187) * 3000)
    with pytest.raises(FfmpegFailed) as failed:
        run(["ffmpeg", "-v", "debug", "-i", str(noise), str(tmp_path / "a.mkv")], log_tail=5)
    assert 1 <= len(failed.value.tail.splitlines()) <= 5


def test_stop_ends_it_within_a_second_and_leaves_no_process(tmp_path: Path) -> None:
    out, stop = tmp_path / "stopped.mkv", Event()
    began = time.monotonic()
    with pytest.raises(Stopped):
        run([*ENDLESS, str(out)], stop=lambda: time.monotonic() - began > 0.7 or stop.is_set())
    assert time.monotonic() - began < 2
    assert _running_with(str(out)) == []


def test_what_progress_raises_comes_through_and_ends_it(tmp_path: Path) -> None:
    out = tmp_path / "lost.mkv"

    def lose(_percent: float) -> None:
        raise LookupError("ticket lost")

    with pytest.raises(LookupError, match="ticket lost"):
        run([*ENDLESS, str(out)], duration_s=100, progress=lose)
    assert _running_with(str(out)) == []


def test_it_dies_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "orphan.mkv"
    code = f"from scripts.media.ffmpeg import run; run({[*ENDLESS, str(out)]!r})"
    worker = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert _wait_until(out.exists)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert _wait_until(lambda: not _running_with(str(out)))


def test_a_killed_ffmpeg_is_a_failure_that_names_the_signal(tmp_path: Path) -> None:
    out = tmp_path / "killed.mkv"

    def kill() -> bool:
        for number in _running_with(str(out)) if out.exists() else []:
            os.kill(number, signal.SIGKILL)
        return False

    with pytest.raises(FfmpegFailed, match="killed by signal 9"):
        run([*ENDLESS, str(out)], stop=kill)


def test_other_programs_run_without_additions(tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("x")
    assert run(["cp", "a b", "c;d"], cwd=tmp_path) == ""
    assert (tmp_path / "c;d").read_text() == "x"


def test_a_program_that_is_not_on_the_list_is_not_run() -> None:
    with pytest.raises(ProgramRefused):
        run(["sh", "-c", "true"])


def test_every_input_is_kept_off_the_network() -> None:
    command = complete(["ffmpeg", "-protocol_whitelist", "http", "-i", "a", "-i", "b", "out.mkv"])
    for place in (i for i, word in enumerate(command) if word == "-i"):
        assert command[place - 2 : place] == ["-protocol_whitelist", "file,pipe,concat"]


def test_a_playlist_that_names_the_network_is_not_followed(tmp_path: Path) -> None:
    playlist = tmp_path / "a.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(FfmpegFailed):
        run(["ffmpeg", "-i", str(playlist), str(tmp_path / "a.mkv")])


def test_programs_of_a_pipe_are_one_group_and_end_together(tmp_path: Path) -> None:
    mark = str(tmp_path / "piped.mkv")
    source = ["ffmpeg", "-re", "-f", "lavfi", "-i", "testsrc=s=64x36", "-metadata", f"title={mark}", "-f", "nut", "-"]
    groups: set[int] = set()

    def stop() -> bool:
        running = _running_with(mark)
        groups.update(map(os.getpgid, running))
        return len(running) == 2 and Path(mark).exists()

    with pytest.raises(Stopped):
        run_pipe([source, ["ffmpeg", "-i", "-", mark]], stop=stop)
    assert len(groups) == 1 and groups != {os.getpgid(0)}
    assert _running_with(mark) == []


def test_all_exit_codes_of_a_pipe_are_looked_at(tmp_path: Path) -> None:
    source = ["ffmpeg", "-i", str(tmp_path / "gone.mkv"), "-f", "nut", "-"]
    lavfi = ["ffmpeg", "-f", "lavfi", "-i", "testsrc=s=64x36:d=0.1", str(tmp_path / "a.mkv")]
    with pytest.raises(PipeFailed, match="ended with exit code") as failed:
        run_pipe([source, lavfi])
    assert "No such file" in failed.value.tail and (tmp_path / "a.mkv").exists()


def _states(word: str) -> set[str]:
    """Return the states of the processes that have a word in their command line."""
    return {psutil.Process(number).status() for number in _running_with(word)}


@pytest.fixture
def paused() -> Iterator[Event]:
    yield PAUSED
    PAUSED.clear()


def test_a_pause_suspends_all_programs_and_its_end_lets_them_go_on(tmp_path: Path, paused: Event) -> None:
    out = str(tmp_path / "paused.mkv")
    source = ["ffmpeg", "-re", "-f", "lavfi", "-i", "testsrc=s=64x36", "-metadata", f"title={out}", "-f", "nut", "-"]
    seen: list[set[str]] = []

    def stop() -> bool:
        seen.append(_states(out) if len(_running_with(out)) == 2 else set())
        if not paused.is_set() and {"stopped"} not in seen and seen[-1] & {"running", "sleeping"}:
            paused.set()
        elif seen[-1] == {"stopped"}:
            paused.clear()
        return {"stopped"} in seen and not seen[-1] & {"stopped"} and bool(seen[-1])

    with pytest.raises(Stopped):
        run_pipe([source, ["ffmpeg", "-i", "-", out]], stop=stop)
    assert {"stopped"} in seen
    assert _running_with(out) == []


def test_what_is_paused_can_be_stopped(tmp_path: Path, paused: Event) -> None:
    out = str(tmp_path / "paused.mkv")
    paused.set()
    with pytest.raises(Stopped):
        run([*ENDLESS, out], stop=lambda: _states(out) == {"stopped"})
    assert _running_with(out) == []


def test_programs_give_way_as_far_as_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHRWERK_NICE", "7")
    out = tmp_path / "nice.mkv"
    seen: set[int] = set()

    def stop() -> bool:
        seen.update(psutil.Process(number).nice() for number in _running_with(str(out)) if out.exists())
        return bool(seen)

    with pytest.raises(Stopped):
        run([*ENDLESS, str(out)], stop=stop)
    assert seen == {min(19, os.nice(0) + 7)}
