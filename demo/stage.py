"""The stage of a demonstration: a folder with a mount, a server and workers as real processes in it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask

from scripts.media import leash
from tracker import database
from tracker.app import create_app
from tracker.settings import Settings

WORKERS = ("record", "merge", "copy", "encode", "postprocess", "release")
STARTUP_S, PATIENCE_S = 90.0, 20.0
PATHS = {"Raw": "raw", "Tmp": "tmp", "Output": "output", "Prerelease": "hidden", "Release": "public"}


class StageFailed(Exception):
    """A process of the demonstration did not start or ended by itself."""


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stage:
    """One demonstration: where its files lie and which of its processes run."""

    folder: Path
    port: int = field(default_factory=free_port)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    extra: Mapping[str, str] = field(default_factory=dict)
    lease_s: int = 20
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the address of the pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mount(self) -> Path:
        """Return what a real installation mounts on every host."""
        return self.folder / "mount"

    def path(self, name: str) -> Path:
        """Return one of Processing.Path.*."""
        return self.mount / PATHS[name]

    def prepare(self) -> None:
        """Make the folders. The database's own user has to get through when everything runs as root."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        for name in (*PATHS.values(), "uploads"):
            (self.mount / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "logs").mkdir(exist_ok=True)

    def environment(self) -> dict[str, str]:
        """Return the environment of all processes: nothing of the caller's own configuration gets in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("FAHRWERK_")}
        for kept in ("FAHRWERK_FFMPEG", "FAHRWERK_CORPUS"):
            if kept in os.environ:
                own[kept] = os.environ[kept]
        return own | {
            "FAHRWERK_DATA_DIR": str(self.folder / "data"),
            "FAHRWERK_BIND": "127.0.0.1",
            "FAHRWERK_PORT": str(self.port),
            "FAHRWERK_SECRET": self.secret,
            "FAHRWERK_MEDIA_ROOTS": str(self.mount),
            "FAHRWERK_TRACKER_URL": self.url,
            "FAHRWERK_WORKER_ROOTS": str(self.mount),
            "FAHRWERK_UPLOADS": str(self.mount / "uploads"),
            "FAHRWERK_WORKER_HOST": "demo.localhost",
            "FAHRWERK_RESERVE_MB": "64",
            "FAHRWERK_POLL_S": "1",
            "FAHRWERK_LEASE_S": str(self.lease_s),
            "XDG_RUNTIME_DIR": str(self.folder),
            **self.extra,
        }

    def start(self, name: str, *arguments: str, extra: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start ``fahrwerk <arguments>`` as process *name*; its output goes to ``logs/<name>.log``.

        The process ends when this one does, however that happens.
        """
        fahrwerk = [sys.executable, "-c", "from tracker.cli import main; main()"]
        command = [sys.executable, str(leash.__file__), str(os.getpid()), *fahrwerk, *arguments]
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment() | dict(extra or {}),
                start_new_session=True,
            )
        self.running[name] = process
        return process

    def start_server(self) -> None:
        """Start the server and wait until its pages answer. Raises StageFailed with the end of its log."""
        process = self.start("server", "serve")
        deadline = time.monotonic() + STARTUP_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StageFailed(f"The server did not start:\n{self.log_tail('server')}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def start_worker(self, kind: str, number: int = 1, extra: Mapping[str, str] | None = None) -> None:
        """Start one of WORKERS; several of a kind are told apart by *number*."""
        self.start(f"{kind}{number}", "worker", kind, extra=extra)

    def log_tail(self, name: str, characters: int = 3000) -> str:
        """Return the end of a process' output."""
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def dead(self) -> list[str]:
        """List the processes that ended by themselves."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def kill(self, name: str) -> None:
        """End a process (the server with its children) at once by SIGKILL, as a power failure would."""
        process = self.running.pop(name)
        children = psutil.Process(process.pid).children(recursive=True) if name == "server" else []
        for each in (process, *children):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()

    def stop(self) -> None:
        """Stop workers, then the server: politely, then insistently, then by force."""
        names = [name for name in self.running if name != "server"]
        self._end(names, (signal.SIGTERM, signal.SIGTERM))
        self._end(["server"], (signal.SIGTERM,))

    def _end(self, names: list[str], signals: tuple[signal.Signals, ...]) -> None:
        processes = [self.running.pop(name) for name in names if name in self.running]
        for number in signals:
            for process in processes:
                with suppress(ProcessLookupError):
                    process.send_signal(number)
            time.sleep(0.2 if number is not signals[-1] else 0)
        for process in processes:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def domain(self) -> Iterator[Flask]:
        """Open the tracker's own functions on the stage's database, as an operator's command does."""
        settings = Settings.from_env(self.environment())
        with database.connected(settings) as connected:
            app = create_app(connected)
            with app.app_context():
                yield app
