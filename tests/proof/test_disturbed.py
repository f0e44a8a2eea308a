"""Each talk of the demonstration, twice with faults: what is released is what an undisturbed run releases.

The seeds say which faults come when; they are printed, and docs/evidence/faults.md keeps a run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.small_mount import UNSHARE
from tests.places import scratch

pytestmark = pytest.mark.proof
DAY = "2026-05-02T12:00:00+02:00"
SEEDS = [int(seed) for seed in os.environ.get("FAHRWERK_SEEDS", "1,2").split(",")]


def played(folder: Path, *more: str) -> dict[str, Any]:
    """Play the demonstration in a process with mounts of its own."""
    command = [*UNSHARE, "--propagation", "private", sys.executable, "-m", "tests.faults.disturbed"]
    done = subprocess.run([*command, str(folder), DAY, *more], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_released_does_not_depend_on_what_went_wrong_on_the_way(capsys: pytest.CaptureFixture) -> None:
    with scratch() as folder:
        calm = played(folder / "calm")
        assert len(calm["files"]) == 15 and calm["sources_untouched"]
        for seed in SEEDS:
            found = played(folder / f"seed-{seed}", str(seed), str(folder / "calm" / "mount" / "raw"))
            with capsys.disabled():
                print(f"\n| {seed} | {sum(found['done'].values())} | {found['done']} |")
            assert found["files"] == calm["files"]
            assert found["sources_untouched"]
            assert (found["left"], found["processes"]) == ([], [])
