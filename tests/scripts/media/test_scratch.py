"""The folder of links goes with its process, or with the next one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.media.scratch import scratch_folder, sweep

CODE = "from scripts.media.scratch import scratch_folder\nwith scratch_folder() as f: print(f, flush=True); input()"


def old(folder: Path) -> None:
    (folder / "0-0.ts").symlink_to("/nowhere")
    os.utime(folder, (time.time() - 3600,) * 2)


def test_it_is_gone_after_the_block() -> None:
    with scratch_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_a_killed_process_leaves_one_that_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    pipe, environ = subprocess.PIPE, os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", CODE], stdin=pipe, stdout=pipe, text=True, env=environ) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        old(folder)
        sweep(tmp_path)
        assert folder.exists()
        other.send_signal(signal.SIGKILL)
    assert folder.exists()
    sweep(tmp_path)
    assert not folder.exists()


def test_a_young_one_and_what_a_link_names_stay(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    old(precious)
    (tmp_path / "fahrwerk-cut-link").symlink_to(precious)
    (tmp_path / "fahrwerk-cut-young").mkdir()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fahrwerk-cut-link", "fahrwerk-cut-young", "precious"]


def test_an_error_in_the_block_comes_through() -> None:
    with pytest.raises(LookupError), scratch_folder():
        raise LookupError
