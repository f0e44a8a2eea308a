"""A talk with two languages, and an encoder that gets jobs from the shipped templates, as the tracker renders them."""

from __future__ import annotations

from pathlib import Path

from scripts.encoder import EncodeJob
from scripts.media import ffmpeg
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker import profiles
from tracker.profiles import shipped

RATE = "30000/1001"
FRAMES = 61
SECONDS = f"{FRAMES * 1001 / 30000:.6f}"
FAST = {"libx264": {"Format.Video.Preset": "ultrafast", "Format.Video.Profile": ""}}


class Rendered(dict[int, str]):
    """Jobs made of a shipped template when they are asked for, of what the ticket says then."""

    def __init__(self, tracker: ScriptedTracker, file: str) -> None:
        super().__init__()
        self._tracker, self._file = tracker, file

    def __getitem__(self, ticket_id: int) -> str:
        values = {name: value for name, value in self._tracker.properties[ticket_id].items() if value}
        return profiles.render(shipped.template(self._file), dict(sorted(values.items()))).decode()


def make_master(path: Path) -> Path:
    """Make a cut master of 61 pictures of 16:9 in 4:3 pixels: a loud stream, left only, and a quiet one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = f"testsrc2=s=192x144:r={RATE},setsar=4/3"
    loud = f"sine=400:r=48000:d={SECONDS},volume=12dB,pan=stereo|c0=c0|c1=0*c0"
    quiet = f"sine=900:r=48000:d={SECONDS},volume=-12dB,aformat=channel_layouts=stereo"
    sources = [word for made in (picture, loud, quiet) for word in ("-f", "lavfi", "-i", made)]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-frames:v", str(FRAMES)]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", *sources, *maps, *codecs, str(path)])
    return path


def encode(tracker: ScriptedTracker, shift: Shift, mount: Path, slug: str, **more: str) -> tuple[str, str]:
    """Encode the talk for a shipped profile; *more* are properties with `__` for dots. Return how it ended."""
    _, extension, file, stored = profiles.SHIPPED[slug]
    talk = {
        "Processing.Path.Tmp": f"{mount}/tmp",
        "Processing.Path.Output": f"{mount}/out",
        "Project.Slug": "demo",
        "Fahrplan.ID": "7",
        "Fahrplan.Title": "Öfen & <Züge>",
        "EncodingProfile.Basename": "talk",
        "EncodingProfile.Extension": extension,
        "EncodingProfile.Slug": slug,
        "Record.Framerate": RATE,
        "Record.Cutdiffframes": str(FRAMES),
        "Record.Cutdiffseconds": SECONDS,
        "Record.Language": "deu-eng",
    }
    (mount / "out").mkdir(exist_ok=True)
    given = {name.replace("__", "."): value for name, value in more.items()}
    values = talk | dict(stored) | FAST.get(stored.get("Format.Video.Codec", ""), {}) | given
    tracker.add(9, service="encoding", **{name.replace(".", "__"): value for name, value in values.items() if value})
    tracker.jobfiles = Rendered(tracker, file)
    loop.step(EncodeJob(), shift)
    how, _, said = tracker.ended[-1]
    return how, said
