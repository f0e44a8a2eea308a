"""Reading the packets of a segment file."""

from fractions import Fraction

import numpy as np
import pytest

from scripts.media.demux import WRAP, Unreadable, rate_of, read_media
from scripts.media.timeline import RATES, Audio, Video
from tests.scripts.media.tiny import SECOND, write_ts


@pytest.mark.parametrize("rate", RATES)
def test_the_rate_is_told_from_the_distances(rate):
    stamps = np.array([round(number * SECOND / rate) for number in range(60)])
    assert rate_of(stamps) == rate
    assert rate_of(stamps[[number for number in range(60) if number % 7]]) == rate


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(30), Fraction(60), Fraction(24)])
def test_stamps_rounded_to_milliseconds_tell_the_rate_too(rate):
    assert rate_of(np.array([round(number * 1000 / rate) * 90 for number in range(1000)])) == rate


@pytest.mark.parametrize("step", [6000, 450, 3700])
def test_other_rates_are_none(step):
    assert rate_of(np.arange(50) * step) is None


def test_one_picture_tells_no_rate():
    assert rate_of(np.array([0])) is None


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(50)])
def test_a_file_says_what_it_holds(tmp_path, rate):
    media = read_media(write_ts(tmp_path / "a.ts", 2, rate=rate, sound=[0.5] * 20))
    assert (media.video, media.audio, media.rate) == (Video("h264", 64, 48), Audio(48000, 2), rate)
    assert media.positions(rate).tolist() == list(range(round(2 * rate)))
    assert (media.first_pts, media.first_key, media.dts_lead, media.problems) == (126_000, 0, 0, ())


def test_time_stamps_go_on_over_the_wrap(tmp_path):
    media = read_media(write_ts(tmp_path / "a.ts", 2, first_pts=WRAP - SECOND))
    assert media.first_pts == WRAP - SECOND
    assert media.positions(Fraction(25)).tolist() == list(range(50))


def test_lost_frames_leave_their_place_empty(tmp_path):
    media = read_media(write_ts(tmp_path / "a.ts", stamps=[3600 * n for n in range(50) if not 10 <= n < 20]))
    assert media.rate == 25
    assert set(range(50)) - set(media.positions(Fraction(25)).tolist()) == set(range(10, 20))


def test_pictures_before_the_first_key_frame_are_told_apart(tmp_path):
    whole = write_ts(tmp_path / "a.ts", 1)
    late = write_ts(tmp_path / "b.ts", 1, first_pts=216_000)
    without_key = write_ts(tmp_path / "c.ts", 1, key=False)
    media = read_media(_joined(tmp_path / "d.ts", without_key, late))
    assert media.first_key == 216_000 - 126_000 - 13 * 3600
    assert read_media(whole).first_key == 0


def test_a_file_without_any_key_frame_cannot_be_used(tmp_path):
    with pytest.raises(Unreadable, match="could be decoded"):
        read_media(write_ts(tmp_path / "a.ts", 1, key=False))


def test_what_follows_a_jump_of_the_clock_is_left_out(tmp_path):
    first, second = write_ts(tmp_path / "a.ts", 1, first_pts=9_000_000), write_ts(tmp_path / "b.ts", 1)
    media = read_media(_joined(tmp_path / "c.ts", first, second))
    assert len(media.stamps) == 25
    assert "jumps in time after 25 frames" in media.problems[0]


def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path):
    path = write_ts(tmp_path / "a.ts", 4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 77])
    media = read_media(path)
    assert 25 < len(media.stamps) < 100
    assert "ends in the middle of a packet" in media.problems[0]


@pytest.mark.parametrize(
    "content",
    [
        b"garbage" * 5000,
        b"\0" * 188 * 20,
        b"\x47" * 188 * 20,
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        b"G",
    ],
)
def test_what_is_no_stream_is_refused(tmp_path, content):
    (tmp_path / "a.ts").write_bytes(content)
    with pytest.raises(Unreadable, match=r"is no MPEG transport stream|has no picture"):
        read_media(tmp_path / "a.ts")


def test_a_file_that_is_gone_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="cannot be read"):
        read_media(tmp_path / "a.ts")


def test_damage_in_the_middle_costs_only_what_it_hits(tmp_path):
    path = write_ts(tmp_path / "a.ts", 8, size=(320, 180))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1000] = bytes(1000)
    path.write_bytes(content)
    assert len(read_media(path).stamps) > 100


def test_a_silent_film_says_so(tmp_path):
    media = read_media(write_ts(tmp_path / "a.ts", 1))
    assert media.audio is None and "has no sound" in media.problems


def _joined(target, *parts):
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target
