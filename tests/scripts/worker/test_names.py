import subprocess
import sys
from pathlib import Path

import pytest

from scripts.worker import names

HOST = "cube.example.org"


@pytest.mark.parametrize(
    ("host", "fqdn"),
    [("cube.example.org", "cube-encoder1.example.org"), ("cube", "cube-encoder1")],
)
def test_the_label_goes_into_the_first_part(host: str, fqdn: str) -> None:
    assert names.mangled(host, "encoder1") == fqdn


def test_each_worker_gets_the_lowest_free_number(tmp_path: Path) -> None:
    first, second = names.claim(HOST, "encoder", tmp_path), names.claim(HOST, "encoder", tmp_path)
    other = names.claim(HOST, "merge", tmp_path)
    assert [first.label, second.label, other.label] == ["encoder1", "encoder2", "merge1"]
    first.release()
    again = names.claim(HOST, "encoder", tmp_path)
    assert again.fqdn == "cube-encoder1.example.org"
    for name in (second, other, again):
        name.release()


def test_a_killed_process_leaves_its_name_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from scripts.worker import names\n"
        f"name = names.claim({HOST!r}, 'encoder', Path({str(tmp_path)!r}))\n"
        "print(name.label, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "encoder1\n"
        with names.claim(HOST, "encoder", tmp_path)._lock:
            process.kill()
            process.wait()
    name = names.claim(HOST, "encoder", tmp_path)
    assert name.label == "encoder1"
    name.release()


def test_a_chosen_name_is_taken_once(tmp_path: Path) -> None:
    name = names.claim(HOST, "encoder", tmp_path, label="big-one")
    with pytest.raises(names.NameTaken, match="big-one"):
        names.claim(HOST, "encoder", tmp_path, label="big-one")
    name.release()


@pytest.mark.parametrize("label", ["", "a b", "../x", "-a", "a.b"])
def test_it_refuses_a_label_like(label: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="host name"):
        names.claim(HOST, "encoder", tmp_path, label=label)


def test_the_folder_is_private(tmp_path: Path) -> None:
    folder = names.runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_refuses_a_folder_that_is_a_link(tmp_path: Path) -> None:
    folder = names.runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(names.NameTaken, match="somebody else"):
        names.runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
