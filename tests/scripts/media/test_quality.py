"""The quality report of real files with real faults."""

import functools
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from scripts.media import ffmpeg
from scripts.media.quality import BadBound, Cut, Measured, bounds_of, file_timeline, findings, measure, report, verdict

GOOD_SOUND = "sine=440:r=48000:d=6,volume=3dB,pan=stereo|c0=c0|c1=0.7*c0"


def make(path: Path, sound: str, picture: str = "testsrc2=s=320x180:r=25:d=6", *more: str) -> Path:
    sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", "-y", *sources, *codecs, *more, str(path)])
    return path


def look(path: Path, master: Path | None = None, seconds: float = 6.0) -> Measured:
    return measure(path, master, seconds=seconds, frames=150, stop=lambda: False)


def texts(measured: Measured, **properties: str) -> str:
    bounds = bounds_of({name.replace("__", "."): value for name, value in properties.items()})
    return verdict(findings(measured, bounds))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("good") / "cut.mkv", GOOD_SOUND)


def test_a_good_file_passes_with_its_figures(good: Path) -> None:
    measured = look(good, good)
    assert texts(measured) == "pass"
    assert measured.sound is not None
    assert -20 < measured.sound.loudness < 0
    assert [len(measured.sound.channels), measured.sound.identical] == [2, False]
    assert [value for _, value in measured.ssim] == [1.0, 1.0, 1.0]
    facts = json.loads(report(measured, []))
    assert (facts["version"], facts["silence"], facts["findings"]) == (1, [], [])


def test_a_smaller_file_is_compared_at_its_size_and_another_picture_is_told(good: Path, tmp_path: Path) -> None:
    small = make(tmp_path / "small.mkv", GOOD_SOUND, "testsrc2=s=320x180:r=25:d=6", "-vf", "scale=160:90")
    other = make(tmp_path / "other.mkv", GOOD_SOUND, "mandelbrot=s=320x180:r=25,trim=end=6")
    assert min(value for _, value in look(small, good).ssim) > 0.9
    assert texts(look(other, good)).startswith("fail: The picture at 0:00:03 is unlike the cut master's")


def test_silence_black_and_a_frozen_picture_are_told_with_their_place(tmp_path: Path) -> None:
    sound = f"{GOOD_SOUND},volume=enable='gt(t,2)':volume=0"
    black = make(tmp_path / "black.mkv", sound, "testsrc2=s=320x180:r=25:d=2,tpad=stop_duration=4:color=black")
    measured = look(black)
    facts = report(measured, findings(measured, bounds_of({"Quality.Silence.Warn": "3"})))
    marks = json.loads(file_timeline(facts, Fraction(25), "60-135-deu-0"))["marks"]
    assert [(mark["kind"], mark["frame"]) for mark in marks] == [("black", 50), ("silence", 50), ("warn", 50)]
    assert {mark["frame"] for mark in json.loads(file_timeline(facts, None, ""))["marks"]} == {None}
    assert [kind for kind, spans in measured.spans.items() if spans] == ["silence", "black"]
    said = texts(measured, Quality__Silence__Warn="3", Quality__Black__Fail="3")
    assert said == ("fail: The picture is black for 4 s from 0:00:02. The sound is silent for 4 s from 0:00:02.")
    still = make(tmp_path / "still.mkv", "sine=440:d=12", "color=red:s=320x180:r=25:d=12")
    assert "The picture stands still for 12 s from 0:00:00." in texts(look(still, None, 12), Quality__Frozen__Warn="9")


@pytest.mark.parametrize(
    ("rate", "at", "frame"),
    [
        *[(Fraction(25), at, frame) for at, frame in ((0.0, 0), (0.6, 15), (1.2, 30), (1.24, 31), (9.99, 149))],
        *[(Fraction(30000, 1001), round(float(frame * Fraction(1001, 30000)), 2), frame) for frame in range(1, 150, 7)],
        *[(Fraction(60), round(frame / 60, 2), frame) for frame in (1, 2, 3, 50, 149)],
    ],
)
def test_a_mark_names_the_frame_that_begins_there(rate: Fraction, at: float, frame: int) -> None:
    facts = {"frames": 150, "seconds": 10.0, "findings": [], "black": [[at, 10.0]]}
    (mark,) = json.loads(file_timeline(json.dumps(facts), rate, ""))["marks"]
    assert (mark["seconds"], mark["frame"]) == (at, frame)


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        ("sine=440:d=6,volume=3dB,pan=stereo|c0=c0|c1=0*c0", "Channel 2 of 2 is silent."),
        ("sine=440:d=6,volume=3dB,pan=stereo|c0=c0|c1=-1*c0", "Left and right cancel each other out"),
        ("sine=440:d=6,volume=40dB", "Channel 1 is clipped"),
        ("sine=440:d=6,volume=-30dB", "The sound is very quiet"),
        ("anullsrc=r=48000:d=6", "fail: The sound is very quiet"),
    ],
)
def test_faults_of_the_sound_are_told(sound: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in texts(look(make(tmp_path / "bad.mkv", sound, "testsrc2=s=64x64:r=5:d=6")))


def test_equal_channels_are_noted_and_no_fault(tmp_path: Path) -> None:
    path = make(tmp_path / "mono.mkv", "sine=440:d=6,volume=3dB,pan=stereo|c0=c0|c1=c0", "testsrc2=s=64x64:r=5:d=6")
    measured = look(path)
    assert measured.sound is not None and measured.sound.identical
    assert texts(measured) == "pass"


def test_sound_alone_and_picture_alone_are_measured(good: Path, tmp_path: Path) -> None:
    ffmpeg.run(["ffmpeg", "-i", str(good), "-vn", "-c:a", "libopus", str(tmp_path / "talk.opus")])
    ffmpeg.run(["ffmpeg", "-i", str(good), "-an", "-c:v", "copy", str(tmp_path / "mute.mkv")])
    assert look(tmp_path / "talk.opus", good).ssim == []
    assert look(tmp_path / "mute.mkv", good).sound is None


def test_what_takes_too_long_is_told_and_a_stop_is_a_stop(good: Path) -> None:
    late = measure(good, None, seconds=6, frames=150, stop=lambda: False, slack_s=-7)
    assert texts(late).startswith("warn: Not everything was measured: it took longer")
    with pytest.raises(ffmpeg.Stopped):
        measure(good, None, seconds=6, frames=150, stop=lambda: True)


def test_sound_that_begins_late_is_told(good: Path, tmp_path: Path) -> None:
    delayed = ["-itsoffset", "0.1", "-i", str(good), "-map", "0:v", "-map", "1:a", "-c", "copy"]
    ffmpeg.run(["ffmpeg", "-i", str(good), *delayed, str(tmp_path / "late.mkv")])
    assert "The sound begins 100 ms after the picture." in texts(look(tmp_path / "late.mkv"))


def test_bounds_are_numbers_or_off() -> None:
    assert bounds_of({"Quality.Black.Warn": "off"})["Black"].level(100) == ""
    assert bounds_of({"Quality.Black.Warn": "2.5"})["Black"].level(3) == "warn"
    with pytest.raises(BadBound, match=r"Quality\.SSIM\.Fail is 'lots': write a number, or off"):
        bounds_of({"Quality.SSIM.Fail": "lots"})


def test_every_track_is_judged_and_named(tmp_path: Path) -> None:
    quiet = [
        "-f",
        "lavfi",
        "-i",
        "anullsrc=r=48000:d=6",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "2:a",
        "-c:v",
        "libx264",
    ]
    sources = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=5:d=6", "-f", "lavfi", "-i", GOOD_SOUND]
    ffmpeg.run(["ffmpeg", *sources, *quiet, "-c:a", "flac", "-shortest", str(tmp_path / "two.mkv")])
    measured = look(tmp_path / "two.mkv")
    assert measured.sound is not None and -20 < measured.sound.loudness < 0
    assert [len(measured.others), measured.others[0].loudness < -60] == [1, True]
    assert texts(measured, Quality__BitrateLow__Warn="off") == "fail: Track 2: The sound is very quiet (-70.0 LUFS)."
    assert len(json.loads(report(measured, []))["tracks"]) == 1


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ({"Quality__BitrateLow__Warn": "90000"}, "warn: The bit rate is low: "),
        ({"Quality__BitrateHigh__Fail": "1"}, "fail: The bit rate is high: "),
        ({"Quality__LoudnessHigh__Warn": "-60"}, "warn: The sound is very loud ("),
        ({"Quality__TruePeak__Fail": "-60"}, "fail: The sound peaks at "),
        ({"Quality__Offset__Warn": "-1"}, "warn: The sound begins 0 ms after the picture."),
        ({"Quality__SSIM__Fail": "1.1"}, "fail: The picture at 0:00:00 is unlike the cut master's (SSIM 1.00)."),
    ],
)
def test_each_figure_has_a_bound_of_the_project(bounds: dict[str, str], sentence: str, good: Path) -> None:
    assert texts(_looked(good), **bounds).startswith(sentence)


@functools.cache
def _looked(good: Path) -> Measured:
    return look(good, good)


def test_equal_channels_are_told_where_a_project_asks_for_two(tmp_path: Path) -> None:
    measured = look(make(tmp_path / "mono.mkv", "sine=440:d=6,pan=stereo|c0=c0|c1=c0", "testsrc2=s=64x64:r=5:d=6"))
    assert "Left and right are the same" in texts(measured, Quality__Identical__Warn="0")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (Cut(150, 6.0, 6.0), "pass"),
        (Cut(150, 6.0, 5.9), "warn: The sound is 5.900 s long instead of 6.000 s."),
        (Cut(175, 7.0, 6.0), "fail: The file is 6.000 s long instead of 7.000 s."),
    ],
)
def test_the_length_is_compared_with_the_cut(cut: Cut, said: str, good: Path) -> None:
    measured = replace(_looked(good), cut=cut)
    assert texts(measured).startswith(said)
    assert json.loads(report(measured, []))["cut"]["frames"] == cut.frames


def test_slides_are_not_compared_with_the_cut_master(good: Path, tmp_path: Path) -> None:
    slide = "color=red:s=320x180:r=25:d=2[s];[s][0:v]concat=n=2:v=1:a=0[v];[0:a]adelay=2000:all=1[a]"
    maps = ["-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", "-i", str(good), "-filter_complex", slide, *maps, str(tmp_path / "slid.mkv")])
    cut = Cut(200, 8.0, 8.0, begin_s=2.0)
    looked = measure(tmp_path / "slid.mkv", good, seconds=8, frames=200, stop=lambda: False, cut=cut)
    assert min(value for _, value in looked.ssim) > 0.9
    assert looked.ssim[0][0] == 2.6
