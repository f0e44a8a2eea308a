"""A job of six chunks, and whether all of it was delivered."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

from demo.measure import video_md5
from scripts.media import chunks, ffmpeg
from scripts.media.chunks.ledger import Ledger
from scripts.media.verify import verify_encoding
from tests.scripts.media.chunks.crew import Cluster, Threads

SECONDS, RATE = 6, 25
FRAMES = SECONDS * RATE
Crew = Threads | Cluster
COUNT = 6


class Clip:
    """A job of six chunks in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        master: Path,
        crew: Crew,
        *,
        frames: int = FRAMES,
        seconds: float = SECONDS / COUNT,
        size: str = "128:72",
        preset: str = "ultrafast",
    ) -> None:
        self.folder, self.master, self.crew = folder / "ledger", master, crew
        self.frames, self.seconds, self.size, self.preset = frames, seconds, size, preset
        self.result = folder / "talk.mp4"
        self.stop = threading.Event()
        self.ledger = Ledger(self.folder)

    def argv(self) -> list[str]:
        picture = ["-map", "0:v:0", "-vf", f"fps=25/1,scale={self.size},setsar=1", "-c:v", "libx264", "-crf", "28"]
        sound = ["-map", "0:a:0", "-c:a", "aac", "-ar", "48000"]
        fast = ["-preset", self.preset, "-pix_fmt", "yuv420p"]
        return ["ffmpeg", "-i", str(self.master), *picture, *fast, *sound, "-movflags", "+faststart", str(self.result)]

    def encode(self) -> int:
        return chunks.encode(
            self.argv(), self.folder, self.master, frames=self.frames, rate=Fraction(RATE), seconds=self.seconds,
            pool=self.crew.pool(), stop=self.stop.is_set, progress=lambda _percent: None,
        )  # fmt: skip

    def begin(self) -> tuple[threading.Thread, list[object]]:
        """Encode in a thread; return it, and a list that gets what comes of it."""
        ended: list[object] = []

        def work() -> None:
            try:
                ended.append(self.encode())
            except (ffmpeg.FfmpegFailed, ffmpeg.Stopped, chunks.NotSplit, chunks.PoolLost) as error:
                ended.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        return thread, ended

    def done(self) -> list[str]:
        """List the chunks that are done."""
        return sorted(path.stem for path in self.folder.glob("?????.json") if path.stem.isdigit())

    def made(self) -> dict[str, int]:
        """Tell for each chunk that is done when."""
        return {name: (self.folder / f"{name}.json").stat().st_mtime_ns for name in self.done()}


def delivered(clip: Clip) -> str:
    """See that all frames are there, each at its time, and the sound; return the hash of the pictures."""
    measured = verify_encoding(clip.result, frames=FRAMES, seconds=SECONDS, rate=Fraction(RATE), has_video=True)
    assert measured.frames == FRAMES
    return video_md5(clip.result)
