"""The two ways to start a script: ``fahrwerk worker …`` and as a file."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from scripts.worker.job import Job
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker
from tracker.cli.worker import SCRIPTS, command

ROOT = Path(__file__).parents[3]


def test_every_command_names_a_job() -> None:
    assert list(SCRIPTS) == ["record", "merge", "copy", "encode", "postprocess", "release"] == list(command.commands)
    for module, job, _ in SCRIPTS.values():
        assert issubclass(getattr(import_module(module), job), Job)


def test_the_jobs_work_in_the_states_of_the_seed() -> None:
    jobs = [getattr(import_module(module), job) for module, job, _ in SCRIPTS.values()]
    assert [job.state for job in jobs] == ["", "merging", "copying", "encoding", "postprocessing", "releasing"]
    assert len({job.kind for job in jobs}) == 6


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "from tracker.cli import main; main()", "worker", "record"],
        ["-m", "scripts.script_a_recording"],
    ],
)
def test_it_runs_one_turn(words: list[str], tracker: ScriptedTracker, tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "FAHRWERK_TRACKER_URL": tracker.url,
        "FAHRWERK_SECRET": SECRET,
        "FAHRWERK_WORKER_HOST": "cube",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, *words, "--once"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "working as cube-record1 for" in done.stderr
    assert [call.params for call in tracker.called("getUnassignedTicketsInState")] == [["scheduled"], ["recording"]]
