"""What docs/scripts.md shows and says is true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.media.programs import ALLOWED
from scripts.worker import loop
from scripts.worker.job import Job
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker.cli.worker import SCRIPTS

TEXT = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text(encoding="utf-8")


def example() -> Job:
    """Load the job that the document shows."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, type[Job]] = {"__name__": "example"}  # type: ignore[dict-item]
    exec(code, names)
    return names["GreetJob"]()


@pytest.mark.parametrize(("files", "how"), [(["talk.mp4"], "done"), ([], "given back")])
def test_the_example_works(files: list[str], how: str, tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    for name in files:
        (mount / name).write_bytes(b"x")
    names = {"Processing__Path__Output": str(mount), "EncodingProfile__Basename": "talk"}
    tracker.add(5, service="postprocessing", **names)
    loop.step(example(), shift)
    assert tracker.ended[0][:2] == (how, 5)
    assert tracker.properties[5].get("Greeting.Text", "") == ("Hello talk" if files else "")


def test_all_commands_and_programs_are_named() -> None:
    assert all(f"`fahrwerk worker {name}`" in TEXT for name in SCRIPTS)
    assert f"`{' '.join(ALLOWED)}`" in TEXT


def test_every_script_is_a_program() -> None:
    """A script run as a file says what it is missing."""
    for path in re.findall(r"`((?:script_|encoder)\w*\.py)`", TEXT):
        module = f"scripts.{path.removesuffix('.py')}"
        done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, timeout=60)
        assert "--once" in done.stdout, path
