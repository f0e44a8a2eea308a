"""What an uploaded file is, found out in a process of its own: a hostile one may only take that down."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import InvalidInput

PATIENCE_S = 60
LEAST_S = 1.0
PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from pathlib import Path
from scripts.media.probe import MediaUnreadable, probe
try:
    media = probe(Path(sys.argv[1]), video_needed=True)
except MediaUnreadable as error:
    print(json.dumps({"problem": str(error)}))
else:
    print(json.dumps({"seconds": media.duration_s, "width": media.video.width, "height": media.video.height,
        "codec": media.video.codec, "sounds": len(media.audio), "container": media.container}))
"""


@dataclass(frozen=True)
class Found:
    """Length in seconds, size of the picture in pixels, codec, number of audio tracks, container."""

    seconds: float
    width: int
    height: int
    codec: str
    sounds: int
    container: str

    @property
    def sentence(self) -> str:
        """Say it in words."""
        sound = {0: "no sound", 1: "one audio track"}.get(self.sounds, f"{self.sounds} audio tracks")
        return f"{self.seconds:.1f} s, {self.codec} {self.width} x {self.height}, {sound}, {self.container}"


def probe(path: Path, shown: str) -> Found:
    """Read what a file is; *shown* names it in sentences. Raises InvalidInput for what is no recording."""
    command = [sys.executable, "-c", PROGRAM, str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise InvalidInput(f"{shown} cannot be read as a video; convert it to MP4 or Matroska.", "file") from None
    if "problem" in answer:
        raise InvalidInput(answer["problem"].replace(path.name, shown), "file")
    found = Found(**answer)
    if not found.seconds >= LEAST_S:
        raise InvalidInput(f"{shown} is shorter than a second or does not tell its length; convert it anew.", "file")
    return found
