"""Small pictures of a recording: one sheet, holes grey, what cannot be read grey."""

import io
import json

import av
import numpy as np
import pytest

from scripts.media import thumbs
from scripts.media.ffmpeg import Stopped
from tests.scripts.media.rooms import recorded


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("raw"), 26, holes=[(9, 11)])


def tiles(sheet, image):
    with av.open(io.BytesIO(image), format="mjpeg") as container:
        whole = next(container.decode(video=0)).to_ndarray(format="rgb24")
    rows = [whole[y : y + sheet.height] for y in range(0, whole.shape[0], sheet.height)]
    return [row[:, x : x + sheet.width] for row in rows for x in range(0, whole.shape[1], sheet.width)][: sheet.count]


def test_each_part_of_the_recording_has_its_picture_and_a_hole_none(room):
    sheet, image = thumbs.make(room.timeline(0, 24), room.raw)
    assert json.loads(sheet.to_json()) == {"version": 1, "count": 4, "columns": 4, "width": 128, "height": 72}
    found = tiles(sheet, image)
    assert [tile.std() > 10 for tile in found] == [True, False, True, True]


def test_pictures_are_those_of_their_time(room):
    sheet, image = thumbs.make(room.timeline(0, 24), room.raw)
    again = tiles(sheet, image)
    assert np.abs(again[0].astype(int) - again[3].astype(int)).max() > 60


def test_a_file_that_is_gone_leaves_its_places_grey(room, tmp_path):
    sheet, image = thumbs.make(room.timeline(0, 24), tmp_path)
    assert max(tile.std() for tile in tiles(sheet, image)) < 2


def test_it_stops_when_asked(room):
    with pytest.raises(Stopped):
        thumbs.make(room.timeline(0, 24), room.raw, lambda: True)
