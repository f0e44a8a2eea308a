"""What a machine has and lacks for the server: one finding per question, each with the remedy."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

from scripts.media.programs import ProgramMissing, program
from tracker import database
from tracker.errors import TrackerError
from tracker.settings import Settings, SettingsError

LEAST_PYTHON = (3, 11)
LEAST_FREE = 1_000_000_000
"""Bytes that have to be free on the disk of the database."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question."""

    subject: str
    good: bool
    text: str


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Answer all questions about this machine and the settings in *environ*, one after the other."""
    yield _python()
    yield _ffmpeg()
    yield _player()
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        yield from (Finding("settings", False, problem) for problem in error.problems)
        return
    yield Finding("settings", True, "no mistakes")
    for look in (_database, _space):
        yield _answered(look, settings)
    yield from _media_roots(settings)
    if settings.public_url or settings.proxies:
        yield _proxies(settings)


def _python() -> Finding:
    good = sys.version_info >= LEAST_PYTHON
    return Finding("python", good, platform.python_version() + ("" if good else ": 3.11 or newer is needed"))


def _ffmpeg() -> Finding:
    try:
        path = program("ffmpeg")
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30)
    except ProgramMissing as error:
        return Finding("ffmpeg", False, str(error))
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("ffmpeg", False, f"{path} cannot be run: {error}")
    first = (done.stdout.splitlines() or ["says nothing"])[0]
    return Finding("ffmpeg", done.returncode == 0, f"{path}: {first.split(' Copyright')[0]}")


def _player() -> Finding:
    file = files("tracker") / "gui" / "static" / "vendor" / "hls.min.js"
    good = file.is_file()
    return Finding("hls.js", good, "present" if good else f"{file} is missing: run `make install`")


def _answered(look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except TrackerError as error:
        return Finding(look.__name__.strip("_"), False, str(error))


def _database(settings: Settings) -> Finding:
    if not settings.embedded and (reason := database.refusal(settings.database_url)):
        return Finding("database", False, f"{database.shown(settings.database_url)}: {reason}")
    if settings.embedded and not (settings.data_dir / "postgres").is_dir():
        return Finding("database", True, f"embedded, to be made in {settings.data_dir} at the first start")
    with database.connected(settings) as ready:
        seen = database.status(ready.database_url)
        if not settings.embedded:
            database.check(ready.database_url)
    place = f"embedded, in {settings.data_dir}" if settings.embedded else database.shown(settings.database_url)
    return Finding("database", True, f"PostgreSQL {seen.server}, {place}, revision {seen.revision or 'none yet'}")


def _space(settings: Settings) -> Finding:
    folder = settings.data_dir if settings.data_dir.is_dir() else Path("/")
    free = shutil.disk_usage(folder).free
    advice = "" if free >= LEAST_FREE else ": make room"
    return Finding("space", free >= LEAST_FREE, f"{free / 1e9:.1f} GB free at {folder}{advice}")


def _proxies(settings: Settings) -> Finding:
    if settings.proxies:
        return Finding("proxies", True, f"believed: {', '.join(map(str, settings.proxies))}")
    local = ip_address(settings.bind).is_loopback or settings.public_url.startswith("https:")
    advice = (
        "none in FAHRWERK_PROXIES, but a reverse proxy seems to be in front: all callers have its address for us, and "
        "a limit on failed logins hits everybody at once; name the proxy's address"
    )
    return Finding("proxies", not local, advice if local else "none in FAHRWERK_PROXIES, calls come directly")


def _media_roots(settings: Settings) -> Iterator[Finding]:
    if not settings.media_roots:
        yield Finding("media", True, "no FAHRWERK_MEDIA_ROOTS: the pages play nothing")
    for root in settings.media_roots:
        readable = os.access(root, os.R_OK | os.X_OK)
        free = shutil.disk_usage(root).free
        text = f"{root}: {free / 1e9:.1f} GB free" if readable else f"{root} may not be read by this user"
        yield Finding("media", readable, text)
