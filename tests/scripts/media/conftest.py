"""Small recordings, made once per session and never changed by a test."""

from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from demo.footage import Recorded, record_room

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 5, 1, 10, 0, 0, tzinfo=BERLIN)
NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="session")
def pal(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    """Twelve seconds at 25 frames in three segments; the hall speaks all the time."""
    folder = tmp_path_factory.mktemp("pal")
    return record_room(folder, "saal1", START, 12, segment_s=4, talks=[(0, 12, "A lamp")], first_code=500)
