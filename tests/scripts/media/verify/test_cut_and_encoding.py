"""The verifier finds the mistakes a count of frames does not see; each of them is made here on purpose."""

import re
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from demo.footage import Recorded
from scripts.media.cut import cut_master, plan
from scripts.media.ffmpeg import run
from scripts.media.files import final_name
from scripts.media.probe import MediaUnreadable
from scripts.media.recording import Talk, build
from scripts.media.scan import VerifyFailed
from scripts.media.sources import Sources
from scripts.media.survey import survey
from scripts.media.timeline import Timeline
from scripts.media.verify import CutMeasured, EncodingMeasured, verify_cut, verify_encoding
from tests.scripts.media.conftest import BERLIN, START

CUT_IN, CUT_OUT = 60, 240
LIGHT = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "16"]


@pytest.fixture(scope="module")
def timeline(pal: list[Recorded]) -> Timeline:
    stop = START + timedelta(seconds=12)
    return build(survey(pal[0].path.parent, "saal1", START, stop, BERLIN), Talk("demo", 7, "A lamp", START, stop))


@pytest.fixture(scope="module")
def master(pal: list[Recorded], timeline: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cut") / "cut.mkv"
    cut_master(timeline, pal[0].path.parent, [(CUT_IN, CUT_OUT)], path, 1)
    return path


class Bench:
    """Make a wrong cut out of the right one and have it verified."""

    def __init__(self, raw: Path, timeline: Timeline, master: Path, folder: Path) -> None:
        self.raw, self.timeline, self.master, self.wrong = raw, timeline, master, folder / "wrong.mkv"

    def spoil(self, *options: str) -> None:
        run(["ffmpeg", "-i", str(self.master), *options, str(self.wrong)])

    def verify(self, path: Path | None = None, cut_in: int = CUT_IN, cut_out: int = CUT_OUT) -> CutMeasured:
        pieces = plan(self.timeline, [(cut_in, cut_out)])
        sources = Sources(self.raw, self.timeline.tick)
        return verify_cut(path or self.wrong, pieces, self.timeline.rate, sources)


@pytest.fixture
def bench(pal: list[Recorded], timeline: Timeline, master: Path, tmp_path: Path) -> Bench:
    return Bench(pal[0].path.parent, timeline, master, tmp_path)


def test_the_right_cut_passes_with_its_numbers(bench: Bench) -> None:
    measured = bench.verify(bench.master)
    assert (measured.frames, measured.seconds, measured.sound_seconds) == (180, 7.2, 7.2)
    assert (measured.pictures_compared, measured.pictures_damaged, measured.sounds_compared) == (12, 0, 5)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_shift_by_one_frame_is_found(bench: Bench, shift: int) -> None:
    with pytest.raises(VerifyFailed, match=f"shows 1 frame {'earlier' if shift > 0 else 'later'}"):
        bench.verify(bench.master, CUT_IN + shift, CUT_OUT + shift)


def test_a_missing_frame_is_found(bench: Bench) -> None:
    bench.spoil("-vf", "select='not(eq(n,90))',setpts=N/25/TB", *LIGHT, "-c:a", "copy")
    with pytest.raises(VerifyFailed, match=r"wrong\.mkv has 179 frames and should have 180"):
        bench.verify()


def test_a_frame_that_stands_for_its_neighbour_is_found_at_a_joint(bench: Bench) -> None:
    # frame 40 is the first one of the second file; the former one is shown twice instead
    bench.spoil("-vf", "select='not(eq(n,40))',setpts=(N+gte(N\\,40))/25/TB,fps=25", *LIGHT, "-c:a", "copy")
    with pytest.raises(VerifyFailed, match=r"frame 40 shows what .* shows 1 frame earlier"):
        bench.verify()


def test_a_gap_in_the_stamps_is_found(bench: Bench) -> None:
    bench.spoil("-vf", "setpts=(N+gte(N\\,50))/25/TB", "-fps_mode", "passthrough", *LIGHT, "-c:a", "copy")
    with pytest.raises(VerifyFailed, match=r"shows frame 50 at 2\.04\d+ s; .* it should be 2\.0000 s"):
        bench.verify()


@pytest.mark.parametrize("late_ms", [40, -30])
def test_shifted_sound_is_found(bench: Bench, late_ms: int) -> None:
    pad = f"adelay={late_ms}:all=1" if late_ms > 0 else f"atrim=start={-late_ms / 1000},asetpts=PTS-STARTPTS"
    bench.spoil("-c:v", "copy", "-af", f"{pad},apad=whole_len=345600,atrim=end_sample=345600", "-c:a", "flac")
    with pytest.raises(VerifyFailed, match=rf"the sound is {re.escape(f'{late_ms:+.1f}')} ms late"):
        bench.verify()


@pytest.mark.parametrize("filters", ["volume=0", "areverse"])
def test_other_sound_is_found(bench: Bench, filters: str) -> None:
    bench.spoil("-c:v", "copy", "-af", filters, "-c:a", "flac")
    with pytest.raises(VerifyFailed, match="the sound is not that of the recording at 5 of 5 places"):
        bench.verify()


def test_sound_that_ends_too_early_is_found(bench: Bench) -> None:
    bench.spoil("-c:v", "copy", "-af", "atrim=end=7.1", "-c:a", "flac")
    with pytest.raises(VerifyFailed, match=r"7\.1000 s long, and 7\.2000 s of picture"):
        bench.verify()


def test_a_cut_without_sound_is_found(bench: Bench) -> None:
    bench.spoil("-c:v", "copy", "-an")
    with pytest.raises(VerifyFailed, match="has no sound"):
        bench.verify()


def test_another_picture_is_found(bench: Bench) -> None:
    bench.spoil("-vf", "negate", *LIGHT, "-c:a", "copy")
    with pytest.raises(VerifyFailed, match="shows something else than"):
        bench.verify()


def test_a_damaged_result_is_found(bench: Bench) -> None:
    content = bytearray(bench.master.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    bench.wrong.write_bytes(content)
    with pytest.raises(VerifyFailed, match=r"wrong\.mkv"):
        bench.verify()


def test_messages_speak_of_the_final_name(bench: Bench) -> None:
    assert final_name(Path("/x/.cut.mkv.a-1.part.mkv")) == "cut.mkv.mkv"
    assert final_name(Path("/x/cut.part.mkv")) == "cut.part.mkv"


# --- encodings --------------------------------------------------------------------------------------------------------

MP4 = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
SOUND = {"mp3": ["-vn", "-c:a", "libmp3lame"], "opus": ["-vn", "-c:a", "libopus"], "m4a": ["-vn", "-c:a", "aac"]}


def _encoded(master: Path, path: Path, *options: str) -> Path:
    run(["ffmpeg", "-i", str(master), *options, str(path)])
    return path


def _verify(path: Path, **how) -> EncodingMeasured:
    asked = {"frames": 180, "seconds": 7.2, "rate": Fraction(25), "has_video": True, **how}
    return verify_encoding(path, **asked)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", MP4),
        ("a.webm", ["-c:v", "libvpx", "-cpu-used", "8", "-deadline", "realtime", "-s", "160x90", "-c:a", "libopus"]),
    ],
)
def test_an_encoding_is_measured(master: Path, tmp_path: Path, name: str, options: list[str]) -> None:
    path = _encoded(master, tmp_path / name, *options)
    measured = _verify(path)
    assert (measured.frames, measured.seconds, measured.rate) == (180, 7.2, 25)
    assert measured.size == path.stat().st_size
    assert measured.sound_seconds == pytest.approx(7.2, abs=0.06)


def test_half_the_rate_is_right_and_a_third_of_the_frames_in_the_wrong_places_is_not(
    master: Path, tmp_path: Path
) -> None:
    half = _verify(_encoded(master, tmp_path / "half.mp4", "-vf", "fps=25/2", *MP4))
    assert (half.frames, half.rate, half.seconds) == (90, Fraction(25, 2), 7.2)
    with pytest.raises(VerifyFailed, match="has 144 frames and should have 180"):
        _verify(_encoded(master, tmp_path / "odd.mp4", "-vf", "fps=20", *MP4))


@pytest.mark.parametrize("extension", sorted(SOUND))
def test_sound_alone_is_measured_without_its_priming(master: Path, tmp_path: Path, extension: str) -> None:
    path = _encoded(master, tmp_path / f"a.{extension}", *SOUND[extension])
    measured = _verify(path, has_video=False, rate=None)
    assert (measured.frames, measured.rate) == (0, None)
    assert measured.seconds == measured.sound_seconds == pytest.approx(7.2, abs=0.06)
    with pytest.raises(VerifyFailed, match=f"a.{extension} has no picture and should have 180 frames"):
        _verify(path)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-frames:v", "179"], "has 179 frames and should have 180"),
        (["-an"], "has no sound"),
        (["-af", "atrim=end=7"], r"has 7\.0\d+ s of sound and should have 7\.200 s"),
        (["-vf", "setpts=PTS+gte(N\\,100)*0.1/TB", "-fps_mode", "passthrough"], "shows frame 100 at"),
        (["-af", "asetpts=PTS+0.3/TB"], "has a gap|of sound and should|the sound begins"),
    ],
)
def test_a_wrong_encoding_is_found(master: Path, tmp_path: Path, options: list[str], sentence: str) -> None:
    with pytest.raises(VerifyFailed, match=sentence):
        _verify(_encoded(master, tmp_path / "a.mp4", *options, *MP4))


def test_sound_of_a_corrected_delay_may_be_shorter_by_it(master: Path, tmp_path: Path) -> None:
    path = _encoded(master, tmp_path / "a.mp4", "-af", "atrim=start=0.2,asetpts=PTS-STARTPTS", *MP4)
    assert _verify(path, delay_s=0.2).frames == 180
    with pytest.raises(VerifyFailed, match="s of sound and should have"):
        _verify(path)


def test_a_picture_where_sound_alone_is_wanted_is_found(master: Path, tmp_path: Path) -> None:
    with pytest.raises(VerifyFailed, match="should be sound alone"):
        _verify(_encoded(master, tmp_path / "a.mp4", *MP4), has_video=False, rate=None)


def test_a_cover_is_no_picture(master: Path, tmp_path: Path) -> None:
    cover = str(_encoded(master, tmp_path / "a.jpg", "-frames:v", "1"))
    path = _encoded(master, tmp_path / "a.mp3", "-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy")
    assert _verify(path, has_video=False, rate=None).frames == 0


def test_an_empty_result_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(MediaUnreadable, match=r"a\.mp4 is empty"):
        _verify(tmp_path / "a.mp4")
