"""Time of day for pictures and file names."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction


def wall_time(start: datetime, seconds: Fraction) -> datetime:
    """Add seconds to an aware time, in the zone of `start`, right also across a change of summer time."""
    moment = start.astimezone(UTC) + timedelta(microseconds=round(seconds * 1_000_000))
    return moment.astimezone(start.tzinfo)
