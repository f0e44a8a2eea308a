"""Recordings of an hour and more, made in seconds: a minute of a talk, its packets written again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import av
from av.packet import Packet
from av.stream import Stream

from demo.footage import record_room
from scripts.media.recording import Talk, build
from scripts.media.survey import survey
from scripts.media.timeline import PTS_CLOCK, Timeline

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 5, 1, 10, tzinfo=ZONE)
RATE, SIZE = Fraction(25), (1280, 720)
TURN_S, TURNS_PER_FILE = 64, 3
"""64 s are whole frames of the picture and whole blocks of AAC (1024 samples at 48 kHz)."""


def minute(folder: Path) -> Path:
    """Record 64 s of a room in 720 lines: H.264 with B-frames, a closed group every 2 s, AAC."""
    (file,) = record_room(folder, "once", START, TURN_S, size=SIZE, segment_s=600, talks=[(0, TURN_S, "A lamp")])
    return file.path


def long_recording(raw: Path, once: Path, seconds: int) -> Timeline:
    """Write at least so many seconds of one recorder run to `raw`, in files of some minutes; return their timeline."""
    raw.mkdir()
    turns = -(-seconds // TURN_S)
    for first in range(0, turns, TURNS_PER_FILE):
        at = START + timedelta(seconds=first * TURN_S)
        _write(raw / f"saal1-{at:%Y-%m-%d_%H-%M-%S}.ts", once, range(first, min(first + TURNS_PER_FILE, turns)))
    stop = START + timedelta(seconds=seconds)
    found = survey(raw, "saal1", START, stop, ZONE, still_s=0)
    return build(found, Talk("bench", 1, "A lamp", START, stop))


def _write(path: Path, once: Path, turns: range) -> None:
    """Write the packets of `once` for each of the turns, their stamps going on; the encoder's padding is left out."""
    with av.open(str(once)) as source:
        packets = [packet for packet in source.demux() if packet.pts is not None and packet.dts is not None]
        with av.open(str(path), "w", format="mpegts", options={"mpegts_copyts": "1"}) as out:
            streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
            turn_ticks, firsts = TURN_S * PTS_CLOCK, _first_stamps(packets)
            for turn in turns:
                for packet in packets:
                    if (packet.dts or 0) - firsts[packet.stream_index] < turn_ticks:
                        out.mux(_shifted(packet, turn * turn_ticks, streams[packet.stream_index]))


def _first_stamps(packets: Sequence[Packet[Stream]]) -> dict[int, int]:
    firsts: dict[int, int] = {}
    for packet in packets:
        firsts.setdefault(packet.stream_index, packet.dts or 0)
    return firsts


def _shifted(packet: Packet[Stream], ticks: int, stream: Stream) -> Packet[Stream]:
    later: Packet[Stream] = Packet(bytes(packet))
    later.pts, later.dts = (packet.pts or 0) + ticks, (packet.dts or 0) + ticks
    later.time_base, later.duration, later.is_keyframe = packet.time_base, packet.duration, packet.is_keyframe
    later.stream = stream
    return later
