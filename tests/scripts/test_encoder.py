import json
import re
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.sax.saxutils import escape

import av
import pytest

from scripts.encoder import EncodeJob, Expected
from scripts.media import ffmpeg
from scripts.worker import loop
from scripts.worker.client import TicketLost
from scripts.worker.job import Work
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker

FRAMES = 75
TITLE = 'Öfen & "Züge"; -y $(rm)'
Encode = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a cut master of 3 s."""
    path = tmp_path_factory.mktemp("master") / "cut.mkv"
    lavfi = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=3", "-f", "lavfi", "-i", "sine=r=48000:d=3"]
    ffmpeg.run(["ffmpeg", *lavfi, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac", str(path)])
    return path


@pytest.fixture
def encode(tracker: ScriptedTracker, shift: Shift, mount: Path, master: Path) -> Encode:
    (mount / "cut.mkv").write_bytes(master.read_bytes())
    (mount / "out").mkdir()

    def turn(*tasks: list[str], before: Callable[[], object] = lambda: None, **changed: str) -> tuple[Any, ...]:
        properties = {
            "Processing__Path__Output": f"{mount}/out",
            "EncodingProfile__Basename": "demo-7-deu-oefen-mp4",
            "EncodingProfile__Extension": "mp4",
            "EncodingProfile__Slug": "mp4",
            "Record__Framerate": "25/1",
            "Record__Cutdiffframes": str(FRAMES),
            "Record__Cutdiffseconds": "3.000",
        }
        tracker.add(9, service="encoding", **(properties | changed))
        tracker.jobfiles[9] = job(*(tasks or [mp4(mount)]))
        before()
        loop.step(EncodeJob(), shift)
        return tracker.ended[-1] if tracker.ended else ()

    return turn


def mp4(mount: Path, *more: str) -> list[str]:
    return [
        "exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
        "-metadata", f"title={TITLE}", *more, f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4",
    ]  # fmt: skip


KINDS = {kind: f'filetype="{kind}"' for kind in ("exe", "in", "out", "tmp", "cfg")} | {"sh": 'quoted="no"'}


def job(*tasks: list[str]) -> str:
    """Write a job; a word before a colon is the filetype, `sh` for what is not quoted."""
    found = []
    for task in tasks:
        options = (word.split(":", 1) if word.split(":")[0] in KINDS else ("", word) for word in task)
        inner = "".join(f"<option {KINDS.get(kind, '')}>{escape(text)}</option>" for kind, text in options)
        found.append(f'<task type="encoding">{inner}</task>')
    return f"<job><tasks>{''.join(found)}</tasks></job>"


def output(mount: Path) -> list[str]:
    return sorted(path.name for path in (mount / "out").iterdir())


def test_it_encodes_measures_and_names_the_result(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    how, ticket_id, line = encode()
    assert (how, ticket_id) == ("done", 9)
    assert line.startswith("75 frames, 3.000 s, ")
    assert output(mount) == ["demo-7-deu-oefen-mp4.mp4"]
    path = mount / "out" / "demo-7-deu-oefen-mp4.mp4"
    with av.open(str(path)) as container:
        assert container.metadata["title"] == TITLE
    properties = tracker.properties[9]
    assert (properties["Encoding.Frames"], properties["Encoding.Seconds"]) == ("75", "3.000")
    assert properties["Encoding.Bytes"] == str(path.stat().st_size)


@pytest.mark.parametrize(
    ("more", "cut"),
    [({}, "60-135-deu-0"), ({"Record__AVDelay": "-20"}, "60-135-deu--20"), ({"Record__Cutout": ""}, "60-0-deu-0")],
)
def test_it_notes_the_cut_the_file_was_made_from(
    more: dict[str, str], cut: str, encode: Encode, tracker: ScriptedTracker, mount: Path
) -> None:
    marks = {"Record__Cutin": "60", "Record__Cutout": "135", "Record__Language": "deu"}
    assert encode(**(marks | more))[0] == "done"
    assert tracker.properties[9]["Encoding.Cut"] == cut


def test_a_cut_that_changes_while_it_encodes_is_not_noted(encode: Encode, tracker: ScriptedTracker) -> None:
    def change() -> None:
        tracker.properties[9] = Changing(tracker.properties[9])

    class Changing(dict[str, str]):
        def items(self) -> Any:  # read for the answer; what comes later is another cut
            answer = list(super().items())
            self["Record.Cutin"] = "75"
            return answer

    assert encode(before=change, Record__Cutin="60", Record__Cutout="135", Record__Language="deu")[0] == "done"
    assert tracker.properties[9]["Encoding.Cut"] == "60-135-deu-0"


def test_the_question_to_the_tracker_comes_when_the_result_is_on_the_disk(
    encode: Encode, tracker: ScriptedTracker, mount: Path
) -> None:
    how, _, _ = encode()
    assert how == "done"
    called = [call.method for call in tracker.calls]
    report = called.index("setTicketProperties")  # signs of life may come at any time, also after the last call
    assert called[report - 1] == "ping"
    assert [name for name in called[report:] if name != "ping"] == ["setTicketProperties", "setTicketDone"]


def test_it_reports_the_quality_of_the_file(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    work_folder = mount / "tmp" / "demo" / "7"
    work_folder.mkdir(parents=True)
    (work_folder / "cut.mkv").write_bytes((mount / "cut.mkv").read_bytes())
    places = {"Processing__Path__Tmp": f"{mount}/tmp", "Project__Slug": "demo", "Fahrplan__ID": "7"}
    assert encode(**places)[0] == "done"
    facts = json.loads(tracker.properties[9]["Encoding.Quality"])
    assert (facts["frames"], facts["seconds"], facts["unfinished"]) == (75, 3.0, "")
    assert min(value for _, value in facts["ssim"]) > 0.9
    assert tracker.properties[9]["Encoding.Verdict"] == "pass"
    timeline = json.loads((work_folder / "demo-7-deu-oefen-mp4.timeline.json").read_bytes())
    assert timeline["rate"] == {"num": 25, "den": 1}
    assert (timeline["frames"], timeline["duration_s"], timeline["cut"], timeline["marks"]) == (75, 3.0, "0-0-0-0", [])


def test_it_measures_the_gain_before_it_fetches_the_job(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    places = {"Processing__Path__Tmp": f"{mount}/tmp", "Project__Slug": "demo", "Fahrplan__ID": "7"}
    loud = {"Format__Audio__Loudness": "-16", **places}
    assert "loudness cannot be measured" in encode(**loud)[2]
    (mount / "tmp" / "demo" / "7" / "cut.mkv").write_bytes((mount / "cut.mkv").read_bytes())
    tracker.calls.clear()
    assert encode(**loud)[0] == "done"
    called = [call.method for call in tracker.calls if call.method in ("setTicketProperties", "getJobfile")]
    assert called == ["setTicketProperties", "getJobfile", "setTicketProperties"]
    assert -30 <= float(tracker.properties[9]["Encoding.Gain"]) <= 30


@pytest.mark.parametrize(("strict", "how"), [("0", "done"), ("1", "failed")])
def test_a_bad_file_fails_the_ticket_only_in_a_strict_project(
    strict: str, how: str, encode: Encode, tracker: ScriptedTracker, mount: Path
) -> None:
    ended = encode(Quality__LoudnessLow__Fail="-5", Quality__Strict=strict)
    assert ended[0] == how
    assert tracker.properties[9]["Encoding.Verdict"].startswith("fail: The sound is very quiet")
    assert output(mount) == ([] if strict == "1" else ["demo-7-deu-oefen-mp4.mp4"])


def test_a_bound_that_is_no_number_is_refused_before_anything_runs(encode: Encode) -> None:
    how, _, said = encode(Quality__Black__Warn="long")
    assert (how, "Quality.Black.Warn is 'long'" in said) == ("failed", True)


def test_sound_alone_has_no_frames(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    task = ["exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", "-map", "0:a", "-c:a", "libopus", f"out:{mount}/out/talk.opus"]
    names = {"EncodingProfile__Basename": "talk", "EncodingProfile__Extension": "opus"}
    how, _, line = encode(task, **names)
    assert (how, "frames" in line) == ("done", False)
    assert "Encoding.Frames" not in tracker.properties[9]
    assert float(tracker.properties[9]["Encoding.Seconds"]) == pytest.approx(3, abs=0.06)


def test_sound_alone_forgets_the_frames_of_an_earlier_picture(
    encode: Encode, tracker: ScriptedTracker, mount: Path
) -> None:
    task = ["exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", "-map", "0:a", "-c:a", "flac", f"out:{mount}/out/talk.flac"]
    encode(task, EncodingProfile__Basename="talk", EncodingProfile__Extension="flac", Encoding__Frames="75")
    assert tracker.properties[9]["Encoding.Frames"] == ""


def test_two_passes_share_a_temporary_file(encode: Encode, mount: Path) -> None:
    middle = f"{mount}/out/middle.mkv"
    first = ["exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", "-c", "copy", f"tmp:{middle}"]
    second = [
        "exe:ffmpeg",
        "-i",
        f"in:{middle}",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4",
    ]
    assert encode(first, second)[0] == "done"
    assert output(mount) == ["demo-7-deu-oefen-mp4.mp4"]


def test_a_pipe_joins_programs_without_a_shell(encode: Encode, mount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "cat")
    piped = [
        "exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", "sh:-map 0 -c copy -f matroska - | cat | ffmpeg -i pipe:0",
        "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4",
    ]  # fmt: skip
    assert encode(piped)[2].startswith("75 frames, 3.000 s, ")
    assert output(mount) == ["demo-7-deu-oefen-mp4.mp4"]


@pytest.mark.parametrize("middle", ["ffmpeg -nonsense 1 -i - -c copy -f matroska -", "cat nothing"])
def test_every_program_of_a_pipe_has_to_end_well(
    middle: str, encode: Encode, mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAHRWERK_PROGRAMS", "cat")
    lavfi = "-f lavfi -i testsrc2=s=160x90:r=25:d=3 -f lavfi -i sine=r=48000:d=3"
    tail = "-preset ultrafast -c:a aac"
    piped = [
        "exe:ffmpeg",
        "-i",
        f"in:{mount}/cut.mkv",
        f"sh:-c copy -f matroska - | {middle} | ffmpeg -y {lavfi} {tail}",
    ]
    how, _, sentence = encode([*piped, f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4"])
    assert how == "failed"
    assert re.search(r"(ffmpeg\S*|cat) ended with exit code \d+", sentence)
    assert output(mount) == []


def test_two_passes_of_x264_share_their_log(encode: Encode, mount: Path) -> None:
    both = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "200k", "-passlogfile", f"tmp:{mount}/out/pass"]
    source = ["exe:ffmpeg", "-y", "-i", f"in:{mount}/cut.mkv"]
    first = [*source, *both, "-pass", "1", "-an", "-f", "null", "/dev/null"]
    second = [*source, *both, "-pass", "2", "-c:a", "aac", f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4"]
    assert encode(first, second)[0] == "done"
    assert output(mount) == ["demo-7-deu-oefen-mp4.mp4"]


def test_what_ffmpeg_leaves_beside_goes(encode: Encode, mount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mount)
    two = [mp4(mount, "-pass", "1", "-f", "mp4"), ["exe:cp", f"in:{mount}/cut.mkv", f"out:{mount}/out/copy.mkv"]]
    assert encode(*two)[0] == "done"
    assert output(mount) == ["copy.mkv", "demo-7-deu-oefen-mp4.mp4"]
    assert not list(mount.glob("*.log*"))


def test_a_ticket_lost_in_the_first_task_keeps_the_second_from_running(mount: Path) -> None:
    def confirm() -> None:
        assert (mount / "b").exists()
        raise TicketLost("of another worker")

    (mount / "a").write_bytes(b"x")
    work = cast(
        Work, SimpleNamespace(properties={}, confirm=confirm, percent=lambda _percent: None, halt=threading.Event())
    )
    wanted = Expected(frames=1, seconds=1.0, rate=Fraction(25), has_video=True, delay_s=0.0)
    tasks = [[["cp", str(mount / "a"), str(mount / name)]] for name in ("b", "c")]
    with pytest.raises(TicketLost):
        EncodeJob()._run(tasks, wanted, work)
    assert not (mount / "c").exists()


def test_an_error_in_the_job_is_what_the_ticket_says(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    def spoil() -> None:
        tracker.jobfiles[9] = "<job><error>This talk has no speaker.</error></job>"

    assert encode(before=spoil)[::2] == ("failed", "This talk has no speaker.")


def test_a_result_that_is_too_short_fails_and_is_dropped(encode: Encode, mount: Path) -> None:
    how, _, sentence = encode(mp4(mount, "-frames:v", "70"))
    assert how == "failed"
    assert "has 70 frames and should have 75" in sentence
    assert output(mount) == []


def test_the_error_of_ffmpeg_is_told(encode: Encode, mount: Path) -> None:
    how, _, sentence = encode(mp4(mount, "-nonsense", "1"))
    assert how == "failed"
    assert re.search(r"ffmpeg\S* ended with exit code \d+: .*\n\n.*nonsense", sentence, re.DOTALL)
    assert output(mount) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Record__Framerate": "25,movie=/etc/passwd"}, "Record.Framerate is '25,movie=/etc/passwd'"),
        ({"Record__Cutdiffframes": "many"}, "Record.Cutdiffframes is 'many'"),
        ({"Record__Cutdiffseconds": ""}, "Record.Cutdiffseconds is missing"),
        ({"Record__AVDelay": "late"}, "Record.AVDelay is 'late'"),
        ({"EncodingProfile__Extension": "webm"}, "does not write"),
        ({"Processing__Path__Output": "/etc"}, "outside of"),
    ],
)
def test_bad_properties_are_named(changed: dict[str, str], said: str, encode: Encode) -> None:
    how, _, sentence = encode(**changed)
    assert how == "failed"
    assert said in sentence


def test_another_program_is_refused_with_the_profile(encode: Encode, mount: Path) -> None:
    marker = mount / "out" / "marker"
    how, _, sentence = encode(mp4(mount), ["exe:touch", f"out:{marker}"])
    assert how == "failed"
    assert "'touch'" in sentence
    assert "encoding profile mp4" in sentence
    assert output(mount) == []


@pytest.mark.parametrize("kind", ["in", "out"])
def test_a_file_outside_of_the_roots_is_refused(kind: str, encode: Encode, mount: Path) -> None:
    how, _, sentence = encode(["exe:ffmpeg", "-i", f"{kind}:/etc/passwd", f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4"])
    assert how == "failed"
    assert "/etc/passwd" in sentence


def test_a_missing_master_is_named(encode: Encode, mount: Path) -> None:
    how, _, sentence = encode(before=(mount / "cut.mkv").unlink)
    assert how == "failed"
    assert f"The job reads {mount}/cut.mkv, which is not there" in sentence


def test_a_lost_ticket_stops_ffmpeg_and_leaves_nothing(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    endless = [
        "exe:ffmpeg",
        "-stream_loop",
        "-1",
        "-re",
        "-i",
        f"in:{mount}/cut.mkv",
        f"out:{mount}/out/demo-7-deu-oefen-mp4.mp4",
    ]
    threading.Timer(0.7, tracker.lost.add, [9]).start()
    assert encode(endless) == ()
    assert output(mount) == []


def test_progress_is_reported(encode: Encode, tracker: ScriptedTracker, mount: Path) -> None:
    slow = mp4(mount)
    encode([slow[0], "-re", *slow[1:]])
    percents = [int(call.params[2]) for call in tracker.called("ping")]
    assert percents == sorted(percents)
    assert 0 < percents[2] < 90


def test_a_former_result_is_replaced_and_parts_swept(encode: Encode, mount: Path) -> None:
    def leave() -> None:
        (mount / "out" / "demo-7-deu-oefen-mp4.mp4").write_bytes(b"old")
        (mount / "out" / ".demo-7-deu-oefen-mp4.1.part.mp4").write_bytes(b"half")

    assert encode(before=leave)[0] == "done"
    assert output(mount) == ["demo-7-deu-oefen-mp4.mp4"]
    assert (mount / "out" / "demo-7-deu-oefen-mp4.mp4").stat().st_size > 1000
