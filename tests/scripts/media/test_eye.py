"""Black pictures, and pictures in which nothing moves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from demo.footage import record_room
from scripts.media.eye import picture_marks
from scripts.media.ffmpeg import Stopped
from scripts.media.survey import survey
from scripts.media.timeline import Timeline
from tests.scripts.media import rooms
from tests.scripts.media.conftest import BERLIN, START
from tests.scripts.media.test_containers import DV, convert


def film(path: Path, *scenes: tuple[str, int]) -> None:
    """Write scenes of so many seconds: 'moving', 'still' or 'black'; a key picture every second."""
    with av.open(str(path), "w", format="mpegts") as out:
        stream = out.add_stream("libx264", rate=5 * 5, options={"preset": "ultrafast", "g": "25", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        number = 0
        for what, seconds in scenes:
            for _ in range(25 * seconds):
                picture = np.full((48, 64, 3), 0 if what == "black" else 90, dtype=np.uint8)
                if what == "moving":
                    picture[:, (number // 25 * 7) % 56 :][:, :8] = 200
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                number += 1
        out.mux(stream.encode())


def built(raw: Path, seconds: float) -> Timeline:
    return rooms.built(survey(raw, "saal1", START, START + timedelta(seconds=seconds), BERLIN), START)


def told(timeline: Timeline, raw: Path) -> list[tuple[str, int, str]]:
    return [(mark.kind, round(mark.frame / 25), mark.text) for mark in picture_marks(timeline, raw)]


def test_black_and_still_pictures_are_marked_with_begin_and_end(tmp_path: Path) -> None:
    film(
        tmp_path / "saal1-2026-05-01_10-00-00.ts",
        ("moving", 10),
        ("black", 8),
        ("moving", 6),
        ("still", 70),
        ("moving", 4),
    )
    found = told(built(tmp_path, 98), tmp_path)
    assert [(kind, text.split(" for ")[0].split(" after ")[0]) for kind, _, text in found] == [
        ("black", "black"),
        ("black", "picture again"),
        ("frozen", "nothing moves"),
        ("frozen", "something moves again"),
    ]
    for (_, second, _), wanted in zip(found, (10, 18, 24, 94), strict=True):
        assert abs(second - wanted) <= 3


def test_a_moment_of_black_and_a_still_slide_for_half_a_minute_are_not(tmp_path: Path) -> None:
    film(
        tmp_path / "saal1-2026-05-01_10-00-00.ts",
        ("moving", 6),
        ("black", 2),
        ("moving", 6),
        ("still", 30),
        ("moving", 4),
    )
    assert told(built(tmp_path, 48), tmp_path) == []


def test_a_hole_ends_what_was_seen(tmp_path: Path) -> None:
    film(tmp_path / "saal1-2026-05-01_10-00-00.ts", ("moving", 4), ("black", 3))
    film(tmp_path / "saal1-2026-05-01_10-00-12.ts", ("black", 2), ("moving", 5))
    assert told(built(tmp_path, 19), tmp_path) == []


def test_it_is_seen_in_other_containers_too_and_damage_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ts").mkdir()
    (file,) = record_room(tmp_path / "ts", "saal1", START, 16, segment_s=16, size=(160, 90), black=[(4, 12)])
    convert(file.path, tmp_path / "saal1-2026-05-01_10-00-00.dv", *DV)
    timeline = built(tmp_path, 16)
    assert [(kind, second) for kind, second, _ in told(timeline, tmp_path)] == [("black", 4), ("black", 12)]
    (tmp_path / timeline.segments[0].file).write_bytes(b"gone")
    assert told(timeline, tmp_path) == []


def test_it_stops_on_request(tmp_path: Path) -> None:
    film(tmp_path / "saal1-2026-05-01_10-00-00.ts", ("moving", 4))
    with pytest.raises(Stopped):
        picture_marks(built(tmp_path, 4), tmp_path, lambda: True)
