"""The whole demonstration, disturbed: `python -m tests.faults.disturbed <folder> <day> [<seed> <recordings>]`.

Its work folders are small file systems in memory that nobody else sees. While it runs, workers are killed or frozen for
longer than their lease, folders are full or read-only for some seconds, and ffmpeg gets on by fits and starts, as with
a slow disk, when and to whom the seed says. People only do what they always do. The recordings are those of an earlier
run: two recorders do not write the same bytes. Prints JSON: what was done, the hash of every file, what is left.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import av
import psutil

from demo.conference import SLUG
from demo.measure import video_md5
from demo.play import Play
from demo.stage import WORKERS, Stage, StageFailed
from tests.faults.works import fingerprint
from tracker import projects, properties
from tracker.db import transaction

PATIENCE_S = 1500.0
SMALL_MB = 96
KILLED = WORKERS[1:]
WRITTEN = ("Tmp", "Output", "Prerelease", "Release")
LEASE_S = 4


class Chaos:
    """Does something to a stage now and then, as the seed says, and puts it right again."""

    def __init__(self, stage: Stage, seed: int) -> None:
        """Prepare; nothing is done yet."""
        self.stage, self.random = stage, random.Random(seed)
        self.done: Counter[str] = Counter()
        self._next = time.monotonic() + 10

    def turn(self) -> None:
        """Do the next thing when it is time, and start again what was killed."""
        for name in self.stage.dead():
            self.stage.running.pop(name)
            self.stage.start_worker(name.rstrip("1"))
        if time.monotonic() < self._next:
            return
        deed = self.random.choice((self.kill, self.kill, self.freeze, self.full, self.read_only, self.slow_disk))
        deed()
        self._next = time.monotonic() + self.random.uniform(1, 5)

    def kill(self) -> None:
        """Kill a worker as a power failure does."""
        kind = self.random.choice(KILLED)
        self.stage.kill(f"{kind}1")
        self.stage.start_worker(kind)
        self.done[f"{kind} killed"] += 1

    def freeze(self) -> None:
        """Freeze a worker for longer than its lease."""
        kind = self.random.choice(KILLED)
        process = self.stage.running[f"{kind}1"]
        process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_S + 2)
        process.send_signal(signal.SIGCONT)
        self.done[f"{kind} frozen"] += 1

    def full(self) -> None:
        """Fill a folder to the last byte for some seconds."""
        place = self.random.choice(WRITTEN)
        ballast = self.stage.path(place) / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))
        with suppress(OSError), ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))
        time.sleep(self.random.uniform(2, 5))
        ballast.unlink()
        self.done[f"{place} full"] += 1

    def read_only(self) -> None:
        """Let nobody write to a folder for some seconds, as soon as nobody does."""
        place = self.random.choice(WRITTEN)
        for _ in range(200):
            if _mount("-o", "remount,ro", self.stage.path(place)):
                break
            time.sleep(0.02)
        else:
            return
        time.sleep(self.random.uniform(2, 5))
        assert _mount("-o", "remount,rw", self.stage.path(place))
        self.done[f"{place} read-only"] += 1

    def slow_disk(self) -> None:
        """Let the programs of all workers get on by fits and starts for some seconds."""
        for _ in range(self.random.randint(4, 10)):
            running = [each for each in _programs(self.stage) if _told(each, signal.SIGSTOP)]
            time.sleep(0.4)
            for each in running:
                _told(each, signal.SIGCONT)
            time.sleep(0.1)
        self.done["slow disk"] += 1


class Again(Stage):
    """A stage on which the recordings of an earlier run are played again."""

    recordings: Path | None = None

    def start_server(self) -> None:
        """Put them in the place of what was recorded just now, before anybody looks."""
        for file in self.recordings.iterdir() if self.recordings else ():
            shutil.copy2(file, self.path("Raw") / file.name)
        super().start_server()


def _programs(stage: Stage) -> list[psutil.Process]:
    """List the programs that work on the mount of a stage."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        named, words = process.info["name"] or "", process.info["cmdline"] or []
        if named.startswith("ffmpeg") and any(str(stage.mount) in word for word in words):
            found.append(process)
    return found


def _told(process: psutil.Process, number: signal.Signals) -> bool:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
        return True
    return False


def _mount(*words: str | Path) -> bool:
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0


def main(folder: Path, day: datetime, seed: int | None, recordings: Path | None) -> None:
    """Play and print what came of it."""
    scratch = folder / "scratch"
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    scratch.mkdir()
    extra = {"POLL_S": "0.5", "RESERVE_MB": "1", "RETRY_S": "2", "CHUNK_S": "5"}
    named = {f"FAHRWERK_{name}": value for name, value in extra.items()}
    stage = Again(folder, lease_s=LEASE_S, extra=named | {"TMPDIR": str(scratch)})
    stage.recordings = recordings
    stage.prepare()
    for place in WRITTEN:
        if not _mount("-t", "tmpfs", "-o", f"size={SMALL_MB}m,mode=755", "tmpfs", stage.path(place)):
            raise SystemExit(
                "A small file system cannot be mounted: run it as root, with unshare (apt-get install mount)."
            )
    play = Play(stage, lambda line: print(line, file=sys.stderr), whole=True)
    try:
        play.open(day)
        raw = fingerprint(stage.path("Raw"))
        with stage.domain():
            _in_chunks()
        chaos = Chaos(stage, seed or 0)
        _drive(play, chaos if seed is not None else None)
        found = {"seed": seed, "done": dict(sorted(chaos.done.items())), "files": _released(stage)}
        found |= {"sources_untouched": fingerprint(stage.path("Raw")) == raw}
    finally:
        stage.stop()
    print(json.dumps(found | {"left": _left(stage), "processes": _processes(stage)}))


def _in_chunks() -> None:
    """Have all talks encoded in chunks, so that what is resumed counts, too; bad luck alone fails no ticket."""
    with transaction():
        properties.write(projects.get(SLUG), {"Processing.Chunks": "1"})
        projects.get(SLUG).max_attempts = 100


def _drive(play: Play, chaos: Chaos | None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with play.stage.domain():
        while not play.turn():
            if time.monotonic() > deadline:
                raise StageFailed(f"not all is done:\n{play._standing()}")
            if chaos is not None:
                chaos.turn()
            time.sleep(0.3)


def _released(stage: Stage) -> dict[str, str]:
    """Return the hash of all pictures and samples of every released file."""
    files = (path for path in sorted(stage.path("Release").iterdir()) if path.suffix in (".mp4", ".mp3", ".opus"))
    return {path.name: _hash(path) for path in files}


def _hash(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            digest.update(frame.to_ndarray().tobytes())
    return f"{video_md5(path) if path.suffix == '.mp4' else '-'} {digest.hexdigest()}"


def _left(stage: Stage) -> list[str]:
    """List what nobody needs any more: parts, chunks, ballast, hidden copies."""
    files = [path for path in stage.mount.rglob("*") if path.is_file()]
    odd = [path for path in files if ".part" in path.name or "chunks" in path.parts or path.name == "ballast"]
    hidden = [path for path in stage.path("Prerelease").rglob("*") if path.is_file() and path.suffix == ".mp4"]
    return sorted(str(path.relative_to(stage.mount)) for path in {*odd, *hidden})


def _processes(stage: Stage) -> list[str]:
    own = os.getpid()
    return [
        " ".join(process.info["cmdline"])[:200]
        for process in psutil.process_iter(["cmdline"])
        if process.pid != own and any(str(stage.mount) in word for word in process.info["cmdline"] or [])
    ]


if __name__ == "__main__":
    _, place, date, *more = sys.argv
    main(Path(place), datetime.fromisoformat(date), *((int(more[0]), Path(more[1])) if more else (None, None)))
