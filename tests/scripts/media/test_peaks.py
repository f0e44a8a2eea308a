"""The waveform: where it is loud, where it is silent, and how long it is."""

import json
import subprocess
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scripts.media.demux import Unreadable, read_media
from scripts.media.ffmpeg import Stopped
from scripts.media.peaks import Peaks, measure
from scripts.media.programs import program
from scripts.media.timeline import RATES, Audio, Hole, Segment, Timeline, Video
from tests.scripts.media.rooms import recorded
from tests.scripts.media.tiny import write_ts

NOW = datetime(2026, 5, 1, tzinfo=UTC)
QUIET, LOUD = 0.0, 0.8


def over(*segments: Segment, frames: int = 50, rate: Fraction = Fraction(25), channels: int = 2) -> Timeline:
    """Return a timeline over these files, with holes where they are not used."""
    edges = [0, *(edge for segment in segments for edge in (segment.used_from, segment.used_to)), frames]
    gaps = [(first, stop) for first, stop in zip(edges[::2], edges[1::2], strict=True) if first < stop]
    holes = tuple(Hole(first, stop - first, NOW, 1.0) for first, stop in gaps)
    audio = Audio(48000, channels) if channels else None
    return Timeline("demo", 7, "x", rate, frames, NOW, segments, holes, (), (), Video("h264", 64, 48), audio, 0.0)


def part(file: Path, first: int, frames: int, used: tuple[int, int], first_pts: int = 126_000) -> Segment:
    return Segment(file.name, first, frames, first_pts, 0, 0.0, NOW, *used)


def loud_pairs(peaks: Peaks, channel: int = 0) -> list[int]:
    """Return the numbers of the pairs that are louder than a quarter of full scale."""
    return np.flatnonzero(peaks.channels[channel].reshape(-1, 2)[:, 1] > 32).tolist()


def test_what_is_loud_is_seen_where_it_was(tmp_path):
    file = write_ts(tmp_path / "a.ts", 2, sound=[QUIET] * 5 + [LOUD] + [QUIET] * 14)
    peaks = measure(over(part(file, 0, 50, (0, 50))), tmp_path)
    assert set(loud_pairs(peaks)) >= {10, 11} and set(loud_pairs(peaks)) <= {9, 10, 11, 12}
    low, high = peaks.channels[0].reshape(-1, 2)[11].tolist()
    assert 90 < high <= 110 and -110 <= low < -90  # 0.8 of 127, give or take what AAC does


def test_the_second_channel_is_looked_at_by_itself(tmp_path):
    file = write_ts(tmp_path / "a.ts", 2, sound=[LOUD] * 20)
    left, right = (channel.max() for channel in measure(over(part(file, 0, 50, (0, 50))), tmp_path).channels)
    assert 0.4 < right / left < 0.6


def test_it_is_right_to_the_sample(tmp_path):
    file = write_ts(tmp_path / "a.ts", 2, sound=[0.1, 0.9, 0.3, 0.7, 0.5] * 4)
    peaks = measure(over(part(file, 0, 50, (0, 50))), tmp_path)
    left, first = _decoded(file)
    for pair in range(40):
        samples = left[max(2400 * pair - first, 0) : max(2400 * (pair + 1) - first, 0)]
        expected = np.rint(np.array([samples.min(), samples.max()]) * 127)
        assert np.abs(peaks.channels[0].reshape(-1, 2)[pair] - expected).max() <= 0


def _decoded(file: Path) -> tuple[np.ndarray, int]:
    """Return the samples of the left channel and the number of the first one since the first picture."""
    with av.open(str(file)) as container:
        frames = list(container.decode(audio=0))
    first = round(((frames[0].pts or 0) - 126_000) * 48000 / 90000)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), first


def test_files_lie_where_the_timeline_says_and_holes_are_silent(tmp_path):
    one = write_ts(tmp_path / "a.ts", 2, sound=[LOUD] * 20)
    two = write_ts(tmp_path / "b.ts", 1, sound=[LOUD] * 10, first_pts=900_000)
    whole = over(part(one, -25, 50, (0, 25)), part(two, 75, 25, (75, 100), 900_000), frames=150)
    peaks = measure(whole, tmp_path)
    assert loud_pairs(peaks) == [*range(20), *range(60, 80)]
    assert not peaks.channels[0][2 * 20 : 2 * 59].any()


def test_only_the_used_part_of_a_file_counts(tmp_path):
    file = write_ts(tmp_path / "a.ts", 2, sound=[LOUD] * 20)
    assert loud_pairs(measure(over(part(file, 0, 50, (10, 40))), tmp_path)) == list(range(8, 32))


def test_time_stamps_may_wrap(tmp_path):
    pts = 2**33 - 90_000
    file = write_ts(tmp_path / "a.ts", 2, sound=[QUIET] * 15 + [LOUD] * 5, first_pts=pts)
    assert set(loud_pairs(measure(over(part(file, 0, 50, (0, 50), pts)), tmp_path))) >= set(range(30, 40))


@pytest.mark.parametrize("rate", RATES)
def test_its_length_is_exact(tmp_path, rate):
    frames = round(7.3 * rate)
    file = write_ts(tmp_path / "a.ts", 1, sound=[LOUD] * 10)
    peaks = measure(over(part(file, 0, 5, (0, 5)), frames=frames, rate=rate), tmp_path)
    assert peaks.length == -(-20 * frames * rate.denominator // rate.numerator)
    assert [len(channel) for channel in peaks.channels] == [2 * peaks.length] * 2


def test_one_channel_stays_one_and_none_is_a_silent_one(tmp_path):
    room = recorded(tmp_path, 2, channels=1)
    file = room.files[0].path
    whole = room.timeline(0, 2)
    assert len(measure(whole, tmp_path).channels) == 1 and loud_pairs(measure(whole, tmp_path))
    silent = measure(over(part(file, 0, 50, (0, 50)), channels=0), tmp_path)
    assert len(silent.channels) == 1 and not silent.channels[0].any() and silent.length == 40


def test_a_file_with_fewer_channels_is_drawn_into_both(tmp_path):
    room = recorded(tmp_path, 2, channels=1)
    left, right = measure(over(part(room.files[0].path, 0, 50, (0, 50), 133_200)), tmp_path).channels
    assert left.any() and (left == right).all()


def test_clicks_stand_at_the_whole_seconds_of_their_pictures(tmp_path):
    """At 29.97, over a lost file: the click belongs to every 30th code."""
    room = recorded(tmp_path, 16, rate=Fraction(30000, 1001), holes=[(5, 6)], talks=[])
    whole = room.timeline(2, 15.5)
    high = measure(whole, tmp_path).channels[0].reshape(-1, 2)[:, 1].astype(int)
    first_code = 60
    clicks = [code - first_code for code in range(first_code, 464, 30) if not 120 <= code < 240]
    expected = {int(frame / whole.rate * 20) for frame in clicks}
    assert set(np.flatnonzero(high > 0.7 * high.max()).tolist()) == expected


def test_damage_costs_only_what_it_hits(tmp_path):
    file = write_ts(tmp_path / "a.ts", 2, sound=[LOUD] * 20)
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = b"\x55" * 2000
    file.write_bytes(content)
    assert len(loud_pairs(measure(over(part(file, 0, 50, (0, 50))), tmp_path))) > 20


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(Unreadable, match=r"^a\.ts cannot be read"):
        measure(over(part(tmp_path / "a.ts", 0, 50, (0, 50))), tmp_path)


def test_it_tells_how_far_it_is_and_stops_when_asked(tmp_path):
    file = write_ts(tmp_path / "a.ts", 12, sound=[LOUD] * 120)
    whole, parts = over(part(file, 0, 300, (0, 300)), frames=300), []
    measure(whole, tmp_path, parts.append)
    assert parts == sorted(parts) and len(parts) == 4 and parts[-1] == 1.0
    with pytest.raises(Stopped):
        measure(whole, tmp_path, stopped=lambda: True)


def test_every_track_has_a_waveform_and_all_a_fine_one(tmp_path):
    one = write_ts(tmp_path / "a.ts", 2, sound=[QUIET] * 5 + [LOUD] + [QUIET] * 14)
    two = write_ts(tmp_path / "b.ts", 2, sound=[QUIET] * 10 + [LOUD] + [QUIET] * 9)
    file = tmp_path / "both.ts"
    maps = ["-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-copyts", "-muxdelay", "0", "-muxpreload", "0"]
    command = [program("ffmpeg"), "-v", "error", "-i", str(one), "-i", str(two), *maps, str(file)]
    subprocess.run(command, check=True)
    peaks = measure(over(part(file, 0, 50, (0, 50), read_media(file).first_pts)), tmp_path)
    assert len(peaks.tracks) == 2 and len(peaks.others[0]) == 2
    first, second = (int(np.argmax(track[0].reshape(-1, 2)[:, 1])) for track in peaks.tracks)
    assert 9 <= first <= 12 and 19 <= second <= 22
    assert peaks.fine is not None and peaks.fine.shape == (peaks.length * 10, 4, 2)
    groups = peaks.fine.reshape(peaks.length, 10, 4, 2)
    assert (groups[:, :, 0, 1].max(axis=1) == peaks.channels[0].reshape(-1, 2)[:, 1]).all()
    told = json.loads(peaks.to_json())
    assert told["fine"] == {"per_second": 200, "channels": [2, 2], "pairs": 400} and len(told["others"][0]) == 2


def test_its_file_has_the_documented_form():
    peaks = Peaks((np.array([-5, 5, -127, 127], dtype=np.int8),), 2)
    assert json.loads(peaks.to_json()) == {
        "version": 1, "per_second": 20, "channels": [[-5, 5, -127, 127]], "frames_zero_s": 0.0, "length": 2,
    }  # fmt: skip
