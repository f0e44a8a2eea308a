"""The inspection: are the released files what the cut marks say, to the picture and the click?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from demo.conference import SLUG, TALKS, Footage, Talk
from demo.measure import av_offset_ms, click_times, frame_codes
from demo.play import Play, made
from scripts.media.probe import probe
from tracker import projects, properties, queries
from tracker.models import Ticket

SAMPLES = 50
"""So many pictures between the first and the last one are read."""

LENGTH_MS = 60
"""A sound file may be so much longer or shorter than the talk: lossy encoders work in frames."""

EDGE_S = 0.05
"""Clicks so close to the beginning or the end may be cut in two."""


def result(play: Play) -> dict[str, Any]:
    """Return what became of every talk and its files, and a list of problems, empty when all is right."""
    problems: list[str] = []
    with play.stage.domain():
        talks = {ticket.fahrplan_id: ticket for ticket in queries.talks(projects.get(SLUG).id)}
        found = [_talk(play, talk, talks[talk.fahrplan_id], problems) for talk in TALKS]
    problems += _strangers(play.stage.path("Release"), [file["path"] for talk in found for file in talk["files"]])
    return {"talks": found, "problems": problems}


def _talk(play: Play, talk: Talk, ticket: Ticket, problems: list[str]) -> dict[str, Any]:
    children = [] if talk.optout else made(ticket)
    footage = play.footage[talk.fahrplan_id]
    files = [_file(play, footage, child, problems) for child in children]
    states = [entry.to_state for entry in reversed(queries.history([ticket.id])) if entry.to_state]
    if talk.optout and (states != ["locked"] or any(c.state != "material needed" for c in ticket.children)):
        problems.append(f"talk {talk.fahrplan_id} opted out, but was touched: {states}")
    if footage.has_hole and not properties.own(ticket).get("Record.Holes"):
        problems.append(f"talk {talk.fahrplan_id} has a hole and does not say so")
    return {
        "fahrplan_id": talk.fahrplan_id,
        "title": ticket.title,
        "states": [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state],
        "holes": properties.own(ticket).get("Record.Holes", ""),
        "files": files,
        "off": [child.off for child in ticket.children if child.off],
    }


def _file(play: Play, footage: Footage, ticket: Ticket, problems: list[str]) -> dict[str, Any]:
    values = properties.merged(ticket)
    name = f"{values['EncodingProfile.Basename']}.{values['EncodingProfile.Extension']}"
    path = play.stage.path("Release") / name
    report: dict[str, Any] = {"path": str(path), "profile": values["EncodingProfile.Slug"], "state": ticket.state}
    report |= {"expected_frames": None, "frames": None, "av_offset_ms": None, "sha256": None}
    if not path.is_file():
        problems.append(f"{name} was not released")
        return report
    report["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    if report["sha256"] != values.get("Release.SHA256"):
        problems.append(f"{name} has another checksum than the tracker knows")
    has_video = probe(path).video is not None
    report |= _video(path, footage, problems) if has_video else _sound(path, footage, problems)
    return report


def _video(path: Path, footage: Footage, problems: list[str]) -> dict[str, Any]:
    expected = footage.codes
    codes = frame_codes(path)
    if len(codes) != len(expected):
        problems.append(f"{path.name} has {len(codes)} pictures instead of {len(expected)}")
    wrong = [index for index in _samples(len(expected)) if index >= len(codes) or codes[index] != expected[index]]
    if wrong:
        seen = codes[wrong[0]] if wrong[0] < len(codes) else None
        problems.append(f"{path.name} shows {seen} as picture {wrong[0]} instead of {expected[wrong[0]]}")
    offset = av_offset_ms(path, footage.rate)
    _judge_offset(path, footage.rate, offset, problems)
    return {"expected_frames": len(expected), "frames": len(codes), "av_offset_ms": round(offset, 2) + 0.0}


def _samples(frames: int) -> Sequence[int]:
    """Choose the first, the last and SAMPLES frames evenly in between."""
    return sorted({round(index * (frames - 1) / (SAMPLES + 1)) for index in range(SAMPLES + 2)})


def _sound(path: Path, footage: Footage, problems: list[str]) -> dict[str, Any]:
    length = float(len(footage.codes) / footage.rate)
    measured = probe(path).duration_s
    if abs(measured - length) * 1000 > LENGTH_MS:
        problems.append(f"{path.name} lasts {measured:.3f} s instead of {length:.3f} s")
    expected = [time for time in _clicks(footage) if EDGE_S < time < length - EDGE_S]
    heard = [time for time in click_times(path) if EDGE_S < time < length - EDGE_S]
    if len(heard) != len(expected):
        problems.append(f"{path.name} has {len(heard)} clicks instead of {len(expected)}")
        return {}
    offsets = [1000 * (is_at - should) for is_at, should in zip(heard, expected, strict=True)]
    for offset in (min(offsets), max(offsets)):
        _judge_offset(path, footage.rate, offset, problems)
    return {"av_offset_ms": round(median(offsets), 2) + 0.0}


def _clicks(footage: Footage) -> Iterator[float]:
    """Say when the clicks of the talk have to be heard, in seconds: with the pictures of the whole seconds."""
    step = round(footage.rate)
    return (float(index / footage.rate) for index, code in enumerate(footage.codes) if code % step == 0)


def _judge_offset(path: Path, rate: Fraction, offset_ms: float, problems: list[str]) -> None:
    if abs(offset_ms) > 1000 / rate:
        problems.append(f"{path.name}: sound and picture are {offset_ms:.0f} ms apart")


def _strangers(folder: Path, expected: Sequence[str]) -> list[str]:
    """Name public files that no talk accounts for."""
    known = {Path(path).name for path in expected}
    allowed = known | {f"{name}.sha256" for name in known} | {"index.html"}
    found = (path.name for path in folder.iterdir() if not path.name.startswith("."))
    return [f"{name} is public, but no talk accounts for it" for name in sorted(found) if name not in allowed]
