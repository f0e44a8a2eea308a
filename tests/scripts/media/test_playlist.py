"""The HLS playlist: its text, its times, and that it plays."""

import re
from datetime import timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from demo.footage import read_code
from scripts.media.playlist import playlist
from scripts.media.recording import Talk, build
from scripts.media.survey import assess
from scripts.media.timeline import RATES, Timeline
from tests.scripts.media.rooms import BEGIN, BERLIN, Room, recorded
from tests.scripts.media.tiny import SECOND, unwritten

START = BEGIN
FILES = st.lists(st.tuples(st.integers(-30, 100), st.integers(1, 800), st.integers(0, 900)), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory) -> Room:
    """Files at 0, 4, 8 and, after a restart, 15 and 19 s."""
    return recorded(tmp_path_factory.mktemp("restarted"), 22, holes=[(12, 15)], restart=True)


def imagined(files: list[tuple[int, int, int]], rate: Fraction = Fraction(25), length_s: int = 100) -> Timeline:
    """Build a timeline over files that exist only as (second, frames, first PTS in seconds)."""
    found = [
        unwritten(f"saal 1/ä#{k}%.ts", START + timedelta(seconds=second), frames, first_pts=pts * SECOND, rate=rate)
        for k, (second, frames, pts) in enumerate(sorted(files))
    ]
    stop = START + timedelta(seconds=length_s)
    return build(assess(found, Path("/raw"), "saal1", START, stop, BERLIN), Talk("demo", 7, "x", START, stop))


def lengths(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"#EXTINF:(\d+\.\d{6}),", text)]


def test_it_is_a_finished_list_of_the_files(restarted):
    text = playlist(restarted.timeline(2, 22))
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:4\n")
    assert text.endswith("\nsaal1-2026-05-02_00-00-09.ts\n#EXT-X-ENDLIST\n")
    assert [line for line in text.splitlines() if not line.startswith("#")] == [f.path.name for f in restarted.files]


def test_a_discontinuity_stands_where_the_recorder_restarted_and_nowhere_else(restarted):
    before, after = playlist(restarted.timeline(2, 22)).split("#EXT-X-DISCONTINUITY\n")
    assert before.count("#EXTINF") == 3 and after.count("#EXTINF") == 2
    assert after.startswith("#EXT-X-PROGRAM-DATE-TIME:2026-05-02T00:00:05.000+02:00\n#EXTINF:4.000000,\n")


def test_a_hole_within_a_take_is_a_discontinuity_too():
    text = playlist(imagined([(0, 250, 10), (20, 250, 30)]))
    assert text.count("#EXT-X-DISCONTINUITY") == 1 and lengths(text) == [10, 10]


def test_a_frame_lost_at_a_joint_is_none():
    text = playlist(imagined([(0, 249, 10), (10, 250, 20)]))
    assert "DISCONTINUITY" not in text and lengths(text) == [10, 10]


def test_names_are_quoted():
    assert "\nsaal%201/%C3%A4%230%25.ts\n" in playlist(imagined([(0, 250, 10)]))


@settings(deadline=None)
@given(FILES, st.sampled_from(RATES))
def test_its_times_are_the_ones_of_the_timeline(files, rate):
    whole = imagined([*files, (0, 100, 1000)], rate)
    sums = [round(total, 6) for total in accumulate(lengths(playlist(whole)), initial=0.0)]
    assert [segment.playlist_s for segment in whole.segments] == sums[:-1]


@settings(deadline=None)
@given(FILES, st.sampled_from(RATES), st.floats(0, 0.44))  # the next file may begin half a frame early
@example([(0, 360, 100), (1, 1, 106)], Fraction(60000, 1001), 0.44)
def test_every_picture_is_found_in_the_playlist_and_back(files, rate, part):
    whole = imagined([*files, (0, 100, 1000)], rate)
    for piece in whole.pieces(0, whole.frames):
        for frame in {piece.first_frame, piece.stop_frame - 1, (piece.first_frame + piece.stop_frame) // 2}:
            assert whole.segment_at(frame) == piece.segment
            assert whole.playlist_to_frame(whole.frame_to_playlist(frame) + part / float(rate)) == frame


@settings(deadline=None)
@given(FILES)
def test_a_timeline_built_from_anything_can_be_written_and_read(files):
    whole = imagined([*files, (0, 100, 1000)])
    assert Timeline.from_json(whole.to_json()) == whole


def test_it_plays_with_every_frame_in_its_place(restarted, tmp_path):
    whole = restarted.timeline(2, 22)
    for file in restarted.files:
        (tmp_path / file.path.name).symlink_to(file.path)
    (tmp_path / "index.m3u8").write_text(playlist(whole))
    codes = played(tmp_path / "index.m3u8")
    assert codes == [*range(300), *range(375, 550)]
    assert [codes[round(whole.frame_to_playlist(frame) * 25)] for frame in (0, 249, 330, 499)] == [50, 299, 380, 549]


def played(path: Path) -> list[int | None]:
    with av.open(
        str(path), format="hls", options={"protocol_whitelist": "file", "allowed_extensions": "ts"}
    ) as playing:
        return [
            read_code(np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)) for frame in playing.decode(video=0)
        ]


def test_a_player_sees_time_go_on_evenly_inside_a_take(tmp_path):
    room = recorded(tmp_path, 10, rate=Fraction(30000, 1001))
    whole = room.timeline(0, 10)
    (tmp_path / "index.m3u8").write_text(playlist(whole))
    with av.open(str(tmp_path / "index.m3u8"), format="hls", options={"protocol_whitelist": "file"}) as playing:
        stamps = sorted(packet.pts for packet in playing.demux(video=0) if packet.pts is not None)
    assert {after - before for before, after in pairwise(stamps)} == {3003}
    assert [round(segment.playlist_s * 90_000) for segment in whole.segments] == [0, 120 * 3003, 240 * 3003]
