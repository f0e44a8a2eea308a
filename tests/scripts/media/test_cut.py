"""Cut masters hold exactly the frames between in and out, and the sound that belongs to them."""

import os
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from demo.footage import Recorded, record_room
from demo.measure import av_offset_ms, click_times, frame_codes, pictures
from scripts.media.cut import Cut, CutError, cut_master, inputs, plan
from scripts.media.cutgraph import Opened, build_command
from scripts.media.ffmpeg import Stopped
from scripts.media.probe import MediaUnreadable, probe
from scripts.media.recording import Talk, build
from scripts.media.survey import survey
from scripts.media.timeline import Timeline
from tests.scripts.media.conftest import BERLIN, NTSC, START

TALKS = [(0.0, 60.0, "A lamp")]


@dataclass(frozen=True)
class Room:
    """Recordings of a room and the timeline script B makes of them."""

    folder: Path
    recorded: list[Recorded]
    timeline: Timeline

    def codes(self, cut_in: int, cut_out: int) -> list[int]:
        """List the codes the frames of a cut must show."""
        first_code = {file.path.name: file.first_code for file in self.recorded}
        return [
            first_code[part.segment.file] + number - part.segment.first_frame
            for part in self.timeline.pieces(cut_in, cut_out)
            for number in range(part.first_frame, part.stop_frame)
        ]


def _room(folder: Path, seconds: float, **how) -> Room:
    recorded = record_room(folder, "saal1", START, seconds, talks=TALKS, **how)
    return Room(folder, recorded, _timeline(folder, seconds))


def _timeline(folder: Path, seconds: float) -> Timeline:
    surveyed = survey(folder, "saal1", START, START + timedelta(seconds=seconds), BERLIN)
    return build(surveyed, Talk("demo", 7, "A lamp", START, START + timedelta(seconds=seconds)))


@pytest.fixture(scope="module")
def pal_room(pal: list[Recorded]) -> Room:
    """Twelve seconds at 25 frames, three segments, nothing missing."""
    return Room(pal[0].path.parent, pal, _timeline(pal[0].path.parent, 12))


@pytest.fixture(scope="module")
def holed(tmp_path_factory) -> Room:
    """Fourteen seconds at 29.97 frames: the segment from 4 to 6 is missing, the recorder restarts nowhere."""
    return _room(tmp_path_factory.mktemp("holed"), 14, rate=NTSC, segment_s=2, holes=[(4.5, 5)], size=(160, 90))


@pytest.fixture(scope="module")
def restarted(tmp_path_factory) -> Room:
    """Twelve seconds at 25 frames; the recorder is off from 5.2 to 7 and begins anew, the sound 120 ms late."""
    how = {"holes": [(5.2, 7.0)], "restart": True, "av_delay_ms": 120, "size": (160, 90)}
    return _room(tmp_path_factory.mktemp("restarted"), 12, segment_s=4, **how)


def _cut(room: Room, cut_in: int, cut_out: int, target: Path) -> Cut:
    return cut_master(room.timeline, room.folder, [(cut_in, cut_out)], target, 1)


def _check(room: Room, cut_in: int, cut_out: int, target: Path, delay_ms: float = 0) -> Cut:
    """Cut, and read codes and clicks back."""
    cut = _cut(room, cut_in, cut_out, target)
    assert frame_codes(target) == room.codes(cut_in, cut_out)
    assert cut.frames == len(room.codes(cut_in, cut_out))
    if cut.frames > 2 * room.timeline.rate:
        assert av_offset_ms(target, room.timeline.rate) == pytest.approx(delay_ms, abs=3)
    return cut


@pytest.mark.parametrize("seed", range(4))
def test_random_cuts_at_25_hold_exactly_their_frames(pal_room: Room, tmp_path: Path, seed: int) -> None:
    cut_in, cut_out = sorted(random.Random(seed).sample(range(301), 2))
    _check(pal_room, cut_in, cut_out, tmp_path / "cut.mkv")


@pytest.mark.parametrize("seed", range(4))
def test_random_cuts_at_29_97_over_a_hole_leave_the_hole_out(holed: Room, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    cut_in, cut_out = choose.randrange(0, 115), choose.randrange(185, 415)
    cut = _check(holed, cut_in, cut_out, tmp_path / "cut.mkv")
    assert cut.frames == cut_out - cut_in - holed.timeline.missing_between(cut_in, cut_out) < cut_out - cut_in
    assert "were not recorded and are left out (2.0 s at 10:00:04)" in cut.notes[0]


def test_each_click_stays_with_its_picture_on_both_sides_of_a_hole(holed: Room, tmp_path: Path) -> None:
    target = tmp_path / "cut.mkv"
    _cut(holed, 0, 410, target)
    marks = [picture.time for picture in pictures(target) if picture.code is not None and picture.code % 30 == 0]
    assert len(marks) == 12
    for click in click_times(target):
        assert min(abs(click - mark) for mark in marks) < 0.003


def test_a_restart_of_the_recorder_is_joined_to_the_frame(restarted: Room, tmp_path: Path) -> None:
    cut = _check(restarted, 20, 290, tmp_path / "cut.mkv", delay_ms=120)
    assert [piece.take for piece in cut.pieces] == [0, 1]


@pytest.mark.parametrize(("cut_in", "cut_out"), [(0, 300), (0, 1), (299, 300), (99, 101), (100, 200), (37, 38)])
def test_the_edges_of_files_are_no_edges_of_cuts(pal_room: Room, tmp_path: Path, cut_in: int, cut_out: int) -> None:
    _check(pal_room, cut_in, cut_out, tmp_path / "cut.mkv")


def test_the_cut_master_is_described(pal_room: Room, tmp_path: Path) -> None:
    cut = _cut(pal_room, 50, 251, tmp_path / "cut.mkv")
    media = probe(tmp_path / "cut.mkv")
    assert media.video is not None
    assert (media.video.codec, media.video.rate, media.audio[0].codec, media.audio[0].channels) == (
        "h264",
        Fraction(25),
        "flac",
        2,
    )
    assert (cut.frames, cut.seconds, cut.notes) == (201, 8.04, ())
    assert cut.measured.sound_seconds == pytest.approx(8.04, abs=1e-4)
    assert cut.measured.pictures_compared >= 10
    assert cut.measured.sounds_compared >= 3
    assert cut.measured.worst_difference < 2


def test_a_clock_that_wraps_within_the_cut_changes_nothing(tmp_path: Path) -> None:
    room = _room(tmp_path / "raw", 8, segment_s=2, size=(160, 90), clock_s=2**33 / 90_000 - 3.0)
    _check(room, 10, 190, tmp_path / "cut.mkv")
    _check(room, 120, 190, tmp_path / "late.mkv")


def test_far_into_a_long_file_it_seeks_and_stays_exact(tmp_path: Path) -> None:
    room = _room(tmp_path / "raw", 46, segment_s=50, size=(160, 90), rate=Fraction(24))
    assert "-ss" in _command(room, 1003, 1090)
    _check(room, 1003, 1090, tmp_path / "cut.mkv")


def test_a_recording_without_sound_gives_silence_and_a_note(tmp_path: Path) -> None:
    room = _room(tmp_path / "raw", 4, size=(160, 90), channels=0)
    cut = _cut(room, 10, 60, tmp_path / "cut.mkv")
    assert frame_codes(tmp_path / "cut.mkv") == list(range(10, 60))
    assert cut.measured.sound_seconds == 2
    assert cut.notes == ("The recording has no sound in places; the cut is silent there.",)


def test_a_file_damaged_in_the_middle_keeps_count_and_place(pal_room: Room, tmp_path: Path) -> None:
    folder = _copy(pal_room, tmp_path)
    file = sorted(folder.iterdir())[1]
    content = bytearray(file.read_bytes())
    middle = len(content) // 376 * 188
    content[middle : middle + 188 * 40] = random.Random(7).randbytes(188 * 40)
    file.write_bytes(content)
    room = replace(pal_room, folder=folder, timeline=_timeline(folder, 12))
    cut = _cut(room, 20, 280, tmp_path / "cut.mkv")
    codes = frame_codes(tmp_path / "cut.mkv")
    assert len(codes) == cut.frames == 260 - room.timeline.missing_between(20, 280)
    assert codes[:60] + codes[-60:] == [*range(520, 580), *range(720, 780)]


def test_a_file_that_ends_early_leaves_a_hole(pal_room: Room, tmp_path: Path) -> None:
    folder = _copy(pal_room, tmp_path)
    file = sorted(folder.iterdir())[1]
    os.truncate(file, file.stat().st_size // 2)
    room = replace(pal_room, folder=folder, timeline=_timeline(folder, 12))
    cut = _cut(room, 20, 280, tmp_path / "cut.mkv")
    (hole,) = room.timeline.holes
    assert cut.frames == 260 - hole.frames < 260
    codes, wanted = frame_codes(tmp_path / "cut.mkv"), room.codes(20, 280)
    broken = hole.first_frame - 1 - 20  # the picture the file breaks off in cannot be decoded: the former stands for it
    assert codes[:broken] + codes[broken + 1 :] == wanted[:broken] + wanted[broken + 1 :]


@pytest.mark.parametrize(
    ("cut_in", "cut_out", "sentence"),
    [
        (20, 10, r"Out \(frame 10\) does not come after in \(frame 20\); set them on the cut page"),
        (20, 20, "does not come after"),
        (-1, 20, "reaches beyond the recording, which has frames 0 to 420"),
        (0, 421, r"The cut \(frames 0 to 421\) reaches beyond"),
        (125, 175, r"Nothing was recorded from in \(frame 125\) to out \(frame 175\)"),
    ],
)
def test_a_cut_that_is_none_is_refused(holed: Room, cut_in: int, cut_out: int, sentence: str) -> None:
    with pytest.raises(CutError, match=sentence):
        plan(holed.timeline, [(cut_in, cut_out)])


def test_a_missing_file_is_named_and_nothing_is_left(pal_room: Room, tmp_path: Path) -> None:
    folder = _copy(pal_room, tmp_path)
    name = pal_room.timeline.segments[1].file
    (folder / name).unlink()
    with pytest.raises(MediaUnreadable, match=f"{name} is not there; is the mount in place"):
        _cut(replace(pal_room, folder=folder), 20, 280, tmp_path / "out" / "cut.mkv")
    assert os.listdir(tmp_path / "out") == []


def test_stop_leaves_nothing_under_any_name(pal_room: Room, tmp_path: Path) -> None:
    target = tmp_path / "out" / "cut.mkv"
    with pytest.raises(Stopped):
        cut_master(pal_room.timeline, pal_room.folder, [(0, 300)], target, 1, stop=lambda: True)
    assert os.listdir(target.parent) == []


def test_progress_rises_to_100(pal_room: Room, tmp_path: Path) -> None:
    seen: list[float] = []
    cut_master(pal_room.timeline, pal_room.folder, [(0, 300)], tmp_path / "cut.mkv", 1, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 100


def test_the_sources_are_not_touched(pal_room: Room, tmp_path: Path) -> None:
    before = {file.path: (file.path.read_bytes(), file.path.stat().st_mtime_ns) for file in pal_room.recorded}
    _cut(pal_room, 90, 110, tmp_path / "cut.mkv")
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}
    assert sorted(os.listdir(pal_room.folder)) == sorted(path.name for path in before)


def test_files_of_one_run_are_one_input_and_only_those_needed_are_read(pal_room: Room, holed: Room) -> None:
    (one,) = inputs(pal_room.timeline, plan(pal_room.timeline, [(10, 40)]))
    assert [segment.first_frame for segment in one.segments] == [0]
    two, three = inputs(holed.timeline, plan(holed.timeline, [(100, 300)]))
    assert [len(two.segments), len(three.segments), two.pieces[0].frames] == [2, 3, 20]


def test_odd_file_names_never_reach_the_command(pal_room: Room) -> None:
    command = _command(pal_room, 10, 290)
    assert command[command.index("-i") + 1] == "concat:0-0.ts|0-1.ts|0-2.ts"


def _command(room: Room, cut_in: int, cut_out: int) -> list[str]:
    groups = inputs(room.timeline, plan(room.timeline, [(cut_in, cut_out)]))
    opened = [
        Opened(group, tuple(f"{number}-{index}.ts" for index in range(len(group.segments))), 0, 1)
        for number, group in enumerate(groups)
    ]
    return build_command(opened, room.timeline.rate, ["stereo"], Path("/out/cut.mkv"))


def _copy(room: Room, tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for file in room.recorded:
        (folder / file.path.name).write_bytes(file.path.read_bytes())
    return folder
